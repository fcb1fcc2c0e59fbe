"""Both directions of a flow: which request a response answers, and where HTTP ends."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from reenact.model.message import Gap, Malformed, Message, Payload, Span
from reenact.model.segment import Side
from reenact.protocols.framing import BadBytes
from reenact.protocols.http1 import grammar
from reenact.protocols.http1.grammar import RequestHead, ResponseHead
from reenact.protocols.http1.payloads import Tunnel
from reenact.protocols.http1.reader import Reader, RequestReader, ResponseReader

BUFFER_LIMIT = 2 * 1024 * 1024 * 1024
"""A message is held until it is whole, so this is the largest that is read."""

TUNNEL_BLOCK = 64 * 1024
"""Bytes per `Tunnel` message; counted from the upgrade, so that no chunking shows in them."""


class Mode(enum.Enum):
    HTTP = enum.auto()
    WAITING = enum.auto()  # client only: the answer says whether what follows is HTTP
    TUNNEL = enum.auto()
    OPAQUE = enum.auto()  # malformed, after a gap, or closed: bytes are counted, not kept


@dataclass(slots=True)
class Half:
    """One direction. The bytes from `base` to `total` belong to no message yet."""

    reader: Reader
    mode: Mode = Mode.HTTP
    base: int = 0
    total: int = 0
    first_ns: int = 0  # of the byte at `base`
    last_ns: int = 0
    reason: str = ""  # why it is opaque
    tunnelled: bytearray = field(default_factory=bytearray)


class HttpCodec:
    """One message per complete request or response.

    Bytes that are no HTTP become one `Malformed` at the end of their side, from the start of
    the message they broke; a message cut short by the end of the stream says so in `cut`.
    """

    def __init__(self, limit: int = BUFFER_LIMIT) -> None:
        self._limit = limit
        self._requests = RequestReader(limit)
        self._responses = ResponseReader(limit)
        self._halves = (Half(self._requests), Half(self._responses))
        self._announced = False  # the current request's method is in `_responses.methods`
        self._upgraded = False

    def buffered(self, side: Side) -> int:
        half = self._halves[side]
        return half.reader.buffered + len(half.tunnelled)

    def feed(self, side: Side, data: bytes, at_ns: int) -> list[Message]:
        if not data:
            return []
        half = self._halves[side]
        if half.base == half.total:
            half.first_ns = at_ns
        half.last_ns = at_ns
        half.total += len(data)
        if half.mode is Mode.OPAQUE:
            return []
        if half.mode is Mode.TUNNEL:
            half.tunnelled += data
            return self._tunnel_blocks(side)
        return self._read(side) if half.reader.feed(data) else []

    def gap(self, side: Side, lost: int, at_ns: int) -> list[Message]:
        half = self._halves[side]
        out = self._end(side, "gap inside a message", clean=False)
        half.total += lost
        half.first_ns = half.last_ns = at_ns
        out.append(self._emit(side, Gap(lost=lost), lost))
        return out + self._give_up(side, "after a gap")

    def close(self, side: Side, at_ns: int, *, reset: bool = False) -> list[Message]:
        reason = "reset inside a message" if reset else "end of stream inside a message"
        out = self._end(side, reason, clean=not reset)
        return out + self._give_up(side, "bytes after the end of the stream")

    # -- reading -------------------------------------------------------------------------------

    def _read(self, side: Side) -> list[Message]:
        return self._read_requests() if side is Side.CLIENT else self._read_responses()

    def _read_requests(self) -> list[Message]:
        half = self._halves[Side.CLIENT]
        out: list[Message] = []
        while half.mode is Mode.HTTP:
            try:
                whole = self._requests.next()
            except BadBytes as bad:
                self._announce(self._requests.head)
                return out + self._give_up(Side.CLIENT, str(bad))
            self._announce(whole.head if whole else self._requests.head)
            if whole is None:
                return out
            self._announced = False
            out.append(self._emit(Side.CLIENT, whole.message, whole.size))
            if self._upgraded:
                return out + self._start_tunnel(Side.CLIENT)
            if isinstance(whole.head, RequestHead) and grammar.wants_tunnel(whole.head):
                half.mode = Mode.WAITING
        if self._requests.buffered > self._limit:
            out += self._give_up(Side.CLIENT, "a message over the limit")
        return out

    def _announce(self, head: RequestHead | ResponseHead | None) -> None:
        if isinstance(head, RequestHead) and not self._announced:
            self._announced = True
            if self._halves[Side.SERVER].mode is Mode.HTTP:
                self._responses.methods.append(head.method)

    def _read_responses(self) -> list[Message]:
        half = self._halves[Side.SERVER]
        out: list[Message] = []
        while half.mode is Mode.HTTP:
            try:
                whole = self._responses.next()
            except BadBytes as bad:
                return out + self._give_up(Side.SERVER, str(bad))
            if whole is None:
                return out
            out.append(self._emit(Side.SERVER, whole.message, whole.size))
            assert isinstance(whole.head, ResponseHead)
            out += self._answered(whole.head.status)
        return out

    def _answered(self, status: int) -> list[Message]:
        """What a response means for the bytes that come after it, on both sides."""
        if status < 200 and status != 101:
            return []
        methods = self._responses.methods
        method = methods.popleft() if methods else ""
        client = self._halves[Side.CLIENT]
        if grammar.gives_tunnel(status, method):
            self._upgraded = True
            out = self._start_tunnel(Side.SERVER)
            between = client.mode is Mode.WAITING or client.base == client.total
            return out + (self._start_tunnel(Side.CLIENT) if between else [])
        return [] if methods else self._resume()

    def _resume(self) -> list[Message]:
        """The client's upgrade was not taken up: it goes on in HTTP."""
        client = self._halves[Side.CLIENT]
        if client.mode is not Mode.WAITING:
            return []
        client.mode = Mode.HTTP
        return self._read(Side.CLIENT)

    # -- tunnels and endings -------------------------------------------------------------------

    def _start_tunnel(self, side: Side) -> list[Message]:
        half = self._halves[side]
        if half.mode is Mode.OPAQUE:
            return []
        half.mode = Mode.TUNNEL
        half.tunnelled += half.reader.drain()
        return self._tunnel_blocks(side)

    def _tunnel_blocks(self, side: Side, least: int = TUNNEL_BLOCK) -> list[Message]:
        held = self._halves[side].tunnelled
        out: list[Message] = []
        while len(held) >= least:
            data = bytes(held[:TUNNEL_BLOCK])
            del held[:TUNNEL_BLOCK]
            out.append(self._emit(side, Tunnel(data=data), len(data)))
        return out

    def _end(self, side: Side, reason: str, *, clean: bool) -> list[Message]:
        """Everything that belongs to no message yet becomes one."""
        half = self._halves[side]
        if half.mode is Mode.WAITING:
            out = self._start_tunnel(side)
            return out + self._tunnel_blocks(side, 1)
        if half.mode is Mode.TUNNEL:
            return self._tunnel_blocks(side, 1)
        if half.mode is Mode.HTTP and (whole := half.reader.end(reason, clean=clean)):
            return [self._emit(side, whole.message, whole.size)]
        if half.base == half.total:
            return []
        payload = Malformed(reason=half.reason or reason)
        return [self._emit(side, payload, half.total - half.base)]

    def _give_up(self, side: Side, reason: str) -> list[Message]:
        half = self._halves[side]
        half.mode, half.reason = Mode.OPAQUE, reason
        half.reader.clear()
        return self._resume() if side is Side.SERVER else []

    def _emit(self, side: Side, payload: Payload, size: int) -> Message:
        half = self._halves[side]
        span = Span(half.base, half.base + size)
        first, half.base, half.first_ns = half.first_ns, span.end, half.last_ns
        return Message(
            side=side, payload=payload, spans=(span,), first_ns=first, last_ns=half.last_ns
        )
