"""Both sides of one HTTP/1 connection. A message is told when it is whole.

Each side is a small machine: head, then body by length, by chunks or to the end. It remembers
how far it has looked, so that any chunking costs the same. What a response is framed by depends on
its request, so requests leave their method in a queue as soon as their head is read.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from reenact.model.message import Gap, Malformed, Message, Payload, Span
from reenact.model.segment import Side
from reenact.protocols.framing import BadBytes
from reenact.protocols.http1.grammar import (
    fields,
    request_framing,
    request_line,
    response_framing,
    status_line,
    tokens,
)
from reenact.protocols.http1.messages import Headers, Request, Response, Tunnel

HEAD_MAX = 1024 * 1024
"""Servers refuse heads beyond 8 to 64 KiB; nothing that long is HTTP."""


@dataclass(slots=True)
class _Chunks:
    """A chunked body while it is read (RFC 9112, 7.1)."""

    body: bytearray = field(default_factory=bytearray)
    left: int = 0  # bytes of the present chunk, its CRLF included, still to come
    trailing: bool = False
    trailers: list[bytes] = field(default_factory=list)


class _Reader:
    """One side: bytes held, what was found in them so far."""

    def __init__(self, side: Side) -> None:
        self.side = side
        self.held = bytearray()
        self.base = 0  # stream offset of held[0]
        self.first_ns = 0
        self.at = 0  # how far into `held` the present message is understood
        self.seen = 0  # how far a line end was looked for
        self.head: tuple[tuple[str, ...], Headers] | None = None
        self.framing = ""
        self.length = 0
        self.chunks: _Chunks | None = None
        self.opaque: Payload | None = None  # what the rest of the stream is, once it is no HTTP
        self.opaque_from = 0

    def line(self, limit: int = HEAD_MAX) -> bytes | None:
        """The next line without its end, consumed; None while it is incomplete."""
        end = self.held.find(b"\n", max(self.at, self.seen))
        if end < 0:
            self.seen = len(self.held)
            if len(self.held) - self.at > limit:
                raise BadBytes("a line without end")
            return None
        out = bytes(memoryview(self.held)[self.at : end])
        self.at = self.seen = end + 1
        return out.removesuffix(b"\r")

    def reset(self) -> None:
        self.at = self.seen = 0
        self.head = self.chunks = None
        self.framing = ""


class HttpCodec:
    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._readers = (_Reader(Side.CLIENT), _Reader(Side.SERVER))
        self._lines: tuple[list[bytes], list[bytes]] = ([], [])
        self._methods: deque[str] = deque()
        self._answering: str | None = None
        self.wants_continue = False
        """A request's head asks for 100 (Continue) and its body has not come (RFC 9110, 10.1.1)."""

    def buffered(self, side: Side) -> int:
        return len(self._readers[side].held)

    def broken(self, side: Side) -> bool:
        """Whether this side has sent what is no HTTP."""
        return isinstance(self._readers[side].opaque, Malformed)

    def feed(self, side: Side, data: bytes, at_ns: int) -> list[Message]:
        r = self._readers[side]
        if not r.held and r.opaque is None:
            r.first_ns = at_ns
        r.held += data
        out: list[Message] = []
        while r.held and r.opaque is None:
            try:
                payload = self._next(r)
                if payload is None:
                    if len(r.held) > self._limit:
                        raise BadBytes("a message over the limit")
                    break
            except BadBytes as bad:
                self._give_up(r, Malformed(reason=str(bad)))
                break
            out.append(self._emit(r, payload, at_ns))
        self._skip(r)
        return out

    def gap(self, side: Side, lost: int, at_ns: int) -> list[Message]:
        r = self._readers[side]
        out = self._end(r, "bytes were lost inside a message", at_ns)
        span = Span(r.base, r.base + lost)
        r.base += lost
        self._give_up(r, Malformed(reason="bytes were lost before"))
        out.append(
            Message(side=side, payload=Gap(lost=lost), spans=(span,), first_ns=at_ns, last_ns=at_ns)
        )
        return out

    def close(self, side: Side, at_ns: int, *, reset: bool = False) -> list[Message]:
        r = self._readers[side]
        if r.framing == "close" and not reset and r.opaque is None:
            payload = self._response(r, bytes(memoryview(r.held)[r.at :]))
            r.at = len(r.held)
            return [self._emit(r, payload, at_ns)]
        return self._end(r, "reset inside a message" if reset else "ended inside a message", at_ns)

    # -- one message ------------------------------------------------------------------------

    def _next(self, r: _Reader) -> Payload | None:
        """The next whole message, None while it is not whole."""
        if r.head is None and not self._read_head(r):
            return None
        match r.framing:
            case "none":
                return self._whole(r, b"")
            case "length":
                if len(r.held) - r.at < r.length:
                    return None
                body = bytes(memoryview(r.held)[r.at : r.at + r.length])
                r.at += r.length
                return self._whole(r, body)
            case "chunked":
                return self._read_chunks(r)
            case _:
                return None  # to the end of the connection

    def _read_head(self, r: _Reader) -> bool:
        lines = self._lines[r.side]
        while (line := r.line()) is not None:
            if line:
                lines.append(line)
                if r.at > HEAD_MAX:
                    raise BadBytes("a head over the limit")
            elif lines:
                break
        else:
            return False
        start, rest = lines[0], lines[1:]
        lines.clear()
        headers = fields(rest)
        if r.side is Side.CLIENT:
            r.head = (request_line(start), headers)
            r.framing, r.length = request_framing(headers)
            self._methods.append(r.head[0][0])
            body_to_come = r.framing == "chunked" or r.length > len(r.held) - r.at
            self.wants_continue = "100-continue" in tokens(headers, "expect") and body_to_come
        else:
            version, status, reason = status_line(start)
            r.head = ((version, str(status), reason), headers)
            if status >= 200 or status == 101:
                self._answering = self._methods.popleft() if self._methods else None
            r.framing, r.length = response_framing(headers, status, self._answering)
        return True

    def _read_chunks(self, r: _Reader) -> Payload | None:
        chunks = r.chunks = r.chunks or _Chunks()
        while True:
            if chunks.left:
                if len(r.held) - r.at < chunks.left:
                    return None
                chunks.body += memoryview(r.held)[r.at : r.at + chunks.left - 2]
                if r.held[r.at + chunks.left - 2 : r.at + chunks.left] != b"\r\n":
                    raise BadBytes("a chunk that does not end where it says")
                r.at += chunks.left
                r.seen = r.at
                chunks.left = 0
            line = r.line()
            if line is None:
                return None
            if chunks.trailing:
                if not line:
                    return self._whole(r, bytes(chunks.body), fields(chunks.trailers))
                chunks.trailers.append(line)
                continue
            size = _chunk_size(line)
            if size > self._limit:
                raise BadBytes(f"a chunk of {size} bytes")
            chunks.trailing = size == 0
            chunks.left = size + 2 if size else 0

    def _whole(self, r: _Reader, body: bytes, trailers: Headers = ()) -> Payload:
        if r.side is Side.SERVER:
            return self._response(r, body, trailers)
        self.wants_continue = False
        assert r.head is not None
        (method, target, version), headers = r.head
        return Request(
            method=method,
            target=target,
            version=version,
            headers=headers,
            body=body,
            framing=r.framing,
            trailers=trailers,
        )

    def _response(self, r: _Reader, body: bytes, trailers: Headers = ()) -> Response:
        assert r.head is not None
        (version, status, reason), headers = r.head
        return Response(
            status=int(status),
            reason=reason,
            version=version,
            headers=headers,
            body=body,
            framing=r.framing,
            trailers=trailers,
            head=self._answering == "HEAD" and int(status) >= 200,
        )

    def _emit(self, r: _Reader, payload: Payload, at_ns: int) -> Message:
        size = r.at
        message = Message(
            side=r.side,
            payload=payload,
            spans=(Span(r.base, r.base + size),),
            first_ns=r.first_ns,
            last_ns=at_ns,
        )
        del r.held[:size]
        r.base += size
        r.first_ns = at_ns
        r.reset()
        if isinstance(payload, Response) and _leaves_http(payload, self._answering):
            for reader in self._readers:
                self._give_up(reader, Tunnel())
        return message

    # -- what is no HTTP --------------------------------------------------------------------

    def _give_up(self, r: _Reader, payload: Payload) -> None:
        """From the present message on the side is opaque; told as one message at its end."""
        r.opaque = payload
        r.opaque_from = r.base
        self._skip(r)

    def _skip(self, r: _Reader) -> None:
        if r.opaque is not None:
            r.base += len(r.held)
            r.held.clear()

    def _end(self, r: _Reader, reason: str, at_ns: int) -> list[Message]:
        if r.opaque is None and r.held:
            self._give_up(r, Malformed(reason=reason))
        if r.opaque is None or r.base == r.opaque_from:
            return []
        span = Span(r.opaque_from, r.base)
        r.opaque_from = r.base
        return [
            Message(
                side=r.side, payload=r.opaque, spans=(span,), first_ns=r.first_ns, last_ns=at_ns
            )
        ]


def _leaves_http(response: Response, method: str | None) -> bool:
    return response.status == 101 or (method == "CONNECT" and 200 <= response.status < 300)


def _chunk_size(line: bytes) -> int:
    """A chunk's size; its extensions (RFC 9112, 7.1.1) mean nothing to anybody."""
    digits = line.partition(b";")[0].strip()
    if not digits or len(digits) > 15 or set(digits.lower()) - set(b"0123456789abcdef"):
        raise BadBytes(f"a chunk size {line[:20]!r}")
    return int(digits, 16)
