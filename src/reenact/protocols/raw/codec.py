"""Turns of talking: what one side says until the other speaks is one message.

How the bytes were cut on the wire means nothing; whose turn it was does, and who ended it.
"""

from __future__ import annotations

from reenact.model.message import Gap, Message, Payload, Span
from reenact.model.segment import Side
from reenact.protocols.raw.messages import Bytes

PART_MAX = 8 * 1024 * 1024
"""Bytes of a turn held in memory; a longer one becomes several messages, cut at multiples of it."""


class RawCodec:
    def __init__(self) -> None:
        self._held = (bytearray(), bytearray())
        self._base = [0, 0]
        self._first_ns = [0, 0]
        self._last_ns = [0, 0]
        self._closed = [False, False]

    def buffered(self, side: Side) -> int:
        return len(self._held[side])

    def feed(self, side: Side, data: bytes, at_ns: int) -> list[Message]:
        if not data:
            return []
        out = self._turn(side.other)
        held = self._held[side]
        if not held:
            self._first_ns[side] = at_ns
        held.extend(data)
        self._last_ns[side] = at_ns
        while len(held) > PART_MAX:
            out.append(self._emit(side, PART_MAX))
        return out

    def gap(self, side: Side, lost: int, at_ns: int) -> list[Message]:
        out = [*self._turn(side.other), *self._turn(side)]
        span = Span(self._base[side], self._base[side] + lost)
        self._base[side] += lost
        gap = Gap(lost=lost)
        return [*out, Message(side=side, payload=gap, spans=(span,), first_ns=at_ns, last_ns=at_ns)]

    def close(self, side: Side, at_ns: int, *, reset: bool = False) -> list[Message]:
        """The server's last turn says so when it was the server who ended the connection. When it
        did so instead of answering, that is a turn without bytes."""
        closes = side is Side.SERVER and not self._closed[Side.CLIENT] and not reset
        self._closed[side] = True
        if closes and self._held[Side.CLIENT]:
            asked = self._turn(Side.CLIENT)
            self._first_ns[side] = self._last_ns[side] = at_ns
            return [*asked, self._emit(side, 0, closes=True)]
        return self._turn(side, closes=closes)

    def _turn(self, side: Side, *, closes: bool = False) -> list[Message]:
        size = len(self._held[side])
        return [self._emit(side, size, closes=closes)] if size else []

    def _emit(self, side: Side, size: int, *, closes: bool = False) -> Message:
        data = bytes(memoryview(self._held[side])[:size])
        del self._held[side][:size]
        base = self._base[side]
        self._base[side] = base + size
        first_ns, self._first_ns[side] = self._first_ns[side], self._last_ns[side]
        return Message(
            side=side,
            payload=Bytes(data=data, closes=closes),
            spans=(Span(base, base + size),),
            first_ns=first_ns,
            last_ns=self._last_ns[side],
        )


class RawEncoder:
    def encode(self, payload: Payload, stream: int | str = 0) -> bytes:
        assert isinstance(payload, Bytes)
        return payload.data
