"""The data path: what passes, passes as it would without it, and is recorded as it was."""

from __future__ import annotations

import socket
import struct

import pytest

from reenact.model.segment import SegmentKind, Side
from tests.intercept.relays import read_all, read_exactly, relaying, serving

RST = struct.pack("ii", 1, 0)


@pytest.fixture(params=["uvloop", "asyncio"])
def loop(request):
    return {"plain_asyncio": request.param == "asyncio"}


def echo(conn):
    while data := conn.recv(65536):
        conn.sendall(data)


def reset(conn):
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RST)
    conn.close()


def test_bytes_pass_both_ways_and_are_recorded(tmp_path, loop):
    with serving(echo) as port, relaying(tmp_path, port, **loop) as relay:
        with relay.connect() as client:
            for word in (b"one", b"two"):
                client.sendall(word)
                assert read_exactly(client, 3) == word
        kept = relay.settled()
        assert kept.story() == ["C 'one'", "S 'one'", "C 'two'", "S 'two'", "C EOF", "S EOF"]
        assert (kept.flows[1].server.host, kept.flows[1].tls) == ("192.0.2.1", False)


def test_a_server_that_speaks_first_is_heard(tmp_path, loop):
    def greets(conn):
        conn.sendall(b"220 hello")
        assert read_exactly(conn, 4) == b"QUIT"

    with serving(greets) as port, relaying(tmp_path, port, **loop) as relay:
        with relay.connect() as client:
            assert read_exactly(client, 9) == b"220 hello"
            client.sendall(b"QUIT")
            assert read_all(client) == b""
        assert relay.settled().story() == ["S '220 hello'", "C 'QUIT'", "S EOF", "C EOF"]


def test_a_half_closed_connection_still_answers(tmp_path, loop):
    def sums(conn):
        conn.sendall(b"%d" % len(read_all(conn)))

    with serving(sums) as port, relaying(tmp_path, port, **loop) as relay:
        with relay.connect() as client:
            client.sendall(b"x" * 100_000)
            client.shutdown(socket.SHUT_WR)
            assert read_all(client) == b"100000"
        kept = relay.settled()
        assert len(kept.bytes_of(Side.CLIENT)) == 100_000
        assert kept.story()[1:] == ["C EOF", "S '100000'", "S EOF"]


def test_a_server_may_half_close_too(tmp_path, loop):
    def ends_first(conn):
        conn.sendall(b"all")
        conn.shutdown(socket.SHUT_WR)
        assert read_all(conn) == b"thanks"

    with serving(ends_first) as port, relaying(tmp_path, port, **loop) as relay:
        with relay.connect() as client:
            assert read_all(client) == b"all"
            client.sendall(b"thanks")
        assert relay.settled().story() == ["S 'all'", "S EOF", "C 'thanks'", "C EOF"]


def test_a_reset_by_the_server_is_a_reset_for_the_client(tmp_path, loop):
    def resets(conn):
        read_exactly(conn, 2)
        reset(conn)

    with serving(resets) as port, relaying(tmp_path, port, **loop) as relay:
        with relay.connect() as client:
            client.sendall(b"go")
            with pytest.raises(ConnectionResetError):
                client.recv(1)
        assert relay.settled().story() == ["C 'go'", "S RESET"]


def test_a_reset_by_the_client_is_a_reset_for_the_server(tmp_path, loop):
    def is_reset(conn):
        conn.sendall(b"ready")
        with pytest.raises(ConnectionResetError):
            conn.recv(1)

    with serving(is_reset) as port, relaying(tmp_path, port, **loop) as relay:
        client = relay.connect()
        assert read_exactly(client, 5) == b"ready"
        reset(client)
        assert relay.settled().story() == ["S 'ready'", "C RESET"]


def test_a_dependency_that_is_down_is_recorded_as_what_the_service_saw(tmp_path, loop):
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with relaying(tmp_path, port, **loop) as relay:
        with pytest.raises(ConnectionResetError), relay.connect() as client:
            client.recv(1)
        (_, (_, side, kind, _, why)) = relay.settled().said
        assert (side, kind) == (Side.SERVER, SegmentKind.RESET)
        assert why == b"connect to 192.0.2.1:443: Connection refused"


@pytest.mark.slow
@pytest.mark.parametrize("start", [b"\x16", b"\0\0\0\x08", b"\x16\x03\x01", b"\0"])
def test_what_only_begins_like_tls_or_postgres_is_not_held_back_for_long(tmp_path, start):
    with serving(echo) as port, relaying(tmp_path, port) as relay:
        with relay.connect() as client:
            client.sendall(start)
            assert read_exactly(client, len(start)) == start
        assert relay.settled().bytes_of(Side.CLIENT) == start


def test_a_client_that_leaves_without_a_word(tmp_path, loop):
    with serving(read_all) as port, relaying(tmp_path, port, **loop) as relay:
        relay.connect().close()
        assert relay.settled().story() == ["C EOF", "S EOF"]


def test_a_unix_socket_is_relayed_alike(tmp_path):
    path = str(tmp_path / "d.sock")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        with relaying(tmp_path, path) as relay, relay.connect() as client:
            client.sendall(b"PING\r\n")
            server, _ = listener.accept()
            with server:
                assert read_exactly(server, 6) == b"PING\r\n"
                server.sendall(b"+PONG\r\n")
            assert read_all(client) == b"+PONG\r\n"
    assert relay.kept.story()[:2] == ["C 'PING\r\n'", "S '+PONG\r\n'"]


def test_stamps_never_go_back_and_an_answer_is_not_before_its_question(tmp_path):
    with serving(echo) as port, relaying(tmp_path, port) as relay:
        with relay.connect() as client:
            for n in range(50):
                client.sendall(b"%04d" % n)
                assert read_exactly(client, 4) == b"%04d" % n
        stamps = [at_ns for *_, at_ns, _ in relay.settled().said]
        assert stamps == sorted(stamps) and stamps[0] > 0
