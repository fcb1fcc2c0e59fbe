"""What a service connects to lands with us, whatever it is written in and wherever it goes."""

from __future__ import annotations

import shutil
import socket
import textwrap
from collections.abc import Callable
from pathlib import Path

import dns.message
import dns.rrset
import pytest

from reenact.base.errors import MachineError
from reenact.model.segment import Endpoint
from tests.sandbox.running import BOTH, WAIT_S, opened, output_of, readable, run, take, until

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]

AsUser = Callable[[Callable[[], None]], None]

DESTINATIONS = ["203.0.113.9", "127.0.0.1", "127.0.1.1", BOTH[0], "2606:2800::9", "::1", BOTH[1]]


@pytest.mark.parametrize("host", DESTINATIONS)
def test_a_connection_to_any_address_arrives_with_the_destination_it_meant(
    as_user: AsUser, host: str
) -> None:
    def body() -> None:
        target = f"[{host}]" if ":" in host else host
        with run("curl", "-s", "-m", "20", f"http://{target}:5432/", stdout=2) as box:
            conn, meant = take(box, socket.AF_INET6 if ":" in host else socket.AF_INET)
            assert meant == Endpoint(host, 5432)
            assert conn.recv(4096).startswith(b"GET / HTTP/1.1")
            conn.sendall(b"HTTP/1.1 204 OK\r\n\r\n")
            assert box.wait(WAIT_S) == 0

    as_user(body)


def test_an_ipv4_address_written_as_ipv6_is_ipv4(as_user: AsUser) -> None:
    def body() -> None:
        code = "import socket; socket.socket(socket.AF_INET6).connect(('::ffff:203.0.113.9', 80))"
        with run("python3", "-c", code) as box:
            assert take(box)[1] == Endpoint("203.0.113.9", 80)
            assert box.wait(WAIT_S) == 0

    as_user(body)


def test_without_an_own_ipv6_address_ipv6_has_no_route_but_the_loopback() -> None:
    code = textwrap.dedent("""
        import errno, socket
        assert socket.socket(socket.AF_INET6).connect_ex(("2606::1", 80)) == errno.ENETUNREACH
        socket.create_connection(("::1", 81))
    """)
    with run("python3", "-c", code, addresses=BOTH[:1]) as box:
        assert take(box, socket.AF_INET6)[1] == Endpoint("::1", 81)
        assert box.wait(WAIT_S) == 0


def test_node_is_caught(as_user: AsUser) -> None:
    def body() -> None:
        code = "require('net').connect(6379, '203.0.113.9').on('data', d => process.exit(d[0]))"
        with run("node", "-e", code) as box:
            conn, meant = take(box)
            assert meant == Endpoint("203.0.113.9", 6379)
            conn.sendall(b"\x2a")
            assert box.wait(WAIT_S) == 42

    as_user(body)


def test_java_is_caught(as_user: AsUser, folder: Path) -> None:
    (folder / "Dial.java").write_text(
        textwrap.dedent("""
        public class Dial {
            public static void main(String[] a) throws Exception {
                try (var s = new java.net.Socket("203.0.113.9", 6379)) {
                    System.exit(s.getInputStream().read());
                }
            }
        }
    """)
    )

    def body() -> None:
        with run("java", "Dial.java", cwd=str(folder)) as box:
            conn, meant = take(box)
            assert meant == Endpoint("203.0.113.9", 6379)
            conn.sendall(b"\x2a")
            assert box.wait(WAIT_S) == 42

    as_user(body)


def test_go_is_caught_and_its_own_port_is_reached(as_user: AsUser) -> None:
    """Go makes its system calls itself: nothing that is preloaded would see them."""

    def body() -> None:
        exporter = shutil.which("prometheus-redis-exporter")
        assert exporter, "apt install prometheus-redis-exporter"
        address = "-redis.addr=redis://203.0.113.9:6399"
        with run(exporter, address, "-web.listen-address=127.0.0.1:9121") as box:
            port = opened(box)
            assert (port.address, port.port) == ("127.0.0.1", 9121)
            inbound = box.dial_inside(socket.AF_INET)
            inbound.settimeout(WAIT_S)
            inbound.connect((port.address, port.port))
            inbound.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
            conn, meant = take(box)
            assert meant == Endpoint("203.0.113.9", 6399)
            assert conn.recv(100).startswith(b"*")
            conn.close()

    as_user(body)


