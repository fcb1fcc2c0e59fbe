"""Which cases need what an earlier one left inside the service: a cache, a session, a counter.

Played by itself, in a fresh instance, such a case does something else than among the others. So groups are
played alone, then cases with no more than they need; where one fails that passes in the whole, the earlier case is
looked for with which it passes: first one that makes the call which it makes alone, else by halving what came
before it. Pure but for `Play`, which starts instances.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias, TypeVar

import msgspec

from reenact.model.protocol import ProtocolPlugin
from reenact.model.suite import Case, Interaction
from reenact.model.verdict import Miss, Status, Verdict
from reenact.replay.groups import Lot, groups, with_needs
from reenact.replay.reason import reason

_T = TypeVar("_T")
Play: TypeAlias = Callable[[Sequence[Lot]], Mapping[str, Verdict]]
"""A fresh instance for each lot; the verdicts of those that are judged, by case."""

Probe: TypeAlias = Generator[Lot, Verdict, None]

NEEDED_MAX = 4
"""A case that needs more of them than these needs all that came before: its state is told by halves."""

HINTS_MAX = 2

GIVERS_MAX = 3
"""Cases that most others need: what a service sets up with its first request, say."""

NAMED = 5
"""So many cases are not named one by one in the summary."""

_MANY = "it needs several of the cases before it"
_LIKE_OTHERS = "as others do; there was no time to try it with each"
_LATE = "which of the cases before it was not found in the time"


class Budget:
    """How long instances may be played; `now_ns` is a monotonic clock."""

    def __init__(self, limit_ns: int, now_ns: Callable[[], int]) -> None:
        self.left_ns = limit_ns
        self._now_ns = now_ns

    def timed(self, work: Callable[[], _T]) -> _T:
        began_ns = self._now_ns()
        out = work()
        self.left_ns -= self._now_ns() - began_ns
        return out


class Edge(msgspec.Struct, frozen=True, kw_only=True):
    """`case` needs these, and why."""

    case: str
    needs: tuple[str, ...]
    why: str


class Alone(msgspec.Struct, frozen=True, kw_only=True):
    """The cases with what they need, and what was found. `played` of `wanted` lots were played by
    themselves; `together` is how many instances the groups shared that there was no time for.
    `riddles` (case, why) failed by themselves and no less with all that came before them."""

    cases: tuple[Case, ...]
    edges: tuple[Edge, ...] = ()
    wanted: int = 0
    played: int = 0
    together: int = 0
    riddles: tuple[tuple[str, str], ...] = ()


def alone(
    cases: Sequence[Case],
    passed: Iterable[str],
    play: Play,
    plugins: Mapping[str, ProtocolPlugin],
    budgets: tuple[Budget, Budget],
    jobs: int,
) -> Alone:
    """`passed` are the cases that passed in the whole: only they can be said to need another.
    `budgets` are for playing, and for finding out what those that fail need."""
    return _Rehearsal(tuple(cases), frozenset(passed), play, plugins, budgets, jobs).found()


def _names(cases: Sequence[str]) -> str:
    return ", ".join(cases) if len(cases) < NAMED else f"{cases[0]} to {cases[-1]} ({len(cases)})"


def told(found: Alone, limit_s: float) -> Iterator[str]:
    """For the summary."""
    for edge in found.edges:
        yield f"{edge.case} needs {_names(edge.needs)} first: {edge.why}"
    for case, why in found.riddles:
        yield f"{case} fails by itself, and no less with those before it: {why}"
    if found.played < found.wanted:
        shared = f", the other groups in {found.together} instances" if found.together else ""
        yield (
            f"by themselves: {found.played} of {found.wanted} groups and cases in {limit_s:.0f} s"
            f"{shared}; reenact rehearse --alone SECONDS takes longer"
        )


class _Rehearsal:
    def __init__(
        self,
        cases: tuple[Case, ...],
        passed: frozenset[str],
        play: Play,
        plugins: Mapping[str, ProtocolPlugin],
        budgets: tuple[Budget, Budget],
        jobs: int,
    ) -> None:
        self._cases, self._passed = cases, passed
        self._play, self._plugins, self._jobs = play, plugins, jobs
        self._playing, self._searching = budgets
        self._edges: list[Edge] = []
        self._proven: set[tuple[str, ...]] = set()
        """Cases that passed, each with what was played for it."""
        self._seen: dict[str, tuple[list[str], Verdict]] = {}
        """How cases failed by themselves, after no more than these."""
        self._riddles: list[tuple[str, str]] = []
        self._wanted = self._played = self._together = 0

    def found(self) -> Alone:
        grouped = groups(self._cases)
        if len(grouped) > 1:
            self._explain(self._groups([Lot.of(group) for group in grouped]))
        self._explain(self._each(list(self._parts())))
        return Alone(
            cases=self._cases,
            edges=tuple(self._edges),
            wanted=self._wanted,
            played=self._played,
            together=self._together,
            riddles=tuple(self._riddles),
        )

    # -- by themselves ------------------------------------------------------------------------

    def _groups(self, lots: list[Lot]) -> list[str]:
        """When the time will not do for all, the rest is dealt into as many instances as there is
        time for, if each takes twice as long as one group: neighbours, which are the likeliest to
        need one another, into different ones."""
        failed: list[str] = []
        self._wanted += len(lots)
        began_ns, took_ns = self._playing.left_ns, 1
        while lots:
            many = max(2, self._playing.left_ns // (2 * took_ns))
            if self._played and self._playing.left_ns // took_ns < len(lots):
                shared = [_joined(lots[n::many], self._cases) for n in range(many)]
                self._together += many
                return failed + self._failed(shared)
            now, lots = lots[: self._jobs], lots[self._jobs :]
            failed += self._failed(now)
            self._played += len(now)
            took_ns = max(1, (began_ns - self._playing.left_ns) // self._played)
        return failed

    def _parts(self) -> Iterator[Lot]:
        """Cases that need less than what was played before them in their group."""
        for group in groups(self._cases):
            for n, case in enumerate(group):
                own = with_needs(self._cases, [case.id])
                proven = (case.id, *_ids(own)) in self._proven
                if case.id in self._passed and len(own) <= n and not proven:
                    yield Lot(tuple(own), frozenset({case.id}))

    def _each(self, lots: list[Lot]) -> list[str]:
        failed: list[str] = []
        self._wanted += len(lots)
        while lots and self._playing.left_ns > 0:
            now, lots = lots[: 2 * self._jobs], lots[2 * self._jobs :]
            failed += self._failed(now)
            self._played += len(now)
        return failed

    def _failed(self, lots: Sequence[Lot]) -> list[str]:
        verdicts = self._playing.timed(lambda: self._play(lots))
        failed = [c for c, v in verdicts.items() if v.status is Status.FAIL and c in self._passed]
        for lot in lots:
            ids = _ids(lot.cases)
            for id in lot.judged & set(failed):
                own = with_needs(self._cases, [id])
                if ids[: ids.index(id) + 1] == _ids(own):
                    self._seen[id] = (_ids(own), verdicts[id])
        return failed

    # -- what those that fail need ------------------------------------------------------------

    def _explain(self, failed: Iterable[str]) -> None:
        """Those that need no other failed one first: what they need may be all there is to it."""
        wanted = set(failed)
        todo = [case.id for case in self._cases if case.id in wanted]
        late: list[_Search] = []
        while todo:
            ready = [id for id in todo if not _before(self._cases, id) & set(todo)]
            for search in self._searches(ready):
                if search.unfinished:
                    late.append(search)
                self._settled(search)
            todo = [id for id in todo if id not in ready]
        self._like_others(late)

    def _settled(self, search: _Search) -> None:
        if search.edge is not None:
            self._edges.append(search.edge)
            self._cases = with_edge(self._cases, search.edge)
        elif search.riddle:
            self._riddles.append((search.id, search.riddle))

    def _like_others(self, late: list[_Search]) -> None:
        """Those there was no time for may need what most of the others do: one instance tells of
        all. The rest needs what is known to be enough."""
        givers = Counter(
            need for edge in self._edges if len(edge.needs) == 1 for need in edge.needs
        )
        common = [giver for giver, _ in givers.most_common(GIVERS_MAX)]
        if late and common:
            ids = {search.id for search in late}
            lot = Lot(tuple(with_needs(self._cases, [*common, *ids])), frozenset(ids))
            verdicts = self._play([lot])
            for search in late:
                if search.id in verdicts and _passes(verdicts[search.id]):
                    search.like_others(common)
        for search in late:
            search.give_up()
            self._settled(search)

    def _searches(self, ids: Sequence[str]) -> Iterator[_Search]:
        """Some at a time, so that time runs out between them and not in all at once."""
        many = 2 * self._jobs
        for first in range(0, len(ids), many):
            yield from self._searched([self._search(id) for id in ids[first : first + many]])

    def _search(self, id: str) -> _Search:
        own, verdict = self._seen.get(id, ([], None))
        known = verdict if own == _ids(with_needs(self._cases, [id])) else None
        return _Search(self._cases, id, self._plugins, known)

    def _searched(self, searches: list[_Search]) -> list[_Search]:
        """Side by side: each asks for one instance a round."""
        asking = {search.id: (search.probes(), search) for search in searches}
        started = {id: next(probes, None) for id, (probes, _) in asking.items()}
        lots = {id: lot for id, lot in started.items() if lot is not None}
        while lots and self._searching.left_ns > 0:
            now = list(lots.values())
            verdicts = self._searching.timed(lambda now=now: self._play(now))  # type: ignore[misc]
            for id in list(lots):
                verdict = verdicts.get(id)
                if verdict is not None and _passes(verdict):
                    self._proven.add((id, *_ids(lots[id].cases)))
                following = None if verdict is None else _send(asking[id][0], verdict)
                if following is None:
                    del lots[id]
                else:
                    lots[id] = following
        for id in lots:
            asking[id][1].unfinished = True
        return searches


def _send(probes: Probe, verdict: Verdict) -> Lot | None:
    try:
        return probes.send(verdict)
    except StopIteration:
        return None


def _ids(cases: Iterable[Case]) -> list[str]:
    return [case.id for case in cases]


def _joined(lots: Sequence[Lot], cases: Sequence[Case]) -> Lot:
    ids = frozenset().union(*(lot.judged for lot in lots))
    return Lot.of([case for case in cases if case.id in ids])


def _before(cases: Sequence[Case], id: str) -> set[str]:
    return {case.id for case in with_needs(cases, [id])} - {id}


def with_edge(cases: Sequence[Case], edge: Edge) -> tuple[Case, ...]:
    def tied(case: Case) -> Case:
        known = dict(case.needs_why) | dict.fromkeys(edge.needs, edge.why)
        return msgspec.structs.replace(
            case,
            needs=tuple(sorted({*case.needs, *edge.needs})),
            needs_why=tuple(sorted(known.items())),
        )

    return tuple(tied(case) if case.id == edge.case else case for case in cases)


class _Search:
    """What one case needs. `edge` is None when it passes alone after all, or nothing was found."""

    def __init__(
        self,
        cases: Sequence[Case],
        id: str,
        plugins: Mapping[str, ProtocolPlugin],
        alone: Verdict | None,
    ) -> None:
        self.id = id
        self.unfinished = False
        self.edge: Edge | None = None
        self.riddle = ""
        self._cases, self._plugins = cases, plugins
        own = {case.id for case in with_needs(cases, [id])}
        at = [case.id for case in cases].index(id)
        self._earlier = [case for case in cases[:at] if case.id not in own]
        self._needed: list[str] = []
        self._alone = alone

    def probes(self) -> Probe:
        known = self._alone is not None
        if self._alone is None:
            self._alone = yield self._lot([])
        if _passes(self._alone) or not self._earlier:
            self._alone = None
            return
        for giver, miss in self._hints(self._alone):
            if _passes((yield self._lot([giver.id]))):
                self._needed = [giver.id]
                told = f"alone it asks {miss.label} ({miss.destination})"
                self._settle(f"{told}, which {giver.id} asks: the answer is kept")
                return
        if known and _passes((yield self._lot([]))):
            self._alone = None  # it failed by chance
            return
        yield from self._halved()

    def _halved(self) -> Probe:
        """The shortest run-up with which it passes ends with a case that it needs; is that enough?"""
        while self._earlier:
            low, high = 0, len(self._earlier)
            while high - low > 1:
                middle = (low + high) // 2
                if _passes((yield self._lot(self._ids(middle)))):
                    high = middle
                    self._earlier = self._earlier[:high]
                else:
                    low = middle
            self._needed.append(self._earlier[high - 1].id)
            self._earlier = self._earlier[: high - 1]
            if _passes((yield self._lot([]))):
                self._settle("")
                return
            if len(self._needed) >= NEEDED_MAX:
                self._needed += self._ids(len(self._earlier))
                self._settle(_MANY)
                return
        assert self._alone is not None
        self.riddle = reason(self._alone)

    def give_up(self) -> None:
        """With what is known to be enough."""
        if self._alone is not None and self.edge is None:
            self._needed += self._ids(len(self._earlier))
            self._settle(_LATE)

    def like_others(self, givers: Sequence[str]) -> None:
        if self._alone is not None:
            known = {case.id for case in self._earlier}
            self._needed = [giver for giver in givers if giver in known]
            self._settle(_LIKE_OTHERS)

    def _settle(self, told: str) -> None:
        assert self._alone is not None
        if told in ("", _MANY, _LATE, _LIKE_OTHERS):
            seen = f"alone: {reason(self._alone)}"
            told = f"{seen}; {told}" if told else seen
        self.edge = Edge(case=self.id, needs=tuple(sorted(self._needed)), why=told)

    def _lot(self, before: Sequence[str]) -> Lot:
        cases = with_needs(self._cases, [*before, *self._needed, self.id])
        return Lot(tuple(cases), frozenset({self.id}))

    def _ids(self, many: int) -> list[str]:
        return [case.id for case in self._earlier[:many]]

    def _hints(self, verdict: Verdict) -> Iterator[tuple[Case, Miss]]:
        """Earlier cases that make a call which this one makes only when it is alone."""
        found: dict[str, tuple[Case, Miss]] = {}
        for miss in verdict.misses:
            for case in self._earlier:
                if any(self._same(call, miss) for call in case.calls):
                    found.setdefault(case.id, (case, miss))
                    break
        yield from list(found.values())[:HINTS_MAX]

    def _same(self, call: Interaction, miss: Miss) -> bool:
        if call.request is None or call.destination != miss.destination:
            return False
        return self._plugins[call.protocol].matcher.label(call.request) == miss.label


def _passes(verdict: Verdict) -> bool:
    return verdict.status is Status.PASS
