"""A real PostgreSQL on a free loopback port, in a temporary folder. Standard library only."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

PASSWORD = "s3cret"
_HBA = """\
local all postgres trust
host all md5_user 127.0.0.1/32 md5
host all clear_user 127.0.0.1/32 password
host all all 127.0.0.1/32 scram-sha-256
"""
_ROLES = f"""
CREATE ROLE app LOGIN SUPERUSER PASSWORD '{PASSWORD}';
CREATE ROLE clear_user LOGIN PASSWORD '{PASSWORD}';
SET password_encryption = 'md5';
CREATE ROLE md5_user LOGIN PASSWORD '{PASSWORD}';
"""


def binaries() -> Path | None:
    """The newest PostgreSQL that Debian's packages installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name))
    return found[-1] if found else None


@dataclass(frozen=True)
class Postgres:
    folder: Path
    port: int

    def sql(self, text: str, database: str = "postgres") -> None:
        home = binaries()
        assert home
        command = [home / "psql", "-q", "-X", "-h", self.folder, "-p", str(self.port)]
        command += ["-U", "postgres", "-d", database, "-v", "ON_ERROR_STOP=1"]
        _run(command, text)

    def fresh_database(self) -> None:
        """An empty database `shop`."""
        self.sql("DROP DATABASE IF EXISTS shop WITH (FORCE);")
        self.sql("CREATE DATABASE shop;")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def postgres() -> Iterator[Postgres]:
    """Started when entered (it answers by then), stopped and removed when left."""
    home = binaries()
    assert home, "apt install postgresql"
    folder = Path(tempfile.mkdtemp(prefix="reenact-pg-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    server = Postgres(folder, free_port())
    data = folder / "data"
    try:
        _run(
            [
                home / "initdb",
                "-D",
                data,
                "-U",
                "postgres",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--no-sync",
            ]
        )
        (data / "pg_hba.conf").write_text(_HBA)
        settings = f"-p {server.port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        log = folder / "log"
        _run([home / "pg_ctl", "-D", data, "-w", "-l", log, "-o", settings, "start"])
        server.sql(_ROLES)
        yield server
    finally:
        with contextlib.suppress(subprocess.CalledProcessError):
            _run([home / "pg_ctl", "-D", data, "-m", "immediate", "stop"])
        shutil.rmtree(folder, ignore_errors=True)


def _run(command: Sequence[str | Path], stdin: str = "") -> None:
    words = [str(word) for word in command]
    if os.geteuid() == 0:
        words = ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups", *words]
    env = {**os.environ, "LC_ALL": "C.UTF-8", "TZ": "UTC"}
    subprocess.run(
        words, input=stdin, text=True, check=True, cwd="/", env=env, stdout=subprocess.DEVNULL
    )
