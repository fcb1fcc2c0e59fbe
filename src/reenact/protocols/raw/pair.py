"""A turn of the client and the turn of the server after it are an exchange."""

from __future__ import annotations

from reenact.model.exchange import Exchange, Outcome
from reenact.model.message import Message
from reenact.model.segment import Flow, Side
from reenact.model.value import Value
from reenact.protocols.pairing import Exchanges
from reenact.protocols.raw.messages import Bytes, tree


class RawPairer:
    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._exchanges = Exchanges(flow, "raw")
        self._asked: Message | None = None

    def add(self, message: Message) -> list[Exchange]:
        if not isinstance(message.payload, Bytes):
            return [*self.finish(message.first_ns), self._exchanges.broken(message)]
        if message.side is Side.CLIENT:
            out = self.finish(message.first_ns)
            self._asked = message
            return out
        asked, self._asked = self._asked, None
        if asked is None:
            return [self._make(Outcome.PUSH, (message,), None, _tree(message))]
        return [self._make(Outcome.COMPLETE, (asked, message), _tree(asked), _tree(message))]

    def finish(self, at_ns: int) -> list[Exchange]:
        asked, self._asked = self._asked, None
        if asked is None:
            return []
        return [self._make(Outcome.ONE_WAY, (asked,), _tree(asked), None)]

    def _make(
        self, outcome: Outcome, messages: tuple[Message, ...], request: Value, response: Value
    ) -> Exchange:
        return self._exchanges.make(outcome, messages, request, response, self._flow.opaque)


def _tree(message: Message) -> Value:
    assert isinstance(message.payload, Bytes)
    return tree(message.payload)
