"""Running a suite: one instance of the service, or several side by side."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

import msgspec

from reenact.base.clock import SystemClock
from reenact.intercept.loop import loop_factory
from reenact.model.suite import Case, Suite
from reenact.model.value import Value
from reenact.model.verdict import Status, Verdict
from reenact.protocols import builtin
from reenact.replay.clock import NOW, case_clock
from reenact.replay.clock_notes import clock_notes
from reenact.replay.core import Mode
from reenact.replay.core.clock import CaseClock
from reenact.replay.core.events import CaseDone, Filled, Finished, Observation
from reenact.replay.groups import shares, with_needs
from reenact.replay.live import PROTOCOL, ask, spoken
from reenact.replay.options import RunOptions
from reenact.replay.reason import reason
from reenact.replay.rehearse import Findings, learn, only_shared, quarantine, telling
from reenact.replay.shell import Stage
from reenact.replay.strays import Strays
from reenact.replay.trials import Tally
from reenact.replay.world import World
from reenact.sandbox import need

REHEARSALS = 2
"""That discover; one more then tests what they found."""

SHIFT_NS = 1_300_000_000
"""The last of those lives this much later than the recording: what a service reads off its clock
by the second is seen to vary, though each run begins at the recorded time."""

_SPLIT = (
    "this service keeps state in files, and each of the instances has files of its own: a case "
    "that builds on what another one wrote needs the same; then leave --jobs out"
)

REHEARSALS_MAX = 7
"""While that test fails, what varies seldom is looked for again."""


HOLD_S = 0.3
"""How much later the first case comes in some rehearsals: the beats of a heartbeat, which count from
the service's start, then fall into other cases."""

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
    lots = shares(cases, options.jobs) or [[]]
    if len(lots) == 1:
        run = _play(suite, lots[0], options, _mode(options), lambda d: on_verdict(d.verdict))
        verdicts = tuple(d.verdict for d in run.done)
        observed = [*(d.observation for d in run.done), run.finished.observation]
        return Played(
            verdicts=verdicts,
            session=(run.finished.session,),
            notes=run.notes,
            filled=tuple(call for seen in observed for call in seen.filled),
        )
    place = {case.id: n for n, case in enumerate(suite.cases)}
    played = _side_by_side(suite, lots, options, on_verdict)
    notes = (*played.notes, *((_SPLIT,) if suite.files else ()))
    in_order = sorted(played.verdicts, key=lambda v: place[v.case])
    return msgspec.structs.replace(played, verdicts=tuple(in_order), notes=notes)


def rehearse(
    suite: Suite,
    options: RunOptions,
    on_step: Callable[[str], None] = lambda step: None,
    tests: int = 1,
) -> Rehearsed:
    """The suite as replaying it against the build it came from shows it.

    `tests`: so many tests have to agree, once nothing is learned any more.
    """
    findings = Findings()
    tally = Tally(suite)
    strays = Strays(builtin())
    for n in range(1, REHEARSALS_MAX + 1):
        on_step(f"rehearsal {n}")
        testing = n > REHEARSALS and n % 2 == 1  # two that discover, then by turns
        shake = 0 if n in PLAIN else n - 1
        mode = Mode(discover=not testing, linger=n == 1, rehearsal=True, shake=shake)
        shift_ns = SHIFT_NS if n == REHEARSALS else 0
        hold_s = HOLD_S * (shake % 3)
        run = _play(suite, suite.cases, options, mode, shift_ns=shift_ns, hold_s=hold_s)
        done, finished = run.done, run.finished
        if not testing:
            tally.again()
            seen = [*(d.observation for d in done), finished.observation]
            suite = strays.learn(suite, learn(suite, [seen], findings, builtin()), seen)
            continue
        tally.note(d.verdict for d in done)
        seen = [d.observation if telling(d.verdict) else only_shared(d.observation) for d in done]
        seen.append(only_shared(finished.observation))
        if all(d.verdict.status is not Status.FAIL for d in done) and not _news(suite, seen):
            break
        suite = learn(suite, [seen], findings, builtin())
    for n in range(1, tests):
        on_step(f"test {n + 1} of {tests}")
        run = _play(suite, suite.cases, options, Mode())
        tally.note(d.verdict for d in run.done)
    verdicts = [d.verdict for d in run.done]
    failed = tally.failed.values()
    suite = quarantine(suite, failed, {v.case: reason(v) for v in failed}, findings)
    suite = tally.noted(suite)
    return Rehearsed(
        suite=suite,
        verdicts=(*verdicts, run.finished.session),
        moved=findings.moved,
        unasked=findings.unasked,
        generated=dict(sorted(findings.generated.items())),
        aside=tuple(findings.aside),
        notes=run.notes,
    )


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


