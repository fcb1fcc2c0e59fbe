"""The small service recorded through ports: the recorder on one side of it, its servers behind."""

from __future__ import annotations

import functools
import http.client
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tests.servers import reenact
from tests.servers.process import free_port

PROGRAM = Path(__file__).with_name("counter.py")


def get(port: int, path: str) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path)
        return connection.getresponse().read()
    finally:
        connection.close()


@dataclass(frozen=True)
class Explicit:
    """Ports of ours, and the service's. `env` is the recorder's and the service's."""

    folder: Path
    env: dict[str, str]
    callers: int = field(default_factory=free_port)
    service: int = field(default_factory=free_port)
    redis: int = field(default_factory=free_port)
    provider: int = field(default_factory=free_port)

    @property
    def command(self) -> list[str]:
        ports = (self.service, self.redis, self.provider)
        return [sys.executable, str(PROGRAM), *map(str, ports)]

    def use(self) -> None:
        """The traffic: two names are counted, one of them twice."""
        assert get(self.callers, "/visits/ann") == b"visits: 1"
        assert get(self.callers, "/visits/bob") == b"visits: 1"
        assert get(self.callers, "/visits/ann") == b"visits: 2"
        assert get(self.callers, "/provider") == b'{"status": "ok"}'

    def record(self, redis: int, provider: int, command: list[str] | None = None) -> reenact.Done:
        return reenact.record(
            self.command if command is None else command,
            self.use,
            functools.partial(reenact.answers, self.callers, "/healthz"),
            cwd=self.folder,
            env=self.env,
            log=self.folder / "record.txt",
            options=[
                *("--listen", f"{self.callers}:{self.service}"),
                *("--upstream", f"{self.redis}=localhost:{redis}"),
                *("--upstream", f"{self.provider}=localhost:{provider}"),
            ],
        )

    def test(self, *options: str, **env: str) -> reenact.Done:
        return reenact.replay(
            self.command,
            cwd=self.folder,
            env={**self.env, **env},
            log=self.folder / "test.txt",
            options=options,
        )


def environment(ca: Path, *paths: Path) -> dict[str, str]:
    """`ca` is a file that the service's clients trust; `paths` go before PYTHONPATH."""
    found = [*map(str, paths), os.environ.get("PYTHONPATH", "")]
    return {
        **os.environ,
        "SSL_CERT_FILE": str(ca),
        "PYTHONPATH": os.pathsep.join(filter(None, found)),
    }
