"""Running a suite: one instance of the service, or several side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from reenact.base.clock import SystemClock
from reenact.base.errors import MachineError
from reenact.model.suite import Suite
from reenact.model.value import Path
from reenact.model.verdict import Status, Verdict
from reenact.protocols import builtin
from reenact.rename.forms import VARYING
from reenact.replay.alone import Budget, alone, told
from reenact.replay.core import Mode
from reenact.replay.core.events import Filled, Observation
from reenact.replay.groups import Lot, Restart, lots, with_needs
from reenact.replay.idle import Idle, idle
from reenact.replay.instances import ON_TIME, TRIES, Ran, Timing, run_lots
from reenact.replay.live import spoken
from reenact.replay.options import RunOptions
from reenact.replay.reason import reason
from reenact.replay.rehearse import (
    Findings,
    learn,
    only_numbers,
    only_order,
    only_shared,
    quarantine,
    telling,
)
from reenact.replay.strays import Strays
from reenact.replay.trials import Tally

REHEARSALS = 2
"""That discover; one more then tests what they found."""

SHIFT_NS = 1_300_000_000
"""The last of those lives this much later than the recording: what a service reads off its clock
by the second is seen to vary, though each run begins at the recorded time."""

_SPLIT = (
    "this service keeps state in files, and each of the instances has files of its own: a case "
    "that builds on what another one wrote needs the same; reenact rehearse finds those"
)

ALONE_MIN_NS, ALONE_MAX_NS = 10 * 10**9, 60 * 10**9
"""Groups and cases are played by themselves for about half as long as all before took, within these."""

SEARCH_TIMES = 3
"""So many times as long for finding out what those need that fail by themselves."""

SIDE_BY_SIDE = 2
"""Instances at a time that play them: more is no faster where starting takes a core each."""

REHEARSALS_MAX = 7
"""While that test fails, what varies seldom is looked for again."""


HOLD_S = 0.3
"""How much later the first case comes in some rehearsals: the beats of a heartbeat, which count from
the service's start, then fall into other cases."""

ONCE, TWICE = 1, 2
"""How often it is tried to play cases by themselves, which are expected to go wrong, and to discover,
which takes long."""

PLAIN = frozenset({3, 4, 7})
"""Rehearsals at the pace of an ordinary test. In the others (but the first) answers come late and the
first case as well: what holds only at one pace shows."""


class Played(msgspec.Struct, frozen=True, kw_only=True):
    """All verdicts in the suite's order; `session` is what was asked outside of any case; `notes`
    say what this machine could not do."""

    verdicts: tuple[Verdict, ...]
    session: tuple[Verdict, ...]
    notes: tuple[str, ...] = ()
    filled: tuple[Filled, ...] = ()


class Rehearsed(msgspec.Struct, frozen=True, kw_only=True):
    suite: Suite
    verdicts: tuple[Verdict, ...]
    moved: int
    unasked: int
    generated: dict[str, int]
    aside: tuple[tuple[str, str], ...]
    notes: tuple[str, ...] = ()


def run_suite(
    suite: Suite, options: RunOptions, on_verdict: Callable[[Verdict], None] = lambda verdict: None
) -> Played:
    """Raises MachineError when the service cannot be started at all."""
    wanted = [c.id for c in suite.cases if options.select is None or c.id in options.select]
    cases = with_needs(suite.cases, wanted)
    played = lots(cases, options.restart, options.jobs) or [Lot.of(())]
    run = run_lots(suite, played, options, _mode(options), lambda done: on_verdict(done.verdict))
    failed = any(one.verdict.status is Status.FAIL for one in run.done)
    split = suite.files and len(played) > 1 and failed
    return Played(
        verdicts=tuple(one.verdict for one in run.done),
        session=tuple(one.session for one in run.finished),
        notes=(*run.notes, *((_SPLIT,) if split else ())),
        filled=tuple(call for seen in run.observations for call in seen.filled),
    )


def rehearse(
    suite: Suite,
    options: RunOptions,
    on_step: Callable[[str], None] = lambda step: None,
    tests: int = 1,
    alone_s: float | None = None,
) -> Rehearsed:
    """The suite as replaying it against the build it came from shows it.

    `tests`: so many tests have to agree, once nothing is learned any more. `alone_s`: how long
    groups and cases are played by themselves (None: half as long as all that came before).
    """
    seed = None if options.explicit else options.seed
    suite = msgspec.structs.replace(suite, seed=seed)
    with idle(suite, options) as watched:
        return _Rehearsal(suite, options, on_step, watched).rehearsed(tests, alone_s)


