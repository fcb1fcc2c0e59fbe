"""The network inside: every address is local, and what leaves a process lands on our sockets.

All of `0.0.0.0/0` and `::/0` is routed to `lo` as local, so there is no way out, a service may
bind to any address it names in its configuration, and a packet to any address comes back in
through prerouting. There, in this order (nftables, table `reenact`):

1. packets of our own sockets (by mark) and of established connections pass;
2. a packet for which a socket inside listens passes: bound to exactly that address, or to the
   wildcard when the address is a loopback or an own one. Such connections stay inside;
3. other new TCP connections are given to our listener (tproxy: the accepted socket's local
   address *is* the destination meant), other datagrams to our datagram socket;
   except QUIC (UDP 443), which nobody answers, so that clients fall back to TCP.

Before that, in output, UDP port 53 is redirected to our DNS socket.

Our sockets are bound to port 1 (tcpmux) and 2 of the loopback addresses: no service listens
there, and no ephemeral port can be one of them.
"""

from __future__ import annotations

import contextlib
import socket
import struct

from reenact.sandbox.inside import netlink as nl

MARK = 0x5EE
TCP_PORT = DNS_PORT = 1
UDP_PORT = 2
TABLE = "reenact"

SO_MARK = 36
IP_TRANSPARENT, IPV6_TRANSPARENT = 19, 75
IP_RECVORIGDSTADDR, IPV6_RECVORIGDSTADDR = 20, 74
_LOOPBACK = {socket.AF_INET: "127.0.0.1", socket.AF_INET6: "::1"}


def configure(addresses: list[str]) -> None:
    """Bring `lo` up with `addresses` (own ones, seen by the service) and set the rules."""
    messages = [nl.link_up()]
    messages += [nl.add_address(address) for address in addresses]
    for six in (False, True):
        of_family = [address for address in addresses if (":" in address) is six]
        messages += [nl.everything_is_local(address) for address in of_family[:1]]
    nl.send(messages)
    nl.send_batch(rules(addresses))


def rules(addresses: list[str]) -> list[tuple[int, int, bytes]]:
    hooks = [
        nl.table(TABLE),
        nl.chain(TABLE, "untracked", "filter", nl.OUTPUT, -300),
        nl.chain(TABLE, "resolve", "nat", nl.OUTPUT, -100),
        nl.chain(TABLE, "untracked_in", "filter", nl.PREROUTING, -300),
        nl.chain(TABLE, "divert", "filter", nl.PREROUTING, -150),
    ]
    return hooks + _output_rules() + [_divert(*e) for e in _divert_rules(addresses)]


def _divert(*expressions: bytes) -> tuple[int, int, bytes]:
    return nl.rule(TABLE, "divert", *expressions)


_TCP = nl.meta(16) + nl.equals(b"\x06")
_UDP = nl.meta(16) + nl.equals(b"\x11")
_OURS = nl.meta(3) + nl.equals(struct.pack("=I", MARK))
_V4 = nl.meta(15) + nl.equals(bytes([nl.NFPROTO_IPV4]))
_V6 = nl.meta(15) + nl.equals(bytes([nl.NFPROTO_IPV6]))
_DST4 = nl.payload(1, 16, 4)
_DST6 = nl.payload(1, 24, 16)
_TO_LOOPBACK4 = _V4 + _DST4 + nl.mask(b"\xff\0\0\0")
_LOOPBACK6 = bytes(15) + b"\1"


def _udp_to(port: int) -> bytes:
    return _UDP + nl.payload(2, 2, 2) + nl.equals(struct.pack("!H", port))


def _output_rules() -> list[tuple[int, int, bytes]]:
    """TCP needs no connection tracking (only the redirection of DNS does)."""
    return [
        nl.rule(TABLE, "untracked", _TCP, nl.notrack()),
        nl.rule(TABLE, "untracked_in", _TCP, nl.notrack()),
        nl.rule(TABLE, "resolve", _OURS, nl.accept()),
        nl.rule(TABLE, "resolve", _udp_to(53), nl.redirect(DNS_PORT)),
    ]


