"""Ruby's Marshal, as Rails' caches and sessions hold it: read without making any object, and rewritten.

Format 4.8: https://docs.ruby-lang.org/en/3.3/marshal_rdoc.html
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Final

from reenact.model.value import Value

MAGIC: Final = b"\x04\x08"
_DEPTH_MAX: Final = 100
_PLAIN: Final[dict[int, Value]] = {ord("0"): None, ord("T"): True, ord("F"): False}


_UNSAID: Final = {":E", ":encoding", ":nano_num", ":nano_den", ":submicro"}
"""Variables of a string, and what of a time is less than a microsecond."""


class _NotMarshal(Exception):
    pass


def tree(data: bytes) -> Value:
    """Hashes by key, objects by instance variable, with their class under `class`; None when the bytes
    are no dump from the first to the last, or of nil."""
    found = _read(data, lambda same: same)
    return None if found is None else found[0]


def changed(data: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """The dump with its strings changed, and their lengths made right."""
    found = _read(data, change)
    return data if found is None else found[1]


def _read(data: bytes, change: Callable[[bytes], bytes]) -> tuple[Value, bytes] | None:
    if data[:2] != MAGIC:
        return None
    reader = _Reader(data, change)
    try:
        found = reader.value()
    except _NotMarshal:
        return None
    return (found, bytes(reader.out)) if reader.at == len(data) else None


class _Reader:
    """Reads from `at` on, and writes to `out` what it read, with the strings changed."""

    def __init__(self, data: bytes, change: Callable[[bytes], bytes]) -> None:
        self.data = data
        self.at = len(MAGIC)
        self.out = bytearray(MAGIC)
        self._change = change
        self._symbols: list[str] = []
        self._depth = 0

    def value(self) -> Value:
        self._depth += 1
        if self._depth > _DEPTH_MAX:
            raise _NotMarshal
        found = self._value(self._byte())
        self._depth -= 1
        return found

    def _value(self, kind: int) -> Value:
        if kind in _PLAIN:
            return _PLAIN[kind]
        match chr(kind):
            case "i":
                return self._number()
            case ":" | ";":
                return self._symbol(kind)
            case '"' | "c" | "m" | "M":
                return text(self._string())
            case "/":
                return [text(self._string()), self._byte()]
            case "f":
                return _decimal(self._string(fixed=True))
            case "l":
                sign = self._byte()
                return _big(sign, self._take(2 * self._number()))
            case "[":
                return [self.value() for _ in range(self._count())]
            case "{":
                return self._hash()
            case "}":
                return [self._hash(), self.value()]
            case "I":
                return self._with_variables()
            case "o" | "S":
                return {"class": self._name(), **self._variables()}
            case "u":
                name, data = self._name(), self._string()
                return {
                    "class": name,
                    "data": (_time(data) if name == ":Time" else None) or text(data),
                }
            case "U" | "e" | "C" | "d":
                return {"class": self._name(), "data": self.value()}
            case "@":
                return {"again": self._number()}
        raise _NotMarshal

    def _with_variables(self) -> Value:
        found = self.value()
        told = {name: v for name, v in self._variables().items() if name not in _UNSAID}
        return {"value": found, **told} if told else found

    def _hash(self) -> Value:
        pairs = [(self.value(), self.value()) for _ in range(self._count())]
        keyed = {key: child for key, child in pairs if isinstance(key, str)}
        return keyed if len(keyed) == len(pairs) else [[key, child] for key, child in pairs]

    def _variables(self) -> dict[str, Value]:
        return {self._name(): self.value() for _ in range(self._count())}

    def _name(self) -> str:
        return self._symbol(self._byte())

    def _symbol(self, kind: int) -> str:
        if kind == ord(":"):
            self._symbols.append(":" + self._string(fixed=True).decode("utf-8", "replace"))
            return self._symbols[-1]
        number = self._number() if kind == ord(";") else -1
        if not 0 <= number < len(self._symbols):
            raise _NotMarshal
        return self._symbols[number]

    def _string(self, *, fixed: bool = False) -> bytes:
        start = len(self.out)
        found = self._take(self._count())
        told = found if fixed else self._change(found)
        if told != found:
            del self.out[start:]
            self.out += _written(len(told)) + told
        return found

    def _count(self) -> int:
        count = self._number()
        if not 0 <= count <= len(self.data):
            raise _NotMarshal
        return count

    def _number(self) -> int:
        first = self._byte()
        small = first - 256 if first > 127 else first
        if small == 0:
            return 0
        if abs(small) > 4:
            return small - 5 if small > 0 else small + 5
        number = int.from_bytes(self._take(abs(small)), "little")
        return number if small > 0 else number - (1 << 8 * -small)

    def _byte(self) -> int:
        return self._take(1)[0]

    def _take(self, size: int) -> bytes:
        taken = self.data[self.at : self.at + size]
        if size < 0 or len(taken) != size:
            raise _NotMarshal
        self.at += size
        self.out += taken
        return taken


def _written(length: int) -> bytes:
    if length == 0:
        return b"\0"
    if length <= 122:
        return bytes((length + 5,))
    data = length.to_bytes((length.bit_length() + 7) // 8, "little")
    return bytes((len(data),)) + data


def text(data: bytes) -> Value:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data


def _time(data: bytes) -> str | None:
    """time.c, time_mdump: year, month, day and hour in the first word, then minute, second and
    microsecond."""
    if len(data) != 8 or not data[3] & 0x80:
        return None
    date, rest = int.from_bytes(data[:4], "little"), int.from_bytes(data[4:], "little")
    days = (date >> 14 & 0xFFFF) + 1900, (date >> 10 & 15) + 1, date >> 5 & 31
    try:
        at = datetime(*days, date & 31, rest >> 26, rest >> 20 & 63, rest & 0xFFFFF, tzinfo=UTC)
    except ValueError:
        return None
    return at.isoformat(" ", "microseconds")


def _decimal(data: bytes) -> Value:
    try:
        found = Decimal(data.decode("ascii", "replace"))
    except InvalidOperation:
        return text(data)
    return found if found.is_finite() else text(data)


def _big(sign: int, data: bytes) -> int:
    number = int.from_bytes(data, "little")
    return -number if sign == ord("-") else number
