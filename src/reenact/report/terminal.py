"""The report that people read: failures as they happen, the summary last.

Colours and the progress line only on a terminal, and no colours when NO_COLOR is set; the text is
the same everywhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, TextIO

from reenact.model.suite import Suite
from reenact.model.verdict import Status, Verdict
from reenact.report.explain import Line, brief, explain
from reenact.report.run import Counts, Report, Run, counts, leanings
from reenact.report.words import aside_text, duration_text, plural, safe

if TYPE_CHECKING:
    from rich.console import Console
    from rich.status import Status as Spinner

_STYLES = {"good": "green", "bad": "red", "warn": "yellow", "dim": "dim", "head": "bold", "": ""}


class Screen:
    """Where lines go: plainly, or through rich when a person is watching."""

    def __init__(self, stream: TextIO, env: Mapping[str, str]) -> None:
        self._stream = stream
        self._console: Console | None = None
        self._spinner: Spinner | None = None
        if stream.isatty() and env.get("TERM") != "dumb":
            from rich.console import Console  # 60 ms that a pipe need not pay

            self._console = Console(
                file=stream, highlight=False, soft_wrap=True, no_color="NO_COLOR" in env
            )

    def line(self, line: Line) -> None:
        if self._console is None:
            self._stream.write(line.text + "\n")
            return
        self._console.print(line.text, style=_STYLES[line.style] or None, markup=False, emoji=False)

    def lines(self, lines: list[Line]) -> None:
        for line in lines:
            self.line(line)
        self._stream.flush()

    def progress(self, text: str) -> None:
        """One line that is overwritten; nothing in a pipe."""
        if self._console is None:
            return
        from rich.text import Text

        if self._spinner is None:
            self._spinner = self._console.status(Text(text))
            self._spinner.start()
        self._spinner.update(Text(text))

    def close(self) -> None:
        if self._spinner is not None:
            self._spinner.stop()
            self._spinner = None
        self._stream.flush()


class TerminalReport:
    """Give it each verdict as it comes, then the finished run."""

    def __init__(self, screen: Screen, run: Run, suite: Suite, total: int) -> None:
        self._screen = screen
        self._about = Report(run=run, suite=suite, verdicts=(), files={})
        self._total = total
        self._seen: Counter[Status] = Counter()

    def verdict(self, verdict: Verdict) -> None:
        told = self._seen[Status.FAIL] + self._seen[Status.BROKEN]
        self._seen[verdict.status] += 1
        self._screen.lines(_told(self._about, verdict, told))
        done = sum(self._seen.values())
        changed = f", {self._seen[Status.FAIL]} changed" if self._seen[Status.FAIL] else ""
        self._screen.progress(f"{done} of {self._total}{changed}  {safe(verdict.case)}")

    def end(self, report: Report) -> None:
        self._screen.close()
        self._screen.lines(summary(report))


EXPLAINED_MAX = 20
"""When everything is red, it is for one reason: the rest is told in brief."""


def _told(report: Report, verdict: Verdict, before: int) -> list[Line]:
    """What the terminal says of a verdict, after `before` others that did not pass."""
    case = report.case(verdict.case)
    if verdict.status not in (Status.FAIL, Status.BROKEN) or (case and case.aside):
        return []
    tell = explain if before < EXPLAINED_MAX else brief
    return [*tell(report, verdict), Line("")]


def whole(report: Report) -> list[Line]:
    """All of it at once, as `TerminalReport` prints it piece by piece."""
    lines: list[Line] = []
    before = 0
    for verdict in report.verdicts:
        lines += _told(report, verdict, before)
        before += verdict.status in (Status.FAIL, Status.BROKEN)
    return lines + summary(report)


def summary(report: Report) -> list[Line]:
    found = counts(report.suite, report.verdicts)
    lines = [Line(f"note: {safe(note)}", "dim") for note in report.run.notes]
    lines += _reasons("could not be decided", _undecided(report), "warn")
    lines += _asides(report.suite)
    lines += _reasons("tolerated", _tolerated(report), "dim")
    return [*lines, Line(_totals(report.run, found), _style(found))]


def _undecided(report: Report) -> Counter[str]:
    aside = {case.id for case in report.suite.cases if case.aside}
    unknown = (v for v in report.verdicts if v.status is Status.UNKNOWN and v.case not in aside)
    return Counter(v.note or "no reason given" for v in unknown)


def _asides(suite: Suite) -> list[Line]:
    """Those that come and go by name; the others by their reasons."""
    aside = [case for case in suite.cases if case.aside]
    lines = [
        Line(f"set aside: {safe(case.id)}: {safe(aside_text(case))}", "warn")
        for case in aside
        if case.trials is not None
    ]
    others = Counter(case.aside for case in aside if case.trials is None)
    return lines + _reasons("set aside", others, "dim")


def _tolerated(report: Report) -> Counter[str]:
    written = [leaning.tolerance for leaning in leanings(report)]
    return Counter(f"{t.at}: {t.why}{f' (since {t.since})' if t.since else ''}" for t in written)


def _reasons(what: str, reasons: Counter[str], style: str) -> list[Line]:
    return [Line(f"{what}: {count}: {safe(why)}", style) for why, count in reasons.most_common()]


def _totals(run: Run, found: Counts) -> str:
    parts = [f"{found.passed} passed", f"{found.changed} changed"]
    if found.undecided:
        parts.append(f"{found.undecided} could not be decided")
    if found.broken:
        parts.append(f"{found.broken} where reenact itself failed")
    if found.aside:
        parts.append(f"{found.aside} set aside")
    if found.not_run:
        parts.append(f"{found.not_run} not run")
    if run.background_calls:
        parts.append(plural(run.background_calls, "background call"))
    return f"{', '.join(parts)} in {duration_text(run.took_ns)}"


def _style(found: Counts) -> str:
    if found.changed or found.broken:
        return "bad"
    return "warn" if found.undecided or not found.passed else "good"
