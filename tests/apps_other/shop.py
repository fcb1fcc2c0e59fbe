"""What the tests know of a shop, and how it is deployed."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.servers.postgres import postgres
from tests.servers.process import free_port, listens, running
from tests.servers.redis import redis

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Mutation:
    """A bug planted in a source file: `old` stands there exactly once."""

    what: str
    old: str
    new: str

    def applied(self, text: str) -> str:
        assert text.count(self.old) == 1, (self.what, text.count(self.old))
        return text.replace(self.old, self.new)


@dataclass(frozen=True)
class Shop:
    """`file` holds the source, beside other files of its folder. `build(folder)` makes of a copy of
    them what is run; `command(folder)` runs it, in that folder."""

    name: str
    file: str
    command: Callable[[Path], Sequence[str]]
    build: Callable[[Path], None] = lambda _: None
    mutations: Sequence[Mutation] = ()
    tls: bool = False
    extra: Callable[[dict[str, str]], dict[str, str]] = lambda _: {}

    def built(self, folder: Path, mutation: Mutation | None = None) -> Path:
        """A build of the shop, with a bug if one is given."""
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(HERE / self.name, folder)
        if mutation is not None:
            file = folder / self.file
            file.write_text(mutation.applied(file.read_text()))
        self.build(folder)
        return folder


@contextlib.contextmanager
def dependencies(shop: Shop, folder: Path) -> Iterator[dict[str, str]]:
    """PostgreSQL with the schema, Redis and the API, as the environment that tells where they are.

    The API's CA file stays in `folder`.
    """
    port = free_port()
    api = [sys.executable, str(HERE / "upstream.py"), str(port), str(folder)]
    with (
        postgres(tls=shop.tls) as database,
        redis() as store,
        running(api, folder / "api.log", functools.partial(listens, port)),
    ):
        database.run((HERE / "schema.sql").read_text())
        if database.ca:
            shutil.copyfile(database.ca, folder / "database.pem")
        env = {
            **os.environ,
            "PORT": str(free_port()),
            "DB_HOST": "localhost" if shop.tls else "127.0.0.1",
            "DB_PORT": str(database.port),
            "DB_USER": database.user,
            "DB_PASSWORD": database.password,
            "DB_NAME": database.database,
            "REDIS_HOST": "127.0.0.1",
            "REDIS_PORT": str(store.port),
            "RATES_URL": f"https://localhost:{port}",
            "RATES_CA": str(folder / "ca.pem"),
            "SSL_CERT_FILE": str(folder / "ca.pem"),
            "DB_CA": str(folder / "database.pem"),
        }
        yield {**env, **shop.extra(env)}
