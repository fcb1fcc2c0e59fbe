"""Recording through ports that people set, without a sandbox: on any system, and only what uses them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

from reenact.base.clock import Clock
from reenact.base.errors import MachineError
from reenact.base.interrupts import temporary_folder
from reenact.intercept.ca import LOCAL, Authority, data_folder
from reenact.intercept.inbound import Inbound, watch
from reenact.intercept.local import HOSTS, answers_here, dial_by_name, dial_here, listen_here
from reenact.intercept.loop import run
from reenact.intercept.outbound import Outbound
from reenact.intercept.tap import Recorder
from reenact.model.segment import Endpoint, Transport
from reenact.record.keeping import flush_always, writing
from reenact.record.options import RecordOptions, RecordResult
from reenact.record.signals import on_interrupt
from reenact.record.tasks import Tasks
from reenact.sandbox.child import Child, start_child
from reenact.sandbox.hash_seed import with_hash_seed
from reenact.sandbox.plain_trust import arrange_plainly
from reenact.store.writer import CaptureWriter

GRACE_S = 10.0
"""What a service gets to end by itself after Ctrl-C."""

DRAIN_S = 1.0
"""What connections get to end once the service has."""

LIMITS = (
    "explicit mode: only what goes through these ports is recorded; names (DNS), Unix sockets and "
    "all other connections are not"
)


def record_explicitly(
    options: RecordOptions, clock: Clock, say: Callable[[str], None]
) -> RecordResult:
    """Until the service ends or Ctrl-C; without a command, until Ctrl-C.

    Raises UserError when the command cannot be run, MachineError when a port is taken.
    """
    authority = Authority(data_folder() / "ca")
    with contextlib.ExitStack() as stack:
        listeners = stack.enter_context(_listeners(options))
        writer, recorder = stack.enter_context(writing(options, clock, say))
        child = stack.enter_context(_service(options, authority, say)) if options.command else None
        for line in _told(options, authority.file):
            say(line)
        stage = _Explicit(options, recorder, authority, child, say)
        code = run(_run(stage, listeners, writer))
        accounting = writer.close(tuple(recorder.notes))
    return RecordResult(
        returncode=code,
        accounting=accounting,
        ports=tuple(sorted(service for _, service in options.listen)),
        interrupted=stage.interrupted,
    )


def _told(options: RecordOptions, ca: Path) -> Iterator[str]:
    yield LIMITS
    for ours, service in options.listen:
        yield f"callers use port {ours}; it is passed on to the service on port {service}"
    for ours, host, port in options.upstream:
        yield f"the service uses port {ours}; it is passed on to {host}:{port}"
    if options.upstream and not options.command:
        yield f"where the service uses TLS towards a dependency, it has to trust {ca}"
    if not options.command:
        yield "recording; press Ctrl-C to end"


class _Listeners:
    """By (ours, the service's port) and (ours, host, the dependency's port)."""

    def __init__(self) -> None:
        self.inward: list[tuple[socket.socket, int]] = []
        self.outward: list[tuple[socket.socket, int]] = []

    def all(self) -> list[socket.socket]:
        return [sock for sock, _ in (*self.inward, *self.outward)]


@contextlib.contextmanager
def _listeners(options: RecordOptions) -> Iterator[_Listeners]:
    """Open before the service starts, which may need its dependencies at once."""
    out = _Listeners()
    try:
        for ours, service in options.listen:
            opened = listen_here(ours, f"--listen {ours}:{service}")
            out.inward += [(sock, service) for sock in opened]
            if options.command and answers_here(service):
                raise MachineError(
                    f"port {service}, which is the service's, is in use already; stop what has it, "
                    "or leave the command out to record what runs there"
                )
        for ours, host, port in options.upstream:
            opened = listen_here(ours, f"--upstream {ours}={host}:{port}")
            out.outward += [(sock, ours) for sock in opened]
        yield out
    finally:
        for sock in out.all():
            sock.close()


@contextlib.contextmanager
def _service(
    options: RecordOptions, authority: Authority, say: Callable[[str], None]
) -> Iterator[Child]:
    with temporary_folder() as folder:
        trust = arrange_plainly(
            authority.pem,
            authority.file,
            Path(folder),
            with_hash_seed(options.env, options.hash_seed),
            command=options.command,
            cwd=str(options.cwd),
            trust_files=options.settings.tls.trust_files,
        )
        for note in trust.notes:
            say(note)
        child = start_child(options.command, options.cwd, trust.env)
        try:
            yield child
        finally:
            child.close()


async def _run(stage: _Explicit, listeners: _Listeners, writer: CaptureWriter) -> int | None:
    flushing = asyncio.get_running_loop().create_task(flush_always(writer))
    try:
        with on_interrupt(lambda _: stage.stop()):
            return await stage.run(listeners)
    finally:
        flushing.cancel()


class _Explicit:
    """One recording, from the service's start to its end."""

    def __init__(
        self,
        options: RecordOptions,
        recorder: Recorder,
        authority: Authority,
        child: Child | None,
        say: Callable[[str], None],
    ) -> None:
        self._child = child
        self._say = say
        self._tasks = Tasks()
        self._real = {ours: (host, port) for ours, host, port in options.upstream}
        settings = options.settings
        self._inbound = Inbound(recorder, authority, settings, dial_here)
        self._outbound = Outbound(recorder, authority, settings, self._dial, self._real_name)
        self._stopped = asyncio.Event()
        self._stops = 0

    @property
    def interrupted(self) -> bool:
        return self._stops > 0

    async def run(self, listeners: _Listeners) -> int | None:
        """The service's exit code; None when there was no command."""
        for sock, port in listeners.inward:
            watch(sock, lambda conn, port=port: self._called(conn, port))  # type: ignore[misc]
        for sock, port in listeners.outward:
            watch(sock, lambda conn, port=port: self._caught(conn, port))  # type: ignore[misc]
        await self._until_over()
        loop = asyncio.get_running_loop()
        for sock in listeners.all():
            loop.remove_reader(sock.fileno())
        await self._tasks.drain(DRAIN_S)
        if self._tasks.failure is not None:
            raise self._tasks.failure
        return None if self._child is None else self._child.returncode

    async def _until_over(self) -> None:
        if self._child is not None:
            await self._child.ended()
            return
        while not self._stopped.is_set():
            with contextlib.suppress(TimeoutError):  # so that Windows sees the signal
                await asyncio.wait_for(self._stopped.wait(), 0.1 if os.name == "nt" else None)

    def stop(self) -> None:
        """Ctrl-C: once asks the service to end, twice ends it."""
        self._stops += 1
        self._stopped.set()
        if self._child is None:
            return
        if self._stops == 1:
            self._child.interrupt()
            asyncio.get_running_loop().call_later(GRACE_S, self._insist, self._child)
        else:
            self._child.kill()

    def _insist(self, child: Child) -> None:
        if child.returncode is None:
            self._say("the service does not end; sending SIGTERM (Ctrl-C again kills it)")
            child.terminate()

    def _called(self, conn: socket.socket, port: int) -> None:
        self._start(self._inbound.relay(conn, HOSTS[0], port))

    def _caught(self, conn: socket.socket, port: int) -> None:
        """A dependency is called by our port: the service knows it, and a replay listens there."""
        self._start(self._outbound.relay(conn, Endpoint(HOSTS[0], port)))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:  # Any: as Coroutine is declared
        self._tasks.start(work)

    async def _dial(self, meant: Endpoint, transport: Transport) -> socket.socket:
        return await dial_by_name(*self._real[meant.port])

    def _real_name(self, meant: Endpoint, sni: str | None) -> str:
        """A service that was told `localhost` asks for that; its dependency has another name."""
        return self._real[meant.port][0] if sni is None or sni in LOCAL else sni
