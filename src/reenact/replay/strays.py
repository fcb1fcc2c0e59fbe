"""Background traffic that the recording was too short, or too busy, to tell from that of requests.

Replaying takes another time than recording, so a heartbeat or a scheduler asks at other moments, and
may ask for the first time in a rehearsal. What a request causes, the same case asks for in
every rehearsal. A kind of call that no case asked for every time is nobody's: it belongs to the session.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence, Set
from typing import TypeAlias

import msgspec

from reenact.compile.background import is_stray, with_variation
from reenact.compile.build import renumbered
from reenact.compile.kind import kind
from reenact.model.exchange import Outcome
from reenact.model.protocol import ProtocolPlugin, Traits
from reenact.model.suite import Case, Interaction, Suite, Uses
from reenact.replay.core.events import Observation, Stray
from reenact.replay.shared import units

CHANCE = 3
"""One in three askers of a background call may be the same each time by chance."""

CHANCE_LATE = 1.25
"""Four in five, of those that asked after their response: a case that was once given a heartbeat
waits for the next one, and so is its asker each time."""

UNSTABLE = 3
"""So many late calls of a kind that came or did not come as the pace was: a timer collects what requests
bring about and sends it when it fires, so none of its calls is any one request's."""

BATCH_NS = 5 * 10**6
"""Late calls on one connection that come so close together were sent together."""

ALIKE = 4
"""When one in so many calls of a shape, at most, is not of such kinds, it is by chance: all are."""

SHAPE = 7
"""Characters of a kind, its words left out, that make its shape: `w #:w:w`."""

_WORD = re.compile(r"[^\s:#.,;=&?\"{}\[\]()]+")

SEEN_MAX = 50
"""Calls of a kind that are kept to see what varies in them."""

Kind: TypeAlias = tuple[str, str]

Shape: TypeAlias = tuple[str, str, str]
"""Destination, the matcher's key, and how the label is put together."""


