"""The loop every codec shares: find the end of a frame, parse it, or give up on the side."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

from reenact.model.message import Gap, Malformed, Message, Payload, Span
from reenact.model.segment import Side


class BadBytes(Exception):
    """Raised by a framer or a parser; becomes a `Malformed` message and nothing else."""


class Framer(Protocol):
    """Says where the next frame ends. Stateful: it remembers how far it has looked, so that
    each byte is examined a bounded number of times however the stream is chunked."""

    def end(self, data: bytearray) -> int | None:
        """Length of the frame at the front of `data`; None to wait for more bytes."""


Parse: TypeAlias = Callable[[Side, bytes], Payload]


class FramedCodec:
    """A `Codec` made of one framer per side and a parser of whole frames."""

    def __init__(self, framers: tuple[Framer, Framer], parse: Parse, limit: int) -> None:
        self._framers = framers
        self._parse = parse
        self._limit = limit
        self._held = (bytearray(), bytearray())
        self._base = [0, 0]  # stream offset of the first byte held
        self._first: list[int] = [0, 0]  # when that byte arrived
        self._opaque = [False, False]

    def buffered(self, side: Side) -> int:
        return len(self._held[side])

    def feed(self, side: Side, data: bytes, at_ns: int) -> list[Message]:
        held = self._held[side]
        if not held:
            self._first[side] = at_ns
        held += data
        out: list[Message] = []
        while held:
            if self._opaque[side]:
                out.append(self._emit(side, Malformed(reason="opaque"), len(held), at_ns))
                break
            try:
                end = self._framers[side].end(held)
                if end is None:
                    if len(held) > self._limit:
                        raise BadBytes("frame over the limit")
                    break
                payload = self._parse(side, bytes(memoryview(held)[:end]))
            except BadBytes as bad:
                out.append(self._give_up(side, str(bad), at_ns))
                break
            out.append(self._emit(side, payload, end, at_ns))
            self._first[side] = at_ns
        return out

    def gap(self, side: Side, lost: int, at_ns: int) -> list[Message]:
        out = self._drain(side, "gap inside a frame", at_ns)
        span = Span(self._base[side], self._base[side] + lost)
        self._base[side] += lost
        self._opaque[side] = True
        gap = Gap(lost=lost)
        out.append(Message(side=side, payload=gap, spans=(span,), first_ns=at_ns, last_ns=at_ns))
        return out

    def close(self, side: Side, at_ns: int, *, reset: bool = False) -> list[Message]:
        return self._drain(side, "reset" if reset else "end of stream inside a frame", at_ns)

    def _drain(self, side: Side, reason: str, at_ns: int) -> list[Message]:
        return [self._give_up(side, reason, at_ns)] if self._held[side] else []

    def _give_up(self, side: Side, reason: str, at_ns: int) -> Message:
        self._opaque[side] = True
        return self._emit(side, Malformed(reason=reason), len(self._held[side]), at_ns)

    def _emit(self, side: Side, payload: Payload, size: int, at_ns: int) -> Message:
        base = self._base[side]
        del self._held[side][:size]
        self._base[side] = base + size
        return Message(
            side=side,
            payload=payload,
            spans=(Span(base, base + size),),
            first_ns=self._first[side],
            last_ns=at_ns,
        )
