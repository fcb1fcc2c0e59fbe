"""What a report is about: the run, its counts, and the exit code that follows from them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

import msgspec

from reenact.base.errors import Exit
from reenact.model.difference import Difference
from reenact.model.suite import Case, Suite, Tolerance
from reenact.model.value import path_text
from reenact.model.verdict import Status, Verdict


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """`suite_path` as the user gave it. `started_ns` is wall clock since the epoch, `took_ns`
    the whole run, `background_calls` the session's calls served, `notes` one line each."""

    suite_path: str
    command: tuple[str, ...]
    started_ns: int = 0
    took_ns: int = 0
    background_calls: int = 0
    notes: tuple[str, ...] = ()


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """Every case of the suite is in exactly one."""

    passed: int
    changed: int
    undecided: int
    broken: int
    aside: int
    not_run: int


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the writers need. `files` are case id -> file inside the suite's folder; `session`
    judges what was asked outside of any case (in `verdicts` only when it differs)."""

    run: Run
    suite: Suite
    verdicts: tuple[Verdict, ...]
    files: dict[str, str]
    session: tuple[Verdict, ...] = ()

    def case(self, case_id: str) -> Case | None:
        return next((case for case in self.suite.cases if case.id == case_id), None)


def counts(suite: Suite, verdicts: Sequence[Verdict]) -> Counts:
    aside = {case.id for case in suite.cases if case.aside}
    judged = [v for v in verdicts if v.case not in aside]
    ran = {v.case for v in judged}

    def of(status: Status) -> int:
        return sum(v.status is status for v in judged)

    return Counts(
        passed=of(Status.PASS),
        changed=of(Status.FAIL),
        undecided=of(Status.UNKNOWN),
        broken=of(Status.BROKEN),
        aside=len(aside),
        not_run=sum(case.id not in ran and case.id not in aside for case in suite.cases),
    )


class Leaning(msgspec.Struct, frozen=True, kw_only=True):
    """A written tolerance without which the case would have changed."""

    case: str
    tolerance: Tolerance


def leanings(report: Report) -> list[Leaning]:
    """In the order of the verdicts; each tolerance of a case once."""
    found: dict[Leaning, None] = {}
    for verdict in report.verdicts:
        case = report.case(verdict.case)
        written = {t.at: t for t in case.tolerances} if case else {}
        for at in _tolerated_places(verdict):
            if at in written:
                found[Leaning(case=verdict.case, tolerance=written[at])] = None
    return list(found)


def _tolerated_places(verdict: Verdict) -> Iterator[str]:
    for difference in verdict.differences:
        if tolerated(difference):
            yield path_text(difference.at)
    for call in verdict.calls:
        for difference in call.differences:
            if tolerated(difference):
                yield path_text(("calls", call.interaction, *difference.at))


def tolerated(difference: Difference) -> bool:
    return (difference.explained_by or "").startswith("tolerated")


def exit_of(suite: Suite, verdicts: Sequence[Verdict]) -> Exit:
    """A change is evidence and wins; cases set aside were reviewed and decide nothing."""
    found = counts(suite, verdicts)
    if found.changed:
        return Exit.BEHAVIOUR_CHANGED
    if found.broken:
        return Exit.OUR_FAULT
    if found.undecided or not found.passed:
        return Exit.UNDECIDED
    return Exit.AS_RECORDED


def again(report: Report, case_id: str) -> str:
    """The command that runs just this case; all of them for what belongs to none."""
    run = report.run
    only = ["-k", case_id] if report.case(case_id) else []
    return shlex.join(["reenact", "test", *_suite_option(run), *only, "--", *run.command])


def look(report: Report, case_id: str) -> str:
    """The command that shows the case with every value in full."""
    name = [case_id] if report.case(case_id) else []
    return shlex.join(["reenact", "inspect", report.run.suite_path, *name])


def _suite_option(run: Run) -> list[str]:
    return [] if run.suite_path == "reenact" else ["--suite", run.suite_path]
