"""Protocol buffers without their schema: fields by number, told from bytes that can be nothing else.

https://protobuf.dev/programming-guides/encoding
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from reenact.model.value import Value
from reenact.rename.alphabets import readable

_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5
_FIXED: Final = {_FIXED64: 8, _FIXED32: 4}
_FIELD_MAX: Final = 2**29 - 1
_DEPTH_MAX: Final = 20


class Field(NamedTuple):
    """`data` of a LENGTH field is its content, of any other its value as it stands."""

    number: int
    wire: int
    data: bytes


def fields(data: bytes) -> list[Field] | None:
    """None when the bytes are no message from the first to the last."""
    out: list[Field] = []
    at = 0
    while at < len(data):
        tag = _varint(data, at)
        if tag is None or not 1 <= tag[0] >> 3 <= _FIELD_MAX:
            return None
        number, wire, at = tag[0] >> 3, tag[0] & 7, tag[1]
        if wire == _VARINT:
            end = (_varint(data, at) or (0, -1))[1]
        elif wire == _LENGTH:
            size = _varint(data, at)
            if size is None:
                return None
            at, end = size[1], size[0] + size[1]
        else:
            end = at + _FIXED[wire] if wire in _FIXED else -1
        if end < 0 or end > len(data):
            return None
        out.append(Field(number, wire, data[at:end]))
        at = end
    return out if any(field.wire == _LENGTH for field in out) else None


def _varint(data: bytes, at: int) -> tuple[int, int] | None:
    """(value, where it ends)."""
    value = 0
    for n, byte in enumerate(data[at : at + 10]):
        value |= (byte & 0x7F) << 7 * n
        if byte < 0x80:
            return (value, at + n + 1) if n == 0 or byte else None  # never longer than it need be
    return None


def tree(data: bytes, depth: int = 0) -> dict[str, Value] | None:
    """`{"1": value, "2": [value, value]}` by field number: text, a number, a message within, or bytes."""
    found = fields(data) if depth < _DEPTH_MAX else None
    if found is None:
        return None
    out: dict[str, list[Value]] = {}
    for field in found:
        out.setdefault(str(field.number), []).append(_value(field, depth))
    return {number: values[0] if len(values) == 1 else values for number, values in out.items()}


def _value(field: Field, depth: int) -> Value:
    if field.wire == _VARINT:
        found = _varint(field.data, 0)
        assert found is not None
        return found[0]
    if field.wire in _FIXED:
        return int.from_bytes(field.data, "little")
    if readable(field.data):
        return field.data.decode()
    inner = tree(field.data, depth + 1)
    return field.data if inner is None else inner


def changed(data: bytes, change: Callable[[bytes], bytes], depth: int = 0) -> bytes:
    """The message with its texts and bytes changed, and the lengths that hold them made right; the
    same bytes when they are no message."""
    found = fields(data) if depth < _DEPTH_MAX else None
    if found is None:
        return data
    out = bytearray()
    for field in found:
        inner = field.data
        if field.wire == _LENGTH:
            deeper = inner if readable(inner) else changed(inner, change, depth + 1)
            inner = change(inner) if deeper == inner else deeper
        out += _written(field.number << 3 | field.wire)
        out += _written(len(inner)) + inner if field.wire == _LENGTH else inner
    return bytes(out)


def _written(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*out, number))
