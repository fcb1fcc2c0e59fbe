"""PostgreSQL from Debian's packages, in a folder of its own."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.servers.process import ServerFailed, binary, free_port, running

USER = "app"
PASSWORD = "app"

SETTINGS = """
listen_addresses = '127.0.0.1'
fsync = off
synchronous_commit = off
full_page_writes = off
max_connections = 200
log_min_error_statement = error
"""


@dataclass(frozen=True)
class Postgres:
    """`ca` is the certificate to trust when the server speaks TLS, else None. `folder` holds the
    log and, with `socket`, the Unix socket's folder."""

    port: int
    folder: Path
    user: str = USER
    password: str = PASSWORD
    database: str = USER
    host: str = "127.0.0.1"
    ca: Path | None = None
    socket: Path | None = None

    @property
    def url(self) -> str:
        where = f"{self.user}:{self.password}@{self.host}:{self.port}"
        return f"postgresql://{where}/{self.database}"

    def run(self, sql: str, database: str | None = None) -> str:
        """What psql prints for `sql`, unaligned, without headers; raises when it fails."""
        done = subprocess.run(
            [_tool("psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", database or self.database],
            input=sql.encode(),
            env={**os.environ, **self._environment()},
            capture_output=True,
        )
        if done.returncode != 0:
            raise ServerFailed(f"psql: {done.stderr.decode('utf-8', 'replace')}")
        return done.stdout.decode()

    def create(self, database: str, schema: Path | None = None) -> Postgres:
        """A further database, filled from a file; this server, pointing at it."""
        self.run(f'CREATE DATABASE "{database}"', "postgres")
        made = Postgres(**{**self.__dict__, "database": database})
        if schema is not None:
            made.run(schema.read_text())
        return made

    def _environment(self) -> dict[str, str]:
        # Explicit: a PGSSLMODE or service file of the developer's must not reach the tests.
        return {
            "PGHOST": self.host,
            "PGPORT": str(self.port),
            "PGUSER": self.user,
            "PGPASSWORD": self.password,
            "PGSSLMODE": "require" if self.ca else "disable",
            "PGSERVICEFILE": os.devnull,
        }


@contextlib.contextmanager
def postgres(
    *,
    tls: bool = False,
    auth: str = "scram-sha-256",
    unix: bool = False,
    settings: str = "",
    port: int | None = None,
) -> Iterator[Postgres]:
    """A server with the superuser app/app and the database app.

    `auth` is the method for every connection (pg_hba.conf's word); `unix` also listens on a Unix
    socket; `settings` is appended to postgresql.conf.
    """
    folder = Path(tempfile.mkdtemp(prefix="reenact-postgres-"))
    try:
        folder.chmod(0o755)
        if os.geteuid() == 0:
            shutil.chown(folder, _owner(), _owner())
        data = _initialise(folder, auth)
        ca = _make_certificate(data) if tls else None
        server = Postgres(
            port=port or free_port(), folder=folder, ca=ca, socket=folder if unix else None
        )
        with (data / "postgresql.conf").open("a") as out:
            sockets = str(folder) if unix else ""
            out.write(f"{SETTINGS}\nport = {server.port}\nunix_socket_directories = '{sockets}'\n")
            out.write(("ssl = on\n" if tls else "") + settings + "\n")
        ready = functools.partial(_answers, server)
        command = [_tool("postgres"), "-D", str(data)]
        # SIGINT is PostgreSQL's fast shutdown: it does not wait for clients to leave.
        with running(command, folder / "log", ready, stop=signal.SIGINT, user=_owner(), cwd=folder):
            server.run(f"CREATE DATABASE {server.database}", "postgres")
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _answers(server: Postgres) -> bool:
    command = [_tool("pg_isready"), "-q", "-h", server.host, "-p", str(server.port)]
    return subprocess.run(command).returncode == 0


def _initialise(folder: Path, auth: str) -> Path:
    data, secret = folder / "data", folder / "password"
    secret.write_text(PASSWORD + "\n")
    secret.chmod(0o644)
    command = [_tool("initdb"), "-D", str(data), "-A", auth, "-U", USER, f"--pwfile={secret}"]
    command += ["-E", "UTF8", "--locale=C.UTF-8", "-N"]
    root = os.geteuid() == 0
    done = subprocess.run(
        command,
        capture_output=True,
        cwd=folder,
        user=_owner() if root else None,
        group=_owner() if root else None,
        extra_groups=[] if root else None,
    )
    if done.returncode != 0:
        raise ServerFailed(f"initdb: {done.stderr.decode('utf-8', 'replace')}")
    return data


def _make_certificate(data: Path) -> Path:
    """A self-signed certificate for localhost and 127.0.0.1; clients trust it as its own CA."""
    key, certificate = data / "server.key", data / "server.crt"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "300"]
    command += ["-subj", "/CN=localhost", "-keyout", str(key), "-out", str(certificate)]
    command += ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    done = subprocess.run(command, capture_output=True)
    if done.returncode != 0:
        raise ServerFailed(f"openssl: {done.stderr.decode('utf-8', 'replace')}")
    key.chmod(0o600)
    if os.geteuid() == 0:
        shutil.chown(key, _owner(), _owner())
        shutil.chown(certificate, _owner(), _owner())
    ca = data.parent / "ca.pem"
    shutil.copyfile(certificate, ca)
    ca.chmod(0o644)
    return ca


def _owner() -> str:
    """PostgreSQL refuses to run as root."""
    return "postgres"


@functools.cache
def _tool(name: str) -> str:
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return binary(name, *map(str, versions))
