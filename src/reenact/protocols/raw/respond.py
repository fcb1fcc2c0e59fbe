"""Plays a recorded conversation as long as the client says exactly what was recorded."""

from __future__ import annotations

from collections.abc import Sequence

from reenact.model.exchange import Outcome
from reenact.model.protocol import Action, Answer, Ask, Close, Refuse, Send
from reenact.model.suite import Interaction
from reenact.model.value import Value
from reenact.protocols.raw.messages import tree, untree

Turns = list[tuple[bytes, bytes]]
"""What the client said (b"" for a greeting) and what the server answered, in order."""


def recall(interactions: Sequence[Interaction]) -> list[Turns]:
    """The recorded conversations of a destination, one for each connection."""
    by_connection: dict[int, list[Interaction]] = {}
    for one in interactions:
        by_connection.setdefault(one.connection, []).append(one)
    out = []
    for turns in by_connection.values():
        out.append(
            [
                (untree(t.request) if t.outcome is not Outcome.PUSH else b"", untree(t.response))
                for t in turns
                if t.request is not None or t.response is not None
            ]
        )
    return out


class RawResponder:
    """`_left` are the recorded conversations that the client has followed so far."""

    def __init__(self, conversations: list[Turns]) -> None:
        self._left = [list(turns) for turns in conversations]
        self._held = b""
        self._asked = 0

    def start(self, now_ns: int) -> list[Action]:
        greetings = [turns for turns in self._left if turns and turns[0][0] == b""]
        if not greetings:
            return []
        said = greetings[0].pop(0)[1]
        return [Send(said)]

    def receive(self, data: bytes, now_ns: int) -> list[Action]:
        self._held += data
        possible = [turns for turns in self._left if turns and turns[0][0].startswith(self._held)]
        whole = any(turns[0][0] == self._held for turns in possible)
        if possible and not whole:
            return []
        request, self._held = self._held, b""
        if whole:
            self._left = [turns[1:] for turns in possible if turns[0][0] == request]
        self._asked += 1
        return [Ask(self._asked, tree(request))]

    def answer(self, token: int, reply: Answer | Refuse, now_ns: int) -> list[Action]:
        if isinstance(reply, Refuse):
            return [Close(reset=True)]
        data = untree(reply.response)
        return [Send(data)] if data else []

    def push(self, response: Value, now_ns: int) -> list[Action] | None:
        return None

    def wake(self, now_ns: int) -> list[Action]:
        return []

    def eof(self, now_ns: int, *, reset: bool = False) -> list[Action]:
        return [Close(reset=reset)]
