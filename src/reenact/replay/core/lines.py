"""Units of work on a connection: whose BEGIN and COMMIT it is, is told by what they enclose.

`BEGIN` says nothing of itself: every request has one, and so has a sweep in the background. So a live one
is answered at once, and becomes the recorded one on whose connection the next statement was
recorded; a live `COMMIT` is the recorded one that ended the unit of the statement before it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from reenact.match.pool import Asked, Key, Recorded
from reenact.model.value import Value
from reenact.rename.table import Renaming

BRIEF_NS = 5 * 10**8

UNIT_MAX = 50
"""Calls of a unit of work that are looked at to tell it from others."""


class Step(NamedTuple):
    """A call on a connection: whether it begins or ends a unit of work, when it was asked on the
    capture's clock, and its case ("" for the session's)."""

    opens: bool
    closes: bool
    at_ns: int
    case: str


def one_unit(line: Sequence[Step]) -> bool:
    """Whether a connection was opened for one unit of work: it was brief, ended with that unit's end, and
    served one request (what of it came late may look like the next one's). One of a pool goes on."""
    once = sum(step.opens for step in line) == sum(step.closes for step in line) == 1
    brief = bool(line) and line[-1].at_ns - line[0].at_ns <= BRIEF_NS
    return once and brief and line[-1].closes and len({s.case for s in line if s.case}) <= 2


class Lines:
    """The recorded calls of each connection, in order."""

    def __init__(
        self, calls: Iterable[Recorded], at_ns: Callable[[Recorded], int], names: Renaming
    ) -> None:
        self._names = names
        self._next: dict[str, Recorded] = {}
        self._opener: dict[str, Recorded] = {}
        self._closer: dict[str, Recorded] = {}
        self._unit: dict[str, tuple[list[Recorded], int]] = {}  # and where in it
        self._edges: dict[tuple[Key, object], list[Recorded]] = defaultdict(list)
        line: dict[int, list[Recorded]] = defaultdict(list)
        for call in sorted((c for c in calls if not c.housekeeping), key=at_ns):
            line[call.interaction.connection].append(call)
            if call.opens or call.closes:
                self._edges[call.key, call.exact].append(call)
        self.openers = frozenset(
            c.interaction.id for found in line.values() for c in found if c.opens
        )
        self._alone = {
            n
            for n, found in line.items()
            if one_unit([Step(c.opens, c.closes, at_ns(c), c.case) for c in found])
        }
        for found in line.values():
            self._read(found)

    def _read(self, line: list[Recorded]) -> None:
        """Note, for each call, the edges of the unit of work that it stands in."""
        opener: Recorded | None = None
        unit: list[Recorded] = []
        alone = self.alone(line[0])
        for before, call in zip((None, *line), line, strict=False):
            if call.opens:
                opener, unit = call, []
            elif opener is not None:
                self._opener[call.interaction.id] = opener
            if before is not None and (alone or (opener is not None and opener is not call)):
                self._next[before.interaction.id] = call
            if call.closes:
                for inside in unit:
                    self._closer[inside.interaction.id] = call
                opener, unit = None, []
            else:
                self._unit[call.interaction.id] = unit, len(unit)
                unit.append(call)

    def explains(self, call: Recorded, so_far: Sequence[Recorded]) -> tuple[int, int]:
        """How many of the calls so far of a live unit of work also came before `call` in its own: such
        calls, and the very same."""
        unit, place = self._unit.get(call.interaction.id, ((), 0))
        before = unit[max(place - UNIT_MAX, 0) : place]
        alike = Counter(c.key for c in before) & Counter(c.key for c in so_far)
        same = Counter((c.key, c.exact) for c in before)
        return alike.total(), (same & Counter((c.key, c.exact) for c in so_far)).total()

    def alone(self, call: Recorded) -> bool:
        """Whether it was recorded on a connection that was opened for one unit of work."""
        return call.interaction.connection in self._alone

    def any_edge(self, asked: Asked) -> Recorded | None:
        """A recorded call equal to this opening or closing one, when all equal ones had the same
        answer: then it does not matter yet which of them it is."""
        found = self._edges.get((asked.key, asked.exact(asked.normal)), [])
        answers = [call.interaction.response for call in found]
        same: Value = answers[0] if answers else None
        return found[0] if found and all(answer == same for answer in answers) else None

    def opener_of(self, call: Recorded, asked: Asked) -> Recorded | None:
        """What began the unit of work that `call` was recorded in, if it is what was asked."""
        return self._if(self._opener, call, asked)

    def closer_of(self, call: Recorded, asked: Asked) -> Recorded | None:
        """What ended it."""
        return self._if(self._closer, call, asked)

    def next_in_unit(self, call: Recorded, asked: Asked) -> Recorded | None:
        """What came after `call` within its unit of work, if it is what was asked: of several equal
        calls (`SAVEPOINT`, a lookup) the one of the same transaction is meant. A connection that
        was opened for one transaction is such a unit with all that came before its BEGIN."""
        after = self._next.get(call.interaction.id)
        if after is not None and after.opens:
            call = after
        return self._if(self._next, call, asked)

    def _if(self, found: dict[str, Recorded], call: Recorded, asked: Asked) -> Recorded | None:
        recorded = found.get(call.interaction.id)
        return recorded if recorded is not None and self._is(recorded, asked) else None

    def _is(self, recorded: Recorded, asked: Asked) -> bool:
        if recorded.key != asked.key:
            return False
        told = self._names.untell(asked.normal)
        return recorded.exact in (asked.exact(asked.normal), asked.exact(told))
