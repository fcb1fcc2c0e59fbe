"""A recording in a sandbox, from its start to its capture file."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

from reenact.base.clock import Clock
from reenact.base.errors import MachineError
from reenact.base.interrupts import temporary_folder
from reenact.intercept.ca import Authority, data_folder
from reenact.intercept.loop import run
from reenact.intercept.tap import Recorder
from reenact.record.descriptors import all_we_may_have
from reenact.record.files import ChangedFiles, watch
from reenact.record.keeping import flush_always, writing
from reenact.record.options import RecordOptions, RecordResult
from reenact.record.sandboxed import Sandboxed
from reenact.record.signals import on_interrupt
from reenact.sandbox.hash_seed import with_hash_seed
from reenact.sandbox.need import start
from reenact.sandbox.process import Sandbox
from reenact.sandbox.seed.runtimes import seeded
from reenact.sandbox.spec import SandboxSpec
from reenact.sandbox.trust import arrange
from reenact.sandbox.unix_sockets import to_intercept
from reenact.store.writer import CaptureWriter


def record_in_sandbox(
    options: RecordOptions, clock: Clock, say: Callable[[str], None]
) -> RecordResult:
    authority = Authority(data_folder() / "ca")
    with temporary_folder() as folder:
        Path(folder).chmod(0o755)
        trust = arrange(
            authority.pem,
            Path(folder),
            with_hash_seed(options.env, options.hash_seed),
            command=options.command,
            cwd=str(options.cwd),
            trust_files=options.settings.tls.trust_files,
        )
        with _stand_ins(options, Path(folder)) as (listeners, socket_binds):
            spec = SandboxSpec(
                command=options.command,
                cwd=str(options.cwd),
                env=seeded(trust.env, options.seed, Path(folder)),
                binds=(*trust.binds, *socket_binds),
                watch=watch(options),
                seed=options.seed,
            )
            with start(spec) as sandbox, all_we_may_have():
                return _recorded(options, clock, say, authority, sandbox, listeners, trust.roots)


def _recorded(
    options: RecordOptions,
    clock: Clock,
    say: Callable[[str], None],
    authority: Authority,
    sandbox: Sandbox,
    listeners: dict[str, socket.socket],
    roots: bytes,
) -> RecordResult:
    for note in sandbox.notes:
        say(note)
    with writing(options, clock, say, sandbox.spec.addresses) as (writer, recorder):
        told = sandbox.changed_files
        changed = ChangedFiles(told, writer) if told else None
        code, stage = run(
            _run(options, sandbox, recorder, authority, writer, say, listeners, roots, changed)
        )
        if changed:
            changed.finish()
            recorder.notes.update(dict.fromkeys(changed.notes()))
        accounting = writer.close(tuple(recorder.notes))
    if not stage.ports and not stage.interrupted:
        raise MachineError(
            f"the service ended with exit code {code} and never listened on a port; run it without "
            "reenact to see that it starts"
        )
    if code and not stage.interrupted:
        say(f"the service ended by itself with exit code {code}")
    return RecordResult(
        returncode=code,
        accounting=accounting,
        ports=stage.ports,
        datagrams=stage.datagrams,
        interrupted=stage.interrupted,
    )


class _Stage:
    """What is left to know after the event loop is gone."""

    def __init__(
        self, ports: tuple[int, ...], datagrams: dict[str, int], interrupted: bool
    ) -> None:
        self.ports = ports
        self.datagrams = datagrams
        self.interrupted = interrupted


async def _run(
    options: RecordOptions,
    sandbox: Sandbox,
    recorder: Recorder,
    authority: Authority,
    writer: CaptureWriter,
    say: Callable[[str], None],
    listeners: dict[str, socket.socket],
    roots: bytes,
    changed: ChangedFiles | None,
) -> tuple[int, _Stage]:
    stage = Sandboxed(sandbox, recorder, authority, options.settings, say, roots)
    interrupted = False

    def on_signal(number: signal.Signals) -> None:
        nonlocal interrupted
        interrupted = True
        # Within the terminal's foreground job, Ctrl-C has reached the service already; a second
        # one means "at once" to many servers.
        stage.stop(told=number == signal.SIGINT and not sandbox.spec.own_group)

    if changed and sandbox.changed_files:
        loop, told = asyncio.get_running_loop(), sandbox.changed_files

        def on_told() -> None:
            if not changed.take():
                loop.remove_reader(told)

        loop.add_reader(told, on_told)
    flushing = asyncio.get_running_loop().create_task(flush_always(writer))
    try:
        with on_interrupt(on_signal):
            code = await stage.run(listeners)
    finally:
        flushing.cancel()
        if sandbox.changed_files:
            asyncio.get_running_loop().remove_reader(sandbox.changed_files)
    return code, _Stage(stage.ports, stage.datagrams, interrupted)


@contextlib.contextmanager
def _stand_ins(
    options: RecordOptions, folder: Path
) -> Iterator[tuple[dict[str, socket.socket], tuple[tuple[str, str], ...]]]:
    """A socket of ours for every Unix socket that may be a dependency, to be bound over it."""
    listeners: dict[str, socket.socket] = {}
    binds: list[tuple[str, str]] = []
    try:
        for n, path in enumerate(to_intercept(options.settings.unix_sockets)):
            ours = folder / f"{n}.sock"
            sock = socket.socket(socket.AF_UNIX)
            sock.bind(str(ours))
            ours.chmod(0o777)
            sock.listen(1024)
            sock.setblocking(False)
            listeners[path] = sock
            binds.append((str(ours), path))
        yield listeners, tuple(binds)
    finally:
        for sock in listeners.values():
            sock.close()
