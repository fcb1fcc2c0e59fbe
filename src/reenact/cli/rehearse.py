"""`reenact rehearse`"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reenact.cli import making
from reenact.cli.options import (
    DEFAULT_SUITE,
    ConfigFile,
    Mode,
    ReplayMode,
    RestartWhen,
    Seed,
    ServiceClock,
    SuiteCommand,
    SuiteDir,
    explicit_replay,
    replayed,
    seed_needs_sandbox,
    service_command,
)


def rehearse(
    command: SuiteCommand = None,
    suite: SuiteDir = DEFAULT_SUITE,
    clock: ServiceClock = None,
    tests: Annotated[
        int, typer.Option(min=1, metavar="N", help="So many tests in a row have to agree.")
    ] = 1,
    alone: Annotated[
        float | None,
        typer.Option(
            min=0,
            metavar="SECONDS",
            help="How long groups and cases are played by themselves, and three times that to find"
            " what those that fail need; half as long as the rehearsals took when left out, 0: not at all.",
            show_default=False,
        ),
    ] = None,
    restart: RestartWhen = None,
    seed: Seed = None,
    mode: ReplayMode = Mode.AUTO,
    config: ConfigFile = None,
) -> int:
    """Replay the suite against the build it came from, and learn from what varies.

    Finds the values that the service makes up, settles which calls belong to which case, and
    sets aside, with the reason, the cases that don't reproduce. A case that comes and goes
    shows in more tests (--tests): its file then says how many it failed, and what varied.
    A case that needs what an earlier one left inside the service (a cache, a counter) is found
    by playing groups and cases by themselves, and its file then says which it needs, and why.

    \b
      reenact rehearse
      reenact rehearse --tests 10
      reenact rehearse --suite tests/reenact -- ./orders --port 8000
    """
    from msgspec.structs import replace

    from reenact.intercept.settings import load_settings
    from reenact.store.suite import load_suite

    seed_needs_sandbox(seed, explicit=mode is Mode.EXPLICIT)
    loaded = load_suite(suite)
    settings = load_settings(config, Path.cwd())
    words = service_command(command, loaded.command)
    options = replace(
        replayed(making.run_options(words, suite, settings, loaded), clock, restart, seed),
        explicit=explicit_replay(mode),
    )
    made = making.rehearsed(loaded, suite, options, making.say_on_stderr, tests, alone)
    return making.tell(made, suite, making.say_on_stderr)