def test_names_are_asked_of_us(as_user: AsUser) -> None:
    code = "import socket; print(socket.create_connection(('db.example.net', 5432)).recv(9))"

    def body() -> None:
        with run("python3", "-c", code, stdout=2) as box:
            while not readable(box.tcp_listeners[0], 0.0):
                _answer_one_query(box.dns_sockets, "203.0.113.77")
            conn, meant = take(box)
            assert meant == Endpoint("203.0.113.77", 5432)
            conn.close()
            assert box.wait(WAIT_S) == 0

    as_user(body)


def _answer_one_query(sockets: list[socket.socket], address: str) -> None:
    if not readable(sockets[0], 0.01):
        return
    data, client = sockets[0].recvfrom(4096)
    query = dns.message.from_wire(data)
    reply = dns.message.make_response(query)
    name, kind = query.question[0].name, query.question[0].rdtype
    assert str(name) == "db.example.net."
    if kind == 1:
        reply.answer.append(dns.rrset.from_text(name, 60, "IN", "A", address))
    sockets[0].sendto(reply.to_wire(), client)


@pytest.mark.parametrize("server", ["8.8.8.8", "127.0.0.1", "127.0.0.53", "2001:4860::8888"])
def test_a_query_to_any_name_server_is_answered_as_if_by_it(server: str) -> None:
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    code = textwrap.dedent(f"""
        import socket
        s = socket.socket({int(family)}, socket.SOCK_DGRAM)
        s.settimeout({WAIT_S})
        s.connect(("{server}", 53)); s.send(b"query"); assert s.recv(99) == b"reply"
    """)
    with run("python3", "-c", code) as box:
        sock = next(one for one in box.dns_sockets if one.family == family)
        assert readable(sock)
        data, client = sock.recvfrom(99)
        assert data == b"query"
        sock.sendto(b"reply", client)
        assert box.wait(WAIT_S) == 0


@pytest.mark.parametrize("server", ["203.0.113.9", "127.0.0.1", "2606::9", "::1"])
def test_other_datagrams_arrive_with_their_destination_and_can_be_answered(server: str) -> None:
    six = ":" in server
    code = textwrap.dedent(f"""
        import socket
        s = socket.socket({int(socket.AF_INET6 if six else socket.AF_INET)}, socket.SOCK_DGRAM)
        s.settimeout({WAIT_S})
        s.sendto(b"ping", ("{server}", 8125))
        data, peer = s.recvfrom(99)
        assert (data, peer[:2]) == (b"pong", ("{server}", 8125)), (data, peer)
    """)
    with run("python3", "-c", code) as box:
        sock = box.datagram_sockets[1 if six else 0]
        assert readable(sock)
        asked = box.receive_datagram(sock)
        assert asked is not None
        assert (asked.data, asked.server) == (b"ping", Endpoint(server, 8125))
        assert box.receive_datagram(sock) is None
        box.answer_datagram(asked, b"pong")
        assert box.wait(WAIT_S) == 0


def test_quic_is_refused_at_once() -> None:
    code = textwrap.dedent(f"""
        import socket
        s = socket.socket(type=socket.SOCK_DGRAM); s.settimeout({WAIT_S})
        s.connect(("203.0.113.9", 443)); s.send(b"initial")
        try: s.recv(9)
        except ConnectionRefusedError: raise SystemExit(5)
    """)
    assert output_of("python3", "-c", code)[0] == 5


