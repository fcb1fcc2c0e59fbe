"""A connection that the service opened: to whom it was meant, in what it is wrapped, and relayed."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import os
import socket
import ssl
from collections.abc import Awaitable, Callable
from fnmatch import fnmatch
from pathlib import Path

from reenact.intercept.ca import Authority
from reenact.intercept.hello import GSSENC_REQUEST, SSL_REQUEST, ClientHello
from reenact.intercept.peek import opening, readable
from reenact.intercept.relay import Half, HandshakeFailed, join, pair, prompt, refuse
from reenact.intercept.settings import Settings
from reenact.intercept.tap import Recorder, Tap
from reenact.model.segment import Endpoint, Role, Side, Transport

DIAL_S = 130.0
"""Linux gives up on an unanswered connect after about 127 s (tcp_syn_retries 6)."""


class Outbound:
    """Relays what the service connects to. `dial` opens the real connection; `real_name` is what
    the far side's certificate is for, from whom was meant and the name the client asked for."""

    def __init__(
        self,
        recorder: Recorder,
        authority: Authority,
        settings: Settings,
        dial: Callable[[Endpoint, Transport], Awaitable[socket.socket]],
        real_name: Callable[[Endpoint, str | None], str] = lambda meant, sni: sni or meant.host,
    ) -> None:
        self._recorder = recorder
        self._authority = authority
        self._settings = settings
        self._dial = dial
        self._real_name = real_name
        self._upstream: dict[tuple[str, tuple[str, ...], bool], ssl.SSLContext] = {}

    async def relay(
        self, client: socket.socket, meant: Endpoint, transport: Transport = Transport.TCP
    ) -> None:
        """Until both sides are done. `client` is ours from here on."""
        client.setblocking(False)
        hint = self._settings.protocols.get(str(meant))
        tap = self._recorder.open(Role.OUTBOUND, peer_of(client), meant, transport, hint)
        try:
            server = await asyncio.wait_for(self._dial(meant, transport), DIAL_S)
        except (OSError, TimeoutError) as failed:
            tap.reset(Side.SERVER, f"connect to {meant}: {_reason(failed)}")
            refuse(client)
            return
        try:
            await self._speak(client, server, meant, tap)
        except HandshakeFailed as failed:
            self._say(failed, meant, tap)
        except (ConnectionError, OSError) as failed:
            tap.reset(Side.CLIENT, str(failed))
            refuse(client)
            server.close()

    async def _speak(
        self, client: socket.socket, server: socket.socket, meant: Endpoint, tap: Tap
    ) -> None:
        if await readable(client, server) is server:
            await join(client, server, tap)
            return
        first = await opening(client)
        if isinstance(first, ClientHello):
            await self._tls(client, server, meant, first, tap)
        elif first[:8] in (SSL_REQUEST, GSSENC_REQUEST):
            await self._postgres(client, server, meant, tap)
        else:
            await join(client, server, tap)

    async def _tls(
        self,
        client: socket.socket,
        server: socket.socket,
        meant: Endpoint,
        hello: ClientHello,
        tap: Tap,
    ) -> None:
        name = self._real_name(meant, hello.sni)
        if _listed(name, self._settings.tls.passthrough):
            tap.describe(sni=hello.sni, opaque="passthrough")
            await join(client, server, tap)
            return
        near, far = Half(Side.CLIENT, tap), Half(Side.SERVER, tap)
        near.peer, far.peer = far, near
        prompt(client)
        context = self.upstream(name, hello.alpn)
        loop = asyncio.get_running_loop()
        try:
            await loop.create_connection(
                lambda: far, sock=server, ssl=context, server_hostname=name
            )
        except (OSError, ssl.SSLError) as failed:
            refuse(client)
            raise HandshakeFailed(Side.SERVER, str(failed)) from None
        assert far.transport is not None
        alpn = far.transport.get_extra_info("ssl_object").selected_alpn_protocol()
        tap.describe(tls=True, sni=hello.sni, alpn=alpn)
        ours = self._authority.context(hello.sni or meant.host, (alpn,) if alpn else ())
        await pair(client, near, far, ours)

    async def _postgres(
        self, client: socket.socket, server: socket.socket, meant: Endpoint, tap: Tap
    ) -> None:
        """SSLRequest and GSSENCRequest, PostgreSQL 17 documentation, 54.2.10. Encryption by GSSAPI
        cannot be read by us, so it is declined; a client then asks for TLS or goes on in the clear."""
        loop = asyncio.get_running_loop()
        while True:
            asked = await loop.sock_recv(client, 8)
            if asked == GSSENC_REQUEST:
                await loop.sock_sendall(client, b"N")
            elif asked == SSL_REQUEST:
                break
            else:
                await self._plainly(client, server, asked, tap)
                return
            await readable(client)
            first = await opening(client)
            if isinstance(first, ClientHello) or first[:8] not in (SSL_REQUEST, GSSENC_REQUEST):
                await join(client, server, tap)
                return
        await loop.sock_sendall(server, SSL_REQUEST)
        said = await loop.sock_recv(server, 1)
        await loop.sock_sendall(client, said)
        if said != b"S":
            await join(client, server, tap)
            return
        await readable(client)
        hello = await opening(client)
        sni, alpn = (hello.sni, hello.alpn) if isinstance(hello, ClientHello) else (None, ())
        tap.describe(tls=True, sni=None)
        name = self._real_name(meant, sni)
        context = self.upstream(name, alpn, verify=False)
        ours = self._authority.context(sni or meant.host, alpn)
        await join(client, server, tap, ours, context, name)

    @staticmethod
    async def _plainly(
        client: socket.socket, server: socket.socket, taken: bytes, tap: Tap
    ) -> None:
        tap.data(Side.CLIENT, taken)
        await asyncio.get_running_loop().sock_sendall(server, taken)
        await join(client, server, tap)

    def upstream(self, name: str, alpn: tuple[str, ...], *, verify: bool = True) -> ssl.SSLContext:
        """A client context that trusts what the service's clients trust: the system's roots, the
        bundles its environment names, and the configured files.

        PostgreSQL's clients do not verify by default (sslmode `prefer`, `require`), and which
        mode they were told cannot be seen from outside; there `verify` is False.
        """
        key = (name, alpn, verify)
        if key not in self._upstream:
            self._upstream[key] = self._context(*key)
        return self._upstream[key]

    def _context(self, name: str, alpn: tuple[str, ...], verify: bool) -> ssl.SSLContext:
        context = ssl.create_default_context()
        for file in (*trusted_by_environment(), *self._settings.tls.trust_files):
            with contextlib.suppress(OSError, ssl.SSLError):
                context.load_verify_locations(file)
        if not verify or _listed(name, self._settings.tls.insecure):
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if alpn:
            context.set_alpn_protocols(list(alpn))
        for own in self._settings.tls.client_certs:
            if fnmatch(name, own.host):
                context.load_cert_chain(own.cert, own.key)
        return context

    def _say(self, failed: HandshakeFailed, meant: Endpoint, tap: Tap) -> None:
        where = tap.flow.sni or str(meant)
        if failed.side is Side.SERVER:
            text = (
                f"{where}: TLS to the upstream failed ({failed}); passed on as a failure. If the "
                "service trusts a private CA file, name it in tls.trust_files"
            )
            tap.describe(sni=tap.flow.sni, opaque=text)
            tap.reset(Side.SERVER, text)
        else:
            text = (
                f"{where}: the service did not accept the recorder's certificate ({failed}); name "
                "the CA file its client reads in tls.trust_files, or, for a client that pins "
                "certificates, the host in tls.passthrough"
            )
            tap.describe(tls=True, sni=tap.flow.sni, opaque=text)
            tap.reset(Side.CLIENT, text)
        tap.note(text)