class Strays:
    """Learns over rehearsals which calls are background although they came within cases."""

    def __init__(self, plugins: Mapping[str, ProtocolPlugin]) -> None:
        self._plugins = plugins
        self._askers: dict[Kind, list[dict[str, bool]]] = {}  # by run: case -> always late
        self._seen: dict[Kind, list[Stray]] = defaultdict(list)
        self._unmet: dict[Kind, dict[int, set[str]]] = defaultdict(dict)  # by run: cases of strays
        self._idle: dict[Kind, Stray] = {}
        self._unstable: dict[Kind, set[object]] = defaultdict(set)
        self._with: dict[Kind, set[Kind]] = defaultdict(set)  # sent together, late
        self._shapes: dict[Kind, Shape] = {}
        self._alike: dict[Shape, list[Stray]] = defaultdict(list)
        self._runs = 0

    def learn(self, played: Suite, taught: Suite, run: Sequence[Observation]) -> Suite:
        """`taught`, which is `played` with what else the run taught, with its background."""
        self._runs += 1
        calls = {call.id: call for call in (*played.session, *_calls(played.cases))}
        for seen in run:
            for stray in seen.strays:
                what = self._kind(stray)
                for seen_of in (self._seen[what], self._alike[self._shapes[what]]):
                    if len(seen_of) < SEEN_MAX:
                        seen_of.append(stray)
                self._note(what, seen.case, late=False)
                self._unmet[what].setdefault(self._runs, set()).add(seen.case)
            for served in seen.served:
                call = calls[served.interaction]
                if call.request is not None:
                    self._note(self._kind(call), seen.case, late=served.late)
        self._note_unstable(played, run)
        return self._with_background(taught)

    def _note_unstable(self, played: Suite, run: Sequence[Observation]) -> None:
        """Late calls that nobody made in all of the run, and calls of their kinds that it had more."""
        whole = {seen.case for seen in run if seen.reproduced}
        made = {served.interaction for seen in run for served in seen.served}
        late = [
            (call, case)
            for case in played.cases
            for call in case.calls
            if call.request is not None and call.asked_ns > case.took_ns
        ]
        kinds = {self._kind(call) for call, _ in late}
        self._note_batches(late)
        for call, case in late:
            if case.id in whole and call.id not in made:
                at = call.connection, case.at_ns + call.asked_ns
                self._unstable[self._kind(call)].add(at)
        for seen in run:
            for n, stray in enumerate(seen.strays):
                if seen.reproduced and self._kind(stray) in kinds:
                    self._unstable[self._kind(stray)].add((self._runs, seen.case, n))

    def _note_batches(self, late: Iterable[tuple[Interaction, Case]]) -> None:
        batches: dict[tuple[int, int], set[Kind]] = defaultdict(set)
        for call, case in late:
            at = call.connection, (case.at_ns + call.asked_ns) // BATCH_NS
            if not self._is_edge(call):  # BEGIN is of one kind, whatever it begins
                batches[at].add(self._kind(call))
        for batch in batches.values():
            for what in batch:
                self._with[what] |= batch

    def _timed(self, asked: Sequence[Interaction]) -> set[Kind]:
        """Kinds of calls that a timer sends, with what it sends along with them, and those too rare to
        tell that look like most of these."""
        found = {what for what, places in self._unstable.items() if len(places) >= UNSTABLE}
        found = found.union(*(self._with[what] for what in found))
        kinds = [self._kind(call) for call in asked] if found else []
        total = Counter(self._shapes[what] for what in kinds)
        timed = Counter(self._shapes[what] for what in kinds if what in found)
        often = {
            s for s, n in timed.items() if n >= UNSTABLE and (total[s] - n) * ALIKE <= total[s]
        }
        return found | {what for what in kinds if self._shapes[what] in often and "#" in what[1]}

    def idle(self, suite: Suite, strays: Iterable[Stray]) -> Suite:
        """With what an instance asked that was asked nothing, unless that was recorded as well:
        whose it is then, the rehearsals tell."""
        asked = (c for c in (*suite.session, *_calls(suite.cases)) if c.request is not None)
        known = {self._kind(call) for call in asked}
        for stray in strays:
            what = self._kind(stray)
            if what not in known:
                self._idle.setdefault(what, stray)
        new = [stray for what, stray in self._idle.items() if what not in known]
        first = 1 + sum(map(is_stray, suite.session))
        refused = (_refused(stray, f"s.r{n}") for n, stray in enumerate(new, first))
        return msgspec.structs.replace(suite, session=(*suite.session, *refused))

    def _kind(self, call: Interaction | Stray) -> Kind:
        what = (call.destination, kind(call.protocol, call.request, self._plugins))
        if what not in self._shapes:
            key = self._plugins[call.protocol].matcher.key(call.request)
            words = what[1].removeprefix(f"{call.protocol} {key} ")
            self._shapes[what] = (call.destination, key, _WORD.sub("w", words)[:SHAPE])
        return what

    def _note(self, what: Kind, case: str, *, late: bool) -> None:
        runs = self._askers.setdefault(what, [])
        while len(runs) < self._runs:
            runs.append({})
        runs[-1][case] = runs[-1].get(case, True) and late

    def _nobodys(self, what: Kind, recorded: Container[Kind]) -> bool:
        """Whether most of its askers are others in every rehearsal (one case may be the same by
        chance, or because it waits for the call that it was given); what was never recorded
        is nobody's as soon as some case asked for it only sometimes."""
        runs = self._askers.get(what, [])
        always = set.intersection(*map(set, runs)) - {""} if len(runs) == self._runs else set()
        if what in recorded:
            late = sum(any(run[case] for run in runs) for case in always)
            weight = CHANCE * (len(always) - late) + CHANCE_LATE * late
            often = weight * self._runs < sum(map(len, runs))
            return self._runs > 1 and (often or self._outnumbers(what, always))
        return self._runs == 1 or not always or bool(set().union(*runs) - always)

    def _outnumbers(self, what: Kind, always: Set[str]) -> bool:
        """Whether every rehearsal asked for more of them than were recorded, each in other cases:
        a heartbeat in a replay that is slower than the recording was. As many cases have to ask
        for it only sometimes as do each time."""
        unmet = list(self._unmet[what].values())
        if len(unmet) < self._runs or set.intersection(*unmet) - {""}:
            return False
        return all(len(run.keys() - always) >= len(always) for run in self._askers.get(what, []))

    def _with_background(self, suite: Suite) -> Suite:
        kept = [call for call in suite.session if not is_stray(call)]
        asked = [c for c in (*kept, *_calls(suite.cases)) if c.request is not None]
        recorded = {self._kind(call) for call in asked}
        nobodys = {what for what in self._seen if self._nobodys(what, recorded)}
        if self._runs > 1:
            nobodys |= self._timed(asked) & recorded
        cases, found = self._without(suite.cases, nobodys)
        session = [*kept, *_as_session(found, kept)]
        never = [seen[0] for what, seen in self._seen.items() if what in nobodys - recorded]
        marked = [self._marked(call, nobodys, suite.started_ns) for call in session]
        marked.sort(key=lambda call: call.asked_ns)
        refused = (_refused(stray, f"s.r{n}") for n, stray in enumerate(never, 1))
        return msgspec.structs.replace(suite, cases=cases, session=(*marked, *refused))

    def _without(
        self, cases: Sequence[Case], nobodys: Set[Kind]
    ) -> tuple[tuple[Case, ...], list[Interaction]]:
        """The cases without calls that are nobody's, and these calls, as of the capture's start."""
        out, found = [], []
        for case in cases:
            mine = []
            free = self._free(case, nobodys)
            for call in case.calls:
                if call.id in free:
                    at_ns = case.at_ns + call.asked_ns
                    found.append(msgspec.structs.replace(call, asked_ns=at_ns))
                else:
                    mine.append(call)
            if len(mine) < len(case.calls):
                case = msgspec.structs.replace(case, calls=renumbered(case, mine))
            out.append(case)
        return tuple(out), found

    def _free(self, case: Case, nobodys: Set[Kind]) -> set[str]:
        """The ids of its calls that are nobody's. What begins and ends a unit of work is as all within is."""
        asked = {call.id: call for call in case.calls if call.request is not None}
        traits = {id: self._traits(call) for id, call in asked.items()}
        edges = {id for id, one in traits.items() if one.opens or one.closes}
        out = {id for id, call in asked.items() if id not in edges and self._kind(call) in nobodys}
        lines: dict[int, list[str]] = defaultdict(list)
        for id, call in asked.items():
            lines[call.connection].append(id)
        for line in lines.values():
            for unit in units(line, traits):
                within = set(unit) - edges
                if within and within <= out:
                    out |= set(unit)
        return out

    def _traits(self, call: Interaction) -> Traits:
        return self._plugins[call.protocol].matcher.traits(call.request, call.response)

    def _is_edge(self, call: Interaction) -> bool:
        traits = self._traits(call)
        return traits.opens or traits.closes

    def _marked(self, call: Interaction, nobodys: Set[Kind], started_ns: int) -> Interaction:
        """With the sites at which it differs from what rehearsals asked, and those at which calls that look
        like it differ from one another."""
        what = self._kind(call) if call.request is not None else None
        if what is None or what not in nobodys:
            return call
        alike = [*self._alike[self._shapes[what]], *self._seen[what]]
        asked = [_refused(stray, "") for stray in alike]
        return with_variation([*asked, call], self._plugins, started_ns)[-1]


def _calls(cases: Iterable[Case]) -> Iterator[Interaction]:
    return (call for case in cases for call in case.calls)


def _as_session(calls: Iterable[Interaction], session: Iterable[Interaction]) -> list[Interaction]:
    numbers = [int(call.id[2:]) for call in session if call.id[2:].isdigit()]
    first = max(numbers, default=0) + 1
    return [
        msgspec.structs.replace(call, id=f"s.{n}", after=(), uses=Uses.MANY)
        for n, call in enumerate(calls, first)
    ]


def _refused(stray: Stray, id: str) -> Interaction:
    return Interaction(
        id=id,
        protocol=stray.protocol,
        destination=stray.destination,
        connection=0,
        outcome=Outcome.BROKEN,
        request=stray.request,
        response=None,
        uses=Uses.MANY,
    )
