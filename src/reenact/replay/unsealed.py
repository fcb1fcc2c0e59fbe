"""The world of explicit mode: a plain process whose configured ports the recording answers.

Nothing is sealed: what the service does elsewhere is real.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import ssl
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from reenact.base.errors import MachineError
from reenact.base.interrupts import temporary_folder
from reenact.intercept.ca import LOCAL, Authority, data_folder
from reenact.intercept.inbound import unverified, watch
from reenact.intercept.local import answers_here, dial_here, listen_here
from reenact.intercept.relay import prompt
from reenact.model.segment import Endpoint
from reenact.model.suite import Suite
from reenact.replay.greeting import greeted
from reenact.replay.options import RunOptions
from reenact.replay.world import Arrival, Greeted
from reenact.sandbox.child import Child, start_child
from reenact.sandbox.hash_seed import another, with_hash_seed
from reenact.sandbox.plain_trust import arrange_plainly

LOOK_S = 0.01
"""How often a service that starts is asked whether it listens by now."""


_NO_SEED = "the service's randomness is not repeatable without a sandbox; the seed is not used"


@contextlib.contextmanager
def unsealed(suite: Suite, options: RunOptions) -> Iterator[UnsealedWorld]:
    """Start the service as a plain child, after the ports of its dependencies are open."""
    authority = Authority(data_folder() / "ca")
    known = recorded_ports(suite)
    wanted = sorted({case.port for case in suite.cases if not case.aside})
    _refuse_taken(wanted)
    with temporary_folder() as name, contextlib.ExitStack() as stack:
        listeners = {port: _opened(port, stack) for port in known}
        trust = arrange_plainly(
            authority.pem,
            authority.file,
            Path(name),
            with_hash_seed(options.env, another(suite.hash_seed, options.chance)),
            command=options.command,
            cwd=str(options.cwd),
            trust_files=options.settings.tls.trust_files,
        )
        options.log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        log = stack.enter_context(options.log.open("ab" if options.log_on else "wb"))
        quiet = stack.enter_context(open(os.devnull, "rb"))
        child = start_child(
            options.command, options.cwd, trust.env, own_group=True, stdin=quiet, stdout=log
        )
        stack.callback(child.close)
        yield UnsealedWorld(child, authority, known, listeners, wanted, options)


def recorded_ports(suite: Suite) -> dict[int, tuple[str, ...]]:
    """TCP ports of the recorded dependencies -> the hosts they were called by."""
    calls = [*suite.session, *(call for case in suite.cases for call in case.calls)]
    hosts: dict[int, set[str]] = defaultdict(set)
    for where in {call.destination for call in calls}:
        host, colon, port = where.rpartition(":")
        if colon and port.isdigit() and not where.startswith("/"):
            hosts[int(port)].add(host.removeprefix("[").removesuffix("]"))
    return {port: tuple(sorted(found)) for port, found in sorted(hosts.items())}


def _refuse_taken(ports: Iterable[int]) -> None:
    for port in ports:
        if answers_here(port):
            raise MachineError(
                f"port {port}, which is the service's, is in use already; stop what has it"
            )


def _opened(port: int, stack: contextlib.ExitStack) -> list[socket.socket]:
    listeners = listen_here(port, "a recorded dependency's, played here")
    for sock in listeners:
        stack.callback(sock.close)
    return listeners


class UnsealedWorld:
    """A `World` made of loopback ports."""

    def __init__(
        self,
        child: Child,
        authority: Authority,
        known: Mapping[int, tuple[str, ...]],
        listeners: Mapping[int, list[socket.socket]],
        wanted: Iterable[int],
        options: RunOptions,
    ) -> None:
        self.log = options.log
        self._stop_s = options.stop_s
        self.wall_ahead_ns = 0
        self.notes: tuple[str, ...] = () if options.seed is None else (_NO_SEED,)
        self.clock_problem = "without a sandbox it is the machine's"
        self._child = child
        self._authority = authority
        self._known = known
        self._listeners = listeners
        self._wanted = wanted
        self._open: set[tuple[str, int]] = set()
        self._looking: list[asyncio.Task[None]] = []

    def move_clock(self, by_ns: int) -> None:
        """Nothing can: the service is a plain process."""

    def serve(self, arrived: Callable[[Arrival], None]) -> None:
        for port, listeners in self._listeners.items():
            for listener in listeners:
                watch(listener, lambda sock, port=port: self._caught(sock, port, arrived))  # type: ignore[misc]
        loop = asyncio.get_running_loop()
        self._looking = [loop.create_task(self._look(port)) for port in self._wanted]

    def _caught(self, sock: socket.socket, port: int, arrived: Callable[[Arrival], None]) -> None:
        prompt(sock)
        arrived(Arrival(meant=Endpoint(self._known[port][0], port), sock=sock))

    async def greet(self, arrival: Arrival, *, wait: bool) -> Greeted | None:
        assert arrival.sock is not None
        if not wait:
            return Greeted()
        found = await greeted(arrival.sock, self._authority, LOCAL[0])
        if found.sni in self._known[arrival.meant.port]:
            return found
        return Greeted(context=found.context)  # told `localhost`; recorded by another name

    def context_for(self, meant: Endpoint) -> ssl.SSLContext:
        return self._authority.context(LOCAL[0])

    def service_tls(self) -> ssl.SSLContext:
        return unverified()

    def listening(self) -> set[tuple[str, int]]:
        return self._open

    async def _look(self, port: int) -> None:
        """There is no asking a system who listens, so the port is tried until it answers."""
        while True:
            with contextlib.suppress(OSError):
                (await dial_here(port)).close()
                self._open.add((LOCAL[1], port))
                return
            await asyncio.sleep(LOOK_S)

    async def dial(self, port: int) -> socket.socket:
        sock = await dial_here(port)
        prompt(sock)
        return sock

    async def exited(self) -> int:
        return await self._child.ended()

    async def stop(self) -> None:
        loop = asyncio.get_running_loop()
        for task in self._looking:
            task.cancel()
        await asyncio.gather(*self._looking, return_exceptions=True)
        for listeners in self._listeners.values():
            for sock in listeners:
                loop.remove_reader(sock.fileno())
        self._child.terminate()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.exited(), self._stop_s)