def trusted_by_environment() -> list[str]:
    names = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
    return [os.environ[n] for n in names if os.environ.get(n) and Path(os.environ[n]).exists()]


async def dial(meant: Endpoint, transport: Transport) -> socket.socket:
    """The real thing, on the host's network."""
    loop = asyncio.get_running_loop()
    if transport is Transport.UNIX:
        sock = socket.socket(socket.AF_UNIX)
        target: object = meant.host
    else:
        family = (
            socket.AF_INET6 if ipaddress.ip_address(meant.host).version == 6 else socket.AF_INET
        )
        sock = socket.socket(family)
        target = (meant.host, meant.port)
    sock.setblocking(False)
    try:
        await loop.sock_connect(sock, target)  # type: ignore[arg-type]
    except BaseException:
        sock.close()
        raise
    return sock


def _listed(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch(name.lower(), pattern.lower()) for pattern in patterns)


def peer_of(sock: socket.socket) -> Endpoint:
    try:
        name = sock.getpeername()
    except OSError:
        return Endpoint("", 0)
    return Endpoint(str(name[0]), int(name[1])) if isinstance(name, tuple) else Endpoint("unix", 0)


def _reason(failed: BaseException) -> str:
    if isinstance(failed, OSError) and failed.strerror:
        return failed.strerror
    return str(failed) or type(failed).__name__
