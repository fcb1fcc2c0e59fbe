"""What the tests know of an application, and how it is deployed."""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import requests

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
    file: str = "app.py"

    def applied(self, source: str) -> str:
        assert source.count(self.old) == 1, (self.what, source.count(self.old))
        return source.replace(self.old, self.new)


@dataclass(frozen=True)
class Application:
    """`command` is told the port. `visit(visitor, n)` is what user number n does, once; `prepare`
    runs when the dependencies are up and before the recording. The first two mutations are tested
    in CI. `/health` answers when the service is up."""

    name: str
    command: Callable[[int], Sequence[str]]
    visit: Callable[[Visitor, int], None]
    mutations: Sequence[Mutation] = ()
    prepare: Callable[[Path, Mapping[str, str]], None] | None = None

    @property
    def source(self) -> Path:
        return HERE / self.name


class Visitor:
    """A client with cookies that says which status it expects."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.session = requests.Session()
        self.asked = 0

    def __call__(
        self, method: str, path: str, expect: int = 200, **options: object
    ) -> requests.Response:
        options.setdefault("allow_redirects", False)
        answer = self.session.request(method, self.base + path, timeout=60, **options)  # type: ignore[arg-type]
        self.asked += 1
        said = f"{method} {path}: {answer.status_code}, {answer.text[:300]!r}"
        assert answer.status_code == expect, said
        return answer


def visit_all(app: Application, base: str, users: int, at_once: int) -> int:
    """Requests made by `users` users, `at_once` at a time."""

    def one(n: int) -> int:
        visitor = Visitor(base)
        app.visit(visitor, n)
        return visitor.asked

    with ThreadPoolExecutor(at_once) as pool:
        return sum(pool.map(one, range(1, users + 1)))


@contextlib.contextmanager
def dependencies(app: Application, folder: Path) -> Iterator[dict[str, str]]:
    """PostgreSQL with the schema, Redis and the API, as the variables that tell where they are."""
    port = free_port()
    api = [sys.executable, str(HERE / "upstream.py"), str(port)]
    with (
        postgres() as database,
        redis() as store,
        running(api, folder / "api.log", functools.partial(listens, port)),
    ):
        schema = app.source / "schema.sql"
        if schema.exists():
            database.run(schema.read_text())
        env = {
            "DATABASE_URL": database.url,
            "REDIS_URL": f"redis://127.0.0.1:{store.port}/0",
            "UPSTREAM_URL": f"http://127.0.0.1:{port}",
        }
        if app.prepare is not None:
            app.prepare(folder, env)
        yield env
