"""Real clients see on replay what they saw when it was recorded."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from reenact.protocols.redis import PLUGIN
from tests.protocols.redis.theatre import Tape, recording, replaying
from tests.servers.process import binary
from tests.servers.redis import Redis, redis

pytestmark = [pytest.mark.live, pytest.mark.slow]

DRIVERS = Path(__file__).parent / "drivers"


@pytest.fixture(scope="module")
def server() -> Iterator[Redis]:
    with redis(arguments=["--requirepass", "secret"]) as running:
        yield running


def said(command: list[str], given: str = "") -> str:
    done = subprocess.run(
        command, input=given, capture_output=True, text=True, timeout=15, env=dict(os.environ)
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def python(script: str, port: int, *args: str) -> str:
    return said([sys.executable, str(DRIVERS / script), str(port), *args])


def cleared(server: Redis) -> None:
    cli = [binary("redis-cli"), "-p", str(server.port), "-a", "secret", "--no-auth-warning"]
    said([*cli, "flushall"])
    said([*cli, "script", "flush"])


def record(server: Redis, *command: str, given: str = "") -> tuple[str, Tape]:
    """`PORT` in the command is the relay's."""
    cleared(server)
    with recording(server.port) as (port, tape):
        heard = said([word.replace("PORT", str(port)) for word in command], given)
    return heard, tape


def replay(tape: Tape, *command: str, given: str = "", chunk: int = 65536) -> str:
    """Everything asked was on record, and everything recorded was asked for."""
    with replaying(tape.interactions(), chunk=chunk) as (port, engine):
        heard = said([word.replace("PORT", str(port)) for word in command], given)
    assert engine.missed == []
    assert engine.faults == []
    assert engine.left() == []
    return heard


def driver(script: str, *args: str) -> list[str]:
    return [sys.executable, str(DRIVERS / script), "PORT", *args]


@pytest.mark.parametrize("resp", ["2", "3"])
@pytest.mark.parametrize("script", ["sync.py", "pubsub.py", "many.py"])
def test_redis_py_sees_the_same_again(server: Redis, script: str, resp: str) -> None:
    command = driver(script, resp)
    heard, tape = record(server, *command)
    assert replay(tape, *command) == heard


def test_a_ping_is_answered_as_a_server_does(server: Redis) -> None:
    pings = "AUTH secret\nPING\nPING word\nECHO word\n"
    _, tape = record(server, binary("redis-cli"), "-p", "PORT", given=pings)
    asked = {str(i.request): i for i in tape.interactions()}
    answered = {text: i.response for text, i in asked.items() if PLUGIN.always(i.request)}
    assert len(answered) == 3
    assert answered == {text: PLUGIN.always(asked[text].request) for text in answered}


def test_commands_may_come_in_any_pieces(server: Redis) -> None:
    command = driver("pubsub.py", "3")
    heard, tape = record(server, *command)
    assert replay(tape, *command, chunk=5) == heard


def test_the_wire_is_the_same_to_the_byte(server: Redis) -> None:
    command = driver("wire.py")
    heard, tape = record(server, *command)
    assert replay(tape, *command) == heard


COMMANDS = """\
SET k "a b"
GET k
HSET h f 1.50
HGETALL h
ZADD z 1 a 2 b
ZRANGE z 0 -1 WITHSCORES
NOPE
SELECT 4
GET k
MULTI
INCR n
EXEC
"""


@pytest.mark.parametrize("resp", ["-2", "-3"])
def test_redis_cli_sees_the_same_again(server: Redis, resp: str) -> None:
    command = [binary("redis-cli"), resp, "-p", "PORT", "-a", "secret", "--no-auth-warning"]
    heard, tape = record(server, *command, given=COMMANDS)
    assert replay(tape, *command, given=COMMANDS) == heard


@pytest.mark.parametrize("client", ["ioredis", "node-redis"])
def test_node_sees_the_same_again(server: Redis, client: str) -> None:
    command = [binary("node"), str(DRIVERS / f"{client}.cjs"), "PORT"]
    heard, tape = record(server, *command)
    assert replay(tape, *command) == heard
