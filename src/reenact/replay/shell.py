"""The sockets around the engine: a sealed sandbox, its connections, timers and the service's end.

One `Stage` is one run of the service. All decisions are the engine's; here bytes are moved.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import heapq
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Concatenate, ParamSpec, cast

from reenact.base.clock import Clock
from reenact.base.errors import MachineError
from reenact.model.protocol import ProtocolPlugin
from reenact.model.segment import Endpoint, Flow, Role, Transport
from reenact.model.suite import Case, Suite
from reenact.model.value import Value
from reenact.replay.core import Engine, Mode
from reenact.replay.core.clock import CaseClock
from reenact.replay.core.events import (
    AskLive,
    CaseDone,
    Command,
    Dial,
    Finished,
    MoveClock,
    Shut,
    Stray,
    UpgradeTls,
    WakeAt,
    Write,
)
from reenact.replay.world import Arrival, World

POLL_S = 0.01
"""How often the service's listening ports are looked at while it starts."""

SILENT_NS, SETTLED_MAX_NS = 150 * 10**6, 10**9
"""A service has settled when it has asked nothing for so long; what never does is waited for at most so
long. Its first requests meet what its threads begin with in one and the same state then."""


P = ParamSpec("P")


def _ends_the_play(
    method: Callable[Concatenate[Stage, P], None],
) -> Callable[Concatenate[Stage, P], None]:
    """For what the loop calls: it would drop what is raised, and the play would wait for ever."""

    @functools.wraps(method)
    def guarded(stage: Stage, /, *args: P.args, **kwargs: P.kwargs) -> None:
        try:
            method(stage, *args, **kwargs)
        except Exception as failure:  # noqa: BLE001  raised by `play`
            stage.failed(failure)

    return guarded


