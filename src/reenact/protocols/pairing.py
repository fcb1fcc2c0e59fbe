"""Pairing shared by protocols: numbering exchanges, and answers that come in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from reenact.model.exchange import Exchange, Outcome
from reenact.model.message import Gap, Malformed, Message
from reenact.model.segment import Flow, Side
from reenact.model.value import Value


class Exchanges:
    """Makes the exchanges of one flow, numbered from 1 in the order they are made."""

    def __init__(self, flow: Flow, protocol: str) -> None:
        self._flow = flow
        self._protocol = protocol
        self._count = 0

    def make(
        self,
        outcome: Outcome,
        messages: Sequence[Message],
        request: Value,
        response: Value,
        note: str = "",
    ) -> Exchange:
        """`messages` in the order they passed, at least one; those of the client are the asking."""
        self._count += 1
        asked = [m for m in messages if m.side is Side.CLIENT] or [messages[0]]
        answered = [m for m in messages if m.side is Side.SERVER] or asked
        return Exchange(
            id=f"{self._flow.id}/{self._count}",
            flow=self._flow.id,
            protocol=self._protocol,
            role=self._flow.role,
            outcome=outcome,
            request=request,
            response=response,
            asked_ns=min(m.first_ns for m in asked),
            sent_ns=max(m.last_ns for m in asked),
            answered_ns=max(m.last_ns for m in answered),
            messages=tuple(messages),
            note=note,
        )

    def broken(self, message: Message) -> Exchange:
        return self.make(Outcome.BROKEN, (message,), None, None, why_broken(message))


def unreadable(message: Message) -> bool:
    return isinstance(message.payload, Malformed | Gap)


def why_broken(message: Message) -> str:
    """In words for the user, of a `Malformed` or a `Gap`."""
    match message.payload:
        case Malformed(reason=reason):
            return f"bytes of the {message.side.name.lower()} that cannot be read: {reason}"
        case Gap(lost=lost):
            return f"{lost} bytes of the {message.side.name.lower()} were lost"
    raise AssertionError(message)


class FifoPairer:
    """One message asks, one answers, in order. A server message that answers nothing is a PUSH.

    `request` and `response` tell the tree of a message. Once bytes of a side could not be read, what
    is paired later may belong elsewhere and is BROKEN.
    """

    def __init__(
        self,
        flow: Flow,
        protocol: str,
        request: Callable[[Message], Value],
        response: Callable[[Message], Value],
    ) -> None:
        self._exchanges = Exchanges(flow, protocol)
        self._request = request
        self._response = response
        self._pending: deque[Message] = deque()
        self._broken = ""

    def add(self, message: Message) -> list[Exchange]:
        if unreadable(message):
            self._broken = self._broken or why_broken(message)
            return [self._exchanges.broken(message)]
        if message.side is Side.CLIENT:
            self._pending.append(message)
            return []
        asked = self._pending.popleft() if self._pending else None
        usual = Outcome.COMPLETE if asked else Outcome.PUSH
        return [
            self._exchanges.make(
                Outcome.BROKEN if self._broken else usual,
                (asked, message) if asked else (message,),
                self._request(asked) if asked else None,
                self._response(message),
                self._broken,
            )
        ]

    def finish(self, at_ns: int) -> list[Exchange]:
        outcome = Outcome.BROKEN if self._broken else Outcome.CUT
        note = self._broken or "no reply came"
        left, self._pending = self._pending, deque()
        return [self._exchanges.make(outcome, (m,), self._request(m), None, note) for m in left]
