"""Running a suite: one instance of the service, or several side by side."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

import msgspec

from reenact.base.clock import SystemClock
from reenact.intercept.loop import loop_factory
from reenact.model.suite import Case, Suite
from reenact.model.verdict import Status, Verdict
from reenact.protocols import builtin
from reenact.replay.core import Mode
from reenact.replay.core.events import CaseDone, Finished
from reenact.replay.groups import shares, with_needs
from reenact.replay.options import RunOptions
from reenact.replay.reason import reason
from reenact.replay.rehearse import Findings, learn, quarantine, telling
from reenact.replay.shell import Stage
from reenact.replay.strays import Strays
from reenact.replay.world import World
from reenact.sandbox import need

REHEARSALS = 2
"""That discover; one more then tests what they found."""

REHEARSALS_MAX = 7
"""While that test fails, what varies seldom is looked for again."""


class Played(msgspec.Struct, frozen=True, kw_only=True):
    """All verdicts in the suite's order; `session` is what was asked outside of any case."""

    verdicts: tuple[Verdict, ...]
    session: tuple[Verdict, ...]


class Rehearsed(msgspec.Struct, frozen=True, kw_only=True):
    suite: Suite
    verdicts: tuple[Verdict, ...]
    moved: int
    unasked: int
    generated: dict[str, int]
    aside: tuple[tuple[str, str], ...]


def run_suite(
    suite: Suite, options: RunOptions, on_verdict: Callable[[Verdict], None] = lambda verdict: None
) -> Played:
    """Raises MachineError when the service cannot be started at all."""
    wanted = [c.id for c in suite.cases if options.select is None or c.id in options.select]
    cases = with_needs(suite.cases, wanted)
    lots = shares(cases, options.jobs) or [[]]
    if len(lots) == 1:
        done, finished = _play(
            suite, lots[0], options, _mode(options), lambda d: on_verdict(d.verdict)
        )
        return Played(verdicts=tuple(d.verdict for d in done), session=(finished.session,))
    place = {case.id: n for n, case in enumerate(suite.cases)}
    verdicts, session = _side_by_side(suite, lots, options, on_verdict)
    verdicts.sort(key=lambda v: place[v.case])
    return Played(verdicts=tuple(verdicts), session=tuple(session))


def rehearse(
    suite: Suite, options: RunOptions, on_step: Callable[[str], None] = lambda step: None
) -> Rehearsed:
    """The suite as replaying it against the build it came from shows it."""
    findings = Findings()
    strays = Strays(suite, builtin())
    for n in range(1, REHEARSALS_MAX + 1):
        on_step(f"rehearsal {n}")
        tests = n > REHEARSALS and n % 2 == 1  # two that discover, then by turns
        mode = Mode() if tests else Mode(discover=True, linger=n == 1)
        done, finished = _play(suite, suite.cases, options, mode)
        if not tests:
            seen = [*(d.observation for d in done), finished.observation]
            suite = strays.learn(learn(suite, [seen], findings, builtin()), seen)
        elif all(d.verdict.status is not Status.FAIL for d in done):
            break
        else:
            suite = learn(
                suite, [[d.observation for d in done if telling(d.verdict)]], findings, builtin()
            )
    verdicts = [d.verdict for d in done]
    suite = quarantine(suite, verdicts, {v.case: reason(v) for v in verdicts}, findings)
    return Rehearsed(
        suite=suite,
        verdicts=(*verdicts, finished.session),
        moved=findings.moved,
        unasked=findings.unasked,
        generated=dict(sorted(findings.generated.items())),
        aside=tuple(findings.aside),
    )


def _mode(options: RunOptions) -> Mode:
    return Mode(responses_only=options.responses_only, fail_fast=options.fail_fast)


def _play(
    suite: Suite,
    cases: Sequence[Case],
    options: RunOptions,
    mode: Mode,
    on_done: Callable[[CaseDone], None] = lambda done: None,
) -> tuple[list[CaseDone], Finished]:
    """One instance, from start to end, in a world of its own.

    The sandbox forks, so it is made before the event loop and its threads are.
    """
    with _world(suite, options) as world:

        async def play() -> Stage:
            stage = Stage(world, suite, builtin(), mode, SystemClock(), cases)
            stage.on_done = on_done
            try:
                await stage.play(options.start_wait_s)
            finally:
                await world.stop()
            return stage

        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            stage = runner.run(play())
    assert stage.finished is not None
    return stage.done, stage.finished


def _world(suite: Suite, options: RunOptions) -> AbstractContextManager[World]:
    """Imported late: the sandbox exists on Linux only, explicit mode everywhere."""
    if options.explicit:
        from reenact.replay.unsealed import unsealed

        return unsealed(suite, options)
    need.linux()
    from reenact.replay.sealed import sealed

    return sealed(suite, options)


# -- several instances --------------------------------------------------------------------------


def _side_by_side(
    suite: Suite,
    lots: Sequence[Sequence[Case]],
    options: RunOptions,
    on_verdict: Callable[[Verdict], None],
) -> tuple[list[Verdict], list[Verdict]]:
    """A process each, which tells verdicts as they come, and last its session's."""
    from reenact.replay.workers import side_by_side

    def job(n: int, lot: Sequence[Case], tell: Callable[[object], None]) -> None:
        own = msgspec.structs.replace(options, log=options.log.with_suffix(f".{n}.log"))
        play = _play(suite, lot, own, _mode(own), lambda done: tell(("verdict", done.verdict)))
        tell(("session", play[1].session))

    told: dict[str, list[Verdict]] = {"verdict": [], "session": []}
    jobs = [functools.partial(job, n, lot) for n, lot in enumerate(lots, 1)]
    with contextlib.closing(side_by_side(jobs)) as telling:
        for kind, verdict in telling:
            told[kind].append(verdict)
            if kind == "verdict":
                on_verdict(verdict)
    return told["verdict"], told["session"]
