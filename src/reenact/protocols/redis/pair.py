"""Replies answer commands in order; what is delivered unasked is a PUSH."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from reenact.model.exchange import Exchange, Outcome
from reenact.model.message import Message
from reenact.model.segment import Flow, Side
from reenact.model.value import Value
from reenact.protocols.pairing import Exchanges, unreadable, why_broken
from reenact.protocols.redis.commands import DELIVERIES, SUBSCRIBES, name_of
from reenact.protocols.redis.conversation import Conversation, failed
from reenact.protocols.redis.messages import Frame, command, reply


@dataclass(slots=True)
class _Pending:
    message: Message
    words: list[Value]
    request: Value
    got: list[tuple[Message, Value]] = field(default_factory=list)
    replies: int = 1  # how many there will be; known when the first has come

    def messages(self) -> tuple[Message, ...]:
        return (self.message, *(message for message, _ in self.got))


class RedisPairer:
    def __init__(self, flow: Flow) -> None:
        self._exchanges = Exchanges(flow, "redis")
        self._conversation = Conversation()
        self._pending: deque[_Pending] = deque()
        self._broken = ""  # why what follows can no longer be paired

    def add(self, message: Message) -> list[Exchange]:
        if unreadable(message):
            self._broken = self._broken or why_broken(message)
            return [self._exchanges.broken(message)]
        assert isinstance(message.payload, Frame)
        if message.side is Side.CLIENT:
            return self._asked(message, command(message.payload.data))
        return self._replied(message, reply(message.payload.data))

    def _asked(self, message: Message, words: list[Value]) -> list[Exchange]:
        silent = not self._conversation.asked(words)
        request = self._conversation.tree(words, silent=silent)
        if silent:
            return [self._exchanges.make(Outcome.ONE_WAY, (message,), request, None)]
        self._pending.append(_Pending(message, words, request))
        return []

    def _replied(self, message: Message, tree: Value) -> list[Exchange]:
        head = self._pending[0] if self._pending else None
        if head is None or self._unasked(tree, head.words):
            return [self._pushed(message, tree)]
        if not head.got and name_of(head.words) in SUBSCRIBES and _confirms(tree):
            head.replies = self._conversation.replies(head.words)
            self._conversation.subscribes(head.words)
        head.got.append((message, tree))
        if len(head.got) < head.replies:
            return []
        self._pending.popleft()
        return [self._answered(head)]

    def _pushed(self, message: Message, tree: Value) -> Exchange:
        delivered = _kind(_inner(tree)) in DELIVERIES or _inner(tree) is not tree or failed(tree)
        note = self._broken or ("" if delivered else "a reply that nothing asked for")
        outcome = Outcome.BROKEN if note else Outcome.PUSH
        return self._exchanges.make(outcome, (message,), None, tree, note)

    def _answered(self, done: _Pending) -> Exchange:
        trees = [tree for _, tree in done.got]
        response: Value = {"replies": trees} if name_of(done.words) in SUBSCRIBES else trees[0]
        self._conversation.answered(done.words, response)
        outcome = Outcome.BROKEN if self._broken else Outcome.COMPLETE
        return self._exchanges.make(outcome, done.messages(), done.request, response, self._broken)

    def _unasked(self, tree: Value, words: list[Value]) -> bool:
        """Whether a reply was delivered by itself: a RESP3 push that confirms no subscription, or,
        in RESP2, an array that begins like a delivery on a subscribed connection."""
        if isinstance(tree, dict) and "push" in tree:
            return name_of(words) not in SUBSCRIBES or not _confirms(tree)
        subscribed = bool(self._conversation.channels) and not self._conversation.resp3
        return subscribed and _kind(tree) in DELIVERIES

    def finish(self, at_ns: int) -> list[Exchange]:
        out = []
        while self._pending:
            left = self._pending.popleft()
            outcome = Outcome.BROKEN if self._broken else Outcome.CUT
            note = self._broken or "no reply came"
            out.append(self._exchanges.make(outcome, left.messages(), left.request, None, note))
        return out


def _confirms(tree: Value) -> bool:
    """Whether a reply is one of those that SUBSCRIBE and its relatives have for each channel."""
    if failed(tree):
        return False
    return _kind(_inner(tree)).upper() in SUBSCRIBES


def _inner(tree: Value) -> Value:
    """What a RESP3 push holds; any other tree as it is."""
    return tree["push"] if isinstance(tree, dict) and "push" in tree else tree


def _kind(items: Value) -> str:
    return str(items[0]) if isinstance(items, list) and items else ""
