"""The first bytes of a connection: a TLS ClientHello, a PostgreSQL SSLRequest, or neither. Pure."""

from __future__ import annotations

import enum

import msgspec

from reenact.base.buffer import ByteReader, Short

SSL_REQUEST = bytes.fromhex("0000000804d2162f")
GSSENC_REQUEST = bytes.fromhex("0000000804d21630")
"""PostgreSQL 17 documentation, 53.7: length 8 and the codes 80877103 and 80877104."""

HELLO_MAX = 64 * 1024
"""A ClientHello larger than this (RFC 8446 allows 2^24) is left alone and passed on opaque."""


class Need(enum.Enum):
    MORE = "more"  # these bytes may still become one


class ClientHello(msgspec.Struct, frozen=True):
    sni: str | None
    alpn: tuple[str, ...]


def client_hello(data: bytes) -> ClientHello | Need | None:
    """What a client wants of TLS; None when the bytes are no ClientHello (RFC 8446, 4.1.2)."""
    if not data:
        return Need.MORE
    if data[0] != 22 or (len(data) > 1 and data[1] != 3):
        return None
    body = _handshake(data)
    if body is None:
        return Need.MORE if len(data) < HELLO_MAX else None
    try:
        return _parse(ByteReader(body))
    except (Short, UnicodeDecodeError):
        return None


def _handshake(data: bytes) -> bytes | None:
    """The first handshake message, joined from its records; None while it is incomplete."""
    out, at = b"", 0
    while at + 5 <= len(data) and data[at] == 22:
        size = int.from_bytes(data[at + 3 : at + 5])
        out += data[at + 5 : at + 5 + size]
        at += 5 + size
        if len(out) >= 4 and len(out) >= 4 + int.from_bytes(out[1:4]):
            return out
    return None


def _parse(r: ByteReader) -> ClientHello | None:
    if r.u8() != 1:
        return None
    r.take(3 + 2 + 32)
    r.take(r.u8())
    r.take(r.u16())
    r.take(r.u8())
    sni: str | None = None
    alpn: list[str] = []
    if not len(r):
        return ClientHello(None, ())
    extensions = ByteReader(r.take(r.u16()))
    while len(extensions):
        kind, value = extensions.u16(), ByteReader(extensions.take(extensions.u16()))
        if kind == 0 and len(value):
            value.take(3)
            sni = value.take(value.u16()).decode("ascii")
        elif kind == 16:
            value.take(2)
            while len(value):
                alpn.append(value.take(value.u8()).decode("ascii"))
    return ClientHello(sni, tuple(alpn))
