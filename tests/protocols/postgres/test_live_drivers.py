"""Real drivers see on replay what they saw when it was recorded.

Python drivers come from PyPI, node-postgres from npm (installed into a temporary folder), the JDBC
driver from Debian's libpostgresql-jdbc-java.
"""

from __future__ import annotations

import functools
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from reenact.model.value import Value
from reenact.protocols.postgres import PLUGIN
from tests.protocols.postgres.server import PASSWORD, Postgres, binaries, postgres
from tests.protocols.postgres.theatre import Engine, Tape, recording, replaying

pytestmark = [
    pytest.mark.live,
    pytest.mark.slow,
    pytest.mark.skipif(binaries() is None, reason="PostgreSQL is not installed"),
]

DRIVERS = Path(__file__).parent / "drivers"
JDBC = Path("/usr/share/java/postgresql.jar")


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with postgres() as running:
        yield running


@pytest.fixture(scope="module")
def node_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("node")
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    install = ["npm", "install", "--no-fund", "--no-audit", "pg@8", "pg-cursor@2"]
    subprocess.run(install, cwd=folder, check=True, capture_output=True)
    shutil.copy(DRIVERS / "node_pg.js", folder)
    return folder


@functools.cache
def command(script: str) -> tuple[str, ...]:
    if script.endswith(".java"):
        return ("java", "-cp", str(JDBC), str(DRIVERS / script))
    return (sys.executable, str(DRIVERS / script))


def run(words: tuple[str, ...], port: int, *args: str, cwd: Path | None = None) -> str:
    done = subprocess.run(
        [*words, str(port), *args],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
        cwd=cwd,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def record(server: Postgres, script: str, *args: str) -> tuple[str, Tape]:
    server.fresh_database()
    with recording(server.port) as (port, tape):
        said = run(command(script), port, *args)
    return said, tape


def replay(tape: Tape, script: str, *args: str, chunk: int = 65536) -> str:
    """Everything asked was on record, and every recorded effect was asked for."""
    with replaying(tape.interactions(), chunk=chunk) as (port, engine):
        said = run(command(script), port, *args)
    nothing_left(engine)
    return said


def nothing_left(engine: Engine) -> None:
    nothing: list[Value] = []
    assert engine.missed == nothing
    assert engine.faults == []
    assert engine.left() == nothing


@pytest.mark.parametrize(
    "script",
    ["psycopg2_plain.py", "psycopg3_modern.py", "asyncpg_binary.py", "pg8000_plain.py"],
)
def test_a_driver_sees_the_same_again(server: Postgres, script: str) -> None:
    said, tape = record(server, script)
    assert replay(tape, script) == said


@pytest.mark.parametrize("script", ["psycopg3_modern.py", "asyncpg_binary.py"])
def test_requests_may_arrive_in_pieces(server: Postgres, script: str) -> None:
    said, tape = record(server, script)
    assert replay(tape, script, chunk=7) == said


@pytest.mark.parametrize(
    ("script", "recorded", "replayed"),
    [
        ("psycopg3_modern.py", "5", "0"),
        ("psycopg3_modern.py", "1", "1000"),
        ("asyncpg_binary.py", "100", "0"),
        ("asyncpg_binary.py", "0", "100"),
    ],
)
def test_what_a_driver_keeps_prepared_makes_no_difference(
    server: Postgres, script: str, recorded: str, replayed: str
) -> None:
    said, tape = record(server, script, recorded)
    assert replay(tape, script, replayed) == said


def test_a_ping_is_answered_as_a_server_does(server: Postgres) -> None:
    server.fresh_database()
    pings = ["", ";", "-- ping", "SELECT 1", "select 1 AS one", "VALUES (1)"]
    with recording(server.port) as (port, tape):
        where = f"host=127.0.0.1 port={port} dbname=shop user=app password={PASSWORD}"
        with psycopg.connect(where, autocommit=True) as connection:
            for ping in pings:
                connection.execute(ping)
    asked = [i for i in tape.interactions() if isinstance(i.request, dict) and "query" in i.request]
    assert [PLUGIN.always(i.request) for i in asked] == [i.response for i in asked]
    assert len(asked) == len(pings)


def test_node_postgres_sees_the_same_again(server: Postgres, node_folder: Path) -> None:
    server.fresh_database()
    words = ("node", "node_pg.js")
    with recording(server.port) as (port, tape):
        said = run(words, port, cwd=node_folder)
    with replaying(tape.interactions()) as (port, engine):
        assert run(words, port, cwd=node_folder) == said
    nothing_left(engine)


@pytest.mark.skipif(not JDBC.exists(), reason="apt install libpostgresql-jdbc-java")
@pytest.mark.parametrize(
    ("recorded", "replayed"), [("5", "5"), ("1", "5"), ("5", "1"), ("-1", "-1")]
)
def test_jdbc_sees_the_same_again(server: Postgres, recorded: str, replayed: str) -> None:
    """The number is prepareThreshold: named statements and binary transfer from then on."""
    said, tape = record(server, "Jdbc.java", recorded)
    assert replay(tape, "Jdbc.java", replayed) == said
