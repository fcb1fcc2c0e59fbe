"""Small integers that a sequence gave out: renamed one to one, in their order, and only on evidence.

That a number comes from a sequence is seen where it is given (`INSERT ... RETURNING` of a column that
the statement does not set, `nextval`, `INCR`), never from how it looks: a count, a price or a page number
looks the same. For the same reason such a number is never replaced anywhere: it only accounts for a
difference, where exactly this number has become exactly that one.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Hashable, Iterable
from typing import TypeAlias

from reenact.model.difference import Conflict

Given: TypeAlias = tuple[Hashable, int]
"""Which sequence (a table's column, a key), and the number it gave out."""


class Sequences:
    def __init__(self) -> None:
        self._live: dict[Hashable, dict[int, int]] = {}
        self._recorded: dict[Hashable, dict[int, int]] = {}
        self._order: dict[Hashable, list[tuple[int, int]]] = {}
        self._pairs: set[tuple[int, int]] = set()

    def gave(self, recorded: Iterable[Given], live: Iterable[Given]) -> list[Conflict]:
        """Take in what two answers to one request gave out; what contradicts earlier ones is left."""
        pairs = zip(recorded, live, strict=False)
        return [c for (of, a), (also, b) in pairs if of == also and (c := self._add(of, a, b))]

    def _add(self, of: Hashable, recorded: int, live: int) -> Conflict | None:
        forth, back = self._live.setdefault(of, {}), self._recorded.setdefault(of, {})
        if forth.get(recorded) == live:
            return None
        if recorded in forth:
            return _conflict(recorded, live, recorded, forth[recorded])
        if live in back:
            return _conflict(recorded, live, back[live], live)
        order = self._order.setdefault(of, [])
        at = bisect_left(order, (recorded, live))
        for neighbour in order[max(at - 1, 0) : at + 1]:
            if (neighbour[0] < recorded) != (neighbour[1] < live):
                return _conflict(recorded, live, *neighbour)
        insort(order, (recorded, live))
        forth[recorded], back[live] = live, recorded
        self._pairs.add((recorded, live))
        return None

    def renames(self, recorded: int, live: int) -> bool:
        """Whether some sequence gave out the one then, and the other now in its place."""
        return (recorded, live) in self._pairs


def _conflict(recorded: int, live: int, held_recorded: int, held_live: int) -> Conflict:
    return Conflict(
        kind="sequence",
        recorded=recorded,
        live=live,
        held_recorded=held_recorded,
        held_live=held_live,
    )
