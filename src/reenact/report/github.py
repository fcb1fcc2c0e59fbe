"""Annotations for GitHub Actions: each finding at its line in the case's file.

Source: GitHub Docs, "Workflow commands for GitHub Actions" (error, warning, notice).
"""

from __future__ import annotations

from collections.abc import Callable

from reenact.model.suite import Case
from reenact.model.value import Path
from reenact.model.verdict import Status, Verdict
from reenact.report.explain import findings
from reenact.report.run import Leaning, Report, again, leanings
from reenact.report.words import aside_text

Locate = Callable[[str, Path], int]
"""(file inside the suite's folder, path in it) -> line from 1."""


def github(report: Report, folder: str, locate: Locate) -> list[str]:
    """`folder` is the suite's, relative to the repository's root."""
    aside = {case.id for case in report.suite.cases if case.aside}
    out: list[str] = []
    for verdict in report.verdicts:
        if verdict.case not in aside and verdict.status is not Status.PASS:
            out += _of(report, verdict, folder, locate)
    out += [_aside(report, case, folder, locate) for case in report.suite.cases if case.aside]
    for leaning in leanings(report):
        out.append(_tolerated(report, leaning, folder, locate))
    return out


def _aside(report: Report, case: Case, folder: str, locate: Locate) -> str:
    """Not silently: a case that decides nothing is told each time."""
    file = report.files.get(case.id, "")
    text = f"set aside: {aside_text(case)}"
    return _command("notice", f"{folder}/{file}", locate(file, ("aside",)), case.id, text)


def _tolerated(report: Report, leaning: Leaning, folder: str, locate: Locate) -> str:
    """A notice at the tolerance itself."""
    file, written = report.files.get(leaning.case, ""), leaning.tolerance
    case = report.case(leaning.case)
    assert case is not None
    line = locate(file, ("tolerances", case.tolerances.index(written)))
    text = f"tolerated ({written.rule}): {written.why}"
    return _command("notice", f"{folder}/{file}", line, f"{leaning.case} {written.at}", text)


def _of(report: Report, verdict: Verdict, folder: str, locate: Locate) -> list[str]:
    level = "warning" if verdict.status is Status.UNKNOWN else "error"
    file = report.files.get(verdict.case, "")
    title = f"{verdict.case} {verdict.title}".rstrip()
    found = findings(report, verdict)
    rerun = f"again: {again(report, verdict.case)}"
    if not found:
        return [_command(level, f"{folder}/{file}", 1, title, f"{verdict.note}\n{rerun}")]
    first = found[0]
    others = [finding.headline for finding in found[1:]]
    text = "\n".join([first.headline, *first.details, *others, rerun])
    return [_command(level, f"{folder}/{file}", locate(file, first.place), title, text)]


def _command(level: str, file: str, line: int, title: str, text: str) -> str:
    return f"::{level} file={_property(file)},line={line},title={_property(title)}::{_data(text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
