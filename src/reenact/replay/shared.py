"""What turns out to be nobody's: threads of a service that share what they know.

Reads that whoever comes first makes, because they fill a cache which all use, and units of work (a
transaction, or a connection opened for one) of a thread that goes its own pace. Which request these were
recorded with is chance, so they belong to the session: served to whoever makes them, with the answer of
that time, and missed by nobody. Rehearsals find them: a case makes the very read that was recorded with
another case; and a unit is asked for now by this case and now by that.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from reenact.compile.kind import kind
from reenact.match.pool import frozen
from reenact.model.protocol import ProtocolPlugin, Traits
from reenact.model.suite import Interaction
from reenact.replay.core.lines import Step, one_unit

Place: TypeAlias = tuple[int, int]
"""A recorded call, whatever its id by now: its connection, and when on the capture's clock."""

Kind: TypeAlias = tuple[str, str]

OFTEN = 3
"""So many reads of a kind, or units of a form, that were seen to be nobody's: then all are..."""

SHARE = 10
"""... if that is at least one in so many of them."""

MOST = 2
"""The same for a form that the session has many of."""

NEARLY_ALL = 4 / 3
"""The same for all reads of a destination, whatever their kind: where three in four are nobody's, what the
service knows of it is shared by its threads."""


@dataclass(frozen=True)
class Calls:
    """The calls of a suite by id. `cases` are those that have one."""

    calls: Mapping[str, Interaction]
    places: Mapping[str, Place]
    cases: Mapping[str, str]
    plugins: Mapping[str, ProtocolPlugin]

    def traits(self, id: str) -> Traits:
        call = self.calls[id]
        if call.request is None:
            return Traits()
        return self.plugins[call.protocol].matcher.traits(call.request, call.response)

    def is_edge(self, id: str) -> bool:
        traits = self.traits(id)
        return traits.opens or traits.closes

    def reads(self, id: str) -> bool:
        traits = self.traits(id)
        return traits.reads and not traits.housekeeping and not self.is_edge(id)

    def writes(self, id: str) -> bool:
        return not (self.is_edge(id) or self.traits(id).reads)

    def same(self, id: str) -> object:
        """What is equal for equal requests."""
        call = self.calls[id]
        matcher = self.plugins[call.protocol].matcher
        return (call.protocol, call.destination, frozen(matcher.normal(call.request)))

    def destination(self, id: str) -> str:
        return self.calls[id].destination

    def kind(self, id: str) -> Kind:
        call = self.calls[id]
        return (call.destination, kind(call.protocol, call.request, self.plugins))

    def units(self) -> list[list[str]]:
        """The units of work, each from its beginning to its end; a connection that had but one is one
        as a whole."""
        lines: dict[int, list[str]] = defaultdict(list)
        traits = {id: self.traits(id) for id in self.calls}
        for id in sorted(self.calls, key=lambda id: self.places[id][1]):
            if self.calls[id].request is not None and not traits[id].housekeeping:
                lines[self.calls[id].connection].append(id)
        out: list[list[str]] = []
        for line in lines.values():
            alone = one_unit([self._step(id, traits[id]) for id in line])
            out += [line] if alone else units(line, traits)
        return out

    def _step(self, id: str, traits: Traits) -> Step:
        return Step(traits.opens, traits.closes, self.places[id][1], self.cases.get(id, ""))


