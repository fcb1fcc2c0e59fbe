"""Turns of talking: what one side says until the other speaks is one message.

How the bytes were cut on the wire means nothing; whose turn it was does.
"""

from __future__ import annotations

from reenact.model.message import Gap, Message, Payload, Span
from reenact.model.segment import Side
from reenact.protocols.raw.messages import Bytes


class RawCodec:
    def __init__(self) -> None:
        self._held = (bytearray(), bytearray())
        self._base = [0, 0]
        self._first_ns = [0, 0]
        self._last_ns = [0, 0]

    def buffered(self, side: Side) -> int:
        return len(self._held[side])

    def feed(self, side: Side, data: bytes, at_ns: int) -> list[Message]:
        out = self._turn(side.other)
        if not self._held[side]:
            self._first_ns[side] = at_ns
        self._held[side].extend(data)
        self._last_ns[side] = at_ns
        return out

    def gap(self, side: Side, lost: int, at_ns: int) -> list[Message]:
        out = [*self._turn(side.other), *self._turn(side)]
        span = Span(self._base[side], self._base[side] + lost)
        self._base[side] += lost
        gap = Gap(lost=lost)
        return [*out, Message(side=side, payload=gap, spans=(span,), first_ns=at_ns, last_ns=at_ns)]

    def close(self, side: Side, at_ns: int, *, reset: bool = False) -> list[Message]:
        return self._turn(side)

    def _turn(self, side: Side) -> list[Message]:
        data = bytes(self._held[side])
        if not data:
            return []
        self._held[side].clear()
        span = Span(self._base[side], self._base[side] + len(data))
        self._base[side] += len(data)
        return [
            Message(
                side=side,
                payload=Bytes(data=data),
                spans=(span,),
                first_ns=self._first_ns[side],
                last_ns=self._last_ns[side],
            )
        ]


class RawEncoder:
    def encode(self, payload: Payload, stream: int | str = 0) -> bytes:
        assert isinstance(payload, Bytes)
        return payload.data
