"""Where a RESP frame ends (redis.io, "Redis serialization protocol specification")."""

from __future__ import annotations

from reenact.model.segment import Side
from reenact.protocols.framing import BadBytes

CRLF = b"\r\n"
COMMAND_ARGS_MAX = 1024 * 1024
"""redis up to 6.2 refuses longer commands (networking.c, processMultibulkBuffer)."""

LINE_MAX = 64 * 1024
"""PROTO_INLINE_MAX_SIZE (server.h)."""

_SIZED = frozenset(b"$!=")
_COUNTED = {ord("*"): 1, ord("~"): 1, ord(">"): 1, ord("%"): 2, ord("|"): 2}
_LINES = frozenset(b"+-:_#,(")


def number(text: bytes) -> int:
    digits = text[1:] if text[:1] in (b"-", b"+") else text
    if not digits.isdigit() or len(digits) > 19:
        raise BadBytes(f"not a number: {text[:20]!r}")
    return int(text)


class RespFramer:
    """`_at` is how far the frame has been walked, `_open` how many values it still lacks."""

    def __init__(self, side: Side, limit: int) -> None:
        self._side = side
        self._limit = limit
        self._at = 0
        self._seen = 0
        self._open = 1

    def end(self, data: bytearray) -> int | None:
        """Length of the frame at the front; None while it is incomplete."""
        while self._open:
            if len(data) < self._at:
                return None  # inside a string of known size
            inline = self._inline(data)
            end = b"\n" if inline else CRLF
            eol = data.find(end, max(self._at, self._seen - 1))
            if eol < 0:
                if len(data) - self._at > LINE_MAX:
                    raise BadBytes("a line without end")
                self._seen = len(data)
                return None
            if inline:
                self._at, self._open = eol + 1, 0
            else:
                self._step(bytes(memoryview(data)[self._at : eol]), eol + 2)
        if len(data) < self._at:
            return None
        size, self._at, self._seen, self._open = self._at, 0, 0, 1
        return size

    def _inline(self, data: bytearray) -> bool:
        """Whether it is a bare line that a person typed; it may end with LF alone
        (networking.c, processInlineBuffer)."""
        return self._side is Side.CLIENT and self._at == 0 and data[0] != ord("*")

    def _step(self, line: bytes, after: int) -> None:
        self._at = self._seen = after
        self._open -= 1
        kind = line[0] if line else 0
        if kind in _SIZED:
            size = number(line[1:])
            if not -1 <= size <= self._limit:
                raise BadBytes(f"a string of {size} bytes")
            self._at += size + 2 if size >= 0 else 0
        elif kind in _COUNTED:
            count = number(line[1:])
            if count < -1 or (self._side is Side.CLIENT and count > COMMAND_ARGS_MAX):
                raise BadBytes(f"an aggregate of {count}")
            self._open += max(count, 0) * _COUNTED[kind] + (kind == ord("|"))
        elif kind not in _LINES:
            raise BadBytes(f"a value of type {line[:1]!r}")