class _Rehearsal:
    """`watched` is an instance beside it that is asked nothing."""

    def __init__(
        self, suite: Suite, options: RunOptions, on_step: Callable[[str], None], watched: Idle
    ) -> None:
        self._suite, self._options, self._step, self._watched = suite, options, on_step, watched
        self._findings = Findings()
        self._tally = Tally(suite)
        self._strays = Strays(builtin())
        self._reordered: list[Observation] = []
        self._clock = SystemClock()
        self._began_ns = self._clock.now_ns()

    def rehearsed(self, tests: int, alone_s: float | None) -> Rehearsed:
        run = self._until_it_agrees()
        for n in range(1, tests):
            self._step(f"test {n + 1} of {tests}")
            run = self._run(Mode())
            self._tally.note(d.verdict for d in run.done)
        failed = self._tally.failed.values()
        why = {v.case: reason(v) for v in failed}
        self._suite = quarantine(self._suite, failed, why, self._findings)
        self._suite = self._tally.noted(self._suite)
        notes = self._by_themselves(run, alone_s)
        self._look_aside()
        return Rehearsed(
            suite=self._suite,
            verdicts=(*(d.verdict for d in run.done), *(one.session for one in run.finished)),
            moved=self._findings.moved,
            unasked=self._findings.unasked,
            generated=dict(sorted(self._findings.generated.items())),
            aside=tuple(self._findings.aside),
            notes=(*run.notes, *notes),
        )

    def _until_it_agrees(self) -> Ran:
        """Two rehearsals that discover; then tests and such by turns, until a test passes and the last
        one that discovered found no more of what varies."""
        settled = False
        for n in range(1, REHEARSALS_MAX + 1):
            self._step(f"rehearsal {n}")
            testing = n > REHEARSALS and n % 2 == 1
            shake = 0 if n in PLAIN else n - 1
            run = self._run(
                Mode(discover=not testing, linger=n == 1, rehearsal=True, shake=shake),
                Timing(
                    shift_ns=SHIFT_NS if n == REHEARSALS else 0,
                    hold_s=HOLD_S * (shake % 3),
                    settled=shake == 0,
                    tries=TRIES if testing else TWICE,
                ),
                chance=0 if testing else n - 1,
            )
            if not testing:
                settled = self._discovered(run)
            elif self._agrees(run) and settled:
                break
            self._look_aside()
        return run

    def _discovered(self, run: Ran) -> bool:
        """Learn; whether all went as recorded and no numbers or texts were found to vary that were not
        known to."""
        self._tally.again()
        before = _varying(self._suite)
        taught = learn(self._suite, [run.observations], self._findings, builtin())
        self._suite = self._strays.learn(self._suite, taught, run.observations)
        return all(d.observation.reproduced for d in run.done) and _varying(self._suite) <= before

    def _agrees(self, run: Ran) -> bool:
        self._tally.note(d.verdict for d in run.done)
        seen = [
            d.observation if telling(d.verdict) else only_numbers(d) or only_shared(d.observation)
            for d in run.done
        ]
        seen += [only_shared(one.observation) for one in run.finished]
        passed = all(d.verdict.status is not Status.FAIL for d in run.done)
        if passed and not _news(self._suite, seen):
            return True
        self._suite = learn(self._suite, [seen], self._findings, builtin())
        return False

    def _run(self, mode: Mode, timing: Timing = ON_TIME, chance: int = 0) -> Ran:
        played = lots(self._suite.cases, self._options.restart, jobs=1) or [Lot.of(())]
        own = msgspec.structs.replace(self._options, chance=chance)
        return run_lots(self._suite, played, own, mode, timing=timing)

    def _look_aside(self) -> None:
        self._suite = self._strays.idle(self._suite, self._watched.seen())

    def _by_themselves(self, run: Ran, alone_s: float | None) -> tuple[str, ...]:
        """Ties the cases that need what others left inside the service; lines for the summary."""
        took_ns = self._clock.now_ns() - self._began_ns
        usual_ns = min(max(took_ns // 2, ALONE_MIN_NS), ALONE_MAX_NS)
        limit_ns = usual_ns if alone_s is None else int(alone_s * 10**9)
        if self._options.explicit or self._options.restart is Restart.EACH or not limit_ns:
            return ()
        aside = {case.id for case in self._suite.cases if case.aside}
        passed = {v.case for v in (d.verdict for d in run.done) if v.status is Status.PASS}
        self._step("groups and cases by themselves")
        own = msgspec.structs.replace(self._options, jobs=SIDE_BY_SIDE, stop_s=0.0)
        try:
            found = alone(
                self._suite.cases,
                passed - aside,
                lambda lots: self._verdicts(
                    run_lots(self._suite, lots, own, Mode(), timing=Timing(tries=ONCE))
                ),
                builtin(),
                (
                    Budget(limit_ns, self._clock.now_ns),
                    Budget(SEARCH_TIMES * limit_ns, self._clock.now_ns),
                ),
                SIDE_BY_SIDE,
            )
        except MachineError as failed:
            return (f"not played by themselves: {failed}",)
        self._suite = msgspec.structs.replace(self._suite, cases=found.cases)
        if self._reordered:
            self._suite = learn(self._suite, [self._reordered], self._findings, builtin())
        return tuple(told(found, limit_ns / 10**9))

    def _verdicts(self, run: Ran) -> dict[str, Verdict]:
        """By case. Another order of calls is chance (each process has a hash seed of its own, say), and
        nothing that another case has left."""
        out = {}
        for done in run.done:
            verdict = done.verdict
            if only_order(verdict):
                self._reordered.append(done.observation)
                verdict = msgspec.structs.replace(verdict, status=Status.PASS)
            out[verdict.case] = verdict
        return out


def _varying(suite: Suite) -> set[tuple[str, Path]]:
    """Where cases answer what is seen to vary without a form that says how."""
    return {
        (case.id, site.at)
        for case in suite.cases
        for site in case.generated
        if site.kind in VARYING
    }


def _news(suite: Suite, seen: Iterable[Observation]) -> bool:
    """Whether a test that nothing failed has still shown something."""
    known = {(case.id, site.at, site.kind) for case in suite.cases for site in case.generated}
    return any(
        any(served.shared for served in one.served)
        or any((one.case, *at) not in known for at in one.varied if at[1] == "not yet")
        for one in seen
    )


def _mode(options: RunOptions) -> Mode:
    return Mode(
        responses_only=options.responses_only,
        fail_fast=options.fail_fast,
        live=spoken(options.live),
    )
