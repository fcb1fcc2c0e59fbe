"""PostgreSQL over TLS: SSLRequest and GSSENCRequest, SCRAM, by real clients of a real server."""

from __future__ import annotations

import asyncio

import psycopg
import pytest

from reenact.intercept.settings import Settings, Tls
from reenact.model.segment import Endpoint, Side
from tests.intercept.relays import Relay, read_exactly, relaying, serving
from tests.servers.postgres import Postgres, postgres

HERE = Endpoint("127.0.0.1", 5432)


@pytest.fixture(scope="module")
def encrypted():
    with postgres(tls=True) as server:
        yield server


@pytest.fixture(scope="module")
def plain():
    with postgres() as server:
        yield server


def ask(relay: Relay, server: Postgres, **more: object) -> object:
    """libpq's channel binding is off, as the sandbox switches it off: the certificate it sees
    is the recorder's."""
    given = {
        "host": "127.0.0.1",
        "port": relay.port,
        "user": server.user,
        "password": server.password,
        "dbname": server.database,
        "channel_binding": "disable",
        **more,
    }
    with psycopg.connect(**given) as conn:  # type: ignore[arg-type]
        encrypted = conn.info.pgconn.ssl_in_use
        (row,) = conn.execute("select 'asked ' || %s", (41,)).fetchall()
        assert row == ("asked 41",)
    return encrypted


@pytest.mark.live
@pytest.mark.slow
@pytest.mark.parametrize("plain_asyncio", [False, True])
def test_scram_over_tls_is_read(tmp_path, encrypted, plain_asyncio):
    with relaying(tmp_path, encrypted.port, meant=HERE, plain_asyncio=plain_asyncio) as relay:
        assert ask(relay, encrypted, host="localhost", sslmode="require") is True
        kept = relay.settled()
        assert kept.flows[1].tls and b"select 'asked ' || $1" in kept.bytes_of(Side.CLIENT)
        assert kept.flows[1].sni is None, "a replay is connected to before it hears a name"
        assert b"SCRAM-SHA-256" in kept.bytes_of(Side.CLIENT)
        assert b"asked 41" in kept.bytes_of(Side.SERVER)
        assert "was not verified, as by sslmode=require" in relay.notes[0]


@pytest.mark.live
@pytest.mark.slow
def test_a_configured_ca_file_is_verified_against(tmp_path, encrypted, plain):
    trusted = Settings(tls=Tls(trust_files=(str(encrypted.ca),)))
    with relaying(tmp_path, encrypted.port, trusted, meant=HERE) as relay:
        ours = str(tmp_path / "ca" / "ca.pem")
        assert ask(relay, encrypted, sslmode="verify-full", sslrootcert=ours) is True
        relay.settled()
        assert relay.notes == []
    another = Settings(tls=Tls(trust_files=(ours,)))
    with relaying(tmp_path, encrypted.port, another, meant=HERE) as relay:
        with pytest.raises(psycopg.OperationalError):
            ask(relay, encrypted, sslmode="require")
        relay.settled()
        assert "TLS with the upstream failed (certificate verify failed" in relay.notes[0]


@pytest.mark.live
@pytest.mark.slow
def test_a_client_with_its_own_root_file_is_told_which_setting_helps(tmp_path, encrypted):
    with relaying(tmp_path, encrypted.port, meant=HERE) as relay:
        with pytest.raises(psycopg.OperationalError, match="certificate verify failed"):
            ask(relay, encrypted, sslmode="verify-full", sslrootcert=str(encrypted.ca))
        relay.settled()
        assert any("127.0.0.1:5432" in n and "tls.trust_files" in n for n in relay.notes)


@pytest.mark.live
@pytest.mark.slow
def test_a_server_without_tls_says_no_and_the_client_goes_on(tmp_path, plain):
    with relaying(tmp_path, plain.port, meant=HERE) as relay:
        assert ask(relay, plain, sslmode="prefer") is False
        kept = relay.settled()
        assert not kept.flows[1].tls and b"asked 41" in kept.bytes_of(Side.SERVER)
        assert kept.bytes_of(Side.CLIENT)[4:8] == b"\0\x03\0\0", "begins with the startup message"


@pytest.mark.live
@pytest.mark.slow
def test_asyncpg_too(tmp_path, encrypted):
    import asyncpg

    async def talk(port: int) -> object:
        conn = await asyncpg.connect(
            host="127.0.0.1",
            port=port,
            user=encrypted.user,
            password=encrypted.password,
            database=encrypted.database,
            ssl="require",
        )
        try:
            return await conn.fetchval("select 41 + $1::int", 1)
        finally:
            await conn.close()

    with relaying(tmp_path, encrypted.port, meant=HERE) as relay:
        assert asyncio.run(talk(relay.port)) == 42
        assert relay.settled().flows[1].tls


def test_encryption_by_gssapi_is_declined_and_the_client_asks_on(tmp_path):
    def answers(conn):
        assert read_exactly(conn, 8) == bytes.fromhex("0000000804d2162f")
        conn.sendall(b"N")
        assert read_exactly(conn, 9) == b"\0\0\0\x09\0\x03\0\0\0"
        conn.sendall(b"E")

    with serving(answers) as port, relaying(tmp_path, port) as relay, relay.connect() as client:
        client.sendall(bytes.fromhex("0000000804d21630"))
        assert read_exactly(client, 1) == b"N"
        client.sendall(bytes.fromhex("0000000804d2162f"))
        assert read_exactly(client, 1) == b"N"
        client.sendall(b"\0\0\0\x09\0\x03\0\0\0")
        assert read_exactly(client, 1) == b"E"


def test_a_server_older_than_tls_answers_with_an_error_that_arrives(tmp_path):
    def refuses(conn):
        read_exactly(conn, 8)
        conn.sendall(b"Eunsupported\0")

    with serving(refuses) as port, relaying(tmp_path, port) as relay:
        with relay.connect() as client:
            client.sendall(bytes.fromhex("0000000804d2162f"))
            assert read_exactly(client, 13) == b"Eunsupported\0"
        assert relay.settled().bytes_of(Side.SERVER) == b"Eunsupported\0"
