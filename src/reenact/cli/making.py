"""From a capture to a rehearsed suite on disk: what record, compile and rehearse share."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from reenact.base.errors import Exit
from reenact.cli import places
from reenact.model.suite import Suite

if TYPE_CHECKING:
    from reenact.intercept.settings import Settings
    from reenact.model.files import FileBefore
    from reenact.replay.options import RunOptions
    from reenact.store.capture import Capture

Say = Callable[[str], None]


def compiled(capture: Path, folder: Path) -> Suite:
    """The suite of a recording, before any rehearsal. What files held goes to `folder`, the rest
    is not saved yet. Raises StoreError."""
    from reenact.compile.build import Recording, compile_suite
    from reenact.decode.flow import decode
    from reenact.protocols import builtin
    from reenact.store.capture import open_capture

    opened = open_capture(capture)
    if opened.accounting is None:
        why = opened.torn or "the recorder was killed"
        say_on_stderr(f"the end of the recording is missing: {why}; what came before is used")
    exchanges = decode(opened.flows, opened.segments, builtin()).exchanges
    recording = Recording(
        digest=opened.digest,
        command=opened.meta.command,
        started_ns=opened.meta.started_ns,
        addresses=opened.meta.addresses,
        hash_seed=opened.meta.hash_seed,
        flows=opened.flows,
        exchanges=exchanges,
        files=_files(opened, folder),
    )
    return compile_suite(recording, builtin())


def _files(opened: Capture, folder: Path) -> tuple[FileBefore, ...]:
    from reenact.compile.files import kept
    from reenact.store import files

    changed = files.unpack(opened.pieces(), folder / files.FOLDER)
    for path in changed.cut:
        say_on_stderr(f"the content of {path} is not whole in the recording; it is left out")
    meta = opened.meta
    return kept(
        changed.files, gone=changed.gone, programs=changed.programs, cwd=meta.cwd, owner=meta.owner
    )


def rehearsed(
    suite: Suite,
    folder: Path,
    options: RunOptions,
    say: Say,
    tests: int = 1,
    alone_s: float | None = None,
) -> Suite:
    """The suite after replaying it against the build it came from, saved."""
    from reenact.replay.run import rehearse
    from reenact.store.suite import save_suite

    found = rehearse(suite, options, say, tests, alone_s)
    save_suite(found.suite, folder)
    for note in found.notes:
        say(note)
    if found.moved:
        say(f"calls that turned out to belong to another request than it seemed: {found.moved}")
    if found.generated:
        kinds = ", ".join(f"{count} {kind}" for kind, count in found.generated.items())
        say(f"values the service makes up: {kinds}")
    return found.suite


def run_options(
    command: tuple[str, ...], folder: Path, settings: Settings, suite: Suite | None = None
) -> RunOptions:
    """What `reenact.toml` says; `suite` is the one that is there, which was rehearsed with a seed
    perhaps."""
    from reenact.replay.groups import Restart
    from reenact.replay.options import RunOptions

    kept = None if suite is None else suite.seed
    return RunOptions(
        command=command,
        cwd=Path.cwd(),
        env=dict(os.environ),
        log=places.service_log(folder),
        contents=contents(folder),
        settings=settings,
        clock=settings.replay.clock,
        restart=Restart(settings.replay.restart),
        seed=kept if (seed := settings.replay.seed) is None else seed,
    )


def contents(folder: Path) -> Path:
    """Where what files held lies."""
    from reenact.store.files import FOLDER

    return folder.absolute() / FOLDER


def tell(suite: Suite, folder: Path, say: Say) -> Exit:
    """The summary; UNDECIDED when there is nothing to test."""
    from reenact.report.words import aside_text, plural

    calls = sum(len(case.calls) for case in suite.cases)
    aside = Counter(case.aside for case in suite.cases if case.aside)
    say(
        f"suite {folder}/: {plural(len(suite.cases), 'request')},"
        f" {plural(len(suite.cases) - aside.total(), 'case')}, {plural(calls, 'call')} of theirs,"
        f" {len(suite.session)} of the session, {aside.total()} set aside"
    )
    if suite.files:
        say(f"files and folders that it changes, laid as they were before: {len(suite.files)}")
    for case in suite.cases:
        if case.aside and case.trials is not None:
            say(f"set aside: {case.id}: {aside_text(case)}")
    others = Counter(case.aside for case in suite.cases if case.aside and case.trials is None)
    for why, count in others.most_common():
        say(f"set aside: {count}: {why}")
    if not suite.cases:
        say("nothing came in while recording; send the service requests before you stop it")
        return Exit.UNDECIDED
    return Exit.AS_RECORDED


def say_on_stderr(text: str) -> None:
    import typer

    typer.echo(f"reenact: {text}", err=True)
