"""What rehearsals teach a suite. Pure: observations in, a better suite out.

The service itself is asked which calls a request makes: the suite is replayed against the build it
came from, one case at a time. Two rehearsals discover; a third is an ordinary test, and a case
that fails it is set aside with the reason.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field

import msgspec

from reenact.compile.build import renumbered
from reenact.compile.order import as_seen, with_order
from reenact.model.difference import Change, Difference
from reenact.model.protocol import ProtocolPlugin
from reenact.model.suite import Case, Interaction, Suite, Uses
from reenact.model.symbol import Generated
from reenact.model.value import Path
from reenact.model.verdict import Status, Verdict
from reenact.rename.align import align
from reenact.rename.forms import BOUND, INSTANTS
from reenact.replay.alike import alike_vary_alike, kinds_vary_alike, tries_vary_alike
from reenact.replay.core.events import CaseDone, Observation, Served
from reenact.replay.shared import OFTEN, Calls, Kind, Place, Shared

NEAR = 50
"""Calls of a case that far apart are not looked at for their order: the work stays linear."""


@dataclass(slots=True)
class Findings:
    """What the rehearsals taught, in numbers, for the summary."""

    moved: int = 0  # calls given to another case than the recording suggested
    unasked: int = 0  # recorded calls that no rehearsal asked for: kept as session calls
    generated: Counter[str] = field(default_factory=Counter)  # sites by kind
    aside: list[tuple[str, str]] = field(default_factory=list)  # case id, reason
    by_chance: set[tuple[Place, Place]] = field(default_factory=set)
    """Pairs of calls of a case, the one recorded earlier first, whose order some run did not keep."""
    shared: Shared = field(default_factory=Shared)
    _disorder: dict[tuple[Kind, Kind], set[tuple[Place, Place]]] = field(
        default_factory=lambda: defaultdict(set)
    )

    def disorder(self, earlier: str, later: str, calls: Calls) -> None:
        """A case that asked for all of its calls did not keep the recorded order of these two."""
        pair = calls.places[earlier], calls.places[later]
        self._disorder[calls.kind(earlier), calls.kind(later)].add(pair)

    def often_by_chance(self) -> set[tuple[Kind, Kind]]:
        """Kinds of calls of which so many pairs were in disorder that it goes for all."""
        return {kinds for kinds, pairs in self._disorder.items() if len(pairs) >= OFTEN}

    def merge(self, other: Findings) -> None:
        self.moved += other.moved
        self.unasked += other.unasked
        self.generated = other.generated
        self.aside += other.aside


def learn(
    suite: Suite,
    runs: Sequence[Sequence[Observation]],
    findings: Findings,
    plugins: Mapping[str, ProtocolPlugin],
) -> Suite:
    """The suite as the observed runs show it: calls with the case that asked for them, sites
    of generated values, how often a call is made, and which order held every time."""
    taught = _Lesson(suite, runs, findings, plugins).suite()
    taught = kinds_vary_alike(alike_vary_alike(taught, plugins), plugins)
    return tries_vary_alike(taught, plugins)


class _Lesson:
    def __init__(
        self,
        suite: Suite,
        runs: Sequence[Sequence[Observation]],
        findings: Findings,
        plugins: Mapping[str, ProtocolPlugin],
    ) -> None:
        self._plugins = plugins
        self._old = suite
        self._runs = len(runs)
        self._runs_seen = runs
        self._findings = findings
        self._calls = {c.id: c for c in suite.session}
        self._home: dict[str, str] = {}
        for case in suite.cases:
            for call in case.calls:
                self._calls[call.id] = call
                self._home[call.id] = case.id
        self._asked: dict[str, Counter[str]] = defaultdict(Counter)  # call -> case -> runs
        self._times: dict[str, int] = defaultdict(int)  # call -> most times within a run
        self._answered: dict[str, frozenset[str]] = {}  # call -> answered by then, every time
        self._sites: dict[str, dict[tuple[Path, str], None]] = defaultdict(dict)
        self._needs: dict[str, set[str]] = defaultdict(set)
        self._first: dict[str, int] = {}
        self._cases = {case.id: case for case in suite.cases}
        self._place = {case.id: n for n, case in enumerate(suite.cases)}
        self._at = {case.id: case.at_ns for case in suite.cases}
        self._whole = {o.case for run in runs for o in run if o.reproduced and not o.strays}
        places = {id: self._recorded(id) for id in self._calls}
        self._indexed = Calls(self._calls, places, self._home, plugins)
        for run in runs:
            for observation in run:
                self._observe(observation)
        if suite.rehearsed:  # the first one still corrects the compiler
            self._note_askers()

    def _observe(self, seen: Observation) -> None:
        """A case that went wrong shows which calls it asks for, but not what is generated: an
        error page differs from the recorded response in numbers, too. Nor does a number that differs
        say anything where another call's answer may have been served."""
        if seen.reproduced:
            settled = self._settled(seen)
            for at, kind in seen.varied:
                if settled or kind in BOUND | INSTANTS:
                    self._sites[seen.case][at, kind] = None
        self._needs[seen.case] |= seen.uses
        times: Counter[str] = Counter(s.interaction for s in seen.served if not s.shared)
        late = {s.interaction: s.late_of for s in seen.served if s.late_of}
        for served in seen.served:
            self._served(served, served.late_of or seen.case, seen.reproduced)
        if self._old.rehearsed and seen.case and seen.reproduced and self._settled(seen):
            self._note_disorder(seen)
        for id, count in times.items():
            self._asked[id][late.get(id, seen.case)] += 1
            self._times[id] = max(self._times[id], count)

    def _note_askers(self) -> None:
        units = self._indexed.units()
        for run in self._runs_seen:
            by = {s.interaction: s.late_of or o.case for o in run for s in o.served if not s.shared}
            self._findings.shared.asked(units, by, self._indexed)
            polled = ((s.interaction, o.case) for o in run for s in o.served)
            self._findings.shared.polled(polled, self._indexed)
            whole = {o.case for o in run if o.reproduced and o.case}
            unasked = (id for id, home in self._home.items() if home in whole and id not in by)
            self._findings.shared.unasked(unasked, self._indexed)

    def _note_disorder(self, seen: Observation) -> None:
        own = {s.interaction: s for s in seen.served if s.owner == seen.case}
        order = sorted(own, key=lambda id: self._recorded(id)[1])
        for n, later in enumerate(order):
            for earlier in order[max(n - NEAR, 0) : n]:
                if earlier not in own[later].answered:
                    self._findings.disorder(earlier, later, self._indexed)

    def _settled(self, seen: Observation) -> bool:
        """Whether the case asked for its own calls and no other case's."""
        if not seen.case:
            return True
        own = {call.id for call in self._cases[seen.case].calls if call.request is not None}
        return own == {served.interaction for served in seen.served if served.owner}

    def _served(self, served: Served, case: str, reproduced: bool) -> None:
        id = served.interaction
        if served.shared:
            self._findings.shared.read(id, self._indexed)
            return
        for at, kind in served.varied if reproduced else ():
            self._sites[id][at, kind] = None
        self._first.setdefault(id, len(self._first))
        self._answered[id] = self._answered.get(id, served.answered) & served.answered
        for other in self._cases[case].calls if case else ():
            if other.id not in served.answered:
                self._findings.by_chance.add((self._recorded(other.id), self._recorded(id)))

    def _recorded(self, id: str) -> Place:
        call = self._calls[id]
        return call.connection, call.asked_ns + self._at.get(self._home.get(id, ""), 0)

    def suite(self) -> Suite:
        unasked: list[Interaction] = []
        by_case: dict[str, list[Interaction]] = defaultdict(list)
        shared = self._findings.shared.among(self._indexed)
        for id, home in self._home.items():
            call = self._calls[id]
            owner = self._owner(id, home)
            if call.request is None:
                by_case[home].append(call)
            elif owner is None or id in shared:
                told = self._told(call, Uses.MANY, ordered=False)
                at_ns = call.asked_ns + self._at[home]
                unasked.append(msgspec.structs.replace(told, asked_ns=at_ns))
            else:
                self._findings.moved += owner != home
                by_case[owner].append(
                    self._told(call, self._uses(id, owner), ordered=owner == home)
                )
        self._findings.unasked += len(unasked) - len(shared)
        session = [self._told(c, Uses.MANY, ordered=False) for c in self._old.session]
        unasked.sort(key=lambda call: call.asked_ns)
        session += [_as_session(call, n) for n, call in enumerate(unasked, len(session) + 1)]
        return msgspec.structs.replace(
            self._old,
            cases=tuple(self._case(case, by_case[case.id]) for case in self._old.cases),
            session=tuple(sorted(session, key=lambda call: call.asked_ns)),
            rehearsed=self._old.rehearsed + self._runs,
        )

    def _owner(self, id: str, home: str) -> str | None:
        """Whose the call is. The first rehearsal corrects the compiler: the case that asked for it.
        From then on calls only move to earlier cases: what was once asked before a case
        had been sent is none of its doing, however often a late effect came after."""
        asked = {case: runs for case, runs in self._asked[id].items() if case}
        if not asked:
            return None if home in self._whole else home
        if self._old.rehearsed == 0:
            return max(asked, key=lambda case: (asked[case], case == home))
        return min((home, *asked), key=lambda case: self._place[case])

    def _uses(self, id: str, owner: str) -> Uses:
        always = self._asked[id][owner] >= self._runs or not self._asked[id]
        if self._calls[id].uses is not Uses.ONCE and not self._asked[id]:
            return self._calls[id].uses
        if self._times[id] > 1:
            return Uses.SOME if always else Uses.MANY
        return Uses.ONCE if always else Uses.MAYBE

    def _told(self, call: Interaction, uses: Uses, *, ordered: bool) -> Interaction:
        return msgspec.structs.replace(
            call,
            uses=uses,
            after=call.after if ordered else (),
            generated=_with(call.generated, self._sites[call.id]),
        )

    def _case(self, case: Case, calls: list[Interaction]) -> Case:
        generated = _with(case.generated, self._sites[case.id])
        self._findings.generated.update(g.kind for g in generated)
        return msgspec.structs.replace(
            case,
            calls=renumbered(case, self._in_order(case, calls)),
            generated=generated,
            needs=tuple(sorted({*case.needs, *self._needs[case.id]})),
        )

    def _in_order(self, case: Case, calls: list[Interaction]) -> list[Interaction]:
        """By the time they were recorded; where calls came from other cases, the order that the
        recording shows is worked out anew."""
        shifted = [
            msgspec.structs.replace(
                c, asked_ns=c.asked_ns + self._at[self._home[c.id]] - case.at_ns
            )
            for c in calls
        ]
        shifted.sort(key=lambda c: (c.asked_ns, self._first.get(c.id, 0)))
        if any(self._home[c.id] != case.id for c in calls):
            shifted = list(with_order(shifted, self._plugins, self._by_chance(shifted)))
        return list(as_seen(shifted, self._ever_answered(shifted), self._plugins))

    def _ever_answered(self, calls: Sequence[Interaction]) -> dict[str, Set[str]]:
        """What each call may be said to come after: what had been answered every time, but not by a
        chance that other calls of these kinds show."""
        every = {call.id for call in calls}
        kinds = {call.id: self._indexed.kind(call.id) for call in calls if call.request is not None}
        often = self._findings.often_by_chance()
        out: dict[str, Set[str]] = {}
        for id, of in kinds.items():
            chance = {other for other, kind in kinds.items() if (kind, of) in often}
            if id in self._answered or chance:
                out[id] = self._answered.get(id, every) - chance
        return out

    def _by_chance(self, calls: Sequence[Interaction]) -> set[tuple[str, str]]:
        places = [(call.id, self._recorded(call.id)) for call in calls]
        known = self._findings.by_chance
        return {
            (a, b) for n, (b, at) in enumerate(places) for a, of in places[:n] if (of, at) in known
        }