def test_connections_between_processes_inside_stay_inside(as_user: AsUser) -> None:
    code = textwrap.dedent("""
        import socket
        for host, family in (("127.0.0.1", 2), ("::1", 10), ("0.0.0.0", 2), ("10.9.8.7", 2)):
            server = socket.create_server((host, 0), family=family)
            port = server.getsockname()[1]
            client = socket.create_connection((host, port), timeout=20)
            peer, address = server.accept()
            assert address[:2] == client.getsockname()[:2]
            server.close()
    """)

    def body() -> None:
        with run("python3", "-c", code) as box:
            assert box.wait(WAIT_S) == 0
            assert not any(readable(one, 0.0) for one in box.tcp_listeners)

    as_user(body)


def test_a_port_that_is_open_inside_does_not_shadow_the_same_port_elsewhere() -> None:
    code = textwrap.dedent("""
        import socket
        server = socket.create_server(("0.0.0.0", 8000))
        socket.create_connection(("203.0.113.9", 8000)).recv(1)
    """)
    with run("python3", "-c", code) as box:
        conn, meant = take(box)
        assert meant == Endpoint("203.0.113.9", 8000)
        conn.close()
        assert box.wait(WAIT_S) == 0


SERVE = """
import socket, sys
server = socket.create_server((sys.argv[1], int(sys.argv[2])), family=socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET)
while True:
    conn, peer = server.accept()
    conn.sendall(f"{peer[0]} {peer[1]}".encode()); conn.close()
"""


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "::", "::1", "10.11.12.13"])
def test_ports_opened_inside_are_seen_and_reached(as_user: AsUser, host: str) -> None:
    def body() -> None:
        with run("python3", "-c", SERVE, host, "80") as box:
            port = opened(box)
            assert (port.address, port.port) == (host, 80)
            assert port.wildcard is (host in ("0.0.0.0", "::"))
            there = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
            conn = box.dial_inside(port.family)
            conn.settimeout(WAIT_S)
            conn.connect((there, 80))
            assert conn.recv(99)

    as_user(body)


def test_workers_that_share_a_port_are_one_entry() -> None:
    code = textwrap.dedent("""
        import os, socket, time
        for _ in range(3): os.fork()
        server = socket.socket(); server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        server.bind(("127.0.0.1", 8000)); server.listen()
        time.sleep(100)
    """)
    with run("python3", "-c", code) as box:
        opened(box)
        assert len(box.listening()) == 1


def test_the_service_sees_its_client_s_real_address() -> None:
    with run("python3", "-c", SERVE, "0.0.0.0", "8000") as box:
        opened(box)
        conn = box.dial_inside(socket.AF_INET, Endpoint("198.51.100.7", 41234))
        conn.settimeout(WAIT_S)
        conn.connect(("127.0.0.1", 8000))
        assert conn.recv(99) == b"198.51.100.7 41234"


def test_dialling_a_port_that_nobody_opened_is_refused_and_not_caught() -> None:
    with run("sleep", "100") as box:
        conn = box.dial_inside(socket.AF_INET)
        conn.settimeout(WAIT_S)
        assert conn.connect_ex(("127.0.0.1", 8000)) == 111
        assert not readable(box.tcp_listeners[0], 0.0)


def test_a_thousand_sockets_can_be_had_and_none_when_it_has_ended() -> None:
    with run("sleep", "100") as box:
        for _ in range(1000):
            box.dial_inside(socket.AF_INET).close()
        box.signal(9)
        assert box.wait(WAIT_S) == 137
        with pytest.raises(MachineError, match="has ended"):
            until(lambda: box.dial_inside(socket.AF_INET).close())


def test_many_connections_at_once_all_arrive() -> None:
    code = textwrap.dedent("""
        import socket
        held = [socket.create_connection(("203.0.113.9", 1000 + n)) for n in range(500)]
        for one in held: one.recv(1)
    """)
    with run("python3", "-c", code) as box:
        conns = [take(box) for _ in range(500)]
        assert {meant.port for _, meant in conns} == set(range(1000, 1500))
        for conn, _ in conns:
            conn.close()
        assert box.wait(WAIT_S) == 0
