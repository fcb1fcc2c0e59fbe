"""Which outgoing call was made for which incoming request: evidence, in order of its strength.

1. Housekeeping of a connection, calls that are also made when no request is open, and those by
   which a worker waits for work longer than any request lasts, belong to nobody: they are the
   session's.
2. Only one request was open when the call was made.
3. The call carries values that only one of the open requests carries.
4. Its neighbours on the same connection belong to a request that was open (a pool lends a
   connection to one request at a time; BEGIN leans on what follows, COMMIT on what precedes).
5. The latest request that was open.
Calls made after the last response belong to the request before them when they share a value with
it, or when such a call never comes but shortly after a request.

Rehearsal corrects what this gets wrong: it asks the service itself, one request at a time.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from decimal import Decimal
from urllib.parse import unquote

from reenact.compile.kind import kind
from reenact.model.exchange import Exchange, Outcome
from reenact.model.protocol import ProtocolPlugin, Traits
from reenact.model.value import Value, leaves

LATE_NS = 5 * 10**9
"""How long after its response a request may still cause calls that are given to it."""

TELLING_MIN = 5
"""Characters of a value that may tell requests apart; shorter ones are equal by chance."""

WORD = re.compile(r"[\w\-@.]+")

BACKGROUND_MIN = 3
"""Times a call must be seen with no request open before all like it count as background."""


@dataclass(slots=True)
class Attribution:
    """Calls by the id of their stimulus, in order; and those of no stimulus."""

    calls: dict[str, list[Exchange]] = field(default_factory=dict)
    session: list[Exchange] = field(default_factory=list)


def attribute(
    stimuli: Sequence[Exchange], outbound: Sequence[Exchange], plugins: Mapping[str, ProtocolPlugin]
) -> Attribution:
    """`stimuli` and `outbound` in order of `asked_ns`. Every call lands exactly once."""
    work = _Work(stimuli, outbound, plugins)
    work.by_window()
    work.by_values()
    work.by_neighbours()
    work.by_time()
    return work.result()


class _Work:
    def __init__(
        self,
        stimuli: Sequence[Exchange],
        outbound: Sequence[Exchange],
        plugins: Mapping[str, ProtocolPlugin],
    ) -> None:
        self.stimuli = stimuli
        self.starts = [s.asked_ns for s in stimuli]
        self.calls = outbound
        self.traits = [_traits(call, plugins) for call in outbound]
        self.kinds = [_kind(call, plugins) for call in outbound]
        self.open = _open_at_each(outbound, stimuli)
        self.owner: dict[int, int] = {}  # index of call -> index of stimulus
        self.values = [_values(s) for s in stimuli]
        self.rarity = Counter(v for values in self.values for v in values)
        self._call_values: dict[int, set[str]] = {}  # of calls that were weighed

    def by_window(self) -> None:
        idle = Counter(
            self.kinds[n] for n in range(len(self.calls)) if not self.open[n] and not self._late(n)
        )
        often = {kind for kind, times in idle.items() if times >= BACKGROUND_MIN}
        often |= {
            self.kinds[n]
            for n in range(len(self.calls))
            if self.traits[n].waits and self._outlasts(n)
        }
        background = self._background(often)
        for n, call in enumerate(self.calls):
            if self.traits[n].housekeeping or n in background:
                self.open[n] = []
            elif not self.open[n] and call.request is not None:
                late = self._late(n)
                if late is not None:
                    self.owner[n] = late
            elif len(self.open[n]) == 1:
                self.owner[n] = self.open[n][0]

    def _outlasts(self, n: int) -> bool:
        """Whether no request was open from the call's beginning to its end."""
        call = self.calls[n]
        if call.outcome is Outcome.CUT:
            return True
        ends_ns = call.answered_ns
        return not any(self.stimuli[i].answered_ns >= ends_ns for i in self.open[n])

    def _background(self, often: Set[str]) -> set[int]:
        """Calls of these kinds. What opens and closes a transaction says nothing of itself (every
        request has its COMMIT): it is background when all that it encloses is."""
        found = {n for n, kind in enumerate(self.kinds) if kind in often and not self._edge(n)}
        for line in self._lines():
            inside: list[int] | None = None
            for n in line:
                if self.traits[n].opens:
                    inside = [n]
                elif inside is not None:
                    inside.append(n)
                if self.traits[n].closes and inside is not None:
                    meant = [m for m in inside[1:-1] if not self.traits[m].housekeeping]
                    if meant and all(m in found for m in meant):
                        found.update((inside[0], n))
                    inside = None
        return found

    def _edge(self, n: int) -> bool:
        return self.traits[n].opens or self.traits[n].closes

    def _lines(self) -> list[list[int]]:
        """The calls of each connection, in order."""
        lines: dict[int, list[int]] = defaultdict(list)
        for n, call in enumerate(self.calls):
            lines[call.flow].append(n)
        return list(lines.values())

    def _late(self, n: int) -> int | None:
        """The request that ended last before the call, if the call may be its late effect."""
        call = self.calls[n]
        i = bisect_right(self.starts, call.asked_ns) - 1
        if i < 0 or call.asked_ns - self.stimuli[i].answered_ns > LATE_NS:
            return None
        if self._shared(n, i) > 0 or call.asked_ns - self.stimuli[i].answered_ns < LATE_NS // 10:
            return i
        return None

    def by_values(self) -> None:
        for n in self._undecided():
            if self._edge(n):
                continue  # says nothing of itself; what it encloses does
            scores = [(self._shared(n, i), i) for i in self.open[n]]
            scores.sort(key=lambda pair: (-pair[0], pair[1]))
            if scores[0][0] > scores[1][0]:
                self.owner[n] = scores[0][1]

    def _shared(self, n: int, i: int) -> float:
        """How much a call and a stimulus have in common: rare values count most. The same values
        give the same sum in whatever order a set tells them."""
        if n not in self._call_values:
            self._call_values[n] = _values(self.calls[n])
        common = self._call_values[n] & self.values[i]
        return math.fsum(1 / self.rarity[v] for v in common)

    def by_neighbours(self) -> None:
        for line in self._lines():
            self._spread(line, forward=True)
            self._spread(line[::-1], forward=False)

    def _spread(self, line: list[int], *, forward: bool) -> None:
        """Give undecided calls to the owner of the call before them, along one connection."""
        owner: int | None = None
        for n in line:
            traits = self.traits[n]
            starts_anew = traits.opens if forward else traits.closes
            if n not in self.owner and not starts_anew and owner in self.open[n]:
                assert owner is not None
                self.owner[n] = owner
            ends_here = traits.closes if forward else traits.opens
            owner = None if ends_here else self.owner.get(n, owner)

    def by_time(self) -> None:
        for n in self._undecided():
            self.owner[n] = self.open[n][-1]

    def _undecided(self) -> list[int]:
        return [n for n in range(len(self.calls)) if n not in self.owner and self.open[n]]

    def result(self) -> Attribution:
        out = Attribution(calls={s.id: [] for s in self.stimuli})
        for n, call in enumerate(self.calls):
            i = self.owner.get(n)
            if i is None:
                out.session.append(call)
            else:
                out.calls[self.stimuli[i].id].append(call)
        return out