class Shared:
    """What the rehearsals so far have seen."""

    def __init__(self) -> None:
        self._found: set[Place] = set()
        self._polled: dict[object, set[str]] = defaultdict(set)
        self._reading: dict[Place, set[str]] = defaultdict(set)
        self._askers: dict[Place, set[str]] = defaultdict(set)

    def read(self, id: str, calls: Calls) -> None:
        """A case made this read, which is another's."""
        self._found.add(calls.places[id])

    def polled(self, asked: Iterable[tuple[str, str]], calls: Calls) -> None:
        """Which cases (call id, case) made reads of the session: what goes on at any time."""
        for id, case in asked:
            if case and id not in calls.cases and calls.reads(id):
                self._polled[calls.same(id)].add(case)

    def asked(self, units: Iterable[Sequence[str]], by: Mapping[str, str], calls: Calls) -> None:
        """Who asked for the calls of a run: case ("" for nobody) by id."""
        for unit in units:
            asking = {by[id] for id in unit if id in by and calls.writes(id)}
            self._askers[calls.places[unit[0]]] |= asking
        for id, case in by.items():
            if calls.reads(id):
                self._reading[calls.places[id]].add(case)
                if len(self._reading[calls.places[id]]) > 1:
                    self._found.add(calls.places[id])

    def unasked(self, ids: Iterable[str], calls: Calls) -> None:
        """Calls that their case, though it went as recorded, did not make this time."""
        self._found |= {calls.places[id] for id in ids if calls.reads(id)}

    def among(self, calls: Calls) -> set[str]:
        """The ids of calls of cases that are nobody's."""
        own = calls.cases.keys()
        found = {id for id in calls.calls if calls.places[id] in self._found}
        reads = [id for id in calls.calls if (id in own or id in found) and calls.reads(id)]
        polled = {same for same, cases in self._polled.items() if len(cases) >= OFTEN}
        found |= {id for id in reads if polled and calls.same(id) in polled}
        free = _with_alike(reads, found, calls.kind) & own
        free |= self._mostly_nobodys(reads, found, calls) & own
        free |= _with_alike(reads, found | free, calls.destination, NEARLY_ALL) & own
        self._found |= {calls.places[id] for id in free}
        nobodys = free | (calls.calls.keys() - own)
        units = {n: unit for n, unit in enumerate(calls.units())}
        roaming = {n for n, unit in units.items() if len(self._askers[calls.places[unit[0]]]) > 1}
        form = {n: tuple(map(calls.kind, unit)) for n, unit in units.items()}
        roaming = _with_alike(units, roaming, form.__getitem__)
        session = {n for n, unit in units.items() if not own & set(unit)}
        roaming |= _with_alike(units, session, form.__getitem__, MOST)
        out = set(free)
        for n, unit in units.items():
            inside = {id for id in unit if not calls.is_edge(id)}
            if n in roaming or (free & inside and inside <= nobodys):
                out |= own & set(unit)
        return out

    def _mostly_nobodys(self, reads: list[str], found: set[str], calls: Calls) -> set[str]:
        """Those of a kind of which one was seen to be nobody's, and that the session has many of."""
        kinds = {calls.kind(id) for id in found if calls.reads(id)}
        if not kinds:
            return set()
        every = {id: calls.kind(id) for id in calls.calls if calls.reads(id)}
        total = Counter(every.values())
        of_session = Counter(kind for id, kind in every.items() if id not in calls.cases)
        often = {k for k in kinds if of_session[k] >= max(OFTEN, total[k] / MOST)}
        return {id for id in reads if every[id] in often}


T = TypeVar("T")


def _with_alike(
    every: Iterable[T], found: set[T], form: Callable[[T], object], share: float = SHARE
) -> set[T]:
    """`found`, with all of the same form where so many are found that it is no exception."""
    if not found:
        return found
    every = list(every)
    seen = Counter(map(form, found))
    total = Counter(map(form, every))
    often = {what for what, n in seen.items() if n >= OFTEN and n * share >= total[what]}
    return found | {one for one in every if form(one) in often}


def units(line: list[str], traits: Mapping[str, Traits]) -> Iterator[list[str]]:
    """Those of a connection that have an end, each from its beginning to it."""
    unit: list[str] | None = None
    for id in line:
        if traits[id].opens:
            unit = [id]
        elif unit is not None:
            unit.append(id)
            if traits[id].closes:
                yield unit
                unit = None
