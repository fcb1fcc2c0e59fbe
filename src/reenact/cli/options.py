"""What several commands take, with one wording."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reenact.base.errors import UserError
from reenact.cli import making
from reenact.model.suite import SEED_MAX
from reenact.replay.groups import Restart

if TYPE_CHECKING:
    from reenact.replay.options import RunOptions


class Mode(enum.StrEnum):
    AUTO = "auto"
    SANDBOX = "sandbox"
    EXPLICIT = "explicit"


SuiteDir = Annotated[Path, typer.Option("--suite", metavar="DIR", help="The suite's folder.")]
ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="Settings; reenact.toml when it is there."),
]
Command = Annotated[
    list[str] | None,
    typer.Argument(metavar="-- COMMAND", help="How the service is started.", show_default=False),
]
SuiteCommand = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="-- COMMAND",
        help="How the service is started; the recorded command when left out.",
        show_default=False,
    ),
]
Select = Annotated[
    str | None,
    typer.Option(
        "-k",
        metavar="EXPR",
        help="Only these: part of an id or label, with and, or, not, ( ).",
        show_default=False,
    ),
]
ReplayMode = Annotated[
    Mode,
    typer.Option(
        "--mode", help="explicit: no sandbox; the recorded ports are played on this machine."
    ),
]
ServiceClock = Annotated[
    str | None,
    typer.Option(
        "--clock",
        metavar="WHEN",
        help="The service's time: recorded (unless reenact.toml says otherwise), now,"
        " 2031-01-01T00:00:00Z, or +36h from the recording.",
        show_default=False,
    ),
]
Seed = Annotated[
    str | None,
    typer.Option(
        "--seed",
        metavar="N",
        help="What the service draws of randomness is the same whenever this number is; none: left"
        " alone (unless reenact.toml says otherwise, or the suite was rehearsed with one).",
        show_default=False,
    ),
]
RestartWhen = Annotated[
    Restart | None,
    typer.Option(
        "--restart",
        help="A fresh instance for each case (needed cases are played before it), for each group of"
        " cases that need one another, or one for all: never (unless reenact.toml says otherwise).",
        show_default=False,
    ),
]
NO_SEED = "none"
DEFAULT_SUITE = Path("reenact")


def service_command(given: Sequence[str] | None, recorded: Sequence[str] = ()) -> tuple[str, ...]:
    """The command after `--`, else the recorded one."""
    words = list(given or recorded)
    if "--" in (given or ()):
        stray = " ".join(words[: words.index("--")])
        raise UserError(f"unexpected {stray!r} before --; only options stand there")
    if not words:
        raise UserError("no command to start the service; add it after --: reenact ... -- COMMAND")
    return tuple(words)


def replayed(
    options: RunOptions,
    clock: str | None,
    restart: Restart | None = None,
    seed: str | None = None,
) -> RunOptions:
    """The options with what the command line says; else they are those of `reenact.toml`.

    Raises UserError before anything is started.
    """
    from msgspec.structs import replace

    from reenact.replay.clock import case_clock

    told = options.clock if clock is None else clock
    try:
        case_clock(told, 0 if told[:1] != "-" else 2**62)
    except UserError as bad:
        if clock is not None:
            raise
        raise UserError(f"settings: [replay] {str(bad).removeprefix('--')}") from None
    return replace(
        options,
        clock=told,
        restart=restart or options.restart,
        seed=options.seed if seed is None else seed_number(seed),
    )


def seed_number(told: str) -> int | None:
    """Raises UserError."""
    if told == NO_SEED:
        return None
    if told.isascii() and told.isdigit() and int(told) <= SEED_MAX:
        return int(told)
    raise UserError(f"--seed {told}: expected a number from 0 to {SEED_MAX}, or {NO_SEED}")


def seed_needs_sandbox(seed: str | None, *, explicit: bool) -> None:
    """Raises UserError."""
    if explicit and seed not in (None, NO_SEED):
        raise UserError(
            "--seed needs the sandbox: leave --mode explicit out, or --seed; reenact doctor says what"
            " this machine has"
        )


def explicit_replay(mode: Mode) -> bool:
    """Whether to do without a sandbox; then people hear what that means."""
    if mode is not Mode.EXPLICIT:
        return False
    making.say_on_stderr(
        "explicit mode is not sealed: connections to other ports, names (DNS), Unix sockets and "
        "files are the real ones"
    )
    return True
