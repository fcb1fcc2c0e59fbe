"""Datagrams, or messages behind a two-byte length (RFC 1035, 4.2.2)."""

from __future__ import annotations

from reenact.model.message import Gap, Malformed, Message, Payload, Span
from reenact.model.segment import Side
from reenact.protocols.dns.messages import Packet

HEADER = 14
"""Bytes of the length and the header (RFC 1035, 4.1.1)."""


def plausible(data: bytes) -> bool:
    """Whether a TCP stream may begin with a query, as far as it is there: a length, QR bit clear, no
    response code, one question."""
    short = len(data) >= 2 and int.from_bytes(data[:2]) < HEADER - 2
    flags = int.from_bytes(data[4:6].ljust(2, b"\0"))
    return not short and not flags & 0x800F and b"\0\1".startswith(data[6:8])


class DnsCodec:
    def __init__(self, *, datagrams: bool) -> None:
        self._datagrams = datagrams
        self._held = (bytearray(), bytearray())
        self._base = [0, 0]
        self._first_ns = [0, 0]
        self._lost = [False, False]  # where the next message begins, in a stream with a gap

    def buffered(self, side: Side) -> int:
        return len(self._held[side])

    def feed(self, side: Side, data: bytes, at_ns: int) -> list[Message]:
        held = self._held[side]
        if not held:
            self._first_ns[side] = at_ns
        held += data
        if self._datagrams:
            return [self._emit(side, Packet(data=bytes(held)), len(held), at_ns)] if held else []
        if self._lost[side]:
            return self._opaque(side, "after a gap", at_ns)
        out = []
        while len(held) >= 2 and len(held) >= 2 + (size := int.from_bytes(held[:2])):
            out.append(self._emit(side, Packet(data=bytes(held[2 : 2 + size])), 2 + size, at_ns))
        return out

    def gap(self, side: Side, lost: int, at_ns: int) -> list[Message]:
        out = self.close(side, at_ns)
        self._lost[side] = True
        span = Span(self._base[side], self._base[side] + lost)
        self._base[side] += lost
        gap = Gap(lost=lost)
        return [*out, Message(side=side, payload=gap, spans=(span,), first_ns=at_ns, last_ns=at_ns)]

    def close(self, side: Side, at_ns: int, *, reset: bool = False) -> list[Message]:
        return self._opaque(side, "ended inside a message", at_ns)

    def _opaque(self, side: Side, reason: str, at_ns: int) -> list[Message]:
        size = len(self._held[side])
        return [self._emit(side, Malformed(reason=reason), size, at_ns)] if size else []

    def _emit(self, side: Side, payload: Payload, size: int, at_ns: int) -> Message:
        base = self._base[side]
        del self._held[side][:size]
        self._base[side] = base + size
        first_ns, self._first_ns[side] = self._first_ns[side], at_ns
        return Message(
            side=side,
            payload=payload,
            spans=(Span(base, base + size),),
            first_ns=first_ns,
            last_ns=at_ns,
        )


class DnsEncoder:
    def __init__(self, *, datagrams: bool) -> None:
        self._datagrams = datagrams

    def encode(self, payload: Payload, stream: int | str = 0) -> bytes:
        assert isinstance(payload, Packet)
        return payload.data if self._datagrams else len(payload.data).to_bytes(2) + payload.data
