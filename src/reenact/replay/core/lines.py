"""Units of work on a connection: whose BEGIN and COMMIT it is, is told by what they enclose.

`BEGIN` says nothing of itself: every request has one, and so has a sweep in the background. So a live one
is answered at once, and becomes the recorded one on whose connection the next statement was
recorded; a live `COMMIT` is the recorded one that ended the unit of the statement before it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable

from reenact.match.pool import Asked, Key, Recorded
from reenact.model.value import Value
from reenact.rename.table import Renaming


class Lines:
    """The recorded calls of each connection, in order."""

    def __init__(
        self, calls: Iterable[Recorded], at_ns: Callable[[Recorded], int], names: Renaming
    ) -> None:
        self._names = names
        self._line: dict[int, list[Recorded]] = defaultdict(list)
        self._place: dict[str, int] = {}
        self._edges: dict[tuple[Key, object], list[Recorded]] = defaultdict(list)
        for call in sorted((c for c in calls if not c.housekeeping), key=at_ns):
            line = self._line[call.interaction.connection]
            self._place[call.interaction.id] = len(line)
            line.append(call)
            if call.opens or call.closes:
                self._edges[call.key, call.exact].append(call)
        self.openers = frozenset(
            c.interaction.id for line in self._line.values() for c in line if c.opens
        )

    def any_edge(self, asked: Asked) -> Recorded | None:
        """A recorded call equal to this opening or closing one, when all equal ones had the same
        answer: then it does not matter yet which of them it is."""
        found = self._edges.get((asked.key, asked.exact(asked.normal)), [])
        answers = [call.interaction.response for call in found]
        same: Value = answers[0] if answers else None
        return found[0] if found and all(answer == same for answer in answers) else None

    def opener_of(self, call: Recorded, asked: Asked) -> Recorded | None:
        """What began the unit of work that `call` was recorded in, if it is what was asked."""
        line = self._line.get(call.interaction.connection, [])
        for before in reversed(line[: self._place.get(call.interaction.id, 0)]):
            if before.opens:
                return before if self._is(before, asked) else None
            if before.closes:
                return None
        return None

    def closer_of(self, call: Recorded, asked: Asked) -> Recorded | None:
        """What ended it."""
        line = self._line.get(call.interaction.connection, [])
        for after in line[self._place.get(call.interaction.id, len(line)) + 1 :]:
            if after.closes:
                return after if self._is(after, asked) else None
            if after.opens:
                return None
        return None

    def next_in_unit(self, call: Recorded, asked: Asked) -> Recorded | None:
        """What came after `call` within its unit of work, if it is what was asked: of several equal
        calls (`SAVEPOINT`, a lookup) the one of the same transaction is meant."""
        line = self._line.get(call.interaction.connection, [])
        place = self._place.get(call.interaction.id, len(line))
        if place + 1 >= len(line) or not self._in_unit(line[: place + 1]):
            return None
        return line[place + 1] if self._is(line[place + 1], asked) else None

    @staticmethod
    def _in_unit(line: list[Recorded]) -> bool:
        edge = next((c for c in reversed(line) if c.opens or c.closes), None)
        return edge is not None and edge.opens

    def _is(self, recorded: Recorded, asked: Asked) -> bool:
        if recorded.key != asked.key:
            return False
        told = self._names.untell(asked.normal)
        return recorded.exact in (asked.exact(asked.normal), asked.exact(told))
