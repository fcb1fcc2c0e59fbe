"""Objects that Ruby or Python wrote down, alone or as caches wrap them: read, and rewritten.

Rails 7.1 and later put a head before them: two bytes of signature, what the payload is, when it expires (a
double, below 0: never), the version's length (below 0: none) and the version. Rails 7.0 puts a zero byte, Flask's
cache a `!`.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Final, NamedTuple

from reenact.model.value import Value
from reenact.rename import pickled, ruby
from reenact.rename.sealed import deflated, inflated

FIRST: Final = frozenset("\0\x04!")
"""One of these begins those that may also be UTF-8."""

_PREFIXES: Final = (b"\0" + ruby.MAGIC, b"!\x80")
_HEAD: Final = struct.Struct("<2sBdi")
_SIGNATURE: Final = b"\0\x11"
_OBJECT, _COMPRESSED = 1, 0x80


class Written(NamedTuple):
    how: str
    tree: Value


class _Entry(NamedTuple):
    """`head` is all up to `payload`, which is not compressed any more."""

    head: bytes
    kind: int
    expires_at: float
    version: bytes
    payload: bytes


def read(data: bytes) -> Written | None:
    """None for anything that is not such an object from the first byte to the last."""
    if entry := _entry(data):
        held = (
            ruby.tree(entry.payload) if entry.kind & 0x7F == _OBJECT else ruby.text(entry.payload)
        )
        told: dict[str, Value] = {"expires_at": entry.expires_at, "value": held}
        return Written("marshal", told | {"version": ruby.text(entry.version)})
    bare = data[_prefix(data) :]
    if (found := ruby.tree(bare)) is not None:
        return Written("marshal", found)
    if (items := pickled.tree(bare)) is not None:
        return Written("pickle", items)
    return None


def changed(data: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """The same bytes when there is nothing to change, or they are no such object."""
    if entry := _entry(data):
        write = ruby.changed if entry.kind & 0x7F == _OBJECT else lambda text, change: change(text)
        told = write(entry.payload, change)
        if told == entry.payload:
            return data
        packed = deflated(told, like=b"x") if entry.kind & _COMPRESSED else told
        return entry.head + packed
    size = _prefix(data)
    for written in (ruby.changed, pickled.changed):
        told = written(data[size:], change)
        if told != data[size:]:
            return data[:size] + told
    return data


def _prefix(data: bytes) -> int:
    return 1 if data.startswith(_PREFIXES) else 0


def _entry(data: bytes) -> _Entry | None:
    if data[:2] != _SIGNATURE or len(data) < _HEAD.size:
        return None
    _, kind, expires_at, size = _HEAD.unpack_from(data)
    end = _HEAD.size + max(size, 0)
    if not 1 <= kind & 0x7F <= 4 or end > len(data):
        return None
    payload = inflated(data[end:]) if kind & _COMPRESSED else data[end:]
    if payload is None or (kind & 0x7F == _OBJECT and payload[:2] != ruby.MAGIC):
        return None
    return _Entry(data[:end], kind, expires_at, data[_HEAD.size : end], payload)
