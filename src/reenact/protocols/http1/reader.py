"""One direction of a connection, read message by message; used on record and live.

`feed` bytes, then take messages with `next` until it gives None. Each byte is looked at a
bounded number of times and copied at most three, however the stream is cut.
"""

from __future__ import annotations

import enum
import re
from collections import deque
from dataclasses import dataclass

from reenact.protocols.framing import BadBytes
from reenact.protocols.http1 import grammar
from reenact.protocols.http1.grammar import RequestHead, ResponseHead
from reenact.protocols.http1.payloads import Framing, Request, Response

HEAD_LIMIT = 1024 * 1024
"""Of a head, a chunk-size line or a trailer. Servers stop between 8 KiB (Apache, per line) and
64 KiB; Node's --max-http-header-size is the highest in use."""

START_CHECKED = 1024
"""Bytes of a start line that are checked before the head is complete, so that a peer which
speaks something else is found out at once."""

HEAD_END = re.compile(rb"\n\r?\n")
LINE_END = re.compile(rb"\n")
TRAILER_END = re.compile(rb"\n\r?\n|\A\r?\n")


class State(enum.Enum):
    HEAD = enum.auto()
    LENGTH = enum.auto()  # `_left` bytes to come
    CHUNK_LINE = enum.auto()
    CHUNK = enum.auto()  # `_left` bytes to come
    CHUNK_END = enum.auto()  # the line break after a chunk
    TRAILER = enum.auto()
    CLOSE = enum.auto()  # until the end of the stream
    DONE = enum.auto()  # whole, not yet taken


BODY = (State.LENGTH, State.CHUNK, State.CLOSE)


@dataclass(frozen=True, slots=True)
class Whole:
    """A message, its head as parsed, and how many bytes of the stream it took."""

    message: Request | Response
    head: RequestHead | ResponseHead
    size: int