def _divert_rules(addresses: list[str]) -> list[tuple[bytes, ...]]:
    flags = nl.payload(2, 13, 1) + nl.mask(b"\x17")  # FIN SYN RST ACK
    listened = nl.open_socket(0)  # the value does not matter: no socket, no match
    out: list[tuple[bytes, ...]] = [
        (_OURS, nl.accept()),
        (_TCP, flags, nl.differs(b"\x02"), nl.accept()),
        (_TO_LOOPBACK4, nl.equals(b"\x7f\0\0\0"), listened, nl.accept()),
        (_V6, _DST6, nl.equals(_LOOPBACK6), listened, nl.accept()),
        (nl.open_socket(2), nl.equals(b"\0"), nl.accept()),
    ]
    for address in addresses:
        family, packed = nl.pack_address(address)
        own = _V6 + _DST6 if family == socket.AF_INET6 else _V4 + _DST4
        out.append((own, nl.equals(packed), listened, nl.accept()))
    # Nobody listens: the kernel itself answers "port unreachable", and QUIC falls back to TCP.
    out.append((_udp_to(443), nl.accept()))
    for version, family, address in (
        (_V4, nl.NFPROTO_IPV4, "127.0.0.1"),
        (_V6, nl.NFPROTO_IPV6, "::1"),
    ):
        here = nl.pack_address(address)[1]
        out.append((version, _TCP, nl.tproxy(family, here, TCP_PORT), nl.accept()))
        out.append((version, _UDP, nl.tproxy(family, here, UDP_PORT), nl.accept()))
    return out


def families_available() -> list[socket.AddressFamily]:
    """IPv4, and IPv6 unless it is missing from the kernel."""
    try:
        socket.socket(socket.AF_INET6).close()
    except OSError:
        return [socket.AF_INET]
    return [socket.AF_INET, socket.AF_INET6]


def relax() -> list[str]:
    """Low ports need no privilege inside. Returns what could not be set."""
    try:
        with open("/proc/sys/net/ipv4/ip_unprivileged_port_start", "w", encoding="ascii") as out:
            out.write("0")
    except OSError as error:
        return [f"ports below 1024 cannot be opened by the service: {error.strerror}"]
    return []


def listener(family: socket.AddressFamily) -> socket.socket:
    """Where every outgoing TCP connection of this family lands."""
    out = marked(family, socket.SOCK_STREAM)
    out.bind((_LOOPBACK[family], TCP_PORT))
    out.listen(65535)
    return out


def dns_socket(family: socket.AddressFamily) -> socket.socket:
    out = marked(family, socket.SOCK_DGRAM)
    out.bind((_LOOPBACK[family], DNS_PORT))
    return out


def datagram_socket(family: socket.AddressFamily) -> socket.socket:
    """Where other datagrams land, each with the address it was meant for as ancillary data."""
    out = marked(family, socket.SOCK_DGRAM)
    if family == socket.AF_INET:
        out.setsockopt(socket.IPPROTO_IP, IP_RECVORIGDSTADDR, 1)
    else:
        out.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVORIGDSTADDR, 1)
    out.bind((_LOOPBACK[family], UDP_PORT))
    return out


def marked(family: socket.AddressFamily, kind: socket.SocketKind) -> socket.socket:
    """A socket whose packets are never diverted and which may be bound to any address."""
    out = socket.socket(family, kind)
    out.setsockopt(socket.SOL_SOCKET, SO_MARK, MARK)
    if family == socket.AF_INET:
        out.setsockopt(socket.IPPROTO_IP, IP_TRANSPARENT, 1)
    else:
        out.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        out.setsockopt(socket.IPPROTO_IPV6, IPV6_TRANSPARENT, 1)
    return out


def is_served() -> bool:
    """Whether a process inside listens on a TCP port (proc(5), net/tcp: fields 2 and 4)."""
    for name in ("tcp", "tcp6"):
        with contextlib.suppress(OSError), open(f"/proc/net/{name}", "rb") as table:
            rows = [line.split() for line in table.readlines()[1:]]
            if any(
                row[3] == b"0A" and int(row[1].rpartition(b":")[2], 16) != TCP_PORT for row in rows
            ):
                return True
    return False


MAKERS = (listener, dns_socket, datagram_socket)
