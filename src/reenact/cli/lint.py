"""`reenact lint`"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from reenact.base.errors import Exit
from reenact.cli import places
from reenact.cli.options import DEFAULT_SUITE, SuiteDir

if TYPE_CHECKING:
    from reenact.lint import Problem
    from reenact.model.suite import Suite


def lint(suite: SuiteDir = DEFAULT_SUITE) -> int:
    """Say what is wrong with a suite although its tests pass.

    Tolerances that match nothing any more, cases that can't fail, secrets, and calls
    that nothing uses. What tests made use of is counted whenever they run here.

    \b
      reenact lint
      reenact lint --suite tests/reenact

    Exit code: 0 nothing, or only notes, 3 the suite has to be mended.
    """
    from reenact.lint import problems
    from reenact.protocols import builtin
    from reenact.report.words import plural
    from reenact.store.suite import load_suite

    loaded = load_suite(suite)
    found = list(problems(loaded, places.read_usage(suite), builtin()))
    for line in _lines(loaded, suite, found):
        typer.echo(line)
    sure = sum(problem.sure for problem in found)
    typer.echo(f"{plural(sure, 'problem')}, {plural(len(found) - sure, 'note')}")
    return Exit.USAGE if sure else Exit.AS_RECORDED


def _lines(suite: Suite, folder: Path, found: list[Problem]) -> list[str]:
    """`file:line: what`, the sure ones first."""
    from reenact.report.words import safe
    from reenact.store.suite import SESSION, case_files, case_line

    files = dict(zip((case.id for case in suite.cases), case_files(suite), strict=True))
    out = []
    for problem in sorted(found, key=lambda p: not p.sure):
        file = files.get(problem.case, SESSION)
        line = case_line(folder, file, problem.place)
        kind = "" if problem.sure else "note: "
        out.append(safe(f"{folder / file}:{line}: {kind}{problem.text}"))
    return out