def _with(
    known: tuple[Generated, ...], sites: Mapping[tuple[Path, str], None]
) -> tuple[Generated, ...]:
    found = dict.fromkeys((*known, *(Generated(at=at, kind=kind) for at, kind in sites)))
    return tuple(sorted(found, key=lambda g: (tuple(map(str, g.at)), g.kind)))


def _as_session(call: Interaction, number: int) -> Interaction:
    return msgspec.structs.replace(call, id=f"s.{number}", after=())


def only_shared(seen: Observation) -> Observation:
    """What a case that failed an ordinary test still teaches."""
    served = tuple(s for s in seen.served if s.shared)
    return Observation(case=seen.case, served=served, varied=(), uses=frozenset(), reproduced=False)


def only_numbers(done: CaseDone) -> Observation | None:
    """What a case teaches that made its calls as recorded, and whose response differs from the recorded in
    numbers alone: the build is the one it was recorded from, so they vary."""
    verdict = done.verdict
    found = [d for d in verdict.differences if d.explained_by is None]
    called = telling(msgspec.structs.replace(verdict, differences=())) and not verdict.missing
    if not (found and called and done.observation.served and all(map(_is_number, found))):
        return None
    sites = tuple((d.at, "number") for d in found)
    varied = (*done.observation.varied, *sites)
    return msgspec.structs.replace(done.observation, varied=varied, reproduced=True)


