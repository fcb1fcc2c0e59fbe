"""`reenact test`"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from reenact.base.errors import UserError
from reenact.cli import making, reporting
from reenact.cli.options import (
    DEFAULT_SUITE,
    ConfigFile,
    Mode,
    ReplayMode,
    RestartWhen,
    Seed,
    Select,
    ServiceClock,
    SuiteCommand,
    SuiteDir,
    explicit_replay,
    replayed,
    seed_needs_sandbox,
    service_command,
)
from reenact.cli.reporting import Outputs

if TYPE_CHECKING:
    from reenact.model.suite import Suite
    from reenact.replay.core.events import Filled
    from reenact.replay.live import Target
    from reenact.replay.options import RunOptions
    from reenact.report.run import Report


def run_test(
    command: SuiteCommand = None,
    suite: SuiteDir = DEFAULT_SUITE,
    select: Select = None,
    fail_fast: Annotated[
        bool, typer.Option("--fail-fast", help="Stop at the first changed case.")
    ] = False,
    jobs: Annotated[int, typer.Option(min=1, metavar="N", help="Sandboxes side by side.")] = 1,
    junit: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write JUnit XML.", show_default=False)
    ] = None,
    json: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Write JSON; - is stdout.", show_default=False),
    ] = None,
    verdict: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Write the verdict alone as JSON: the same bytes for equal runs; - is stdout.",
            show_default=False,
        ),
    ] = None,
    github: Annotated[
        bool, typer.Option("--github", help="Print annotations for GitHub Actions.")
    ] = False,
    update: Annotated[
        bool, typer.Option("--update", help="Write what changed into the cases, for review.")
    ] = False,
    reason: Annotated[
        str,
        typer.Option(
            metavar="WHY",
            help="With --update and --live: noted beside what is written.",
            show_default=False,
        ),
    ] = "",
    live: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=URL",
            help="Ask this real dependency what is not recorded; written into the cases.",
        ),
    ] = None,
    keep_files: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Keep what the service wrote.", show_default=False),
    ] = None,
    responses_only: Annotated[
        bool, typer.Option("--responses-only", help="Don't assert the outgoing calls.")
    ] = False,
    restart: RestartWhen = None,
    seed: Seed = None,
    clock: ServiceClock = None,
    mode: ReplayMode = Mode.AUTO,
    config: ConfigFile = None,
) -> int:
    """Start the service sealed off, send it the recorded requests, say what changed.

    Every dependency is played from the recording; nothing of it has to run.

    \b
      reenact test
      reenact test -- ./orders --port 8000
      reenact test -k "orders and not delete" --fail-fast
      reenact test --jobs 2 --junit report.xml --github
      reenact test --live payments:443=https://sandbox.example.org --reason "asks for taxes"

    Exit code: 0 all as recorded, 1 behaviour changed, 2 could not decide, 3 usage,
    4 environment, 5 a bug in reenact.
    """
    from msgspec.structs import replace

    from reenact.intercept.settings import load_settings
    from reenact.store.suite import load_suite

    if json == verdict == "-":
        raise UserError("--json - and --verdict -: only one of them can be on stdout")
    seed_needs_sandbox(seed, explicit=mode is Mode.EXPLICIT)
    _refuse_needing_sandbox(mode, jobs, keep_files)
    _refuse_together(update=update, reason=reason, live=bool(live), jobs=jobs)
    loaded = load_suite(suite)
    _refuse_empty(loaded, suite)
    words = service_command(command, loaded.command)
    options = replace(
        replayed(
            making.run_options(words, suite, load_settings(config, Path.cwd()), loaded),
            clock,
            restart,
            seed,
        ),
        select=_chosen(loaded, select),
        jobs=jobs,
        fail_fast=fail_fast,
        responses_only=responses_only,
        keep_files=keep_files,
        explicit=explicit_replay(mode),
        live=_targets(live, loaded),
    )
    outputs = Outputs(junit=junit, json=json, verdict=verdict, github=github)
    report, filled = _played(loaded, suite, options, outputs)
    if filled:
        _write_filled(loaded, filled, suite, reason or "answered live")
    return reporting.update(report, suite, reason) if update else reporting.exit_code(report)


def play(
    suite: Suite,
    folder: Path,
    options: RunOptions,
    outputs: Outputs,
    stream: TextIO | None = None,
) -> Report:
    """Run and tell (on stdout, unless the JSON goes there); what a later command wants to know of
    it is in the last report."""
    return _played(suite, folder, options, outputs, stream)[0]


def _played(
    suite: Suite,
    folder: Path,
    options: RunOptions,
    outputs: Outputs,
    stream: TextIO | None = None,
) -> tuple[Report, tuple[Filled, ...]]:
    from reenact.base.clock import SystemClock
    from reenact.replay.run import run_suite
    from reenact.report.terminal import Screen

    stream = stream or (sys.stderr if "-" in (outputs.json, outputs.verdict) else sys.stdout)
    reporter = reporting.Reporter(suite, folder, options, SystemClock(), Screen(stream, os.environ))
    try:
        played = run_suite(suite, options, reporter.verdict)
    finally:
        reporter.close()
    for note in played.notes:
        making.say_on_stderr(note)
    report = reporter.end(played.verdicts, played.session)
    reporting.write(report, folder, outputs)
    return report, played.filled


def _write_filled(suite: Suite, filled: tuple[Filled, ...], folder: Path, why: str) -> None:
    from reenact.cli.writing import today, write
    from reenact.replay.filled import with_filled
    from reenact.report.words import plural

    write(suite, with_filled(suite, filled, why=why, since=today()), folder)
    making.say_on_stderr(
        f"written into {folder}: {plural(len(filled), 'call')} answered live; review the difference,"
        " then test again without --live"
    )


def _targets(live: list[str] | None, suite: Suite) -> dict[str, Target]:
    if not live:
        return {}
    from reenact.replay.live import target

    found = [target(text, suite) for text in live]
    for one in found:
        making.say_on_stderr(
            f"not sealed: what is not recorded of {one.destination} is asked of {one.host}:{one.port}"
        )
    return {one.destination: one for one in found}


def _chosen(suite: Suite, expression: str | None) -> frozenset[str] | None:
    from reenact.cli.labels import case_labels
    from reenact.cli.select import selected

    return None if expression is None else frozenset(selected(expression, case_labels(suite)))


def _refuse_together(*, update: bool, reason: str, live: bool, jobs: int) -> None:
    if reason and not (update or live):
        raise UserError("--reason is for what --update writes; add --update")
    if live and update:
        raise UserError("--live adds calls, --update changes what is expected: one after the other")
    if live and jobs > 1:
        raise UserError("--live asks for one case at a time; leave --jobs out")


def _refuse_empty(suite: Suite, folder: Path) -> None:
    if not suite.cases:
        raise UserError(f"{folder}: the suite has no cases; record again and send requests")


def _refuse_needing_sandbox(mode: Mode, jobs: int, keep_files: Path | None) -> None:
    if mode is Mode.EXPLICIT and jobs > 1:
        raise UserError("--jobs needs sandboxes: in --mode explicit there is one set of ports")
    if mode is Mode.EXPLICIT and keep_files is not None:
        raise UserError(
            "--keep-files needs a sandbox: in --mode explicit files stay where they are"
        )
