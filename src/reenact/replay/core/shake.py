"""Answers a little late, each by another time: which order was chance, and which is meant?

Two calls that a service makes independently of each other come in the same order in every quiet
run. An order that the service itself keeps (the answer of the first is needed for the second)
holds however long the first answer takes. So rehearsals after the first delay the answers.
"""

from __future__ import annotations

from collections.abc import Collection
from hashlib import blake2b

from reenact.model.suite import Case

STEPS = 4
STEP_NS = 3 * 10**6
"""An answer is late by 0 to 3 steps: longer than tasks of one request are apart by chance, shorter
than any client's patience."""

RUN_NS = 10 * 10**9
"""What all delays of a run may come to, about; in long suites they are shorter."""


LATE_NS = 50 * 10**6
LATE_RUN_NS = 3 * 10**9
"""In each run one call of a case is that late, of those that others on other connections come after: threads
are apart by more than tasks are. What these delays of a run may come to."""

LAG_EVERY = 4
LAG_NS = 30 * 10**6
LAG_RUN_NS = 10 * 10**9
"""In some runs answers to background calls are late by this: threads of the service's own are
then behind its requests, which they mostly are not, to the last one. What that may come to in a run, in
which it is less where there are many such calls."""

FIRST_LAG_NS = 900 * 10**6
"""In these runs the first of them after the service listens are later still: what its threads begin
with is not done yet when the first requests come, which come later there themselves."""

FIRST_LAGS = 5


class Shake:
    """Delays that depend on the call and the run alone: the same run is late in the same way."""

    def __init__(self, cases: Collection[Case], run: int, background: int = 0) -> None:
        """`run` 0 delays nothing. `background` is how many calls of the session were recorded."""
        self._run = run
        lags = run % LAG_EVERY == 1
        self._lag_ns = min(LAG_NS, LAG_RUN_NS // (background or 1)) if lags else 0
        self._lags_left_ns = LAG_RUN_NS
        self._first = FIRST_LAGS if lags else 0
        self._ids = {a for case in cases for call in case.calls for a in call.after} if run else ()
        mean_ns = STEP_NS * (STEPS - 1) // 2
        self._step_ns = min(STEP_NS, STEP_NS * RUN_NS // (mean_ns * len(self._ids) or 1))
        turn = (run + 1) // 3  # runs 1, 4 and 5 take the first, second and third
        elsewhere = [_waited_for_elsewhere(case) for case in cases] if run else []
        self._late = {ids[turn % len(ids)] for ids in elsewhere if ids}
        self._late_ns = min(LATE_NS, LATE_RUN_NS // (len(self._late) or 1))

    def lag_ns(self, *, listening: bool) -> int:
        """How late the answer to a background call is."""
        if listening and self._first:
            self._first -= 1
            return FIRST_LAG_NS
        lag_ns = min(self._lag_ns, self._lags_left_ns)
        self._lags_left_ns -= lag_ns
        return lag_ns

    def delay_ns(self, interaction: str) -> int:
        if interaction not in self._ids:
            return 0
        if interaction in self._late:
            return self._late_ns
        chance = blake2b(f"{self._run} {interaction}".encode(), digest_size=1).digest()[0]
        return chance % STEPS * self._step_ns


def _waited_for_elsewhere(case: Case) -> list[str]:
    """The calls that calls on other connections come after, in order. First those that calls after the
    response come after: a thread makes these, and there may be several."""
    lines = {call.id: call.connection for call in case.calls}
    found = {
        call.id: {a for a in call.after if lines.get(a) != call.connection} for call in case.calls
    }
    late = {a for call in case.calls if call.asked_ns > case.took_ns for a in found[call.id]}
    waited_for = late.union(*found.values())
    ids = [call.id for call in case.calls if call.id in waited_for]
    return sorted(ids, key=lambda id: id not in late)
