"""The sealed world: a sandbox with no way out, in which the recording answers."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from reenact.base.clock import SystemClock
from reenact.base.errors import StoreError
from reenact.base.interrupts import temporary_folder
from reenact.intercept.ca import Authority, data_folder
from reenact.intercept.inbound import unverified, watch
from reenact.intercept.relay import join, prompt, refuse
from reenact.model.files import FileBefore, Kind
from reenact.model.segment import Endpoint, Transport
from reenact.model.suite import Suite
from reenact.replay.core.clock import CaseClock
from reenact.replay.greeting import greeted
from reenact.replay.options import RunOptions
from reenact.replay.world import Arrival, Greeted
from reenact.sandbox import faketime
from reenact.sandbox.hash_seed import another, with_hash_seed
from reenact.sandbox.need import start
from reenact.sandbox.process import NoClock, Sandbox
from reenact.sandbox.reach import belongs_inside, dial_inside
from reenact.sandbox.seed.runtimes import seeded
from reenact.sandbox.spec import Laid, SandboxSpec
from reenact.sandbox.trust import arrange

_NAMED = 3


@contextlib.contextmanager
def sealed(suite: Suite, options: RunOptions, clock: CaseClock) -> Iterator[SealedWorld]:
    """Start the service where nothing real can be reached; leaves nothing behind."""
    authority = Authority(data_folder() / "ca")
    with temporary_folder() as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o755)
        trust = arrange(
            authority.pem,
            folder,
            with_hash_seed(options.env, another(suite.hash_seed, options.chance)),
            command=options.command,
            cwd=str(options.cwd),
            trust_files=options.settings.tls.trust_files,
        )
        sockets = _stand_ins(suite, folder, stack)
        options.log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        log = stack.enter_context(options.log.open("ab" if options.log_on else "wb"))
        quiet = stack.enter_context(open(os.devnull, "rb"))
        spec = SandboxSpec(
            command=options.command,
            cwd=str(options.cwd),
            env=seeded(trust.env, options.seed, folder),
            binds=(*trust.binds, *((str(folder / n), path) for n, path, _ in sockets)),
            addresses=suite.addresses,
            overlay=True,
            files=_laid(suite, options),
            keep_files=None if options.keep_files is None else str(options.keep_files),
            own_group=True,
            seed=options.seed,
            stdin=quiet.fileno(),
            stdout=log.fileno(),
            stderr=log.fileno(),
        )
        sandbox, service_clock = _started(spec, clock, folder, stack)
        listeners = {path: sock for _, path, sock in sockets}
        yield SealedWorld(sandbox, authority, listeners, options.log, service_clock, options.stop_s)


def _laid(suite: Suite, options: RunOptions) -> tuple[Laid, ...]:
    """What the recorded service found below its folder is laid below the present one."""
    cwd = os.path.realpath(options.cwd)
    out = []
    for one in suite.files:
        source = one.content
        if one.kind is Kind.FILE:
            source = str(_content(one, options))
        path = os.path.normpath(os.path.join(cwd, one.path))
        out.append(
            Laid(
                path=path,
                kind=one.kind.value,
                mode=one.mode,
                owner=one.owner,
                mtime_ns=one.mtime_ns,
                source=source,
                whole=one.whole,
            )
        )
    return tuple(out)


def _content(one: FileBefore, options: RunOptions) -> Path:
    path = (options.contents or Path()) / one.content
    if not path.is_file() or path.stat().st_size != one.size:
        raise StoreError(
            f"{path}: what {one.path} held is missing or cut; restore it, or take the file's line "
            "out of files.yaml"
        )
    return path


def _started(
    spec: SandboxSpec, clock: CaseClock, folder: Path, stack: contextlib.ExitStack
) -> tuple[Sandbox, ServiceClock]:
    """The service, with its clock at the recording's start where that can be had."""
    due_ns = clock.due(0)
    if due_ns is None:
        sandbox = stack.enter_context(start(spec))
        return sandbox, ServiceClock(sandbox, 0, moved=False)
    ahead_ns = due_ns - SystemClock().wall_ns()
    library = faketime.library()
    own = msgspec.structs.replace(
        spec, clock=True, clock_offset_ns=ahead_ns, clock_needed=library is not None
    )
    try:
        sandbox = stack.enter_context(start(own))
    except NoClock as refused:
        assert library is not None
        return _standing_in(spec, library, ahead_ns, str(refused), folder, stack)
    return sandbox, ServiceClock(sandbox, ahead_ns if sandbox.clock else 0, moved=True)


def _standing_in(
    spec: SandboxSpec,
    library: str,
    ahead_ns: int,
    why: str,
    folder: Path,
    stack: contextlib.ExitStack,
) -> tuple[Sandbox, ServiceClock]:
    faketime.write_offset(folder / "clock", ahead_ns)
    env = faketime.environment(spec.env, library, folder, folder / "clock")
    sandbox = stack.enter_context(start(msgspec.structs.replace(spec, env=env)))
    return sandbox, FaketimeClock(sandbox, ahead_ns, why, folder / "clock")


class ServiceClock:
    """The clock that the sandbox itself gives the service, or the machine's."""

    def __init__(self, sandbox: Sandbox, ahead_ns: int, *, moved: bool) -> None:
        self.ahead_ns = ahead_ns
        self.problem = ""
        if moved and not sandbox.clock:
            self.problem = "; ".join(sandbox.notes) or "this sandbox cannot"
        self._sandbox = sandbox

    def move(self, by_ns: int) -> None:
        self.ahead_ns += by_ns
        self._sandbox.set_clock_offset(self.ahead_ns)


