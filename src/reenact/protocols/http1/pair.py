"""Messages -> exchanges: responses answer requests in order; 1xx goes with the final response."""

from __future__ import annotations

from collections import deque

from reenact.model.exchange import Exchange, Outcome
from reenact.model.message import Gap, Malformed, Message
from reenact.model.segment import Flow, Side
from reenact.model.value import Value
from reenact.protocols.http1.messages import Request, Response, Tunnel
from reenact.protocols.http1.trees import request_tree, response_tree

UPGRADED = "the connection became something else than HTTP (upgrade); that is not replayed"


class HttpPairer:
    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._asked: deque[Message] = deque()
        self._early: list[Message] = []  # 1xx responses of the oldest request
        self._broken: dict[Side, str] = {}
        self._count = 0
        self._left: list[Message] = []  # opaque bytes, for the last exchange

    def add(self, message: Message) -> list[Exchange]:
        match message.payload:
            case Malformed(reason=reason):
                self._broken[message.side] = reason
                self._left.append(message)
            case Gap():
                self._broken[message.side] = "bytes were lost"
                self._left.append(message)
            case Tunnel():
                self._left.append(message)
            case Request():
                self._asked.append(message)
            case Response(status=status) if status < 200 and status != 101:
                self._early.append(message)
            case Response():
                return [self._answered(message)]
        return []

    def finish(self, at_ns: int) -> list[Exchange]:
        out = []
        while self._asked:
            out.append(self._unanswered(self._asked.popleft(), at_ns))
        if self._left or self._early:
            out.append(self._remains(at_ns))
        return out

    def _answered(self, response: Message) -> Exchange:
        assert isinstance(response.payload, Response)
        early, self._early = self._early, []
        informational = [m.payload for m in early if isinstance(m.payload, Response)]
        tree = response_tree(response.payload, informational)
        if not self._asked:  # the server spoke unasked (a time-out's 408)
            return self._make(Outcome.PUSH, None, tree, (*early, response), response, response)
        request = self._asked.popleft()
        assert isinstance(request.payload, Request)
        note = UPGRADED if response.payload.status == 101 else ""
        asked = request_tree(request.payload)
        messages = (request, *early, response)
        return self._make(Outcome.COMPLETE, asked, tree, messages, request, response, note)

    def _unanswered(self, request: Message, at_ns: int) -> Exchange:
        assert isinstance(request.payload, Request)
        early, self._early = self._early, []
        left, self._left = self._left, []
        reason = self._broken.get(Side.SERVER, "no response came")
        cut = Outcome.BROKEN if any(isinstance(m.payload, Gap) for m in left) else Outcome.CUT
        made = self._make(
            cut,
            request_tree(request.payload),
            None,
            (request, *early, *left),
            request,
            request,
            reason,
        )
        return made

    def _remains(self, at_ns: int) -> Exchange:
        left, self._left = (*self._early, *self._left), []
        self._early = []
        reasons = "; ".join(self._broken.values())
        outcome = Outcome.BROKEN if reasons else Outcome.ONE_WAY
        return self._make(outcome, None, None, left, left[0], left[-1], reasons or UPGRADED)

    def _make(
        self,
        outcome: Outcome,
        request: Value,
        response: Value,
        messages: tuple[Message, ...],
        first: Message,
        last: Message,
        note: str = "",
    ) -> Exchange:
        self._count += 1
        return Exchange(
            id=f"{self._flow.id}/{self._count}",
            flow=self._flow.id,
            protocol="http1",
            role=self._flow.role,
            outcome=outcome,
            request=request,
            response=response,
            asked_ns=first.first_ns,
            sent_ns=first.last_ns,
            answered_ns=max(last.last_ns, first.last_ns),
            messages=messages,
            note=note,
        )
