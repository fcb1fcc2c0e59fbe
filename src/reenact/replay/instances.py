"""Instances of the service, each from start to end in a world of its own: one, several one after the
other, or several side by side."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import TypeAlias

import msgspec

from reenact.base.clock import SystemClock
from reenact.base.collector import making_what_stays, only_what_is_new
from reenact.intercept.loop import run
from reenact.match.expiry import Expiry, expiries
from reenact.model.suite import Suite
from reenact.model.value import Value
from reenact.model.verdict import Status
from reenact.protocols import builtin
from reenact.replay.by_clock import away, marked
from reenact.replay.clock import NOW, case_clock
from reenact.replay.clock_notes import clock_notes
from reenact.replay.core import Mode
from reenact.replay.core.clock import CaseClock
from reenact.replay.core.events import CaseDone, Finished, Observation
from reenact.replay.groups import Lot
from reenact.replay.live import PROTOCOL, ask
from reenact.replay.options import RunOptions
from reenact.replay.shell import Stage
from reenact.replay.world import World
from reenact.sandbox import need

TRIES = 3
"""So often a lot is played, at most, whose failures may be for answers of ours."""

PAUSE_NS, PAUSE_RUN_NS = 100 * 10**6, 20 * 10**9
"""How long the second time threads of the service's own have between two cases, and at most in all; the
third time twice that."""

Tell: TypeAlias = Callable[[object], None]


class Timing(msgspec.Struct, frozen=True, kw_only=True):
    """How a rehearsal differs from a test: the service's clock is `shift_ns` later than recorded,
    the first case comes `hold_s` after the ports are open, whether what the service begins with has
    `settled` by then or not, and a lot is played `tries` times at most."""

    shift_ns: int = 0
    hold_s: float = 0.0
    settled: bool = True
    tries: int = TRIES


class Ran(msgspec.Struct, frozen=True, kw_only=True):
    """`done` in the suite's order; `finished` of every instance; `notes` say what this machine
    could not do."""

    done: tuple[CaseDone, ...]
    finished: tuple[Finished, ...]
    notes: tuple[str, ...] = ()

    @property
    def observations(self) -> list[Observation]:
        """Of the cases, and last of what was asked outside of any."""
        return [*(d.observation for d in self.done), *(f.observation for f in self.finished)]


ON_TIME = Timing()


def run_lots(
    suite: Suite,
    lots: Sequence[Lot],
    options: RunOptions,
    mode: Mode,
    on_done: Callable[[CaseDone], None] = lambda done: None,
    timing: Timing = ON_TIME,
) -> Ran:
    """A fresh instance for each lot, `options.jobs` at a time: then in processes of their own, which
    tell what they find as it comes. Raises MachineError when the service cannot be started at all."""
    done: dict[str, CaseDone] = {}
    finished: list[Finished] = []
    notes: dict[str, None] = {}

    def tell(what: object) -> None:
        match what:
            case CaseDone(verdict=verdict):
                before = done.get(verdict.case)
                done[verdict.case] = what
                if before is None or before.verdict.status is not verdict.status:
                    on_done(what)
            case Finished():
                finished.append(what)
            case str():
                notes[what] = None

    piles = dealt(lots, options.jobs)
    if len(piles) == 1:
        _work(suite, piles[0], options, mode, timing, tell)
    else:
        _side_by_side(suite, piles, options, mode, timing, tell)
    found = tuple(done[case.id] for case in suite.cases if case.id in done)
    return Ran(done=found, finished=tuple(finished), notes=tuple(notes))


def dealt(lots: Sequence[Lot], jobs: int) -> list[list[Lot]]:
    """What each of at most `jobs` workers plays, one after the other; the longest are dealt first,
    each to whom has least. The same lots give the same piles."""
    piles: list[list[Lot]] = [[] for _ in range(max(1, min(jobs, len(lots))))]
    loads = [0] * len(piles)
    for lot in sorted(lots, key=_load, reverse=True):
        at = loads.index(min(loads))
        piles[at].append(lot)
        loads[at] += _load(lot)
    return piles


_START_NS = 10**9
"""About what a service takes to start."""


def _load(lot: Lot) -> int:
    return _START_NS + sum(case.took_ns for case in lot.cases)


def _side_by_side(
    suite: Suite,
    piles: Sequence[Sequence[Lot]],
    options: RunOptions,
    mode: Mode,
    timing: Timing,
    tell: Tell,
) -> None:
    from reenact.replay.workers import side_by_side

    def job(n: int, pile: Sequence[Lot], tell: Tell) -> None:
        own = msgspec.structs.replace(options, log=options.log.with_suffix(f".{n}.log"))
        _work(suite, pile, own, mode, timing, tell)

    jobs = [functools.partial(job, n, pile) for n, pile in enumerate(piles, 1)]
    with contextlib.closing(side_by_side(jobs)) as telling:
        for what in telling:
            tell(what)


def _work(
    suite: Suite,
    pile: Sequence[Lot],
    options: RunOptions,
    mode: Mode,
    timing: Timing,
    tell: Tell,
) -> None:
    failed = False
    for n, lot in enumerate(pile):
        own = msgspec.structs.replace(options, log_on=n > 0)
        stage, notes = _surely(suite, lot, own, mode, timing, tell)
        failed = failed or any(d.verdict.status is Status.FAIL for d in stage.done)
        assert stage.finished is not None
        for what in (stage.finished, *notes):
            tell(what)
        if failed and mode.fail_fast:
            return


def _surely(
    suite: Suite, lot: Lot, options: RunOptions, mode: Mode, timing: Timing, tell: Tell
) -> tuple[Stage, tuple[str, ...]]:
    """Threads that share what they know may ask for what was never recorded to be read at that time. If
    something goes wrong after that, it says nothing of the build: the lot is played again, with pauses
    for them between the cases. A build that always goes wrong does so in the last one, too."""
    tries = 1 if mode.live else timing.tries
    unsure: tuple[str, ...] = ()
    for n in range(1, tries + 1):
        pause_ns = min((n - 1) * PAUSE_NS, (n - 1) * PAUSE_RUN_NS // (len(lot.cases) or 1))
        asked = replace(mode, doubts=n < tries, pause_ns=pause_ns)
        own = msgspec.structs.replace(options, log_on=options.log_on or n > 1)
        stage, notes = _play(suite, lot, own, asked, timing, tell)
        if not stage.void:
            break
        unsure = stage.unsure
    if n > 1:
        notes = (*notes, _AGAIN.format(times=n, what=unsure[-1]))
    return stage, notes


_AGAIN = (
    "played {times} times: it went wrong after the service had read what it was not recorded to read "
    "at that time, as its threads may by chance ({what})"
)


def _play(
    suite: Suite, lot: Lot, options: RunOptions, mode: Mode, timing: Timing, tell: Tell
) -> tuple[Stage, tuple[str, ...]]:
    """The sandbox forks, so it is made before the event loop and its threads are."""
    clock = case_clock(options.clock, suite.started_ns)
    clock = msgspec.structs.replace(clock, shift_ns=timing.shift_ns)

    began_ns = SystemClock().wall_ns()
    mark = Marking(suite, began_ns) if options.clock != NOW and not mode.rehearsal else None

    held: list[CaseDone] = []

    def judged(stage: Stage, done: CaseDone) -> None:
        if done.verdict.case in lot.judged:
            done = mark.marked(done) if mark and problem else done
            if mode.doubts and stage.unsure:
                held.append(done)
            else:
                tell(done)

    with world_of(suite, options, clock) as world:
        problem = world.clock_problem

        async def play() -> Stage:
            moving = None if problem and not world.wall_ahead_ns else clock
            with making_what_stays():
                stage = Stage(world, suite, builtin(), mode, SystemClock(), lot.cases, moving)
            stage.on_done = functools.partial(judged, stage)
            stage.ask = functools.partial(_ask, options)
            try:
                with only_what_is_new():
                    await stage.play(options.start_wait_s, timing.hold_s, settled=timing.settled)
            finally:
                await world.stop()
            return stage

        stage = run(play())
    for done in () if stage.void else held:
        tell(done)
    notes = clock_notes(suite, builtin(), _stands_at_ns(world, clock))
    if problem and options.clock != NOW:
        notes = (f"the service's clock: {problem}", *notes)
    return stage, (*world.notes, *notes)


class Marking:
    """What the machine's clock accounts for, of a service that could not be given another."""

    def __init__(self, suite: Suite, began_ns: int) -> None:
        self._suite, self._began_ns = suite, began_ns
        self._cases = {case.id: case for case in suite.cases}

    def marked(self, done: CaseDone) -> CaseDone:
        if done.verdict.status is not Status.FAIL:
            return done
        case = self._cases.get(done.verdict.case)
        now_ns = SystemClock().wall_ns()
        by = away(self._suite.started_ns, case, self._began_ns, now_ns)
        verdict = marked(done.verdict, by, self._crossed)
        return msgspec.structs.replace(done, verdict=verdict)

    @functools.cached_property
    def _crossed(self) -> tuple[Expiry, ...]:
        shift_ns = self._began_ns - self._suite.started_ns
        return tuple(one for one in expiries(self._suite, builtin()) if one.crossed(shift_ns))


def _stands_at_ns(world: World, clock: CaseClock) -> int:
    """What the service's clock shows at the start of the recording: the machine's time where it cannot
    be moved."""
    stuck = bool(world.clock_problem) and not world.wall_ahead_ns
    return SystemClock().wall_ns() if stuck or clock.start_ns is None else clock.start_ns


async def _ask(options: RunOptions, destination: str, request: Value) -> tuple[Value, str]:
    where = options.live[destination]
    return await ask(where, request, builtin()[PROTOCOL], SystemClock(), options.settings)


def world_of(suite: Suite, options: RunOptions, clock: CaseClock) -> AbstractContextManager[World]:
    """Imported late: the sandbox exists on Linux only, explicit mode everywhere."""
    if options.explicit:
        from reenact.replay.unsealed import unsealed

        return unsealed(suite, options)
    need.linux()
    from reenact.replay.sealed import sealed

    return sealed(suite, options, clock)
