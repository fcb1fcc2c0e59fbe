"""`reenact compile`"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reenact.base.errors import UserError
from reenact.cli import making
from reenact.cli.options import DEFAULT_SUITE, SuiteDir

if TYPE_CHECKING:
    from reenact.model.suite import Suite


def compile_(
    capture: Annotated[
        Path | None,
        typer.Argument(
            metavar="[CAPTURE]", help="A recording made by reenact record.", show_default=False
        ),
    ] = None,
    dedup: Annotated[
        bool, typer.Option("--dedup", help="Keep a smallest set of cases with every shape.")
    ] = False,
    coverage: Annotated[
        bool,
        typer.Option(
            "--coverage", help="With --dedup: keep every line that a Python service reaches, too."
        ),
    ] = False,
    suite: SuiteDir = DEFAULT_SUITE,
) -> int:
    """Make the suite of a recording anew, without the rehearsals.

    The same recording gives the same files. Edits in the cases are lost.

    With --dedup, cases are left out whose request, response and calls have the shape of
    another's; each is told with the case that stands for it. What a kept case needs stays.
    Without a CAPTURE, that is done to the suite as it is: best after it was rehearsed.
    With --coverage the suite is tested once by the recorded command, with a tracer in it.

    \b
      reenact compile reenact/.local/recording.capture
      reenact rehearse
      reenact compile --dedup
      reenact compile --dedup --coverage
    """
    from reenact.store.suite import load_suite, save_changes, save_suite

    if coverage and (capture is not None or not dedup):
        raise UserError("--coverage goes with --dedup, and is for a suite that was rehearsed")
    if capture is not None:
        made = making.compiled(capture, suite)
        made = _deduped(made) if dedup else made
        save_suite(made, suite)
    elif dedup:
        before = load_suite(suite)
        made = _deduped(before, _lines(before, suite) if coverage else None)
        save_changes(before, made, suite)
    else:
        raise UserError("name a recording, or add --dedup; see reenact compile --help")
    return making.tell(made, suite, making.say_on_stderr)


def _lines(suite: Suite, folder: Path) -> Mapping[str, frozenset[Hashable]]:
    from reenact.intercept.settings import load_settings
    from reenact.replay.lines import lines_reached
    from reenact.report.words import plural

    options = making.run_options(suite.command, folder, load_settings(None, Path.cwd()), suite)
    found: Mapping[str, frozenset[Hashable]] = dict(lines_reached(suite, options))
    count = len(frozenset[Hashable]().union(*found.values()))
    typer.echo(f"{plural(count, 'line')} of the service reached")
    return found


def _deduped(suite: Suite, reached: Mapping[str, frozenset[Hashable]] | None = None) -> Suite:
    from reenact.compile.dedup import dedup
    from reenact.protocols import builtin
    from reenact.report.words import plural

    done = dedup(suite, builtin(), reached)
    for dropped, kept in done.dropped:
        typer.echo(f"left out: {dropped}: {kept} stands for it")
    typer.echo(f"{plural(len(done.dropped), 'case')} left out of {len(suite.cases)}")
    return done.suite
