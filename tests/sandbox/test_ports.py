"""Reading /proc/net/tcp, and naming who holds a port."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest

from reenact.sandbox import diag, holder, ports
from reenact.sandbox.inside import netlink
from reenact.sandbox.ports import Listening

# cat /proc/net/tcp, /proc/net/tcp6 on Linux 6.18 (x86_64), after
# python3 -c 'import socket; ...' listening on 127.0.0.1:5432, [::]:8000 and connected once
TCP = b"""\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0000000000000000 100 0 0 10 0
   1: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4712 1 0000000000000000 100 0 0 10 0
   2: 0100007F:8E5A 0100007F:1538 01 00000000:00000000 00:00000000 00000000     0        0 4713 1 0000000000000000 20 0 0 10 -1
"""
TCP6 = b"""\
  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000000000000:1F40 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4714 1 0000000000000000 100 0 0 10 0
   1: B80D0120000000000000000001000000:1F41 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4715 1 0000000000000000 100 0 0 10 0
"""


@pytest.mark.skipif(sys.byteorder != "little", reason="the sample is of a little-endian machine")
def test_listeners_are_read_with_address_port_and_inode() -> None:
    assert ports.parse(TCP) == [
        Listening(5432, "127.0.0.1", 4711),
        Listening(80, "0.0.0.0", 4712),
    ]
    assert ports.parse(TCP6) == [
        Listening(8000, "::", 4714),
        Listening(8001, "2001:db8::1", 4715),
    ]


def test_a_wildcard_says_so_and_an_address_knows_its_family() -> None:
    assert Listening(80, "0.0.0.0").wildcard
    assert Listening(80, "::").wildcard
    assert not Listening(80, "127.0.0.1").wildcard
    assert Listening(80, "::1").family == socket.AF_INET6
    assert Listening(80, "127.0.0.1").family == socket.AF_INET


def test_the_kernel_is_asked_for_listeners_and_says_who_takes_ipv6_only() -> None:
    with (
        netlink.diagnostics() as wire,
        socket.create_server(("127.0.0.1", 0)) as four,
        socket.create_server(("::", 0), family=socket.AF_INET6) as six,
        socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True) as both,
        socket.create_connection(four.getsockname()),
    ):
        ports_of = {s: s.getsockname()[1] for s in (four, six, both)}
        found = {row.port: row for row in diag.listening(wire)}
        assert found[ports_of[four]].address == "127.0.0.1"
        assert (found[ports_of[six]].address, found[ports_of[six]].v6only) == ("::", True)
        assert (found[ports_of[both]].address, found[ports_of[both]].v6only) == ("::", False)
        table = ports.parse(Path("/proc/net/tcp").read_bytes())
        assert {row for row in table if row.port == ports_of[four]} == {found[ports_of[four]]}


def test_an_ipv4_address_of_an_ipv6_socket_is_one_of_ipv4() -> None:
    """Every JVM listens so; nobody outside can listen on the mapped address itself."""
    with (
        netlink.diagnostics() as wire,
        socket.socket(socket.AF_INET6) as one,
        socket.socket(socket.AF_INET6) as every,
    ):
        ports_of = {}
        for sock, address in ((one, "::ffff:127.0.0.1"), (every, "::ffff:0.0.0.0")):
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            sock.bind((address, 0))
            sock.listen()
            ports_of[sock] = sock.getsockname()[1]
        for rows in (diag.listening(wire), ports.parse(Path("/proc/net/tcp6").read_bytes())):
            found = {row.port: row.address for row in rows}
            assert (found[ports_of[one]], found[ports_of[every]]) == ("127.0.0.1", "0.0.0.0")


def test_garbage_is_no_listener() -> None:
    assert ports.parse(b"") == []
    assert ports.parse(b"header\nshort row\n") == []


def test_the_holder_of_a_port_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        found = holder.holder_of(port)
        assert found is not None
        assert found.pid == os.getpid()
        assert f"held outside by process {os.getpid()} (" in holder.in_use(port, "127.0.0.1")
    assert holder.holder_of(port) is None
    assert "may not see" in holder.in_use(port, "127.0.0.1")
