"""Replies answer commands in order; what is delivered unasked is a PUSH."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from reenact.model.exchange import Exchange, Outcome
from reenact.model.message import Message
from reenact.model.segment import Flow, Side
from reenact.model.value import Value
from reenact.protocols.redis.commands import DELIVERIES, SUBSCRIBES, name_of
from reenact.protocols.redis.messages import Frame, command, reply


@dataclass(slots=True)
class _Pending:
    message: Message
    words: list[Value]
    replies: int  # how many it will be answered with; 0 for none
    got: list[tuple[Message, Value]] = field(default_factory=list)


class RedisPairer:
    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._pending: deque[_Pending] = deque()
        self._channels: set[tuple[str, str]] = set()
        self._silent = ""  # CLIENT REPLY: "off", "skip" the next, or ""
        self._count = 0

    def add(self, message: Message) -> list[Exchange]:
        if not isinstance(message.payload, Frame):
            return [self._make(Outcome.BROKEN, (message,), None, None, _reason(message))]
        if message.side is Side.CLIENT:
            return self._asked(message, command(message.payload.data))
        return self._replied(message, reply(message.payload.data))

    def _asked(self, message: Message, words: list[Value]) -> list[Exchange]:
        silent = self._silences(words)
        if silent:
            return [self._make(Outcome.ONE_WAY, (message,), {"command": words}, None)]
        self._pending.append(_Pending(message, words, self._replies(words)))
        return []

    def _silences(self, words: list[Value]) -> bool:
        """CLIENT REPLY ON|OFF|SKIP (redis.io/commands/client-reply): whether no reply comes."""
        mode = str(words[2]).lower() if name_of(words) == "CLIENT" and len(words) == 3 else ""
        if mode in ("on", "off", "skip") and str(words[1]).upper() == "REPLY":
            self._silent = "" if mode == "on" else mode
            return mode != "on"
        if self._silent == "skip":
            self._silent = ""
            return True
        return self._silent == "off"

    def _replies(self, words: list[Value]) -> int:
        step = SUBSCRIBES.get(name_of(words))
        if step is None:
            return 1
        kind = name_of(words).removeprefix("UN").replace("PUN", "P").replace("SUN", "S")
        named = {(kind, str(word)) for word in words[1:]}
        if step > 0:
            self._channels |= named
            return max(len(words) - 1, 1)
        gone = named or {c for c in self._channels if c[0] == kind}
        self._channels -= gone
        return max(len(words) - 1, len(gone), 1)

    def _replied(self, message: Message, tree: Value) -> list[Exchange]:
        head = self._pending[0] if self._pending else None
        if head is None or _unasked(tree, head.words, bool(self._channels)):
            return [self._make(Outcome.PUSH, (message,), None, tree)]
        head.got.append((message, tree))
        if len(head.got) < head.replies:
            return []
        self._pending.popleft()
        return [self._answered(head)]

    def _answered(self, done: _Pending) -> Exchange:
        trees = [tree for _, tree in done.got]
        response: Value = {"replies": trees} if name_of(done.words) in SUBSCRIBES else trees[0]
        messages = (done.message, *(message for message, _ in done.got))
        return self._make(Outcome.COMPLETE, messages, {"command": done.words}, response)

    def finish(self, at_ns: int) -> list[Exchange]:
        out = []
        while self._pending:
            left = self._pending.popleft()
            messages = (left.message, *(message for message, _ in left.got))
            tree: Value = {"command": left.words}
            out.append(self._make(Outcome.CUT, messages, tree, None, "no reply came"))
        return out

    def _make(
        self,
        outcome: Outcome,
        messages: tuple[Message, ...],
        request: Value,
        response: Value,
        note: str = "",
    ) -> Exchange:
        self._count += 1
        return Exchange(
            id=f"{self._flow.id}/{self._count}",
            flow=self._flow.id,
            protocol="redis",
            role=self._flow.role,
            outcome=outcome,
            request=request,
            response=response,
            asked_ns=messages[0].first_ns,
            sent_ns=messages[0].last_ns,
            answered_ns=messages[-1].last_ns,
            messages=messages,
            note=note,
        )


def _unasked(tree: Value, words: list[Value], subscribed: bool) -> bool:
    """Whether a reply was delivered by itself: a RESP3 push that confirms no subscription, or,
    in RESP2, an array that begins like a delivery on a subscribed connection."""
    if isinstance(tree, dict) and "push" in tree:
        return name_of(words) not in SUBSCRIBES or _kind(tree["push"]) in DELIVERIES
    return subscribed and _kind(tree) in DELIVERIES


def _kind(items: Value) -> str:
    return str(items[0]) if isinstance(items, list) and items else ""


def _reason(message: Message) -> str:
    return str(getattr(message.payload, "reason", "bytes were lost"))
