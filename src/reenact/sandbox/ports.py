"""Who listens, from /proc/net/tcp and tcp6 (proc(5))."""

from __future__ import annotations

import socket
import struct

import msgspec

_LISTEN = b"0A"
_MAPPED = bytes(10) + b"\xff\xff"
"""::ffff:0:0/96 (RFC 4291, 2.5.5.2)."""


class Listening(msgspec.Struct, frozen=True, order=True):
    """A TCP socket that accepts connections; `address` is an IP address.

    A wildcard of IPv6 ("::") accepts IPv4 as well, unless `v6only` (which /proc does not tell).
    """

    port: int
    address: str
    inode: int = 0
    v6only: bool = False

    @property
    def family(self) -> socket.AddressFamily:
        return socket.AF_INET6 if ":" in self.address else socket.AF_INET

    @property
    def wildcard(self) -> bool:
        return self.address in ("0.0.0.0", "::")


def parse(table: bytes) -> list[Listening]:
    """Rows in state LISTEN."""
    out = []
    for line in table.splitlines()[1:]:
        fields = line.split()
        if len(fields) < 10 or fields[3] != _LISTEN:
            continue
        address, _, port = fields[1].partition(b":")
        out.append(Listening(int(port, 16), _address(address.decode()), int(fields[9])))
    return out


def _address(digits: str) -> str:
    """Each 32 bits are written as a number of the machine's byte order."""
    words = [int(digits[at : at + 8], 16) for at in range(0, len(digits), 8)]
    return plain(struct.pack(f"={len(words)}I", *words))


def plain(packed: bytes) -> str:
    """An IPv4 address that an IPv6 socket is bound to, as every JVM does it, is IPv4 to callers."""
    packed = packed.removeprefix(_MAPPED) if len(packed) == 16 else packed
    return socket.inet_ntop(socket.AF_INET6 if len(packed) == 16 else socket.AF_INET, packed)