class Stage:
    """Plays `cases` of a suite against one running instance of the service."""

    def __init__(
        self,
        world: World,
        suite: Suite,
        plugins: Mapping[str, ProtocolPlugin],
        mode: Mode,
        clock: Clock,
        cases: Sequence[Case] | None = None,
        service_clock: CaseClock | None = None,
    ) -> None:
        self._world = world
        self._suite = suite
        self._clock = clock
        self._engine = Engine(
            suite,
            plugins,
            mode,
            wall_ns=clock.wall_ns() + world.wall_ahead_ns,
            real_ns=clock.wall_ns(),
            now_ns=clock.now_ns(),
            cases=cases,
            clock=service_clock,
        )
        self._links: dict[int, _Link] = {}
        self._arrivals = 0
        self._heard_ns = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_ns = 0
        self._wakes: list[int] = []
        self._over = asyncio.Event()
        self._failure: BaseException | None = None
        self.done: list[CaseDone] = []
        self.finished: Finished | None = None
        self.on_done: Callable[[CaseDone], None] = lambda done: None
        self.ask: Callable[[str, Value], Awaitable[tuple[Value, str]]] = _nobody

    async def play(self, start_wait_s: float, hold_s: float = 0.0, *, settled: bool = True) -> None:
        """Returns when every case has its verdict. The first one comes `hold_s` after the ports are
        open and, where it shall be `settled`, what threads of the service do by themselves at its
        start is done. Raises MachineError when the service never opened its ports, with its own
        words being in the log."""
        self._world.serve(self._arrived)
        watch = self._spawn(self._watch())
        try:
            if await self._ports_open(start_wait_s):
                self._engine.listening()
                if settled:
                    await self._settled()
                if not await self._ended_within(hold_s):
                    self._run(self._engine.begin(self._clock.now_ns()))
            await self._over.wait()
            if self._failure is not None:
                raise self._failure
        finally:
            watch.cancel()
            for task in list(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            if self._timer is not None:
                self._timer.cancel()
            for link in list(self._links.values()):
                link.shut(reset=False)

    @property
    def void(self) -> bool:
        """Whether what went wrong may be for an answer of ours: `core.engine.Mode.doubts`."""
        return self._engine.void

    @property
    def unsure(self) -> tuple[str, ...]:
        return tuple(self._engine.unsure)

    def strays(self) -> tuple[Stray, ...]:
        """What the service has asked by itself so far, and was never recorded."""
        return self._engine.strays()

    async def _ports_open(self, wait_s: float) -> bool:
        """False when the service ended first: its verdicts are given then."""
        cases = self._suite.cases
        wanted = {case.port for case in cases if not case.aside} or {case.port for case in cases}
        deadline = self._clock.now_ns() + int(wait_s * 10**9)
        while not self._over.is_set():
            missing = wanted - {port for _, port in self._world.listening()}
            if not missing:
                return True
            if self._clock.now_ns() > deadline:
                ports = ", ".join(map(str, sorted(missing)))
                raise MachineError(
                    f"the service did not open port {ports} within {wait_s:g} s; "
                    f"see what it said in {self._world.log}"
                )
            await asyncio.sleep(POLL_S)
        return False

    async def _ended_within(self, seconds: float) -> bool:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._over.wait(), seconds)
        return self._over.is_set()

    async def _settled(self) -> None:
        """When the service has been silent for a moment; one that never is, is not waited for."""
        began_ns = self._heard_ns = self._clock.now_ns()
        while True:
            until_ns = min(self._heard_ns + SILENT_NS, began_ns + SETTLED_MAX_NS)
            left_ns = until_ns - self._clock.now_ns()
            if left_ns <= 0 or await self._ended_within(left_ns / 10**9):
                return

    async def _watch(self) -> None:
        code = await self._world.exited()
        why = f"the service ended with exit code {code}"
        now_ns = self._clock.now_ns()
        self._run(self._engine.service_exited(why, now_ns, see=str(self._world.log)))

    def _spawn(self, work: object) -> asyncio.Task[None]:
        task = asyncio.ensure_future(cast("asyncio.Future[None]", work))
        self._tasks.add(cast("asyncio.Task[None]", task))
        task.add_done_callback(self._ended)  # type: ignore[arg-type]
        return cast("asyncio.Task[None]", task)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (failure := task.exception()) is not None:
            self.failed(failure)

    def failed(self, failure: BaseException) -> None:
        """Of ours: the first is what `play` raises."""
        self._failure = self._failure or failure
        self._over.set()

    # -- connections of the service ---------------------------------------------------------

    @_ends_the_play
    def _arrived(self, arrival: Arrival) -> None:
        self._arrivals += 1
        conn = self._arrivals
        if arrival.sock is not None:
            self._spawn(self._greet(conn, arrival))
            return
        link = self._links[conn] = _Link(self, conn)
        link.send_datagram = arrival.reply
        flow = _flow(conn, arrival, tls=False)
        self._run(self._engine.opened(conn, flow, self._clock.now_ns()))
        self._run(self._engine.received(conn, arrival.data, self._clock.now_ns()))

    async def _greet(self, conn: int, arrival: Arrival) -> None:
        assert arrival.sock is not None
        plain = _flow(conn, arrival, tls=False)
        greeted = await self._world.greet(arrival, wait=self._engine.expects_tls(plain))
        if greeted is None:
            return
        link = _Link(self, conn)
        link.flow = _flow(conn, arrival, tls=greeted.context is not None, sni=greeted.sni)
        loop = asyncio.get_running_loop()
        try:
            await loop.connect_accepted_socket(lambda: link, arrival.sock, ssl=greeted.context)
        except (ssl.SSLError, OSError) as refused:
            self._engine.tls_refused(link.flow, str(refused))
            arrival.sock.close()

    @_ends_the_play
    def connected(self, link: _Link) -> None:
        self._links[link.conn] = link
        if link.flow is not None:
            self._run(self._engine.opened(link.conn, link.flow, self._clock.now_ns()))
        else:
            self._run(self._engine.dialled(link.conn, self._clock.now_ns()))

    @_ends_the_play
    def data(self, conn: int, data: bytes) -> None:
        self._run(self._engine.received(conn, data, self._clock.now_ns()))

    @_ends_the_play
    def lost(self, conn: int, *, reset: bool) -> None:
        if self._links.pop(conn, None) is not None:
            self._run(self._engine.ended(conn, self._clock.now_ns(), reset=reset))

    # -- what the engine wants --------------------------------------------------------------

    def _run(self, commands: list[Command]) -> None:
        if commands:
            self._heard_ns = self._clock.now_ns()
        for command in commands:
            match command:
                case Write(conn=conn, data=data):
                    if link := self._links.get(conn):
                        link.write(data)
                case Shut(conn=conn, reset=reset):
                    if link := self._links.pop(conn, None):
                        link.shut(reset=reset)
                case AskLive():
                    self._spawn(self._ask_live(command))
                case Dial():
                    self._spawn(self._dial(command))
                case UpgradeTls(conn=conn):
                    if link := self._links.get(conn):
                        self._spawn(link.upgrade(self._world))
                case MoveClock(by_ns=by_ns):
                    self._world.move_clock(by_ns)
                case WakeAt(at_ns=at_ns):
                    self._wake_at(at_ns)
                case CaseDone():
                    self.done.append(command)
                    self.on_done(command)
                case Finished():
                    self.finished = command
                    self._over.set()

    async def _ask_live(self, wanted: AskLive) -> None:
        response, error = await self.ask(wanted.destination, wanted.request)
        now_ns, wall_ns = self._clock.now_ns(), self._clock.wall_ns()
        self._run(
            self._engine.told_live(wanted.conn, wanted.token, response, error, now_ns, wall_ns)
        )

    async def _dial(self, dial: Dial) -> None:
        link = _Link(self, dial.conn)
        loop = asyncio.get_running_loop()
        try:
            sock = await self._world.dial(dial.port)
            context = self._world.service_tls() if dial.tls else None
            name = "localhost" if dial.tls else None
            await loop.create_connection(lambda: link, sock=sock, ssl=context, server_hostname=name)
        except (OSError, ssl.SSLError) as failed:
            self._run(self._engine.dial_failed(dial.conn, str(failed), self._clock.now_ns()))

    def _wake_at(self, at_ns: int) -> None:
        """Every time asked for is kept until it comes; one timer waits for the earliest."""
        heapq.heappush(self._wakes, at_ns)
        self._arm()

    def _arm(self) -> None:
        if not self._wakes or (self._timer is not None and self._timer_ns <= self._wakes[0]):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_ns = self._wakes[0]
        delay = max(0, self._timer_ns - self._clock.now_ns()) / 10**9
        self._timer = asyncio.get_running_loop().call_later(delay, self._tick)

    @_ends_the_play
    def _tick(self) -> None:
        self._timer = None
        now_ns = self._clock.now_ns()
        while self._wakes and self._wakes[0] <= now_ns:
            heapq.heappop(self._wakes)
        self._run(self._engine.tick(now_ns))
        self._arm()


