"""The client half: sends recorded requests to the service, one after the other.

A request with `Expect: 100-continue` is sent whole at once, which RFC 9110 section 10.1.1 allows a client
to do; the 100 that comes is collected like any informational response.
"""

from __future__ import annotations

from reenact.model.protocol import Action, Received, Send
from reenact.model.value import Value
from reenact.protocols.framing import BadBytes
from reenact.protocols.http1 import grammar, wire
from reenact.protocols.http1.codec import BUFFER_LIMIT
from reenact.protocols.http1.grammar import ResponseHead
from reenact.protocols.http1.payloads import Response
from reenact.protocols.http1.reader import ResponseReader, Whole
from reenact.protocols.http1.tree import response_tree


class HttpCaller:
    def __init__(self, limit: int = BUFFER_LIMIT) -> None:
        self._reader = ResponseReader(limit)
        self._token: int | None = None  # of the call under way
        self._informational: list[Response] = []
        self._reusable = True

    def reusable(self) -> bool:
        return self._reusable and self._token is None

    def call(self, token: int, request: Value, now_ns: int) -> list[Action]:
        assert self.reusable(), "one call at a time, on a connection that is open"
        tree = request if isinstance(request, dict) else {}
        self._token = token
        self._reader.methods.append(str(tree.get("method", "GET")))
        self._reusable = grammar.keeps_alive(str(tree.get("version", "1.1")), wire.headers(tree))
        return [Send(wire.request_bytes(tree))]

    def receive(self, data: bytes, now_ns: int) -> list[Action]:
        if self._token is None:
            self._reusable = False  # bytes nobody asked for, or the tunnel after an upgrade
            return []
        self._reader.feed(data)
        try:
            while self._token is not None and (whole := self._reader.next()):
                if done := self._take(whole):
                    return done
        except BadBytes as bad:
            return self._fail(f"the answer is not HTTP: {bad}")
        return []

    def eof(self, now_ns: int, *, reset: bool = False) -> list[Action]:
        self._reusable = False
        if self._token is None:
            return []
        how = "reset inside a message" if reset else "end of stream inside a message"
        if whole := self._reader.end(how, clean=not reset):
            return self._take(whole)
        return self._fail("the connection was reset" if reset else "closed before an answer")

    def _take(self, whole: Whole) -> list[Action]:
        """Nothing for an informational response, which belongs to the one that follows."""
        head, message = whole.head, whole.message
        assert isinstance(head, ResponseHead) and isinstance(message, Response)
        if head.status < 200 and head.status != 101:
            self._informational.append(message)
            return []
        method = self._reader.methods.popleft()
        alive = grammar.keeps_alive(head.version, head.headers) and message.framing != "close"
        tunnel = grammar.gives_tunnel(head.status, method)
        self._reusable = self._reusable and alive and not tunnel and self._reader.idle
        return self._received(response_tree(message, self._informational))

    def _fail(self, error: str) -> list[Action]:
        self._reusable = False
        return self._received(None, error)

    def _received(self, response: Value, error: str = "") -> list[Action]:
        token, self._token = self._token, None
        self._informational = []
        assert token is not None
        return [Received(token, response, error)]