class FaketimeClock(ServiceClock):
    """The second choice, and said to be so."""

    def __init__(self, sandbox: Sandbox, ahead_ns: int, why: str, offset_file: Path) -> None:
        super().__init__(sandbox, ahead_ns, moved=False)
        self.problem = f"{why}; libfaketime stands in, which does not reach Go or static programs"
        self._offset_file = offset_file

    def move(self, by_ns: int) -> None:
        self.ahead_ns += by_ns
        faketime.write_offset(self._offset_file, self.ahead_ns)


def _stand_ins(
    suite: Suite, folder: Path, stack: contextlib.ExitStack
) -> list[tuple[str, str, socket.socket]]:
    """A socket of ours for every Unix socket of the recording (file name, path, listener)."""
    calls = [*suite.session, *(call for case in suite.cases for call in case.calls)]
    paths = sorted({c.destination for c in calls if c.destination.startswith("/")})
    out = []
    for n, path in enumerate(paths):
        sock = stack.enter_context(socket.socket(socket.AF_UNIX))
        sock.bind(str(folder / f"{n}.sock"))
        (folder / f"{n}.sock").chmod(0o777)
        sock.listen(1024)
        sock.setblocking(False)
        out.append((f"{n}.sock", path, sock))
    return out


class SealedWorld:
    """A `World` made of a sandbox."""

    def __init__(
        self,
        sandbox: Sandbox,
        authority: Authority,
        unix: dict[str, socket.socket],
        log: Path,
        clock: ServiceClock,
        stop_s: float,
    ) -> None:
        self.log = log
        self._stop_s = stop_s
        self._clock = clock
        self._sandbox = sandbox
        self._authority = authority
        self._unix = unix
        self._inside: set[asyncio.Task[None]] = set()

    @property
    def notes(self) -> tuple[str, ...]:
        unlaid = self._sandbox.unlaid
        if not unlaid:
            return ()
        more = f" and {len(unlaid) - _NAMED} more" if len(unlaid) > _NAMED else ""
        return (f"not as when the recording began: {', '.join(unlaid[:_NAMED])}{more}",)

    @property
    def wall_ahead_ns(self) -> int:
        return self._clock.ahead_ns

    @property
    def clock_problem(self) -> str:
        return self._clock.problem

    def move_clock(self, by_ns: int) -> None:
        self._clock.move(by_ns)

    def serve(self, arrived: Callable[[Arrival], None]) -> None:
        loop = asyncio.get_running_loop()
        for listener in self._sandbox.tcp_listeners:
            watch(listener, lambda sock: self._caught(sock, arrived))
        for path, listener in self._unix.items():
            meant = Endpoint(path, 0)
            watch(listener, lambda sock, meant=meant: arrived(_unix(sock, meant)))  # type: ignore[misc]
        for sock in self._sandbox.dns_sockets:
            loop.add_reader(sock.fileno(), _asked_name, sock, arrived)

    def _caught(self, sock: socket.socket, arrived: Callable[[Arrival], None]) -> None:
        meant = self._sandbox.original_destination(sock)
        if belongs_inside(self._sandbox, meant):
            task = asyncio.get_running_loop().create_task(self._stay_inside(sock, meant))
            self._inside.add(task)
            task.add_done_callback(self._inside.discard)
            return
        prompt(sock)
        arrived(Arrival(meant=meant, sock=sock))

    async def _stay_inside(self, client: socket.socket, meant: Endpoint) -> None:
        try:
            server = await dial_inside(self._sandbox, meant.port)
        except OSError:
            refuse(client)
            return
        await join(client, server, None)

    async def greet(self, arrival: Arrival, *, wait: bool) -> Greeted | None:
        assert arrival.sock is not None
        if not wait:
            return Greeted()
        return await greeted(arrival.sock, self._authority, arrival.meant.host)

    def context_for(self, meant: Endpoint) -> ssl.SSLContext:
        return self._authority.context_by_name(meant.host)

    def service_tls(self) -> ssl.SSLContext:
        return unverified()

    def listening(self) -> set[tuple[str, int]]:
        return {(row.address, row.port) for row in self._sandbox.listening()}

    async def dial(self, port: int) -> socket.socket:
        sock = await dial_inside(self._sandbox, port)
        prompt(sock)
        return sock

    async def exited(self) -> int:
        if self._sandbox.returncode is None:
            await readable_fd(self._sandbox.pidfd)
            self._sandbox.wait(1.0)
        code = self._sandbox.returncode
        return -1 if code is None else code

    async def stop(self) -> None:
        loop = asyncio.get_running_loop()
        for sock in (
            *self._sandbox.tcp_listeners,
            *self._sandbox.dns_sockets,
            *self._unix.values(),
        ):
            loop.remove_reader(sock.fileno())
        self._sandbox.signal(signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.exited(), self._stop_s)
        for task in list(self._inside):
            task.cancel()
        await asyncio.gather(*self._inside, return_exceptions=True)


async def readable_fd(fd: int) -> None:
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()

    def mark() -> None:
        if not ready.done():
            ready.set_result(None)

    loop.add_reader(fd, mark)
    try:
        await ready
    finally:
        loop.remove_reader(fd)


def _unix(sock: socket.socket, meant: Endpoint) -> Arrival:
    return Arrival(meant=meant, transport=Transport.UNIX, sock=sock)


def _asked_name(sock: socket.socket, arrived: Callable[[Arrival], None]) -> None:
    while True:
        try:
            query, address = sock.recvfrom(65535)
        except BlockingIOError:
            return

        def reply(answer: bytes, address: tuple[str, int] = address) -> None:
            sock.sendto(answer, address)

        arrived(Arrival(meant=Endpoint("", 53), transport=Transport.UDP, data=query, reply=reply))
