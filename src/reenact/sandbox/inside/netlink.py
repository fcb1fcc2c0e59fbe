"""Netlink messages as bytes: links, addresses, routes and nftables rules.

Written out here because the few messages needed are a page of `struct`, whereas a general
library costs a quarter of a second to import at every start (tests decode these messages with
pyroute2). Layouts: linux/rtnetlink.h, linux/netfilter/nf_tables.h.
"""

from __future__ import annotations

import os
import socket
import struct

NLM_F_REQUEST, NLM_F_ACK, NLM_F_CREATE, NLM_F_APPEND = 0x1, 0x4, 0x400, 0x800
NLMSG_ERROR = 2
NETLINK_ROUTE, NETLINK_NETFILTER = 0, 12
NFPROTO_INET, NFPROTO_IPV4, NFPROTO_IPV6 = 1, 2, 10
PREROUTING, OUTPUT = 0, 3
_NESTED = 0x8000


def attribute(kind: int, value: bytes) -> bytes:
    size = 4 + len(value)
    return struct.pack("=HH", size, kind) + value + bytes(-size % 4)


def nested(kind: int, *attributes: bytes) -> bytes:
    return attribute(kind | _NESTED, b"".join(attributes))


def be32(kind: int, value: int) -> bytes:
    return attribute(kind, struct.pack("!i", value))


def text(kind: int, value: str) -> bytes:
    return attribute(kind, value.encode() + b"\0")


def message(kind: int, body: bytes, flags: int = 0) -> tuple[int, int, bytes]:
    return (kind, NLM_F_REQUEST | NLM_F_ACK | flags, body)


# -- links, addresses, routes ----------------------------------------------------------------

LO = 1
"""Index of the loopback device: the first of every network namespace."""


def link_up(index: int = LO) -> tuple[int, int, bytes]:
    return message(16, struct.pack("=BxHiII", 0, 0, index, 1, 1))


def add_address(address: str) -> tuple[int, int, bytes]:
    family, packed = pack_address(address)
    usable_at_once = 2  # IFA_F_NODAD
    body = struct.pack("=BBBBI", family, len(packed) * 8, usable_at_once, 0, LO)
    return message(20, body + attribute(2, packed) + attribute(1, packed), NLM_F_CREATE)


def everything_is_local(source: str) -> tuple[int, int, bytes]:
    """`local default dev lo table local src <source>`: any address is this machine."""
    family, packed = pack_address(source)
    body = struct.pack("=BBBBBBBBI", family, 0, 0, 0, 255, 3, 254, 2, 0)
    oif = attribute(4, struct.pack("=I", LO))
    return message(24, body + oif + attribute(7, packed), NLM_F_CREATE)


def pack_address(address: str) -> tuple[int, bytes]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return int(family), socket.inet_pton(family, address)


# -- nftables --------------------------------------------------------------------------------


def table(name: str) -> tuple[int, int, bytes]:
    return _nft(0, text(1, name))


def chain(
    table_name: str, name: str, kind: str, hook: int, priority: int
) -> tuple[int, int, bytes]:
    hooked = nested(4, be32(1, hook), be32(2, priority))
    return _nft(3, text(1, table_name) + text(3, name) + hooked + be32(5, 1) + text(7, kind))


def rule(table_name: str, chain_name: str, *expressions: bytes) -> tuple[int, int, bytes]:
    body = text(1, table_name) + text(2, chain_name) + nested(4, *expressions)
    return _nft(6, body, NLM_F_APPEND)


def _nft(kind: int, body: bytes, flags: int = 0) -> tuple[int, int, bytes]:
    header = struct.pack("!BBH", NFPROTO_INET, 0, 0)
    return message((10 << 8) | kind, header + body, NLM_F_CREATE | flags)


def _expression(name: str, *attributes: bytes) -> bytes:
    return nested(1, text(1, name), nested(2, *attributes))


def meta(key: int) -> bytes:
    return _expression("meta", be32(1, 1), be32(2, key))


def payload(base: int, offset: int, size: int) -> bytes:
    """`base` 1: network header, 2: transport header; into register 1."""
    return _expression("payload", be32(1, 1), be32(2, base), be32(3, offset), be32(4, size))


def mask(bits: bytes) -> bytes:
    size = len(bits)
    return _expression(
        "bitwise",
        *(be32(1, 1), be32(2, 1), be32(3, size)),
        *(nested(4, attribute(1, bits)), nested(5, attribute(1, bytes(size)))),
    )


def equals(value: bytes) -> bytes:
    return _expression("cmp", be32(1, 1), be32(2, 0), nested(3, attribute(1, value)))


def differs(value: bytes) -> bytes:
    return _expression("cmp", be32(1, 1), be32(2, 1), nested(3, attribute(1, value)))


def load(register: int, value: bytes) -> bytes:
    return _expression("immediate", be32(1, register), nested(2, attribute(1, value)))


def accept() -> bytes:
    verdict = nested(2, be32(1, 1))
    return _expression("immediate", be32(1, 0), nested(2, verdict))


def open_socket(key: int) -> bytes:
    """Goes on only if a socket here would get the packet. `key` 0: transparent, 2: wildcard."""
    return _expression("socket", be32(1, key), be32(2, 1))


def notrack() -> bytes:
    return _expression("notrack")


def redirect(port: int) -> bytes:
    return load(1, struct.pack("!H", port)) + _expression("redir", be32(1, 1))


def tproxy(family: int, address: bytes, port: int) -> bytes:
    """Give the packet to the transparent socket bound to `address`:`port`, as it is."""
    loads = load(1, address) + load(2, struct.pack("!H", port))
    return loads + _expression("tproxy", be32(1, family), be32(2, 1), be32(3, 2))


def diagnostics() -> socket.socket:
    """A socket to ask about this network namespace's sockets (sock_diag(7)), from anywhere."""
    return socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 4)


# -- sending ---------------------------------------------------------------------------------


def send(messages: list[tuple[int, int, bytes]]) -> None:
    """Routing messages, one after the other. Raises OSError with the kernel's number."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_ROUTE) as wire:
        wire.bind((0, 0))
        for sequence, (kind, flags, body) in enumerate(messages, 1):
            wire.send(_framed(kind, flags, sequence, body))
            _await(wire, 1)


def send_batch(messages: list[tuple[int, int, bytes]]) -> None:
    """nftables messages as one transaction: all or nothing."""
    edge = struct.pack("!BBH", 0, 0, 10)
    frames = [_framed(16, NLM_F_REQUEST, 0, edge)]
    frames += [_framed(kind, flags, n, body) for n, (kind, flags, body) in enumerate(messages, 1)]
    frames.append(_framed(17, NLM_F_REQUEST, len(frames), edge))
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER) as wire:
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 18)
        wire.bind((0, 0))
        wire.send(b"".join(frames))
        _await(wire, len(messages))


def _framed(kind: int, flags: int, sequence: int, body: bytes) -> bytes:
    return struct.pack("=IHHII", 16 + len(body), kind, flags, sequence, 0) + body


def _await(wire: socket.socket, count: int) -> None:
    """Read `count` acknowledgements; the first refusal is raised."""
    while count > 0:
        data = wire.recv(65536)
        at = 0
        while at + 16 <= len(data):
            size, kind, _, sequence, _ = struct.unpack_from("=IHHII", data, at)
            if kind == NLMSG_ERROR:
                (error,) = struct.unpack_from("=i", data, at + 16)
                if error:
                    raise OSError(-error, os.strerror(-error), f"netlink message {sequence}")
                count -= 1
            at += -(-size // 4) * 4
