"""Queries and answers are paired by their id (RFC 1035, 4.1.1)."""

from __future__ import annotations

from reenact.model.exchange import Exchange, Outcome
from reenact.model.message import Message
from reenact.model.segment import Flow, Side
from reenact.model.value import Value
from reenact.protocols.dns.messages import Packet
from reenact.protocols.dns.trees import parsed, request_tree, response_tree


class DnsPairer:
    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._asked: dict[int, tuple[Message, Value]] = {}
        self._count = 0

    def add(self, message: Message) -> list[Exchange]:
        packet = message.payload
        read = parsed(packet.data) if isinstance(packet, Packet) else None
        if read is None:
            return [self._make(Outcome.BROKEN, (message,), None, None, "no DNS message")]
        if message.side is Side.CLIENT:
            out = self._forgotten(read.id)
            self._asked[read.id] = (message, request_tree(read))
            return out
        asked = self._asked.pop(read.id, None)
        if asked is None:
            return [self._make(Outcome.PUSH, (message,), None, response_tree(read))]
        return [self._make(Outcome.COMPLETE, (asked[0], message), asked[1], response_tree(read))]

    def finish(self, at_ns: int) -> list[Exchange]:
        return [made for id in list(self._asked) for made in self._forgotten(id)]

    def _forgotten(self, id: int) -> list[Exchange]:
        asked = self._asked.pop(id, None)
        if asked is None:
            return []
        return [self._make(Outcome.CUT, (asked[0],), asked[1], None, "no answer came")]

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
            protocol="dns",
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