async def _nobody(destination: str, request: Value) -> tuple[Value, str]:
    return None, f"there is no way to ask {destination}"


class _Link(asyncio.Protocol):
    """One connection: to the engine a number, to the loop a protocol."""

    def __init__(self, stage: Stage, conn: int) -> None:
        self._stage = stage
        self.conn = conn
        self.flow: Flow | None = None
        self._transport: asyncio.Transport | None = None
        self.send_datagram: Callable[[bytes], None] | None = None
        self._upgrading: list[bytes] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        first = self._transport is None
        self._transport = cast(asyncio.Transport, transport)
        if first:
            self._stage.connected(self)

    def data_received(self, data: bytes) -> None:
        self._stage.data(self.conn, data)

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._stage.lost(self.conn, reset=exc is not None)

    def write(self, data: bytes) -> None:
        if self.send_datagram is not None:
            self.send_datagram(data)
        elif self._upgrading is not None:
            self._upgrading.append(data)
        elif self._transport is not None:
            self._transport.write(data)

    def shut(self, *, reset: bool) -> None:
        if self._transport is None:
            return
        if reset:
            with contextlib.suppress(OSError):
                _linger_none(self._transport)
            self._transport.abort()
        else:
            self._transport.close()

    async def upgrade(self, world: World) -> None:
        assert self._transport is not None and self.flow is not None
        self._upgrading = []
        loop = asyncio.get_running_loop()
        context = world.context_for(self.flow.server)
        transport = await loop.start_tls(self._transport, self, context, server_side=True)
        held, self._upgrading = self._upgrading, None
        if transport is None:
            return
        self._transport = transport
        for data in held:
            transport.write(data)


def _linger_none(transport: asyncio.Transport) -> None:
    """Closing then sends RST, as a peer that refuses would."""
    sock = transport.get_extra_info("socket")
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def _flow(conn: int, arrival: Arrival, *, tls: bool, sni: str | None = None) -> Flow:
    return Flow(
        id=conn,
        role=Role.OUTBOUND,
        client=Endpoint("127.0.0.1", 0),
        server=arrival.meant,
        transport=arrival.transport,
        tls=tls,
        sni=sni,
    )


__all__ = ["Stage", "Transport"]
