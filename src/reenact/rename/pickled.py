"""Python's pickles, as Django's and Flask's caches hold them: read without making any object, and
rewritten. PEP 3154; the opcodes are those of the standard library's `pickletools`.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import UUID

from reenact.model.value import Value

_FRAME, _FRAME_HEAD = "FRAME", 9
_UNSAID: Final = frozenset({"PROTO", _FRAME, "MEMOIZE", "PUT", "BINPUT", "LONG_BINPUT", "STOP"})
_TEXTS: Final = {
    "SHORT_BINUNICODE": (1, b"\x8c"),
    "BINUNICODE": (4, b"X"),
    "SHORT_BINBYTES": (1, b"C"),
    "BINBYTES": (4, b"B"),
    "SHORT_BINSTRING": (1, b"U"),
    "BINSTRING": (4, b"T"),
}
"""Bytes of the length, and the opcode."""
_LONGER: Final = {
    "SHORT_BINUNICODE": "BINUNICODE",
    "SHORT_BINBYTES": "BINBYTES",
    "SHORT_BINSTRING": "BINSTRING",
}


def tree(data: bytes) -> list[Value] | None:
    """What the pickle's instructions are, in order: texts, numbers and times as themselves, anything
    else by its name. None when the bytes are no pickle from the first to the last."""
    found = _instructions(data)
    return None if found is None else [_told(op, arg) for op, arg, _ in found if op not in _UNSAID]


def changed(data: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """The pickle with its texts changed, and the lengths that hold them made right."""
    found = _instructions(data)
    if found is None:
        return data
    out = bytearray()
    frame = 0, 0  # where the frame's length stands, and where the frame ends in `data`
    at = 0
    for op, arg, raw in found:
        if op == _FRAME:
            frame = len(out) + 1, at + len(raw) + (arg if isinstance(arg, int) else 0)
        out += _rewritten(op, arg, raw, change, data[1])
        at += len(raw)
        if frame[0] and at == frame[1]:
            size = len(out) - frame[0] - 8
            out[frame[0] : frame[0] + 8] = size.to_bytes(8, "little")
            frame = 0, 0
    return bytes(out)


def _instructions(data: bytes) -> list[tuple[str, object, bytes]] | None:
    """Name, argument, and the bytes of both."""
    if data[:1] != b"\x80" or not b"\x02" <= data[1:2] <= b"\x05" or data[-1:] != b".":
        return None
    try:
        found = [(op.name, arg, pos or 0) for op, arg, pos in pickletools.genops(data)]
    except (ValueError, IndexError, OverflowError):
        return None
    ends = [pos for _, _, pos in found[1:]] + [found[-1][2] + 1]
    if ends[-1] != len(data):
        return None
    pairs = zip(found, ends, strict=True)
    return [(op, arg, data[pos:end]) for (op, arg, pos), end in pairs]


def _told(op: str, arg: object) -> Value:
    match arg:
        case bool() | float() | str():
            return arg
        case int():
            return _uuid(arg) or arg
        case bytes():
            return _time(arg) or arg
    return f"({op.lower()})"


def _uuid(number: int) -> str | None:
    """A `uuid.UUID` is kept as its number."""
    if not 1 << 100 <= number < 1 << 128:
        return None
    found = UUID(int=number)
    return str(found) if found.version in range(1, 9) else None


def _time(data: bytes) -> str | None:
    """A `datetime` is kept as ten bytes: year, month, day, hour, minute, second, microsecond."""
    if len(data) != 10 or data[2] > 12:
        return None
    year, micro = int.from_bytes(data[:2], "big"), int.from_bytes(data[7:], "big")
    try:
        at = datetime(year, data[2], data[3], data[4], data[5], data[6], micro)  # noqa: DTZ001, as it was written
    except ValueError:
        return None
    return at.isoformat(" ", "microseconds")


def _rewritten(
    op: str, arg: object, raw: bytes, change: Callable[[bytes], bytes], protocol: int
) -> bytes:
    if isinstance(arg, int) and (uuid := _uuid(arg)):
        told = change(uuid.encode())
        return raw if told == uuid.encode() else _number(told) or raw
    if op not in _TEXTS:
        return raw
    content = raw[1 + _TEXTS[op][0] :]
    told = change(content)
    return raw if told == content else _text(op, told, protocol)


def _number(uuid: bytes) -> bytes | None:
    try:
        number = UUID(uuid.decode()).int
    except ValueError:
        return None
    data = number.to_bytes(number.bit_length() // 8 + 1, "little")
    return b"\x8a" + bytes((len(data),)) + data


def _text(op: str, content: bytes, protocol: int) -> bytes:
    """With the shortest opcode of the protocol, as Python writes it."""
    short = op if op in _LONGER else next(short for short, long in _LONGER.items() if long == op)
    fits = len(content) < 256 and (protocol >= 4 or short != "SHORT_BINUNICODE")
    size, code = _TEXTS[short if fits else _LONGER[short]]
    return code + len(content).to_bytes(size, "little") + content