class Reader:
    """Abstract; `RequestReader` and `ResponseReader` say how a head frames its body."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held = bytearray()  # not yet understood
        self._seen = 0  # bytes of `_held` known to hold no end of what is sought
        self._blank = 0  # bytes of empty lines at the front of `_held`
        self._start()

    def _start(self) -> None:
        self._state = State.HEAD
        self._head = b""
        self._parsed: RequestHead | ResponseHead | None = None
        self._framing: Framing = "none"
        self._left = 0
        self._body = bytearray()
        self._chunks: list[bytes] = []
        self._trailer = b""
        self._size = 0  # bytes of the current message that have left `_held`

    @property
    def buffered(self) -> int:
        return self._size + len(self._held)

    @property
    def idle(self) -> bool:
        """Between two messages, with nothing held."""
        return self._state is State.HEAD and not self._held

    @property
    def head(self) -> RequestHead | ResponseHead | None:
        """Of the message being read, as soon as it is complete."""
        return self._parsed

    def feed(self, data: bytes) -> bool:
        """Whether `next` may have something to say now."""
        if self._held or self._state not in BODY:
            self._held += data
            return True
        if len(data) < self._left or self._state is State.CLOSE:  # the shortest way for most bytes
            self._body += data
            self._size += len(data)
            self._left -= len(data)
            return self._size > self._limit
        taken = self._take_body(data)
        self._held += memoryview(data)[taken:]
        return True

    def next(self) -> Whole | None:
        """The next whole message; None until more bytes come. Raises BadBytes."""
        while self._state is not State.DONE and self._step():
            pass
        done = self._state is State.DONE
        if (self._size if done else self.buffered) > self._limit:
            raise BadBytes("a message over the limit")
        return self._finish("") if done else None

    def end(self, reason: str, *, clean: bool = True) -> Whole | None:
        """At the end of the stream: the message this ends, whole or cut, None without a head.
        `clean`: the peer said it was done, which is how a close-delimited body ends."""
        if self._parsed is None:
            return None
        return self._finish("" if self._state is State.CLOSE and clean else reason)

    def clear(self) -> None:
        """Forgets everything held; the reader is as new."""
        self._held.clear()
        self._seen = self._blank = 0
        self._start()

    def drain(self) -> bytes:
        """Everything held between messages, given away."""
        out = bytes(self._held)
        self._held.clear()
        self._seen = self._blank = 0
        return out

    # -- one step each: True when something was understood ------------------------------------

    def _step(self) -> bool:
        match self._state:
            case State.HEAD:
                return self._read_head()
            case State.CHUNK_LINE:
                return self._read_chunk_line()
            case State.CHUNK_END:
                return self._read_chunk_end()
            case State.TRAILER:
                return self._read_trailer()
            case _:
                return self._read_body()

    def _read_head(self) -> bool:
        held = self._held
        if not self._skip_empty_lines():
            return False
        start = self._blank
        if self._seen - start < START_CHECKED:
            self._check_start(bytes(held[start : start + START_CHECKED]))
        head = self._upto(HEAD_END, start)
        if head is None:
            return False
        parsed, framing, left = self._understand(head)
        self._head, self._parsed = head, parsed
        self._frame(framing, left)
        return True

    def _skip_empty_lines(self) -> bool:
        """RFC 9112 section 2.2: a server ignores empty lines before a request."""
        while self._blank < len(self._held) and self._held[self._blank] in b"\r\n":
            self._blank += 1
            self._over(self._blank)
        return self._blank < len(self._held)

    def _frame(self, framing: Framing, left: int) -> None:
        self._framing, self._left = framing, left
        if framing == "length" and left:
            self._state = State.LENGTH
        elif framing == "chunked":
            self._state = State.CHUNK_LINE
        else:
            self._state = State.CLOSE if framing == "close" else State.DONE

    def _read_chunk_line(self) -> bool:
        line = self._upto(LINE_END)
        if line is None:
            return False
        found = grammar.CHUNK_LINE.fullmatch(line)
        if found is None:
            raise BadBytes("not a chunk-size line")
        self._chunks.append(line)
        self._left = int(found[1], 16)
        self._state = State.CHUNK if self._left else State.TRAILER
        return True

    def _read_chunk_end(self) -> bool:
        if self._held[:2] == b"\r\n":
            self._state = State.CHUNK_LINE
            self._drop(2)
            return True
        if self._held and self._held[:2] != b"\r":
            raise BadBytes("a chunk longer than its size")
        return False

    def _read_trailer(self) -> bool:
        trailer = self._upto(TRAILER_END)
        if trailer is None:
            return False
        grammar.headers_of(trailer)
        self._trailer, self._state = trailer, State.DONE
        return True

    def _read_body(self) -> bool:
        if not self._held:
            return False
        taken = self._take_body(self._held)
        del self._held[:taken]
        return True

    def _take_body(self, data: bytes | bytearray) -> int:
        """Moves what belongs to the body out of `data`; how many bytes that was."""
        taken = len(data) if self._state is State.CLOSE else min(self._left, len(data))
        with memoryview(data) as view:
            self._body += view[:taken]
        self._size += taken
        if self._state is not State.CLOSE:
            self._left -= taken
            if not self._left:
                self._state = State.DONE if self._state is State.LENGTH else State.CHUNK_END
        return taken

    # -- what the steps share ------------------------------------------------------------------

    def _upto(self, mark: re.Pattern[bytes], start: int = 0) -> bytes | None:
        """Takes the bytes to the end of the first `mark` at or after `start`. Looks again at
        no more than two bytes that it has looked at before."""
        found = mark.search(self._held, max(start, self._seen - 2))
        if found is None:
            self._seen = len(self._held)
            self._over(self._seen)
            return None
        end = found.end()
        self._over(end)
        out = bytes(memoryview(self._held)[:end])
        self._drop(end)
        return out

    def _over(self, size: int) -> None:
        if size > HEAD_LIMIT:
            raise BadBytes("a head over the limit")

    def _drop(self, count: int) -> None:
        del self._held[:count]
        self._size += count
        self._seen = self._blank = 0

    def _finish(self, cut: str) -> Whole:
        parsed = self._parsed
        assert parsed is not None
        rest = b""
        if cut:
            rest = self.drain()
            self._size += len(rest)
            if self._state is State.CHUNK_LINE and self._chunks:
                rest = b"\r\n" + rest  # of the chunk before; the encoder counts on it here
        message = self._make(
            head=self._head,
            framing=self._framing,
            body=bytes(self._body),
            chunks=tuple(self._chunks),
            trailer=self._trailer,
            cut=cut,
            rest=rest,
        )
        size = self._size
        self._start()
        return Whole(message, parsed, size)

    # -- the two kinds -------------------------------------------------------------------------

    def _understand(self, head: bytes) -> tuple[RequestHead | ResponseHead, Framing, int]:
        raise NotImplementedError

    def _check_start(self, prefix: bytes) -> None:
        raise NotImplementedError

    def _make(self, **parts: object) -> Request | Response:
        raise NotImplementedError


class RequestReader(Reader):
    def _understand(self, head: bytes) -> tuple[RequestHead, Framing, int]:
        parsed = grammar.request_head(head)
        return parsed, *grammar.request_framing(parsed)

    def _check_start(self, prefix: bytes) -> None:
        grammar.check_request_start(prefix)

    def _make(self, **parts: object) -> Request:
        return Request(**parts)  # type: ignore[arg-type]


class ResponseReader(Reader):
    """`methods` holds the methods of the requests not yet answered; whoever owns the reader
    appends to it, and the reader takes one for each final response."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.methods: deque[str] = deque()

    def _understand(self, head: bytes) -> tuple[ResponseHead, Framing, int]:
        parsed = grammar.response_head(head)
        method = self.methods[0] if self.methods else ""
        return parsed, *grammar.response_framing(parsed, method)

    def _check_start(self, prefix: bytes) -> None:
        grammar.check_response_start(prefix)

    def _make(self, **parts: object) -> Response:
        return Response(**parts)  # type: ignore[arg-type]
