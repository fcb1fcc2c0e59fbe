"""A relay in a thread of its own, real sockets on both of its sides, and what it recorded."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from reenact.base.clock import SystemClock
from reenact.intercept.ca import Authority
from reenact.intercept.inbound import Inbound, listen, watch
from reenact.intercept.loop import loop_factory
from reenact.intercept.outbound import Outbound
from reenact.intercept.settings import Settings
from reenact.intercept.tap import Recorder
from reenact.model.segment import Endpoint, Flow, FlowId, SegmentKind, Side, Transport
from reenact.record.tasks import Tasks

MEANT = Endpoint("192.0.2.1", 443)
"""Whom the client meant (RFC 5737: documentation); the relay's `dial` knows where that really is."""

WAIT_S = 20.0


class Kept:
    """A keeper in memory."""

    def __init__(self) -> None:
        self.flows: dict[FlowId, Flow] = {}
        self.said: list[tuple[FlowId, Side, SegmentKind, int, bytes]] = []

    def flow(self, flow: Flow) -> None:
        self.flows[flow.id] = flow

    def keep(
        self, flow: FlowId, side: Side, kind: SegmentKind, at_ns: int, data: bytes = b""
    ) -> None:
        self.said.append((flow, side, kind, at_ns, data))

    def bytes_of(self, side: Side, flow: FlowId = 1) -> bytes:
        return b"".join(
            data
            for f, s, kind, _, data in self.said
            if (f, s) == (flow, side) and kind is SegmentKind.DATA
        )

    def story(self, flow: FlowId = 1) -> list[str]:
        """`C hello`, `S EOF`, ...: neighbouring reads of one side are joined."""
        out: list[str] = []
        for f, side, kind, _, data in self.said:
            who = side.name[0]
            if f != flow or kind is SegmentKind.OPEN:
                continue
            if kind is SegmentKind.DATA and out and out[-1].startswith(who + " '"):
                out[-1] = out[-1][:-1] + data.decode("latin-1") + "'"
            elif kind is SegmentKind.DATA:
                out.append(f"{who} '{data.decode('latin-1')}'")
            else:
                out.append(f"{who} {kind.name}")
        return out


class Relay:
    """`port`: connect here. `settled()` waits until no connection is relayed any more."""

    def __init__(self, port: int, kept: Kept, recorder: Recorder, authority: Authority) -> None:
        self.port = port
        self.kept = kept
        self.recorder = recorder
        self.authority = authority
        self.loop: asyncio.AbstractEventLoop | None = None
        self.tasks = Tasks()

    @property
    def notes(self) -> list[str]:
        return list(self.recorder.notes)

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), WAIT_S)

    def settled(self) -> Kept:
        assert self.loop is not None

        async def wait() -> None:
            await asyncio.wait_for(self._idle(), WAIT_S)

        asyncio.run_coroutine_threadsafe(wait(), self.loop).result(WAIT_S + 1)
        assert self.tasks.failure is None, self.tasks.failure
        return self.kept

    async def _idle(self) -> None:
        while self.tasks._running:
            await asyncio.wait(list(self.tasks._running))


@contextlib.contextmanager
def relaying(
    folder: Path,
    upstream: int | str,
    settings: Settings | None = None,
    *,
    inbound: bool = False,
    plain_asyncio: bool = False,
    meant: Endpoint = MEANT,
    keeper: Any = None,
) -> Iterator[Relay]:
    """`upstream` is a loopback port, or the path of a Unix socket."""
    listener = listen("127.0.0.1", 0)
    kept = keeper or Kept()
    recorder = Recorder(kept, SystemClock())
    authority = Authority(folder / "ca")
    relay = Relay(listener.getsockname()[1], kept, recorder, authority)

    async def dial(*_: object) -> socket.socket:
        sock = socket.socket(socket.AF_UNIX if isinstance(upstream, str) else socket.AF_INET)
        sock.setblocking(False)
        where: Any = upstream if isinstance(upstream, str) else ("127.0.0.1", upstream)
        await asyncio.get_running_loop().sock_connect(sock, where)
        return sock

    configured = settings or Settings()
    transport = Transport.UNIX if isinstance(upstream, str) else Transport.TCP

    def take(sock: socket.socket) -> None:
        if inbound:
            assert isinstance(upstream, int)
            work = Inbound(recorder, authority, configured, dial).relay(sock, "127.0.0.1", upstream)
        else:
            work = out.relay(sock, meant, transport)
        relay.tasks.start(work)

    out = Outbound(recorder, authority, configured, dial)
    started, ended = threading.Event(), threading.Event()

    async def serve() -> None:
        relay.loop = asyncio.get_running_loop()
        watch(listener, take)
        started.set()
        await asyncio.get_running_loop().run_in_executor(None, ended.wait)
        await relay.tasks.drain(0)

    def run() -> None:
        factory = None if plain_asyncio else loop_factory()
        with asyncio.Runner(loop_factory=factory) as runner:
            runner.run(serve())

    thread = threading.Thread(target=run)
    thread.start()
    started.wait(WAIT_S)
    try:
        yield relay
    finally:
        ended.set()
        thread.join(WAIT_S)
        listener.close()


@contextlib.contextmanager
def serving(talk: Callable[[Any], None], context: ssl.SSLContext | None = None) -> Iterator[int]:
    """A server on loopback that hands each connection to `talk`, in a thread; yields its port.

    What `talk` raises is raised at the end.
    """
    failures: list[BaseException] = []
    threads: list[threading.Thread] = []
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)

    def one(sock: socket.socket) -> None:
        sock.settimeout(WAIT_S)
        try:
            conn = sock if context is None else context.wrap_socket(sock, server_side=True)
        except OSError:  # the handshake is what some tests let fail
            sock.close()
            return
        try:
            with conn:
                talk(conn)
        except BaseException as bad:  # noqa: BLE001 - raised again below
            failures.append(bad)

    def accept() -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            threads.append(threading.Thread(target=one, args=(sock,), daemon=True))
            threads[-1].start()

    accepting = threading.Thread(target=accept)
    accepting.start()
    try:
        yield listener.getsockname()[1]
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        accepting.join(WAIT_S)
        for thread in threads:
            thread.join(WAIT_S)
    if failures:
        raise failures[0]


def read_all(sock: Any) -> bytes:
    out = b""
    while data := sock.recv(65536):
        out += data
    return out


def read_exactly(sock: Any, size: int) -> bytes:
    out = b""
    while len(out) < size:
        data = sock.recv(size - len(out))
        assert data, f"ended after {out!r}"
        out += data
    return out


def client_context(relay: Relay, alpn: tuple[str, ...] = ()) -> ssl.SSLContext:
    """A client that trusts the recorder's CA and nothing else."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=relay.authority.pem.decode())
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context
