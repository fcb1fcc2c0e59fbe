"""A turn of the client and the turn of the server after it are an exchange."""

from __future__ import annotations

from reenact.model.exchange import Exchange, Outcome
from reenact.model.message import Message
from reenact.model.segment import Flow, Side
from reenact.model.value import Value
from reenact.protocols.raw.messages import Bytes, tree


class RawPairer:
    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._asked: Message | None = None
        self._count = 0

    def add(self, message: Message) -> list[Exchange]:
        if not isinstance(message.payload, Bytes):
            return [self._make(Outcome.BROKEN, (message,), None, None, "bytes were lost")]
        if message.side is Side.CLIENT:
            out = self.finish(message.first_ns)
            self._asked = message
            return out
        asked, self._asked = self._asked, None
        answer = tree(message.payload.data)
        if asked is None:
            return [self._make(Outcome.PUSH, (message,), None, answer)]
        return [self._make(Outcome.COMPLETE, (asked, message), _tree(asked), answer)]

    def finish(self, at_ns: int) -> list[Exchange]:
        asked, self._asked = self._asked, None
        if asked is None:
            return []
        return [self._make(Outcome.ONE_WAY, (asked,), _tree(asked), None)]

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
            protocol="raw",
            role=self._flow.role,
            outcome=outcome,
            request=request,
            response=response,
            asked_ns=messages[0].first_ns,
            sent_ns=messages[0].last_ns,
            answered_ns=messages[-1].last_ns,
            messages=messages,
            note=note or self._flow.opaque,
        )


def _tree(message: Message) -> Value:
    assert isinstance(message.payload, Bytes)
    return tree(message.payload.data)
