"""Plays a recorded conversation as long as the client says exactly what was recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reenact.model.exchange import Outcome
from reenact.model.protocol import Action, Answer, Ask, Close, Refuse, Send
from reenact.model.suite import Interaction
from reenact.model.value import Value
from reenact.protocols.raw.messages import Bytes, closes, tree, untree


@dataclass(frozen=True, slots=True)
class Turn:
    """What the client said and what the server said next; a greeting has no `client`."""

    client: bytes
    server: Value


@dataclass(slots=True)
class Conversations:
    """Of one destination, one for each recorded connection. Each new connection is greeted as the next
    recorded one was, the last greeting staying in use when more come than were recorded."""

    turns: list[tuple[Turn, ...]]
    greeted: int = 0

    def greeting(self) -> Turn | None:
        greetings = [turns[0] for turns in self.turns if turns and not turns[0].client]
        if not greetings:
            return None
        at = min(self.greeted, len(greetings) - 1)
        self.greeted += 1
        return greetings[at]


def recall(interactions: Sequence[Interaction]) -> Conversations:
    by_connection: dict[int, list[Turn]] = {}
    for one in interactions:
        if one.outcome is Outcome.BROKEN or (one.request is None and one.response is None):
            continue
        asked = b"" if one.outcome is Outcome.PUSH else untree(one.request)
        by_connection.setdefault(one.connection, []).append(Turn(asked, one.response))
    return Conversations([tuple(turns) for turns in by_connection.values()])


class RawResponder:
    """`_left` are the recorded conversations that the client has followed so far, each from its next turn.

    What it is answered is the engine's choice; what the server went on to say by itself is not asked for.
    """

    def __init__(self, recalled: Conversations) -> None:
        self._recalled = recalled
        self._left = recalled.turns
        self._held = bytearray()
        self._could: list[bytes] = []  # recorded turns that agree with the first `_seen` bytes held
        self._seen = 0
        self._lost = False  # what was said is in no recording: nothing more can be told apart
        self._waiting = False  # for the answer to what was asked last
        self._asked = 0

    def start(self, now_ns: int) -> list[Action]:
        greeting = self._recalled.greeting()
        if greeting is None:
            return []
        self._left = [turns for turns in self._left if turns and turns[0] == greeting]
        return self._unasked()

    def receive(self, data: bytes, now_ns: int) -> list[Action]:
        if self._lost:
            return []
        self._held += data
        return [] if self._waiting else self._ask()

    def _ask(self) -> list[Action]:
        """The next recorded turn once it is whole; what is in no recording at once."""
        if not self._held:
            return []
        self._compare()
        whole = [turn for turn in self._could if len(turn) <= len(self._held)]
        if self._could and not whole:
            return []
        self._lost = not whole
        said = max(whole, key=len, default=bytes(self._held))
        self._left = [turns[1:] for turns in self._left if turns and turns[0].client == said]
        del self._held[: len(said)]
        self._seen = 0
        self._waiting = True
        self._asked += 1
        return [Ask(self._asked, tree(Bytes(data=said)))]

    def _compare(self) -> None:
        """Only what is new is looked at, however the turn was cut on its way."""
        held, seen = self._held, self._seen
        if not seen:
            self._could = list({turns[0].client for turns in self._left if turns} - {b""})
        self._could = [t for t in self._could if t[seen : len(held)] == held[seen : len(t)]]
        self._seen = len(held)

    def answer(self, token: int, reply: Answer | Refuse, now_ns: int) -> list[Action]:
        self._waiting = False
        if isinstance(reply, Refuse):
            return [Close(reset=True)]
        said = _say(reply.response)
        return said if Close() in said else [*said, *self._unasked(), *self._ask()]

    def _unasked(self) -> list[Action]:
        """What the server says next by itself, where every recording followed agrees on it."""
        out: list[Action] = []
        while self._left and len({repr(turns[:1]) for turns in self._left}) == 1:
            next_turn = self._left[0][:1]
            if not next_turn or next_turn[0].client:
                break
            out += _say(next_turn[0].server)
            self._left = [turns[1:] for turns in self._left]
        return out

    def push(self, response: Value, now_ns: int) -> list[Action] | None:
        return None

    def wake(self, now_ns: int) -> list[Action]:
        return []

    def eof(self, now_ns: int, *, reset: bool = False) -> list[Action]:
        return [Close(reset=reset)]


def _say(response: Value) -> list[Action]:
    data = untree(response)
    out: list[Action] = [Send(data)] if data else []
    return [*out, Close()] if closes(response) else out
