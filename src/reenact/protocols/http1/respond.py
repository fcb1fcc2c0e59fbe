"""The server's half, played from recordings."""

from __future__ import annotations

import json
from collections.abc import Sequence

from reenact.model.exchange import Outcome
from reenact.model.protocol import Action, Answer, Ask, Close, Faulty, Refuse, Send
from reenact.model.segment import Side
from reenact.model.value import Value
from reenact.protocols.http1.codec import HttpCodec
from reenact.protocols.http1.encode import HttpEncoder
from reenact.protocols.http1.grammar import keeps_alive
from reenact.protocols.http1.messages import Request, Response
from reenact.protocols.http1.trees import request_tree, to_response


class HttpResponder:
    """Answers leave in the order the requests came, whatever order the engine answers in."""

    def __init__(self, limit: int) -> None:
        self._codec = HttpCodec(limit)
        self._requests: list[Request] = []
        self._sent = 0
        self._ready: dict[int, tuple[bytes, bool]] = {}

    def start(self, now_ns: int) -> list[Action]:
        return []

    def receive(self, data: bytes, now_ns: int) -> list[Action]:
        out: list[Action] = []
        for message in self._codec.feed(Side.CLIENT, data, now_ns):
            if isinstance(message.payload, Request):
                out.append(Ask(len(self._requests), request_tree(message.payload)))
                self._requests.append(message.payload)
        if self._codec.wants_continue:
            self._codec.wants_continue = False
            out.append(Send(b"HTTP/1.1 100 Continue\r\n\r\n"))
        if self._codec.broken(Side.CLIENT):
            out += [Faulty("bytes that are no HTTP request"), Close(reset=True)]
        return out

    def answer(self, token: int, reply: Answer | Refuse, now_ns: int) -> list[Action]:
        assert self._sent <= token < len(self._requests) and token not in self._ready
        self._ready[token] = self._encoded(self._requests[token], reply)
        out: list[Action] = []
        while self._sent in self._ready:
            data, ends = self._ready.pop(self._sent)
            self._sent += 1
            if data:
                out.append(Send(data))
            if ends:
                out.append(Close())
                break
        return out

    def _encoded(self, request: Request, reply: Answer | Refuse) -> tuple[bytes, bool]:
        """The bytes of the answer, and whether the connection ends with it."""
        if isinstance(reply, Refuse):
            return HttpEncoder().encode(_refusal(reply.reason, request.method == "HEAD")), False
        if reply.response is None:
            return b"", True  # the recorded server closed without an answer
        response = to_response(reply.response, head=request.method == "HEAD")
        early = _early(reply.response) if request.version == "1.1" else b""
        ends = response.framing == "close" or reply.interaction.outcome is Outcome.CUT
        ends = ends or not keeps_alive(response.version, response.headers)
        ends = ends or not keeps_alive(request.version, request.headers)
        return early + HttpEncoder().encode(response), ends

    def push(self, response: Value, now_ns: int) -> list[Action] | None:
        return None

    def wake(self, now_ns: int) -> list[Action]:
        return []

    def eof(self, now_ns: int, *, reset: bool = False) -> list[Action]:
        return [Close(reset=reset)]


def _early(tree: Value) -> bytes:
    """Recorded 1xx responses but 100, which the live request decides."""
    found = tree.get("informational") if isinstance(tree, dict) else None
    items: Sequence[Value] = found if isinstance(found, list) else ()
    encoder = HttpEncoder()
    out = [
        to_response(item) for item in items if isinstance(item, dict) and item.get("status") != 100
    ]
    return b"".join(encoder.encode(response) for response in out)


def _refusal(reason: str, head: bool) -> Response:
    body = json.dumps({"error": "reenact: no recording", "asked": reason}).encode()
    headers = (
        ("Content-Type", "application/json"),
        ("X-Reenact", "no-recording"),
        ("Content-Length", str(len(body))),
    )
    return Response(
        status=502,
        reason="Bad Gateway",
        version="1.1",
        headers=headers,
        body=b"" if head else body,
        framing="none" if head else "length",
        head=head,
    )
