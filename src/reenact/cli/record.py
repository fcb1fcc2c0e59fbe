"""`reenact record`"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from reenact.base.errors import Exit, MachineError, UserError
from reenact.cli import making, places
from reenact.cli.options import (
    DEFAULT_SUITE,
    Command,
    ConfigFile,
    Mode,
    ServiceClock,
    SuiteDir,
    explicit_replay,
    replayed,
    seed_needs_sandbox,
    service_command,
)

if TYPE_CHECKING:
    from reenact.intercept.settings import Settings
    from reenact.model.suite import Suite
    from reenact.record.options import RecordOptions, RecordResult
    from reenact.replay.options import RunOptions


_SEEDED = (
    "the service draws what it drew in earlier recordings with this seed: ids, tokens and keys that it"
    " makes repeat, and can be foretold; record against dependencies that may be thrown away"
)


class Ports(msgspec.Struct, frozen=True, kw_only=True):
    """(ours, the service's); (ours, host, the dependency's)."""

    listen: tuple[tuple[int, int], ...]
    upstream: tuple[tuple[int, str, int], ...]


def record(
    command: Command = None,
    suite: SuiteDir = DEFAULT_SUITE,
    capture: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where the recording goes; in the suite's .local/."),
    ] = None,
    mode: Annotated[
        Mode, typer.Option(help="A sandbox, explicit ports, or what the other options mean.")
    ] = Mode.AUTO,
    listen: Annotated[
        list[str] | None,
        typer.Option(metavar="OURS:SERVICE", help="Explicit: pass a port on to the service's."),
    ] = None,
    upstream: Annotated[
        list[str] | None,
        typer.Option(metavar="OURS=HOST:PORT", help="Explicit: pass a port on to a dependency."),
    ] = None,
    clock: ServiceClock = None,
    seed: Annotated[
        str | None,
        typer.Option(
            "--seed",
            metavar="N",
            help="What the service draws of randomness, here and in the rehearsals, is the same"
            " whenever this number is; none: left alone. For one whose branches depend on it.",
            show_default=False,
        ),
    ] = None,
    config: ConfigFile = None,
    no_rehearse: Annotated[
        bool, typer.Option("--no-rehearse", help="Leave the rehearsals for later.")
    ] = False,
    append: Annotated[
        bool,
        typer.Option("--append", help="Keep the suite; add the calls and requests it has not."),
    ] = False,
    reason: Annotated[
        str, typer.Option(metavar="WHY", help="With --append: noted beside each added call.")
    ] = "recorded with the new build",
) -> int:
    """Start the service, record all that comes in and goes out, make a suite of it.

    Use the service as its clients would, then stop it or press Ctrl-C.

    With --append the suite that is there stays. A request that one of its cases has is
    compared with it, and calls that only the new recording has are added to the case, with
    the real answers; a request that none has becomes a new case. All else stays as it was.

    \b
      reenact record -- python -m orders
      reenact record --suite tests/reenact -- ./orders --port 8000
      reenact record --append -- ./orders-with-taxes
      reenact record --mode explicit --listen 8000:9000 --upstream 5433=localhost:5432 -- ./orders
    """
    from reenact.intercept.settings import load_settings

    settings = load_settings(config, Path.cwd())
    explicit = _explicit(mode, listen, upstream)
    ports = Ports(
        listen=tuple(map(listen_ports, listen or ())),
        upstream=tuple(map(upstream_ports, upstream or ())),
    )
    words = () if explicit and not command else service_command(command)
    seed_needs_sandbox(seed, explicit=explicit)
    before = _suite_to_append_to(suite) if append else None
    kept = places.appended_capture(suite) if append else places.capture(suite)
    new = places.new_capture(suite) if kept.exists() and not (append or capture) else None
    options = _options(words, capture or new or kept, settings, before)
    if explicit:
        options = msgspec.structs.replace(
            options, explicit=True, listen=ports.listen, upstream=ports.upstream
        )
    run = replayed(making.run_options(words, suite, settings, before), clock, None, seed)
    if seed is not None:
        options = msgspec.structs.replace(options, seed=run.seed)
    if options.seed is not None:
        making.say_on_stderr(_SEEDED)
    _record(options, making.say_on_stderr, new)
    if before is not None:
        return _append(options, run, before, suite, reason, rehearse=not no_rehearse)
    return _make(options, run, suite, new, rehearse=not no_rehearse)


def _make(
    options: RecordOptions, run: RunOptions, folder: Path, new: Path | None, *, rehearse: bool
) -> Exit:
    """`new` is the recording where it was made beside an older one."""
    from reenact.store.suite import has_cases, save_suite

    say = making.say_on_stderr
    suite = making.compiled(options.capture, folder)
    if not suite.cases and has_cases(folder):
        say(f"nothing came in while recording; the suite in {folder}/ stays as it was")
        if new is not None:
            new.unlink()
        return Exit.UNDECIDED
    if new is not None:
        new.replace(places.capture(folder))
    save_suite(suite, folder)
    if suite.cases and rehearse and not options.command:
        say(
            "not rehearsed: no command; reenact rehearse --mode explicit -- COMMAND makes up for it"
        )
    elif suite.cases and rehearse:
        if options.explicit:
            run = msgspec.structs.replace(run, explicit=explicit_replay(Mode.EXPLICIT))
        suite = making.rehearsed(suite, folder, run, say)
    return making.tell(suite, folder, say)


def _suite_to_append_to(folder: Path) -> Suite:
    from reenact.store.suite import load_suite

    return load_suite(folder)


def _append(
    options: RecordOptions,
    run: RunOptions,
    before: Suite,
    folder: Path,
    why: str,
    *,
    rehearse: bool,
) -> Exit:
    """The new recording is rehearsed by itself first: which call belongs to which request, and what the
    service makes up, is known then."""
    from reenact.cli.writing import today, write
    from reenact.compile.append import append
    from reenact.protocols import builtin
    from reenact.replay.run import rehearse as replay
    from reenact.report.words import plural

    say = making.say_on_stderr
    made = making.compiled(options.capture, folder)
    if made.cases and rehearse and options.command:
        if options.explicit:
            run = msgspec.structs.replace(run, explicit=explicit_replay(Mode.EXPLICIT))
        made = replay(made, run, say).suite
    done = append(before, made, builtin(), why=why, since=today())
    write(before, done.suite, folder)
    for case, label in done.calls:
        say(f"added to {case}: {label}")
    for case in done.cases:
        say(f"new: {case}")
    say(
        f"suite {folder}/: {plural(len(done.calls), 'call')} and"
        f" {plural(len(done.cases), 'case')} added;"
        " review the difference, then test"
    )
    return Exit.AS_RECORDED if made.cases else Exit.UNDECIDED


def _record(options: RecordOptions, say: making.Say, new: Path | None) -> None:
    from reenact.base.clock import SystemClock
    from reenact.record.run import record as run

    try:
        result = run(options, SystemClock(), say)
    except MachineError:
        if new is not None and new.exists() and not _came_in(new):
            new.unlink()
        raise
    _tell_accounting(result, say)
    if result.accounting.seen_bytes and not result.accounting.stored_bytes:
        raise MachineError("nothing could be stored; make room on the disk and record again")


def _came_in(capture: Path) -> bool:
    from reenact.model.segment import Role
    from reenact.store.capture import open_capture

    return any(flow.role is Role.INBOUND for flow in open_capture(capture).flows.values())


def _tell_accounting(result: RecordResult, say: making.Say) -> None:
    from reenact.report.words import plural

    seen = result.accounting
    say(
        f"recorded {plural(seen.connections, 'connection')}: {seen.seen_bytes} bytes seen,"
        f" {seen.stored_bytes} stored, {seen.lost_bytes} lost"
    )
    for why, count in sorted(seen.lost_connections_why.items()):
        say(f"lost: {plural(count, 'connection')}: {why}")
    for why, count in sorted(seen.lost_why.items()):
        say(f"lost: {count} bytes: {why}")
    for destination, count in sorted(result.datagrams.items()):
        say(f"not replayable: {count} UDP datagrams to {destination}")
    if seen.lost_files:
        say(f"lost: {seen.lost_files} changed files that could not be written to the recording")
    for note in seen.notes:
        say(note)


def _options(
    command: tuple[str, ...], capture: Path, settings: Settings, before: Suite | None
) -> RecordOptions:
    from reenact.base import chance
    from reenact.record.options import RecordOptions
    from reenact.sandbox.hash_seed import drawn

    env = dict(os.environ)
    hash_seed = drawn(env, chance.whole) if before is None else before.hash_seed
    return RecordOptions(
        command=command,
        cwd=Path.cwd(),
        env=env,
        capture=capture,
        settings=settings,
        hash_seed=hash_seed if command else 0,
    )


def _explicit(mode: Mode, listen: list[str] | None, upstream: list[str] | None) -> bool:
    ports = bool(listen or upstream)
    if mode is Mode.SANDBOX and ports:
        raise UserError("--listen and --upstream need --mode explicit; a sandbox sees every port")
    if mode is Mode.EXPLICIT and not listen:
        raise UserError("--mode explicit needs --listen OURS:SERVICE, such as --listen 8000:9000")
    return mode is Mode.EXPLICIT or ports


def listen_ports(text: str) -> tuple[int, int]:
    """`8000:9000` -> (8000, 9000). Raises UserError."""
    ours, colon, theirs = text.partition(":")
    if not colon:
        raise UserError(f"--listen {text}: expected OURS:SERVICE, such as 8000:9000")
    pair = _port(ours, f"--listen {text}"), _port(theirs, f"--listen {text}")
    if pair[0] == pair[1]:
        raise UserError(f"--listen {text}: the two ports must differ; callers use the first")
    return pair


def upstream_ports(text: str) -> tuple[int, str, int]:
    """`5433=localhost:5432` -> (5433, "localhost", 5432), `[::1]:5432` too. Raises UserError."""
    ours, equals, destination = text.partition("=")
    host, colon, port = destination.rpartition(":")
    if not (equals and colon and host):
        raise UserError(f"--upstream {text}: expected OURS=HOST:PORT, such as 5433=localhost:5432")
    where = f"--upstream {text}"
    found = _port(ours, where), host.removeprefix("[").removesuffix("]"), _port(port, where)
    if found[1] in ("localhost", "127.0.0.1", "::1") and found[0] == found[2]:
        raise UserError(f"{where}: the two ports must differ; the service uses the first")
    return found


def _port(text: str, where: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
        raise UserError(f"{where}: expected a port from 1 to 65535, found {text!r}")
    return int(text)
