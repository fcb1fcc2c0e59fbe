"""When the state of the dependencies changed while recording: which of several recorded answers a read
has at some time is told by the writes between them.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence, Set

from reenact.match.pool import Recorded
from reenact.model.suite import Interaction, Uses
from reenact.model.value import leaves
from reenact.replay.core.turns import Turns

LEAVES_MAX = 100
"""Values of a write that are kept to tell which reads it concerns."""

WORDS_MAX = 4096
"""Characters of a text that is looked at word by word."""

_WORD = re.compile(r"[a-z_][\w$]*")

FOREVER = 2**63

SHORT = 1
"""Texts and numbers of no more characters are named by chance, so they say little: which of the writes
that name as much otherwise."""


class Writes:
    """Times are on the capture's clock, in nanoseconds."""

    def __init__(
        self,
        session: Sequence[Recorded],
        cases: Mapping[str, Sequence[Recorded]],
        at_ns: Callable[[Recorded], int],
        reads: Callable[[Interaction], bool],
    ) -> None:
        self._at_ns = at_ns
        self._reads = reads
        self._all: dict[str, list[int]] = defaultdict(list)
        self._naming: dict[tuple[str, str], list[int]] = defaultdict(list)
        self._of_case = {case: self._find(calls) for case, calls in cases.items()}
        self._find(session)
        for times in (*self._all.values(), *self._naming.values()):
            times.sort()

    def state(self, case: str, window: tuple[int, int], answered: Set[str]) -> tuple[int, int]:
        """From when to when, within the case's window, the dependencies were recorded in the state
        that it has brought them to: between its last write that has been answered and its
        first that has not been asked. What comes after its response may come at any time."""
        first, last = window
        writes = [call for call in self._of_case.get(case, ()) if self._at_ns(call) <= last]
        for call in writes:
            if call.interaction.id in answered:
                first = max(first, self._done_ns(call))
        for call in writes:
            if not call.uses and call.interaction.uses is Uses.ONCE and self._at_ns(call) >= first:
                last = min(last, self._at_ns(call))
        return first, max(first, last)

    def known_at(self, turns: Turns, at_ns: int) -> tuple[int, bool]:
        """Which of the recorded answers of a read, in order, was its answer at that time, and whether
        the recording shows that: the last one before, or the next one after where only the former
        was before a write. Of the writes those count that name most of what the read asks for. It
        does not show it where there was a write on either side, and the answers differ."""
        before = turns.last_at(at_ns)
        since = turns.times[before] if before >= 0 else -1
        until = turns.times[before + 1] if before + 1 < len(turns) else FOREVER
        read = turns.calls[max(before, 0)]
        named = self._writes_naming(read, since, until)
        passed = [at for at in named if at <= at_ns]
        if before < 0:
            return 0, len(passed) == len(named)
        if before + 1 == len(turns):
            return before, not passed
        if named:
            one_side = not passed or len(passed) == len(named) or turns.same(before)
            return before + (len(passed) == len(named)), one_side
        any_write = _between(self._all.get(read.interaction.destination, []), since, until)
        return before + bool(any_write and any_write[-1] <= at_ns), True

    def _writes_naming(self, read: Recorded, since: int, until: int) -> list[int]:
        """When those writes were seen, of that time, that name most of what the read asks for; what is
        written at once counts once."""
        where = read.interaction.destination
        named: Counter[int] = Counter()
        for value in _values(read):
            weight = 1 if len(value) <= SHORT else LEAVES_MAX
            for at in set(_between(self._naming.get((where, value), []), since, until)):
                named[at] += weight
        most = max(named.values(), default=0)
        return [at for at, count in named.items() if count == most]

    def _find(self, calls: Sequence[Recorded]) -> list[Recorded]:
        """Those that change a dependency's state, and the ends of the units of work they are in, at
        which others see the change."""
        open_now: dict[int, list[Recorded]] = {}
        out = []
        for call in sorted(calls, key=self._at_ns):
            line = call.interaction.connection
            if call.opens:
                open_now[line] = []
            elif call.closes:
                inside = open_now.pop(line, [])
                self._note(inside, self._done_ns(call))
                out += [*inside, call] if inside else []
            elif not (call.housekeeping or self._reads(call.interaction)):
                if line in open_now:
                    open_now[line].append(call)
                else:
                    self._note([call], self._done_ns(call))
                    out.append(call)
        return [*out, *(call for inside in open_now.values() for call in inside)]

    def _note(self, writes: Sequence[Recorded], seen_ns: int) -> None:
        for call in writes:
            where = call.interaction.destination
            self._all[where].append(seen_ns)
            for value in _values(call):
                self._naming[where, value].append(seen_ns)

    def _done_ns(self, call: Recorded) -> int:
        return self._at_ns(call) + call.interaction.took_ns


def _between(times: Sequence[int], since: int, until: int) -> Sequence[int]:
    return times[bisect_right(times, since) : bisect_right(times, until)]


def _values(call: Recorded) -> set[str]:
    """The values and the words of a statement, which are tables and columns; its keywords say nothing."""
    out: set[str] = set()
    for _, leaf in leaves(call.normal):
        if leaf is None or isinstance(leaf, bool | bytes):
            continue
        text = str(leaf)
        found = _WORD.findall(text) if " " in text and len(text) <= WORDS_MAX else [text]
        out.update(found)
        if len(out) >= LEAVES_MAX:
            break
    return out
