"""Recording a service in its sandbox: every way in and out goes through here."""

from __future__ import annotations

import asyncio
import errno
import signal
import socket
from collections.abc import Callable

from reenact.base.errors import MachineError
from reenact.intercept.ca import Authority
from reenact.intercept.dns import Forwarder
from reenact.intercept.inbound import Inbound, listen, watch
from reenact.intercept.outbound import Outbound, dial
from reenact.intercept.relay import join, refuse
from reenact.intercept.settings import Settings
from reenact.intercept.tap import Recorder
from reenact.model.segment import Endpoint, Transport
from reenact.record.datagrams import Datagrams
from reenact.record.tasks import Tasks
from reenact.sandbox.holder import in_use
from reenact.sandbox.ports import Listening
from reenact.sandbox.process import Sandbox
from reenact.sandbox.reach import belongs_inside, dial_inside

POLL_S = 0.02
"""How often new ports of the service are looked for: what a caller may have to wait."""

GRACE_S = 10.0
"""What a service gets to end by itself after Ctrl-C or the end of its main process."""


KILLED = 128 + signal.SIGKILL
"""What a shell says of a process that was killed; the sandbox's end is not waited for then."""


class Sandboxed:
    """One recording, from the service's start to its end."""

    def __init__(
        self,
        sandbox: Sandbox,
        recorder: Recorder,
        authority: Authority,
        settings: Settings,
        say: Callable[[str], None],
        roots: bytes = b"",
    ) -> None:
        self._sandbox = sandbox
        self._recorder = recorder
        self._say = say
        self._tasks = Tasks()
        self._published: dict[tuple[str, int], socket.socket] = {}
        self._ports: set[int] = set()
        self._outbound = Outbound(recorder, authority, settings, dial, roots=roots)
        self._inbound = Inbound(recorder, authority, settings, self._dial_service)
        self._dns = Forwarder(recorder)
        self._datagrams = Datagrams(sandbox)
        self._ended = asyncio.Event()
        self._stops = 0
        self._failure: MachineError | None = None

    async def run(self, unix_listeners: dict[str, socket.socket]) -> int:
        """Until the service has ended; returns its exit code."""
        loop = asyncio.get_running_loop()
        for listener in self._sandbox.tcp_listeners:
            watch(listener, self._caught)
        for path, listener in unix_listeners.items():
            watch(listener, lambda sock, path=path: self._caught_unix(sock, path))  # type: ignore[misc]
        for sock in self._sandbox.dns_sockets:
            loop.add_reader(sock.fileno(), self._asked_name, sock)
        self._datagrams.watch()
        loop.add_reader(self._sandbox.pidfd, self._service_ended)
        publishing = self._tasks.start(self._publish())
        await self._ended.wait()
        publishing.cancel()
        await self._finish()
        if self._failure is not None:
            raise self._failure
        if self._tasks.failure is not None and not isinstance(self._tasks.failure, MachineError):
            raise self._tasks.failure
        code = self._sandbox.returncode
        return KILLED if code is None else code

    @property
    def ports(self) -> tuple[int, ...]:
        """All that were ever published."""
        return tuple(sorted(self._ports))

    @property
    def datagrams(self) -> dict[str, int]:
        return self._datagrams.counts

    def stop(self, *, told: bool = False) -> None:
        """Ctrl-C: once asks the service to end (unless it was `told` already), twice ends it."""
        self._stops += 1
        if self._stops == 1:
            if not told:
                self._sandbox.signal(signal.SIGINT)
            asyncio.get_running_loop().call_later(GRACE_S, self._insist)
        else:
            self._sandbox.signal(signal.SIGKILL)
            self._ended.set()

    def _insist(self) -> None:
        if not self._ended.is_set():
            self._say("the service does not end; sending SIGTERM (Ctrl-C again kills it)")
            self._sandbox.signal(signal.SIGTERM)

    def _service_ended(self) -> None:
        asyncio.get_running_loop().remove_reader(self._sandbox.pidfd)
        self._sandbox.wait(1.0)
        self._ended.set()

    async def _finish(self) -> None:
        loop = asyncio.get_running_loop()
        for listener in self._published.values():
            loop.remove_reader(listener.fileno())
            listener.close()
        await self._tasks.drain(1.0)
        for sock in (*self._sandbox.tcp_listeners, *self._sandbox.dns_sockets):
            loop.remove_reader(sock.fileno())
        self._datagrams.close()

    # -- out --------------------------------------------------------------------------------

    def _caught(self, sock: socket.socket) -> None:
        meant = self._sandbox.original_destination(sock)
        if belongs_inside(self._sandbox, meant):
            self._tasks.start(self._stay_inside(sock, meant))
        else:
            self._tasks.start(self._outbound.relay(sock, meant))

    def _caught_unix(self, sock: socket.socket, path: str) -> None:
        self._tasks.start(self._outbound.relay(sock, Endpoint(path, 0), Transport.UNIX))

    async def _stay_inside(self, client: socket.socket, meant: Endpoint) -> None:
        """Between processes of the service: nobody's business, not recorded."""
        family = socket.AF_INET6 if ":" in meant.host else socket.AF_INET
        server = self._sandbox.dial_inside(family)
        try:
            await asyncio.get_running_loop().sock_connect(server, (meant.host, meant.port))
        except OSError:
            refuse(client)
            server.close()
            return
        await join(client, server, None)

    def _asked_name(self, sock: socket.socket) -> None:
        while True:
            try:
                query, address = sock.recvfrom(65535)
            except BlockingIOError:
                return
            client = Endpoint(address[0].removeprefix("::ffff:"), address[1])

            def reply(answer: bytes, address: tuple[str, int] = address) -> None:
                sock.sendto(answer, address)

            self._tasks.start(self._dns.answer(query, client, Endpoint("", 53), reply))

    # -- in ---------------------------------------------------------------------------------

    async def _publish(self) -> None:
        """Every port that the service opens appears outside, on the same address and port."""
        try:
            while True:
                rows = self._sandbox.listening()
                for row in rows:
                    self._publish_one(row)
                self._withdraw({(host, row.port) for row in rows for host in _outside(row)})
                await asyncio.sleep(POLL_S)
        except MachineError as taken:
            self._failure = taken
            self._sandbox.signal(signal.SIGKILL)
            self._ended.set()

    def _publish_one(self, row: Listening) -> None:
        for host in _outside(row):
            if (host, row.port) in self._published:
                continue
            try:
                listener = listen(host, row.port)
            except OSError as failed:
                if ":" in host and row.address == "::":
                    continue  # no IPv6 outside
                if failed.errno != errno.EADDRINUSE:
                    raise MachineError(
                        f"port {row.port} of the service cannot be opened outside on {host}: "
                        f"{failed.strerror}"
                    ) from None
                raise MachineError(in_use(row.port, host)) from None
            self._published[host, row.port] = listener
            watch(listener, lambda sock: self._called(sock, row))
            if row.port not in self._ports:
                self._ports.add(row.port)
                self._say(f"the service listens on port {row.port}")

    def _withdraw(self, wanted: set[tuple[str, int]]) -> None:
        """A port that the service closed refuses connections outside too, until it is back."""
        for where in self._published.keys() - wanted:
            listener = self._published.pop(where)
            asyncio.get_running_loop().remove_reader(listener.fileno())
            listener.close()

    def _called(self, sock: socket.socket, row: Listening) -> None:
        self._tasks.start(self._inbound.relay(sock, row.address, row.port))

    async def _dial_service(self, port: int) -> socket.socket:
        return await dial_inside(self._sandbox, port)


def _outside(row: Listening) -> list[str]:
    """Addresses to open for it: an IPv6 wildcard also takes IPv4."""
    return ["::", "0.0.0.0"] if row.address == "::" and not row.v6only else [row.address]
