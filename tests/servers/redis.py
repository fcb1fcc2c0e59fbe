"""Redis from Debian's packages, in a folder of its own."""

from __future__ import annotations

import contextlib
import functools
import shutil
import socket
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.servers.process import binary, free_port, running


@dataclass(frozen=True)
class Redis:
    port: int
    folder: Path
    host: str = "127.0.0.1"
    socket: Path | None = None

    @property
    def url(self) -> str:
        return f"redis://{self.host}:{self.port}/0"

    def run(self, *words: str) -> bytes:
        """The raw reply's first bytes (enough for a status, a number or a short value)."""
        sent = b"*%d\r\n" % len(words)
        for word in words:
            data = word.encode()
            sent += b"$%d\r\n%s\r\n" % (len(data), data)
        with socket.create_connection((self.host, self.port), timeout=5) as connection:
            connection.sendall(sent)
            return connection.recv(65536)


@contextlib.contextmanager
def redis(
    *, unix: bool = False, arguments: Sequence[str] = (), port: int | None = None
) -> Iterator[Redis]:
    """A server that keeps nothing on disk. `arguments` go to redis-server as they are."""
    folder = Path(tempfile.mkdtemp(prefix="reenact-redis-"))
    path = folder / "redis.sock" if unix else None
    server = Redis(port=port or free_port(), folder=folder, socket=path)
    command = [binary("redis-server"), "--port", str(server.port), "--bind", server.host]
    command += ["--save", "", "--appendonly", "no", "--dir", str(folder)]
    command += ["--unixsocket", str(path)] if path else []
    try:
        ready = functools.partial(_answers, server)
        with running([*command, *arguments], folder / "log", ready):
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _answers(server: Redis) -> bool:
    """Any reply will do: with `requirepass` it is an error."""
    try:
        return bool(server.run("PING"))
    except OSError:
        return False
