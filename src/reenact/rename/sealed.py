"""Values with a signature at their end, as web frameworks put them into cookies and links."""

from __future__ import annotations

import gzip
import re
import zlib
from typing import Final, NamedTuple

from reenact.contents import jsontext
from reenact.model.value import Value
from reenact.rename.alphabets import decoded, readable
from reenact.rename.forms import JWT, looks_random

SIGNED: Final = re.compile(
    r"(?<![\w.:-])\.?[A-Za-z0-9_=-]+"
    r"(?:\.[A-Za-z0-9_-]{6}\.|:[A-Za-z0-9]{6}:)[A-Za-z0-9_-]{20,}(?![\w.:-])"
)
_JWT = re.compile(JWT)
INFLATED_MAX: Final = 1 << 20


class Sealed(NamedTuple):
    """`tree` is what it says; `signature` is made from that and a key."""

    tree: dict[str, Value]
    signature: str


def is_signed(text: str) -> bool:
    return signed(text) is not None


def signed(text: str) -> Sealed | None:
    """`payload.time.signature` of itsdangerous (Flask) or `payload:time:signature` of Django, with
    the payload opened where it is JSON, compressed or not."""
    if not SIGNED.fullmatch(text):
        return None
    mark = "." if ":" not in text else ":"
    payload, time, signature = text.rsplit(mark, 2)
    at = _seconds(time) if mark == "." else _base62(time)
    if at is None or not 10**9 <= at < 4 * 10**9 or not looks_random(signature):
        return None
    return Sealed({"payload": _payload(payload), "time": at}, signature)


def jwt(text: str) -> Sealed | None:
    """RFC 7519: header and claims of a signed token."""
    if not _JWT.fullmatch(text):
        return None
    header, claims, signature = text.split(".")
    a, b = _json(decoded(header)), _json(decoded(claims))
    if not isinstance(a, dict) or not isinstance(b, dict):
        return None
    return Sealed({"header": a, "payload": b}, signature)


def _seconds(time: str) -> int | None:
    data = decoded(time)
    return None if data is None else int.from_bytes(data, "big")


_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def _base62(time: str) -> int | None:
    number = 0
    for c in time:
        if c not in _BASE62:
            return None
        number = number * 62 + _BASE62.index(c)
    return number


def _payload(text: str) -> Value:
    packed = text.startswith(".")
    data = decoded(text[packed:])
    if packed and data is not None:
        data = inflated(data)
    tree = _json(data)
    return text if tree is None else tree


def inflated(data: bytes) -> bytes | None:
    """Of zlib or gzip data; None when it is neither, not whole, or larger than we look into."""
    if data[:2] not in (b"\x1f\x8b", b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda"):
        return None
    machine = zlib.decompressobj(wbits=47)
    try:
        plain = machine.decompress(data, INFLATED_MAX)
    except zlib.error:
        return None
    return plain if machine.eof and not machine.unused_data else None


def deflated(data: bytes, like: bytes) -> bytes:
    """Compressed as the other data is, gzip without a time."""
    if like[:2] == b"\x1f\x8b":
        return gzip.compress(data, mtime=0)
    return zlib.compress(data)


def _json(data: bytes | None) -> Value:
    """None for what is no JSON, and for null."""
    if data is None or not readable(data):
        return None
    try:
        return jsontext.parse(data.decode())
    except jsontext.NotJson:
        return None
