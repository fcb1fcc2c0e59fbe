"""Requests and responses of a flow, in order: the n-th final response answers the n-th request."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from reenact.model.exchange import Exchange, Outcome
from reenact.model.message import Gap, Malformed, Message
from reenact.model.segment import Flow, Side
from reenact.model.value import Value
from reenact.protocols.http1 import grammar
from reenact.protocols.http1.payloads import Request, Response, Tunnel
from reenact.protocols.http1.tree import request_tree, response_tree

NO_ANSWER = "the connection or the capture ended before an answer"


@dataclass(slots=True)
class Turn:
    """One direction's part in an exchange: a request, or a response with the informational ones
    before it. `early` are those; `after` is what can belong to nothing later."""

    whole: Message | None = None
    early: list[Message] = field(default_factory=list)
    after: list[Message] = field(default_factory=list)

    @property
    def cut(self) -> str:
        """Whose message stopped early and why, "" when it is whole."""
        if self.whole is None or not isinstance(self.whole.payload, Request | Response):
            return ""
        cut = self.whole.payload.cut
        return f"{cut} of the {_who(self.whole.side)}" if cut else ""

    @property
    def broken(self) -> str:
        """Why it cannot be read, "" when it can."""
        for message in self.after:
            if isinstance(message.payload, Malformed):
                return f"unreadable bytes from the {_who(message.side)}: {message.payload.reason}"
            if isinstance(message.payload, Gap):
                return f"{message.payload.lost} bytes from the {_who(message.side)} were lost"
        return ""


class HttpPairer:
    """A response may be complete before its request is (100 Continue, an early refusal), so
    each side has its queue."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._count = 0
        self._turns: tuple[deque[Turn], deque[Turn]] = (deque(), deque())
        self._open = (Turn(), Turn())  # not yet whole: informational responses
        self._last: list[Turn | None] = [None, None]  # broken or upgraded: takes all that follows

    def add(self, message: Message) -> list[Exchange]:
        last = self._last[message.side]
        if last is not None:
            last.after.append(message)
            return []
        payload = message.payload
        if isinstance(payload, Request | Response) and not _informational(payload):
            self._queue(message.side, whole=message)
        elif isinstance(payload, Response):
            self._open[message.side].early.append(message)
        elif not (isinstance(payload, Tunnel) and self._join_upgrade(message)):
            self._last[message.side] = self._queue(message.side, after=message)
        return self._pair()

    def finish(self, at_ns: int) -> list[Exchange]:
        if self._open[Side.SERVER].early:
            self._queue(Side.SERVER)
        out = []
        clients, servers = self._turns
        lost = ""  # why a turn without its counterpart is no surprise
        while clients or servers:
            client = clients.popleft() if clients else Turn()
            server = servers.popleft() if servers else Turn()
            lost = lost or client.broken or server.broken
            out.append(self._exchange(client, server, lost))
        return out

    # -- queues --------------------------------------------------------------------------------

    def _queue(
        self, side: Side, whole: Message | None = None, after: Message | None = None
    ) -> Turn:
        turn = self._open[side]
        turn.whole = whole
        if after is not None:
            turn.after.append(after)
        self._turns[side].append(turn)
        self._open = (Turn(), self._open[1]) if side is Side.CLIENT else (self._open[0], Turn())
        return turn

    def _join_upgrade(self, message: Message) -> bool:
        """Bytes after an upgrade belong to the exchange that asked for it: the first waiting."""
        turns = self._turns[message.side]
        if not turns:
            return False
        self._last[message.side] = turns[-1]
        turns[-1].after.append(message)
        return True

    def _pair(self) -> list[Exchange]:
        """Exchanges that nothing can be added to any more."""
        clients, servers = self._turns
        out = []
        while clients and servers and not (_stays(clients[0]) or _upgrades(servers[0], clients[0])):
            if _stays(servers[0]):
                break
            out.append(self._exchange(clients.popleft(), servers.popleft()))
        return out

    # -- exchanges -----------------------------------------------------------------------------

    def _exchange(self, client: Turn, server: Turn, lost: str = "") -> Exchange:
        messages = [m for m in (client.whole, *client.early, *client.after) if m]
        messages += [m for m in (*server.early, server.whole, *server.after) if m]
        outcome, note = _outcome(client, server, lost)
        self._count += 1
        asked = client.whole or messages[0]
        answered = server.whole
        return Exchange(
            id=f"{self._flow.id}/{self._count}",
            flow=self._flow.id,
            protocol="http1",
            role=self._flow.role,
            outcome=outcome,
            request=_request(client),
            response=_response(server),
            asked_ns=asked.first_ns,
            sent_ns=asked.last_ns,
            answered_ns=max(answered.last_ns, asked.first_ns) if answered else asked.last_ns,
            messages=tuple(messages),
            note=note,
        )


def _outcome(client: Turn, server: Turn, lost: str) -> tuple[Outcome, str]:
    broken = client.broken or server.broken
    if not (client.whole and server.whole):
        broken = broken or lost
    if broken:
        return Outcome.BROKEN, broken
    for turn in (client, server):
        if turn.cut:
            gap = turn.cut.startswith("gap")
            return (Outcome.BROKEN if gap else Outcome.CUT), turn.cut
    if client.whole is None:
        return Outcome.PUSH, "a response that no request asked for"
    if server.whole is None:
        return Outcome.CUT, NO_ANSWER
    return Outcome.COMPLETE, _tunnel_note(client, server)


def _tunnel_note(client: Turn, server: Turn) -> str:
    if not _upgrades(server, client):
        return ""
    sent, received = (
        sum(_tunnelled(message) for message in turn.after) for turn in (client, server)
    )
    return f"became another protocol: {sent} bytes from the client, {received} from the server"


def _tunnelled(message: Message) -> int:
    return len(message.payload.data) if isinstance(message.payload, Tunnel) else 0


def _request(turn: Turn) -> Value:
    if turn.whole is None or not isinstance(turn.whole.payload, Request):
        return None
    return request_tree(turn.whole.payload)


def _response(turn: Turn) -> Value:
    if turn.whole is None or not isinstance(turn.whole.payload, Response):
        return None
    early = [m.payload for m in turn.early if isinstance(m.payload, Response)]
    return response_tree(turn.whole.payload, early)


def _informational(payload: Request | Response) -> bool:
    if isinstance(payload, Request) or payload.framing != "none":
        return False
    status = grammar.response_head(payload.head).status
    return status < 200 and status != 101


def _upgrades(server: Turn, client: Turn) -> bool:
    if server.whole is None or not isinstance(server.whole.payload, Response):
        return False
    status = grammar.response_head(server.whole.payload.head).status
    method = ""
    if client.whole and isinstance(client.whole.payload, Request):
        method = client.whole.payload.head.lstrip(b"\r\n").split(b" ", 1)[0].decode("latin-1")
    return grammar.gives_tunnel(status, method)


def _stays(turn: Turn) -> bool:
    return bool(turn.after)


def _who(side: Side) -> str:
    return "client" if side is Side.CLIENT else "server"
