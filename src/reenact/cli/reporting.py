"""From verdicts to the outputs that `reenact test` was asked for."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from reenact.base.clock import Clock, SystemClock, today
from reenact.base.errors import Exit
from reenact.cli import places
from reenact.cli.errors import reader_may_leave
from reenact.model.suite import Suite
from reenact.model.verdict import Status, Verdict
from reenact.report.run import Report, Run, exit_of, leanings
from reenact.report.terminal import Screen, TerminalReport

if TYPE_CHECKING:
    from reenact.replay.options import RunOptions


class Outputs(msgspec.Struct, frozen=True, kw_only=True):
    junit: Path | None = None
    json: str | None = None
    verdict: str | None = None
    github: bool = False


class Reporter:
    """The terminal while the suite runs, and the report when it has."""

    def __init__(
        self, suite: Suite, folder: Path, options: RunOptions, clock: Clock, screen: Screen
    ) -> None:
        self._suite, self._folder, self._clock, self._screen = suite, folder, clock, screen
        self._started_ns = clock.now_ns()
        self._run = Run(suite_path=str(folder), command=options.command, started_ns=clock.wall_ns())
        total = len(options.select if options.select is not None else suite.cases)
        self._terminal = TerminalReport(screen, self._run, suite, total)
        screen.progress("starting the service")

    def verdict(self, verdict: Verdict) -> None:
        with reader_may_leave():
            self._terminal.verdict(verdict)

    def close(self) -> None:
        with reader_may_leave():
            self._screen.close()

    def end(self, verdicts: Sequence[Verdict], session: Sequence[Verdict]) -> Report:
        """`session` judges what was asked outside of any case: told only when it differs."""
        from reenact.store.suite import case_files

        outside = [verdict for verdict in session if verdict.status is not Status.PASS]
        for verdict in outside:
            self.verdict(verdict)
        run = msgspec.structs.replace(
            self._run,
            took_ns=self._clock.now_ns() - self._started_ns,
            background_calls=_background([*verdicts, *session]),
        )
        files = zip((case.id for case in self._suite.cases), case_files(self._suite), strict=True)
        report = Report(
            run=run,
            suite=self._suite,
            verdicts=(*verdicts, *outside),
            files=dict(files),
            session=tuple(session),
        )
        with reader_may_leave():
            self._terminal.end(report)
        return report


def write(report: Report, folder: Path, outputs: Outputs) -> None:
    """Everything but the terminal, and the last report for `reenact inspect`."""
    from reenact.report.json_report import json_report, json_verdict

    text = json_report(report)
    _count(report, folder)
    write_text(places.last_report(folder), text)
    _put(outputs.json, text)
    if outputs.verdict:
        _put(outputs.verdict, json_verdict(report))
    if outputs.junit:
        from reenact.report.junit import junit

        write_text(outputs.junit, junit(report))
    if outputs.github:
        _annotate(report, folder)


def _put(where: str | None, text: str) -> None:
    if where == "-":
        with reader_may_leave():
            sys.stdout.write(text)
    elif where:
        write_text(Path(where), text)


def _count(report: Report, folder: Path) -> None:
    """What this test made use of: `reenact lint` wants to know."""
    from reenact.lint.usage import counted

    leant = tuple(f"{one.case} {one.tolerance.at}" for one in leanings(report))
    verdicts = (*report.verdicts, *report.session)
    usage = counted(places.read_usage(folder), report.suite, verdicts, leant)
    places.write_usage(folder, usage)


def write_text(path: Path, text: str) -> None:
    """For the owner only: a report quotes what the service was told and said."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(
        os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
    ) as file:
        file.write(text)


def exit_code(report: Report) -> Exit:
    return exit_of(report.suite, report.verdicts)


def update(report: Report, folder: Path, why: str) -> Exit:
    """`--update`: what changed becomes what is expected; git shows the difference.

    A case with something that could not be written still counts as changed.
    """
    from reenact.report.words import plural
    from reenact.store.accept import Wanted, accepted
    from reenact.store.suite import save_changes

    changed = [v for v in report.verdicts if v.status is Status.FAIL]
    if changed:
        wanted = Wanted(why=why, since=today(SystemClock()) if why else "")
        done = accepted(report.suite, changed, wanted)
        save_changes(report.suite, done.suite, folder)
        updated = plural(len(changed), "case")
        sys.stderr.write(f"reenact: {updated} updated in {folder}; review and test\n")
        sys.stderr.writelines(f"reenact: not updated: {line}\n" for line in done.left)
        if done.left or any(report.case(v.case) is None for v in changed):
            return Exit.BEHAVIOUR_CHANGED
    rest = [v for v in report.verdicts if v.status is not Status.FAIL]
    return exit_of(report.suite, rest) if rest else Exit.AS_RECORDED


def _annotate(report: Report, folder: Path) -> None:
    from reenact.report.github import github
    from reenact.store.suite import case_line

    root = os.environ.get("GITHUB_WORKSPACE", os.getcwd())
    from_root = os.path.relpath(folder.absolute(), root)
    for line in github(report, from_root, lambda file, path: case_line(folder, file, path)):
        sys.stdout.write(line + "\n")


def _background(verdicts: Sequence[Verdict]) -> int:
    return sum(step.fate == "background" for v in verdicts for step in v.timeline)
