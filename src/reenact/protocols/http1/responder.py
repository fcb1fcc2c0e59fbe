"""The server half: asks for each request, answers in the order they came (RFC 9112 section 9.3.2)."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass

from reenact.model.exchange import Outcome
from reenact.model.protocol import Action, Answer, Ask, Close, Faulty, Refuse, Send
from reenact.model.value import Value
from reenact.protocols.framing import BadBytes
from reenact.protocols.http1 import grammar, wire
from reenact.protocols.http1.codec import BUFFER_LIMIT
from reenact.protocols.http1.grammar import RequestHead
from reenact.protocols.http1.payloads import Request
from reenact.protocols.http1.reader import RequestReader, Whole
from reenact.protocols.http1.tree import Tree, request_tree

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@dataclass(slots=True)
class Slot:
    """A request that was asked for and its place in line. `reply` None: not answered yet."""

    token: int
    method: str
    keeps_alive: bool
    reply: list[Action] | None = None
    tunnel: bool = False


class HttpResponder:
    """`Expect: 100-continue` it answers itself, since what is asked is a whole request.

    After an upgrade it says nothing more: what was spoken there is not replayed.
    """

    def __init__(self, limit: int = BUFFER_LIMIT) -> None:
        self._reader = RequestReader(limit)
        self._slots: deque[Slot] = deque()
        self._next_token = 0
        self._continued = False  # the current request has its 100
        self._tunnel = False
        self._closed = False  # we closed, or were told to
        self._ending = False  # the peer says no more: close after the last answer

    def start(self, now_ns: int) -> list[Action]:
        return []

    def receive(self, data: bytes, now_ns: int) -> list[Action]:
        if self._closed:
            return []
        if self._tunnel:
            return self._refuse_tunnel()
        self._reader.feed(data)
        out: list[Action] = []
        try:
            while whole := self._reader.next():
                self._continued = False
                out.append(self._ask(whole))
        except BadBytes as bad:
            self._closed = True
            return [*out, Faulty(str(bad)), Send(BAD_REQUEST), Close()]
        return out + self._continue()

    def answer(self, token: int, reply: Answer | Refuse, now_ns: int) -> list[Action]:
        slot = next((slot for slot in self._slots if slot.token == token), None)
        if slot is None or slot.reply is not None:
            return []  # the connection went away meanwhile
        if isinstance(reply, Refuse):
            slot.reply = _refusal(slot, reply.reason)
        else:
            slot.reply = _replay(slot, reply)
        return self._flush()

    def push(self, response: Value, now_ns: int) -> list[Action] | None:
        """A response to no request (a 408 on an idle connection) is never told."""
        return None

    def wake(self, now_ns: int) -> list[Action]:
        return []

    def eof(self, now_ns: int, *, reset: bool = False) -> list[Action]:
        """A client may close its half and still wait for its answers."""
        if self._closed:
            return []
        if self._slots and not reset:
            self._ending = True
            return []
        self._closed = True
        self._slots.clear()
        return [Close()]

    # -- in line -------------------------------------------------------------------------------

    def _ask(self, whole: Whole) -> Ask:
        head, message = whole.head, whole.message
        assert isinstance(head, RequestHead) and isinstance(message, Request)
        token = self._next_token
        self._next_token += 1
        self._slots.append(
            Slot(token, head.method, grammar.keeps_alive(head.version, head.headers))
        )
        return Ask(token, request_tree(message))

    def _continue(self) -> list[Action]:
        """The go-ahead for a body that waits for it, once the answers before it are out."""
        head = self._reader.head
        if head is None or self._continued or self._slots:
            return []
        if head.version == "1.0" or "100-continue" not in grammar.tokens(head.headers, "expect"):
            return []
        self._continued = True
        return [Send(CONTINUE)]

    def _flush(self) -> list[Action]:
        out: list[Action] = []
        while self._slots and self._slots[0].reply is not None:
            slot = self._slots.popleft()
            out += slot.reply or []
            if out and isinstance(out[-1], Close):
                self._closed = True
                self._slots.clear()
                return out
            if slot.tunnel:
                self._tunnel = True
                return out
        if self._ending and not self._slots:
            self._closed = True
            return [*out, Close()]
        return out + self._continue()

    def _refuse_tunnel(self) -> list[Action]:
        self._closed = True
        return [Faulty("bytes after an upgrade, which are not replayed"), Close()]


def _replay(slot: Slot, reply: Answer) -> list[Action]:
    tree = reply.response
    if not isinstance(tree, dict):
        return [Close()]  # the recorded connection ended without an answer
    data = _informational(tree) + wire.response_bytes(tree)
    if "cut" in tree:
        return [Send(data), Close(reset=str(tree["cut"]).startswith("reset"))]
    slot.tunnel = grammar.gives_tunnel(wire.status(tree), slot.method)
    alive = slot.keeps_alive and grammar.keeps_alive(
        str(tree.get("version", "1.1")), wire.headers(tree)
    )
    closes = reply.interaction.outcome is Outcome.CUT or wire.response_framing(tree) == "close"
    return [Send(data)] if (alive or slot.tunnel) and not closes else [Send(data), Close()]


def _informational(tree: Tree) -> bytes:
    """Those recorded, except 100, which was sent when it was waited for."""
    found = tree.get("informational")
    early = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
    return b"".join(wire.response_bytes(one) for one in early if wire.status(one) != 100)


def _refusal(slot: Slot, reason: str) -> list[Action]:
    body = json.dumps({"reenact": reason}).encode() + b"\n"
    head = (
        "HTTP/1.1 502 Bad Gateway\r\nContent-Type: application/json\r\n"
        f"X-Reenact: no-recording\r\nContent-Length: {len(body)}\r\n"
    )
    end = "\r\n" if slot.keeps_alive else "Connection: close\r\n\r\n"
    sent = Send((head + end).encode() + (b"" if slot.method == "HEAD" else body))
    return [sent] if slot.keeps_alive else [sent, Close()]