def _open_at_each(calls: Sequence[Exchange], stimuli: Sequence[Exchange]) -> list[list[int]]:
    """For each call the stimuli whose request had come and whose response had not ended."""
    out: list[list[int]] = []
    running: list[int] = []
    come = 0
    for call in calls:
        while come < len(stimuli) and stimuli[come].asked_ns <= call.asked_ns:
            running.append(come)
            come += 1
        running = [i for i in running if stimuli[i].answered_ns >= call.asked_ns]
        out.append(running[:])
    return out


def _traits(call: Exchange, plugins: Mapping[str, ProtocolPlugin]) -> Traits:
    if call.request is None:
        return Traits(housekeeping=call.response is None)
    return plugins[call.protocol].matcher.traits(call.request, call.response)


def _kind(call: Exchange, plugins: Mapping[str, ProtocolPlugin]) -> str:
    if call.request is None:
        return f"{call.protocol} push"
    return kind(call.protocol, call.request, plugins)


def _values(exchange: Exchange) -> set[str]:
    """Values telling enough to recognise a request by; also those inside longer texts."""
    return _telling(exchange.request) | _telling(exchange.response)


def _telling(tree: Value) -> set[str]:
    out: set[str] = set()
    for _, leaf in leaves(tree):
        if isinstance(leaf, str):
            out.update(word for word in _words(leaf) if len(word) >= TELLING_MIN)
        elif isinstance(leaf, int | float | Decimal) and not isinstance(leaf, bool):
            text = str(leaf)
            if len(text) >= TELLING_MIN:
                out.add(text)
    return out


def _words(text: str) -> list[str]:
    """Also the parts of a value that is signed or told in a URL: `s%3Aid.signature` holds `id`."""
    plain = text[:20_000]
    words = WORD.findall(plain) + (WORD.findall(unquote(plain)) if "%" in plain else [])
    return words + [part for word in words if "." in word for part in word.split(".")]