def _play(
    suite: Suite,
    cases: Sequence[Case],
    options: RunOptions,
    mode: Mode,
    on_done: Callable[[CaseDone], None] = lambda done: None,
    shift_ns: int = 0,
    hold_s: float = 0.0,
) -> _Run:
    """One instance, from start to end, in a world of its own.

    The sandbox forks, so it is made before the event loop and its threads are.
    """
    clock = case_clock(options.clock, suite.started_ns)
    clock = msgspec.structs.replace(clock, shift_ns=shift_ns)
    with _world(suite, options, clock) as world:
        problem = world.clock_problem

        async def play() -> Stage:
            moving = None if problem and not world.wall_ahead_ns else clock
            stage = Stage(world, suite, builtin(), mode, SystemClock(), cases, moving)
            stage.on_done = on_done
            stage.ask = functools.partial(_ask, options)
            try:
                await stage.play(options.start_wait_s, hold_s)
            finally:
                await world.stop()
            return stage

        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            stage = runner.run(play())
    assert stage.finished is not None
    notes = clock_notes(suite, builtin(), _stands_at_ns(world, clock))
    if problem and options.clock != NOW:
        notes = (f"the service's clock: {problem}", *notes)
    return _Run(stage.done, stage.finished, (*world.notes, *notes))


def _stands_at_ns(world: World, clock: CaseClock) -> int:
    """What the service's clock shows at the start of the recording: the machine's time where it cannot
    be moved."""
    stuck = bool(world.clock_problem) and not world.wall_ahead_ns
    return SystemClock().wall_ns() if stuck or clock.start_ns is None else clock.start_ns


async def _ask(options: RunOptions, destination: str, request: Value) -> tuple[Value, str]:
    where = options.live[destination]
    return await ask(where, request, builtin()[PROTOCOL], SystemClock(), options.settings)


class _Run(NamedTuple):
    done: list[CaseDone]
    finished: Finished
    notes: tuple[str, ...]


def _world(suite: Suite, options: RunOptions, clock: CaseClock) -> AbstractContextManager[World]:
    """Imported late: the sandbox exists on Linux only, explicit mode everywhere."""
    if options.explicit:
        from reenact.replay.unsealed import unsealed

        return unsealed(suite, options)
    need.linux()
    from reenact.replay.sealed import sealed

    return sealed(suite, options, clock)


# -- several instances --------------------------------------------------------------------------


def _side_by_side(
    suite: Suite,
    lots: Sequence[Sequence[Case]],
    options: RunOptions,
    on_verdict: Callable[[Verdict], None],
) -> Played:
    """A process each, which tells verdicts as they come, and last its session's."""
    from reenact.replay.workers import side_by_side

    def job(n: int, lot: Sequence[Case], tell: Callable[[object], None]) -> None:
        own = msgspec.structs.replace(options, log=options.log.with_suffix(f".{n}.log"))
        run = _play(suite, lot, own, _mode(own), lambda done: tell(("verdict", done.verdict)))
        tell(("session", run.finished.session))
        for note in run.notes:
            tell(("note", note))

    told: dict[str, list[Any]] = {"verdict": [], "session": [], "note": []}
    jobs = [functools.partial(job, n, lot) for n, lot in enumerate(lots, 1)]
    with contextlib.closing(side_by_side(jobs)) as telling:
        for kind, what in telling:
            told[kind].append(what)
            if kind == "verdict":
                on_verdict(what)
    return Played(
        verdicts=tuple(told["verdict"]),
        session=tuple(told["session"]),
        notes=tuple(dict.fromkeys(told["note"])),
    )
