"""The law of responders: played its own recording, a client hears what it heard then."""

from __future__ import annotations

from collections.abc import Sequence

from reenact.model.exchange import Exchange, Outcome
from reenact.model.protocol import Action, Answer, Ask, Close, Faulty, ProtocolPlugin, Send
from reenact.model.segment import Flow, Side
from reenact.model.suite import Interaction
from reenact.model.value import Value
from reenact.testing.damage import Turns

DESTINATION = "sample:1"


def interactions(
    exchanges: Sequence[Exchange], destination: str = DESTINATION
) -> list[Interaction]:
    """What the compiler makes of exchanges, with nothing left out; ids are those of the exchanges."""
    return [
        Interaction(
            id=exchange.id,
            protocol=exchange.protocol,
            destination=destination,
            connection=exchange.flow,
            outcome=exchange.outcome,
            request=exchange.request,
            response=exchange.response,
            asked_ns=exchange.asked_ns,
            took_ns=exchange.answered_ns - exchange.asked_ns,
        )
        for exchange in sorted(exchanges, key=lambda e: e.asked_ns)
    ]


class Rehearsal:
    """One connection, answered from recordings by exact comparison, in recorded order.

    `heard` is what was sent to the client; `faults` what went wrong, in words.
    """

    def __init__(self, plugin: ProtocolPlugin, recorded: Sequence[Interaction], flow: Flow) -> None:
        self._plugin = plugin
        self._left = [one for one in recorded if one.request is not None]
        self.responder = plugin.responder(flow, plugin.recall(recorded))
        self.heard = bytearray()
        self.closed = False
        self.faults: list[str] = []

    def start(self, at_ns: int = 0) -> None:
        self.do(self.responder.start(at_ns), at_ns)

    def receive(self, data: bytes, at_ns: int = 0) -> None:
        self.do(self.responder.receive(data, at_ns), at_ns)

    def do(self, actions: list[Action], at_ns: int) -> None:
        for action in actions:
            match action:
                case Send(data=data):
                    self.heard += data
                case Ask(token=token, request=request):
                    self._asked(token, request, at_ns)
                case Close():
                    self.closed = True
                case Faulty(reason=reason):
                    self.faults.append(reason)

    def _asked(self, token: int, request: Value, at_ns: int) -> None:
        normal = self._plugin.matcher.normal(request)
        same = (i for i in self._left if self._plugin.matcher.normal(i.request) == normal)
        found = next(same, None)
        if found is None:
            self.faults.append(f"asked what was not recorded: {request!r}")
            return
        self._left.remove(found)
        if found.outcome in (Outcome.COMPLETE, Outcome.ONE_WAY):
            self.do(self.responder.answer(token, Answer(found, found.response), at_ns), at_ns)


def check_responder(
    plugin: ProtocolPlugin, turns: Turns, exchanges: Sequence[Exchange], flow: Flow
) -> None:
    """The recorded client's bytes, answered with the recorded responses, make the recorded exchanges.

    A sample that is broken or cut somewhere cannot be played and holds no law here.
    """
    if any(e.outcome in (Outcome.BROKEN, Outcome.CUT) for e in exchanges):
        return
    again = _exchanges(plugin, _replayed(plugin, turns, exchanges, flow), flow)
    assert _told(plugin, again) == _told(plugin, exchanges)


def _replayed(
    plugin: ProtocolPlugin, turns: Turns, exchanges: Sequence[Exchange], flow: Flow
) -> list[tuple[Side, bytes]]:
    rehearsal = Rehearsal(plugin, interactions(exchanges), flow)
    pushes = [e for e in exchanges if e.outcome is Outcome.PUSH]
    out: list[tuple[Side, bytes]] = []

    def said() -> None:
        if rehearsal.heard:
            out.append((Side.SERVER, bytes(rehearsal.heard)))
            rehearsal.heard.clear()

    rehearsal.start()
    said()
    for at, (side, data) in enumerate(turns):
        if side is Side.CLIENT:
            out.append((side, data))
            rehearsal.receive(data, at)
        for push in [p for p in pushes if p.answered_ns == at]:
            rehearsal.do(rehearsal.responder.push(push.response, at) or [], at)
        said()
    assert not rehearsal.faults, rehearsal.faults
    return out


def _exchanges(plugin: ProtocolPlugin, turns: Turns, flow: Flow) -> list[Exchange]:
    codec, pairer = plugin.codec(flow), plugin.pairer(flow)
    found = [m for at, (side, data) in enumerate(turns) for m in codec.feed(side, data, at)]
    found += [m for side in Side for m in codec.close(side, len(turns))]
    return [e for m in found for e in pairer.add(m)] + pairer.finish(len(turns))


def _told(plugin: ProtocolPlugin, exchanges: Sequence[Exchange]) -> list[tuple[Value, Value]]:
    """What was asked and answered, by order of asking, then what was pushed."""
    asked = [e for e in exchanges if e.request is not None]
    pushed = [e for e in exchanges if e.request is None]
    return [
        (
            plugin.matcher.normal(e.request) if e.request is not None else None,
            plugin.matcher.normal_response(e.response) if e.response is not None else None,
        )
        for e in (*sorted(asked, key=lambda e: int(e.messages[0].spans[0].start)), *pushed)
    ]
