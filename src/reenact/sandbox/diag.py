"""Who listens, asked of the kernel for listeners alone (sock_diag(7)).

/proc/net/tcp is walked to its end whatever one looks for: 47 ms with 10,000 connections open,
where this takes less than one.
"""

from __future__ import annotations

import socket
import struct

from reenact.sandbox.ports import Listening, plain

_BY_FAMILY = 20  # SOCK_DIAG_BY_FAMILY
_REQUEST_DUMP = 0x301
_DONE, _ERROR = 3, 2
_LISTEN_STATE = 1 << 10
_SKV6ONLY = 11
_HEADER = struct.Struct("=IHHII")
_FIXED = 72  # struct inet_diag_msg


def listening(wire: socket.socket) -> set[Listening]:
    """Listeners of both families in the network namespace where `wire` was made.

    OSError when the kernel has no tcp_diag.
    """
    out: set[Listening] = set()
    for family in (socket.AF_INET, socket.AF_INET6):
        body = struct.pack("=BBBBI", family, socket.IPPROTO_TCP, 0, 0, _LISTEN_STATE) + bytes(48)
        wire.send(_HEADER.pack(16 + len(body), _BY_FAMILY, _REQUEST_DUMP, family, 0) + body)
        while _read(wire.recv(1 << 18), out):
            pass
    return out


def _read(data: bytes, out: set[Listening]) -> bool:
    """Add the listeners of one answer; False when it was the last."""
    at = 0
    while at + 16 <= len(data):
        size, kind, _, _, _ = _HEADER.unpack_from(data, at)
        if kind == _DONE:
            return False
        if kind == _ERROR:
            number = -struct.unpack_from("=i", data, at + 16)[0]
            raise OSError(number, "the kernel does not list listeners (tcp_diag)")
        out.add(parse(data[at + 16 : at + size]))
        at += -(-size // 4) * 4
    return True


def parse(message: bytes) -> Listening:
    """A struct inet_diag_msg and its attributes (linux/inet_diag.h)."""
    family = message[0]
    (port,) = struct.unpack_from("!H", message, 4)
    size = 16 if family == socket.AF_INET6 else 4
    address = plain(message[8 : 8 + size])
    (inode,) = struct.unpack_from("=I", message, _FIXED - 4)
    return Listening(port, address, inode, _v6only(message[_FIXED:]))


def _v6only(attributes: bytes) -> bool:
    at = 0
    while at + 4 < len(attributes):
        size, kind = struct.unpack_from("=HH", attributes, at)
        if kind == _SKV6ONLY:
            return bool(attributes[at + 4])
        at += -(-max(size, 4) // 4) * 4
    return False