def _is_number(found: Difference) -> bool:
    recorded, live = found.recorded, found.live
    if found.change is not Change.VALUE or found.at[:2] != ("response", "body"):
        return False
    if not (isinstance(recorded, str) and isinstance(live, str)):
        return False
    pieces = align(recorded, live)
    return pieces is not None and all(piece.kind == "number" for piece in pieces)


def telling(verdict: Verdict) -> bool:
    """Whether a case that failed an ordinary test did so only in how often and in which order it
    asked: then what it asked teaches as much as in a rehearsal that discovers."""
    return not (verdict.misses or verdict.conflicts or verdict.note) and all(
        d.explained_by is not None for d in verdict.differences
    )


def only_order(verdict: Verdict) -> bool:
    """Whether a case differed in nothing but the order of its calls: that it is not kept is learned,
    and no reason to set the case aside."""
    found = [d for c in verdict.calls for d in c.differences if d.explained_by is None]
    ordered = bool(found) and all(d.change is Change.ORDER for d in found)
    return telling(verdict) and ordered and not verdict.missing


def quarantine(
    suite: Suite, verdicts: Iterable[Verdict], why: Mapping[str, str], findings: Findings
) -> Suite:
    """Cases that did not pass the last rehearsal are set aside, each with its reason."""
    failed = {
        v.case: why[v.case]
        for v in verdicts
        if v.status is not Status.PASS and v.case in why and not only_order(v)
    }
    cases = []
    for case in suite.cases:
        if case.id in failed and not case.aside:
            case = msgspec.structs.replace(case, aside=failed[case.id])
            findings.aside.append((case.id, failed[case.id]))
        cases.append(case)
    return msgspec.structs.replace(suite, cases=tuple(cases))
