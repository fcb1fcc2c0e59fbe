"""Connections that come to the service: accepted outside on its own ports, relayed inside."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import ssl
from collections.abc import Awaitable, Callable

from reenact.intercept.ca import Authority
from reenact.intercept.hello import ClientHello
from reenact.intercept.outbound import peer_of
from reenact.intercept.peek import opening, readable
from reenact.intercept.relay import HandshakeFailed, join, refuse
from reenact.intercept.settings import Settings
from reenact.intercept.tap import Recorder
from reenact.model.segment import Endpoint, Role, Side


class Inbound:
    """`dial(port)` connects to the service where it lives."""

    def __init__(
        self,
        recorder: Recorder,
        authority: Authority,
        settings: Settings,
        dial: Callable[[int], Awaitable[socket.socket]],
    ) -> None:
        self._recorder = recorder
        self._authority = authority
        self._settings = settings
        self._dial = dial
        self._own: ssl.SSLContext | None = None

    async def relay(self, client: socket.socket, host: str, port: int) -> None:
        client.setblocking(False)
        tap = self._recorder.open(Role.INBOUND, peer_of(client), Endpoint(host, port))
        try:
            server = await self._dial(port)
        except OSError as failed:
            tap.reset(Side.SERVER, f"the service did not accept on port {port}: {failed.strerror}")
            refuse(client)
            return
        try:
            if await readable(client, server) is client:
                first = await opening(client)
                if isinstance(first, ClientHello):
                    name = first.sni or "localhost"
                    tap.describe(tls=True, sni=first.sni)
                    theirs = self._context(name)
                    await join(client, server, tap, theirs, unverified(), name)
                    return
            await join(client, server, tap)
        except HandshakeFailed as failed:
            tap.describe(opaque=_told(failed, port))
            tap.reset(failed.side, str(failed))
            tap.note(_told(failed, port))
        except OSError as failed:
            tap.reset(Side.CLIENT, str(failed))
            refuse(client)

    def _context(self, name: str) -> ssl.SSLContext:
        """What callers see of a service that listens with TLS: its own certificate if it is
        configured, else ours. HTTP/2 is not offered: it could not be replayed."""
        tls = self._settings.tls
        if not tls.service_cert:
            return self._authority.context(name, ("http/1.1",))
        if self._own is None:
            self._own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._own.load_cert_chain(tls.service_cert, tls.service_key or None)
            self._own.set_alpn_protocols(["http/1.1"])
        return self._own


def _told(failed: HandshakeFailed, port: int) -> str:
    if failed.side is Side.SERVER:
        return f"port {port}: a caller spoke TLS, and the service did not ({failed})"
    return (
        f"port {port}: a caller did not accept the certificate shown to it ({failed}); give the "
        "service's own in tls.service_cert and tls.service_key, or let callers trust the recorder's"
    )


def unverified() -> ssl.SSLContext:
    """For the last step to the service itself, which nobody else can answer."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["http/1.1"])
    return context


def accept_all(listener: socket.socket, take: Callable[[socket.socket], None]) -> None:
    """Hand over every connection that waits on a non-blocking listener."""
    while True:
        try:
            sock, _ = listener.accept()
        except (BlockingIOError, InterruptedError):
            return
        except OSError as failed:
            if failed.errno in _NOT_NOW:
                _pause(listener, take)
            return  # else the client went away between SYN and accept
        sock.setblocking(False)
        take(sock)


_NOT_NOW = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_PAUSE_S = 0.05


def _pause(listener: socket.socket, take: Callable[[socket.socket], None]) -> None:
    """No descriptor is left: the caller waits in the kernel's queue, and we do not spin."""
    loop = asyncio.get_running_loop()
    loop.remove_reader(listener.fileno())

    def again() -> None:
        if listener.fileno() >= 0:
            watch(listener, take)

    loop.call_later(_PAUSE_S, again)


def listen(host: str, port: int) -> socket.socket:
    """A listener on the very address; raises OSError when somebody has it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family)
    if os.name == "posix":  # on Windows it would share a port that somebody has
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    try:
        sock.bind((host, port))
    except OSError:
        sock.close()
        raise
    sock.listen(4096)
    sock.setblocking(False)
    return sock


def watch(listener: socket.socket, take: Callable[[socket.socket], None]) -> None:
    asyncio.get_running_loop().add_reader(listener.fileno(), accept_all, listener, take)
