"""Queries and answers are paired by their id and question (RFC 1035, 4.1.1; RFC 5452, 9.1)."""

from __future__ import annotations

from typing import TypeAlias

import dns.flags
import dns.message

from reenact.model.exchange import Exchange, Outcome
from reenact.model.message import Message
from reenact.model.segment import Flow, Side
from reenact.model.value import Value
from reenact.protocols.dns.messages import Packet
from reenact.protocols.dns.trees import parsed, question, request_tree, response_tree
from reenact.protocols.pairing import Exchanges, unreadable

_Key: TypeAlias = tuple[int, str, str, str]


class DnsPairer:
    """A query that is sent again before its answer came is the same exchange."""

    def __init__(self, flow: Flow) -> None:
        self._exchanges = Exchanges(flow, "dns")
        self._asked: dict[_Key, tuple[list[Message], Value]] = {}

    def add(self, message: Message) -> list[Exchange]:
        if unreadable(message):
            return [self._exchanges.broken(message)]
        assert isinstance(message.payload, Packet)
        read = parsed(message.payload.data)
        if read is None:
            return [self._unreadable(message, int.from_bytes(message.payload.data[:2]))]
        if message.side is Side.CLIENT:
            return self._query(message, read)
        return self._response(message, read)

    def _query(self, message: Message, read: dns.message.Message) -> list[Exchange]:
        if read.flags & dns.flags.QR:
            return [self._broken(message, "a response from the client")]
        request = request_tree(read)
        again = self._asked.setdefault(_key(read.id, request), ([], request))
        again[0].append(message)
        return []

    def _response(self, message: Message, read: dns.message.Message) -> list[Exchange]:
        asked = self._asked.pop(_key(read.id, request_tree(read)), None)
        if asked is None and not read.question:  # FORMERR may leave the question out
            asked = self._first(read.id)
        if asked is None:
            return [self._exchanges.make(Outcome.PUSH, (message,), None, response_tree(read))]
        messages = (*asked[0], message)
        return [self._exchanges.make(Outcome.COMPLETE, messages, asked[1], response_tree(read))]

    def _first(self, id: int) -> tuple[list[Message], Value] | None:
        found = next((key for key in self._asked if key[0] == id), None)
        return self._asked.pop(found) if found is not None else None

    def finish(self, at_ns: int) -> list[Exchange]:
        left, self._asked = list(self._asked.values()), {}
        return [
            self._exchanges.make(Outcome.CUT, messages, request, None, "no answer came")
            for messages, request in left
        ]

    def _unreadable(self, message: Message, id: int) -> Exchange:
        """With the query that it answers, if its id tells."""
        asked = self._first(id) if message.side is Side.SERVER else None
        if asked is None:
            return self._broken(message, "no DNS message")
        note = "the answer is no DNS message"
        return self._exchanges.make(Outcome.BROKEN, (*asked[0], message), asked[1], None, note)

    def _broken(self, message: Message, note: str) -> Exchange:
        return self._exchanges.make(Outcome.BROKEN, (message,), None, None, note)


def _key(id: int, request: Value) -> _Key:
    return (id, *question(request))
