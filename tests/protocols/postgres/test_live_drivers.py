"""Real drivers see on replay what they saw when it was recorded."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.protocols.postgres.server import Postgres, binaries, postgres
from tests.protocols.postgres.theatre import Tape, recording, replaying

pytestmark = [
    pytest.mark.live,
    pytest.mark.slow,
    pytest.mark.skipif(binaries() is None, reason="PostgreSQL is not installed"),
]

DRIVERS = Path(__file__).parent / "drivers"


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with postgres() as running:
        yield running


def python(script: str, port: int, *args: str) -> str:
    done = subprocess.run(
        [sys.executable, DRIVERS / script, str(port), *args],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def record(server: Postgres, script: str, *args: str) -> tuple[str, Tape]:
    server.fresh_database()
    with recording(server.port) as (port, tape):
        said = python(script, port, *args)
    return said, tape


def replay(tape: Tape, script: str, *args: str, chunk: int = 65536) -> str:
    """Everything asked was on record, and every recorded effect was asked for."""
    with replaying(tape.interactions(), chunk=chunk) as (port, engine):
        said = python(script, port, *args)
    assert engine.missed == []
    assert engine.faults == []
    assert engine.left() == []
    return said


def test_psycopg2_sees_the_same_again(server: Postgres) -> None:
    said, tape = record(server, "psycopg2_plain.py")
    assert replay(tape, "psycopg2_plain.py") == said
