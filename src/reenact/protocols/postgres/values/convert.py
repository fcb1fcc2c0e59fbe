"""The table of types, and the two directions of each format."""

from __future__ import annotations

import struct
import uuid
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from reenact.model.value import Value
from reenact.protocols.postgres.values import addresses, arrays, moments, numbers
from reenact.protocols.postgres.values.oids import ELEMENT

TEXT, BINARY = 0, 1


class Unservable(Exception):
    """This value can't be written in the format asked for; says why."""


class _Kind(NamedTuple):
    """How one type travels. `scalar` reads the canonical value from text, `text` writes it;
    `from_binary` and `to_binary` go between binary and text."""

    scalar: Callable[[str], Value]
    text: Callable[[Value], str]
    from_binary: Callable[[bytes], str]
    to_binary: Callable[[str], bytes]


def decode(oid: int, fmt: int, raw: bytes | None) -> Value:
    """The canonical value; never raises, whatever the bytes."""
    if raw is None:
        return None
    return _decode_text(oid, raw) if fmt == TEXT else _decode_binary(oid, raw)


def encode(oid: int, fmt: int, value: Value) -> bytes | None:
    """The bytes of a canonical value (also of one that a person or a renaming changed); None for
    NULL. Raises `Unservable`."""
    if value is None:
        return None
    if isinstance(value, dict):
        return _encode_opaque(oid, fmt, value)
    if isinstance(value, bytes):
        return _encode_bytes(oid, fmt, value)
    text = _text_of(oid, value)
    return text.encode() if fmt == TEXT else _to_binary(oid, text)


# -- reading --------------------------------------------------------------------------------


def _decode_text(oid: int, raw: bytes) -> Value:
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return raw  # client_encoding is not UTF8
    kind = _KINDS.get(oid)
    return _exactly(kind, text) if kind else text


def _exactly(kind: _Kind, text: str) -> Value:
    """The scalar if it comes back as this very text, the text otherwise."""
    try:
        value = kind.scalar(text)
        return value if kind.text(value) == text else text
    except (ValueError, InvalidOperation, ArithmeticError):
        return text


def _decode_binary(oid: int, raw: bytes) -> Value:
    if oid == _BYTEA:
        return raw
    kind = _KINDS.get(oid)
    try:
        if oid in ELEMENT:
            return _array_text(ELEMENT[oid], raw)
        if kind:
            return _exactly(kind, kind.from_binary(raw))
        text = raw.decode()
    except (ValueError, struct.error, ArithmeticError, InvalidOperation, IndexError):
        return {"bin": raw}
    return text if text.isprintable() and oid not in _BINARY_ONLY else {"bin": raw}


def _array_text(element: int, raw: bytes) -> str:
    (oid,) = struct.unpack_from("!I", raw, 8)
    kind = _KINDS.get(element)
    if oid != element or kind is None:
        raise ValueError("an array of another type")
    return arrays.array_text(raw, kind.from_binary)


# -- writing --------------------------------------------------------------------------------


def _encode_opaque(oid: int, fmt: int, value: dict[str, Value]) -> bytes:
    raw = value.get("bin")
    if isinstance(raw, bytes) and fmt == BINARY:
        return raw
    raise Unservable(f"a value of type {oid} was recorded in binary only")


def _encode_bytes(oid: int, fmt: int, value: bytes) -> bytes:
    """bytea, or text in another encoding than UTF-8 (the same bytes in both formats)."""
    if oid == _BYTEA and fmt == TEXT:
        return b"\\x" + value.hex().encode()
    return value


def _text_of(oid: int, value: Value) -> str:
    kind = _KINDS.get(oid)
    if isinstance(value, str):
        return value
    try:
        if kind:
            return kind.text(value)
    except (ValueError, TypeError, ArithmeticError):
        pass
    return plain_text(value)


def plain_text(value: Value) -> str:
    """A scalar as PostgreSQL would write it, whatever the column says."""
    if isinstance(value, bool):
        return _bool_text(value)
    if isinstance(value, Decimal):
        return _decimal_text(value)
    if isinstance(value, float):
        return numbers.float_text(value, single=False)
    return str(value)


def _to_binary(oid: int, text: str) -> bytes:
    kind = _KINDS.get(oid)
    try:
        if oid in ELEMENT:
            element = _KINDS[ELEMENT[oid]]
            return arrays.array_binary(text, ELEMENT[oid], element.to_binary)
        if kind:
            return kind.to_binary(text)
    except (ValueError, KeyError, struct.error, ArithmeticError, OverflowError) as bad:
        raise Unservable(f"{text[:40]!r} can't be written as binary type {oid}") from bad
    if oid in _BINARY_ONLY:
        raise Unservable(f"binary type {oid} is not known; {text[:40]!r} was recorded as text")
    return text.encode()  # enums and other types that ship their text


# -- the types ------------------------------------------------------------------------------


def _bool_text(value: Value) -> str:
    return "t" if value else "f"


def _read_bool(text: str) -> Value:
    return text in ("t", "true")


def _decimal_text(value: Value) -> str:
    if not isinstance(value, Decimal):
        return str(value)
    return f"{value:f}" if value.is_finite() else numbers_special(value)


def numbers_special(value: Decimal) -> str:
    return "NaN" if value.is_nan() else "Infinity" if value > 0 else "-Infinity"


