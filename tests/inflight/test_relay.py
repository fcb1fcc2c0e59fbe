"""The relay between real clients and real servers: nothing is changed but the one message it was told."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator

import psycopg
import pytest
from benches.inflight import wire
from benches.inflight.plan import Back, Plan
from benches.inflight.relay import Relay, kept

from tests.servers.postgres import Postgres, postgres
from tests.servers.redis import Redis, redis

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def cache() -> Iterator[Redis]:
    with redis() as server:
        yield server


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "tls"])
def database(request: pytest.FixtureRequest) -> Iterator[Postgres]:
    with postgres(tls=request.param) as server:
        server.run("CREATE TABLE t (a int)")
        yield server


@contextlib.asynccontextmanager
async def relaying(
    speaks: str, port: int, site: dict[str, object], *, tls: bool = False
) -> AsyncIterator[int]:
    back = Back(0, "127.0.0.1", port, speaks, tls)
    relay = Relay(Plan([], {}, 0, 0, [back]), site)
    server = await asyncio.start_server(kept(getattr(relay, speaks), back), "127.0.0.1", 0)
    async with server:
        yield int(server.sockets[0].getsockname()[1])


def site(shape: str, nth: int, change: str, answer: bytes = b"") -> dict[str, object]:
    told = {"request": 0, "shape": shape, "nth": nth, "change": change}
    return {**told, "answer": answer.hex()}


SET, GET = [b"SET", b"k", b"v"], [b"GET", b"k"]


@pytest.mark.parametrize(
    ("change", "commands", "answers"),
    [
        ({}, [SET, GET], [b"+OK\r\n", b"$1\r\nv\r\n"]),
        (site("> SET k", 1, "argument-value 2"), [SET, GET], [b"+OK\r\n", b"$1\r\nx\r\n"]),
        (site("> GET k", 1, "drop", b"$1\r\nw\r\n"), [SET, GET], [b"+OK\r\n", b"$1\r\nw\r\n"]),
        (
            site("> INCR n#", 2, "double"),
            [[b"DEL", b"n1"], *[[b"INCR", b"n1"]] * 3],
            [b":0\r\n", b":1\r\n", b":2\r\n", b":4\r\n"],
        ),
    ],
    ids=["nothing", "an argument", "a dropped call", "a call made twice"],
)
def test_redis_commands_that_come_at_once_are_answered_in_their_order(
    cache: Redis, change: dict[str, object], commands: list[list[bytes]], answers: list[bytes]
) -> None:
    async def talk() -> list[bytes]:
        async with relaying("redis", cache.port, change) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"".join(map(wire.resp_command, commands)))
            said = [await wire.read_resp(reader) for _ in commands]
            writer.close()
            return said

    assert asyncio.run(talk()) == answers


INSERT, SUM = "INSERT INTO t VALUES (%s)", "SELECT sum(a) FROM t WHERE a < 3"


@pytest.mark.parametrize(
    ("change", "total"),
    [
        ({}, 3),
        (site("> SQL INSERT INTO t VALUES ($1)", 2, "double"), 5),
        (site("> SQL INSERT INTO t VALUES ($1)", 2, "parameter-null 0"), 1),
        (site(f"> SQL {SUM}", 1, "sql-number 8"), 6),
    ],
    ids=["nothing", "a statement made twice", "a parameter", "a literal"],
)
def test_statements_reach_the_server_as_they_were_but_for_the_one_change(
    database: Postgres, change: dict[str, object], total: int
) -> None:
    database.run("DELETE FROM t")

    async def talk() -> int:
        tls = database.ca is not None
        async with relaying("postgres", database.port, change, tls=tls) as port:
            where = f"host=127.0.0.1 port={port} user={database.user} password={database.password}"
            options = f"{where} dbname={database.database} sslmode=prefer"
            async with await psycopg.AsyncConnection.connect(options) as connection:
                for n in (1, 2, 3):
                    await connection.execute(INSERT, [n], prepare=True)
                cursor = await connection.execute(SUM)
                row = await cursor.fetchone()
                assert row is not None
                return int(row[0])

    assert asyncio.run(talk()) == total


def test_a_dropped_statement_has_the_answer_that_was_observed(database: Postgres) -> None:
    database.run("DELETE FROM t")
    observed = b"2\0\0\0\4" + b"n\0\0\0\4" + b"C\0\0\0\x0fINSERT 0 1\0" + b"Z\0\0\0\5T"
    change = site("> SQL INSERT INTO t VALUES ($1)", 2, "drop", observed)

    async def talk() -> list[str]:
        tls = database.ca is not None
        async with relaying("postgres", database.port, change, tls=tls) as port:
            where = f"host=127.0.0.1 port={port} user={database.user} password={database.password}"
            options = f"{where} dbname={database.database} sslmode=disable"
            async with await psycopg.AsyncConnection.connect(options) as connection:
                said = [await connection.execute(INSERT, [n], prepare=True) for n in (1, 2, 3)]
                return [str(cursor.statusmessage) for cursor in said]

    assert asyncio.run(talk()) == ["INSERT 0 1"] * 3
    assert database.run("SELECT sum(a) FROM t") == "4\n"