def _read_decimal(text: str) -> Value:
    value = Decimal(text)
    if not value.is_finite():
        raise ValueError("kept as text: JSON and YAML have no such number")
    return value


def _read_float(text: str) -> Value:
    value = float(text)
    if value != value or value in (float("inf"), float("-inf")):
        raise ValueError("kept as text: JSON and YAML have no such number")
    return value


def _float_text(single: bool) -> Callable[[Value], str]:
    def text(value: Value) -> str:
        if isinstance(value, int | float | Decimal):
            return numbers.float_text(float(value), single)
        return str(value)

    return text


def _read_int(text: str) -> Value:
    return int(text)


def _number(layout: str) -> tuple[Callable[[bytes], str], Callable[[str], bytes]]:
    packer = struct.Struct(layout)
    return (lambda raw: str(packer.unpack(raw)[0])), (lambda text: packer.pack(int(text)))


def _integer(layout: str) -> _Kind:
    return _Kind(_read_int, str, *_number(layout))


def _floating(layout: str, single: bool) -> _Kind:
    packer = struct.Struct(layout)
    return _Kind(
        _read_float,
        _float_text(single),
        lambda raw: numbers.float_text(packer.unpack(raw)[0], single),
        lambda text: packer.pack(float(text)),
    )


def _same(text: str) -> Value:
    return text


def _texty(read: Callable[[bytes], str], write: Callable[[str], bytes]) -> _Kind:
    return _Kind(_same, plain_text, read, write)


def _read_bool_binary(raw: bytes) -> str:
    if raw not in (b"\0", b"\1"):
        raise ValueError(raw)
    return "t" if raw == b"\1" else "f"


def _bool_binary(text: str) -> bytes:
    if text not in ("t", "f", "true", "false"):
        raise ValueError(text)
    return b"\1" if text[0] == "t" else b"\0"


def _read_jsonb(raw: bytes) -> str:
    """A version byte, then the text (`jsonb_send`)."""
    if raw[:1] != b"\1":
        raise ValueError("jsonb of an unknown version")
    return raw[1:].decode()


def _read_uuid(raw: bytes) -> str:
    return str(uuid.UUID(bytes=raw))


def _uuid_binary(text: str) -> bytes:
    return uuid.UUID(text).bytes


def _read_bytea_text(text: str) -> Value:
    if not text.startswith("\\x"):
        raise ValueError("bytea_output = escape is kept as text")
    return bytes.fromhex(text[2:])


def _bytea_text(value: Value) -> str:
    return "\\x" + value.hex() if isinstance(value, bytes) else str(value)


def _bytea_from_binary(raw: bytes) -> str:
    return "\\x" + raw.hex()


def _bytea_to_binary(text: str) -> bytes:
    value = _read_bytea_text(text)
    assert isinstance(value, bytes)
    return value


_STRING = _texty(bytes.decode, str.encode)
_BYTEA = 17

_KINDS: dict[int, _Kind] = {
    16: _Kind(_read_bool, _bool_text, _read_bool_binary, _bool_binary),
    _BYTEA: _Kind(_read_bytea_text, _bytea_text, _bytea_from_binary, _bytea_to_binary),
    20: _integer("!q"),
    21: _integer("!h"),
    23: _integer("!i"),
    26: _integer("!I"),
    28: _integer("!I"),
    29: _integer("!I"),
    5069: _integer("!Q"),
    700: _floating("!f", single=True),
    701: _floating("!d", single=False),
    1700: _Kind(
        _read_decimal, _decimal_text, numbers.numeric_from_binary, numbers.numeric_to_binary
    ),
    650: _texty(
        lambda raw: addresses.inet_text(raw, cidr=True),
        lambda text: addresses.inet_binary(text, cidr=True),
    ),
    869: _texty(
        lambda raw: addresses.inet_text(raw, cidr=False),
        lambda text: addresses.inet_binary(text, cidr=False),
    ),
    774: _texty(addresses.mac_text, addresses.mac_binary),
    829: _texty(addresses.mac_text, addresses.mac_binary),
    1082: _texty(moments.date_text, moments.date_binary),
    1083: _texty(moments.time_text, moments.time_binary),
    1114: _texty(moments.timestamp_text, moments.timestamp_binary),
    1184: _texty(moments.timestamptz_text, moments.timestamp_binary),
    1186: _texty(moments.interval_text, moments.interval_binary),
    1266: _texty(moments.timetz_text, moments.timetz_binary),
    2950: _texty(_read_uuid, _uuid_binary),
    3802: _texty(_read_jsonb, lambda text: b"\1" + text.encode()),
} | dict.fromkeys((18, 19, 25, 114, 142, 705, 1042, 1043, 2275, 2278), _STRING)

_BINARY_ONLY = frozenset(
    (
        22,
        24,
        27,
        30,
        600,
        601,
        602,
        603,
        604,
        628,
        718,
        790,
        1033,
        1560,
        1562,
        2205,
        2206,
        2249,
        3220,
        3614,
        3615,
        3904,
        3906,
        3908,
        3910,
        3912,
        3926,
        4072,
        4089,
        4096,
    )
)
"""Types that ship with PostgreSQL, whose binary form is not their text and not read here."""
