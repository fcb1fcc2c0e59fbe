"""A connection that the service opened: to whom it was meant, in what it is wrapped, and relayed."""

from __future__ import annotations

import asyncio
import contextlib
import enum
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
from reenact.intercept.relay import Half, HandshakeFailed, join, pair, reach, reason, refuse
from reenact.intercept.settings import Settings
from reenact.intercept.tap import Recorder, Tap
from reenact.model.segment import Endpoint, Role, Side, Transport

DIAL_S = 130.0
"""Linux gives up on an unanswered connect after about 127 s (tcp_syn_retries 6)."""


class Verify(enum.Enum):
    CHAIN_AND_NAME = "chain and name"
    CHAIN = "chain"
    NOTHING = "nothing"


class Outbound:
    """Relays what the service connects to. `dial` opens the real connection; `real_name` is what
    the far side's certificate is for, from whom was meant and the name the client asked for.
    `roots`: PEM, trusted upstream as well."""

    def __init__(
        self,
        recorder: Recorder,
        authority: Authority,
        settings: Settings,
        dial: Callable[[Endpoint, Transport], Awaitable[socket.socket]],
        real_name: Callable[[Endpoint, str | None], str] = lambda meant, sni: sni or meant.host,
        roots: bytes = b"",
    ) -> None:
        self._recorder = recorder
        self._authority = authority
        self._settings = settings
        self._dial = dial
        self._real_name = real_name
        self._roots = roots.decode("ascii", "ignore")
        self._upstream: dict[tuple[str, tuple[str, ...], Verify], ssl.SSLContext] = {}
        self._open: dict[str, set[Half]] = {}  # the service's sides of TLS connections, by host
        self._trusted: set[str] = set()  # hosts with which the service has spoken over TLS

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
            tap.reset(Side.SERVER, f"connect to {meant}: {reason(failed)}")
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
        elif asks(first):
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
        tap.describe(sni=hello.sni)
        # PostgreSQL 17's `sslnegotiation=direct` is this protocol by name, and verifies as libpq.
        postgres = hello.alpn == ("postgresql",)
        context = self._postgres_context(name, hello.alpn, tap) if postgres else None
        context = context or self.upstream(name, offered(hello.alpn))
        await self._both_sides(client, server, meant, hello, tap, context)

    async def _both_sides(
        self,
        client: socket.socket,
        server: socket.socket,
        meant: Endpoint,
        hello: ClientHello,
        tap: Tap,
        context: ssl.SSLContext,
    ) -> None:
        """The upstream first: what it agrees to is what the client is offered, and if it fails
        the client has not been told yet that all is well."""
        near, far = Half(Side.CLIENT, tap), Half(Side.SERVER, tap)
        near.peer, far.peer = far, near
        await reach(server, client, far, context, self._real_name(meant, hello.sni))
        assert far.transport is not None
        alpn = far.transport.get_extra_info("ssl_object").selected_alpn_protocol()
        tap.describe(tls=True, alpn=alpn)
        ours = self._authority.context(hello.sni or meant.host, (alpn,) if alpn else ())
        where = hello.sni or str(meant)
        self._open.setdefault(where, set()).add(near)
        try:
            await pair(client, near, far, ours)
        finally:
            self._open[where].discard(near)
        if near.spoke:
            self._trusted.add(where)
        self._ended(where, tap, near, far)

    def _ended(self, where: str, tap: Tap, near: Half, far: Half) -> None:
        # A pool opens connections in advance and may never need them: what has spoken on another
        # one pins no certificate.
        trusted = where in self._trusted or any(half.spoke for half in self._open[where])
        if near.left and not near.spoke and not far.spoke and not trusted:
            tap.note(
                f"{where}: the service ended a connection right after the TLS handshake, without a "
                "word, as clients do that pin certificates; if it does, name the host in "
                "tls.passthrough"
            )
        if "certificate required" in far.failure:
            tap.note(
                f"{where}: the upstream asks for a client certificate; name it in tls.client_certs"
            )

    async def _postgres(
        self, client: socket.socket, server: socket.socket, meant: Endpoint, tap: Tap
    ) -> None:
        """SSLRequest and GSSENCRequest, PostgreSQL 17 documentation, 54.2.10. Encryption by GSSAPI
        cannot be read by us, so it is declined; a client then asks for TLS or goes on in the clear.

        The name in the ClientHello is not noted: a replay has to know whom it plays before that."""
        loop = asyncio.get_running_loop()
        while asked := asks(await opening(client)):
            await loop.sock_recv(client, len(SSL_REQUEST))  # no more than was peeked at
            if asked == SSL_REQUEST:
                await loop.sock_sendall(server, SSL_REQUEST)
                said = await loop.sock_recv(server, 1)
                await loop.sock_sendall(client, said)
                if said == b"S":
                    await self._postgres_tls(client, server, meant, tap)
                    return
                if said != b"N":  # the end, or an error message of a server before TLS
                    if said:
                        tap.data(Side.SERVER, said)
                    break
            else:
                await loop.sock_sendall(client, b"N")
            await readable(client)
        await join(client, server, tap)

    async def _postgres_tls(
        self, client: socket.socket, server: socket.socket, meant: Endpoint, tap: Tap
    ) -> None:
        await readable(client)
        hello = await opening(client)
        if not isinstance(hello, ClientHello):  # it promised one; nothing fits any more
            tap.describe(opaque="TLS was agreed on, and something else came")
            await join(client, server, tap)
            return
        name = self._real_name(meant, hello.sni)
        if _listed(name, self._settings.tls.passthrough):
            tap.describe(opaque="passthrough")
            await join(client, server, tap)
            return
        context = self._postgres_context(name, hello.alpn, tap)
        await self._both_sides(client, server, meant, hello, tap, context)

    def _postgres_context(self, name: str, alpn: tuple[str, ...], tap: Tap) -> ssl.SSLContext:
        """libpq verifies nothing with sslmode `prefer` and `require`, the chain with `verify-ca` or
        when it has a root file, the name too with `verify-full`; from outside this cannot be
        seen. So the chain is verified when a CA file is configured, and nothing otherwise."""
        tls = self._settings.tls
        if tls.trust_files and not _listed(name, tls.insecure):
            return self.upstream(name, alpn, Verify.CHAIN)
        tap.note(
            f"{name}: the certificate of this PostgreSQL was not verified, as by sslmode=require; "
            "name its CA file in tls.trust_files to verify it"
        )
        return self.upstream(name, alpn, Verify.NOTHING)

    def upstream(
        self, name: str, alpn: tuple[str, ...], verify: Verify = Verify.CHAIN_AND_NAME
    ) -> ssl.SSLContext:
        """A client context that trusts what the service's clients trust: the system's roots, the
        bundles its environment names, and the configured files."""
        key = (name, alpn, verify)
        if key not in self._upstream:
            self._upstream[key] = client_context(
                name, self._settings, self._roots, alpn=alpn, verify=verify
            )
        return self._upstream[key]

    def _say(self, failed: HandshakeFailed, meant: Endpoint, tap: Tap) -> None:
        where = tap.flow.sni or str(meant)
        if failed.side is Side.SERVER:
            text = (
                f"{where}: TLS with the upstream failed ({failed}); the service was told so by a "
                "reset. If the service trusts a private CA file, name it in tls.trust_files; if it "
                "verifies nothing, name the host in tls.insecure"
            )
        else:
            text = (
                f"{where}: the service did not accept the recorder's certificate ({failed}); name "
                "the CA file its client reads in tls.trust_files, or, for a client that pins "
                "certificates, the host in tls.passthrough"
            )
        tap.describe(opaque=text)
        tap.reset(failed.side, text)
        tap.note(text)


def client_context(
    name: str,
    settings: Settings,
    roots: str = "",
    *,
    alpn: tuple[str, ...] = (),
    verify: Verify = Verify.CHAIN_AND_NAME,
) -> ssl.SSLContext:
    """For the host `name`; `roots` (PEM) are trusted as well."""
    context = ssl.create_default_context()
    for file in (*trusted_by_environment(), *settings.tls.trust_files):
        with contextlib.suppress(OSError):
            context.load_verify_locations(file)
    if roots:
        context.load_verify_locations(cadata=roots)
    if _listed(name, settings.tls.insecure):
        verify = Verify.NOTHING
    if verify is not Verify.CHAIN_AND_NAME:
        context.check_hostname = False
    if verify is Verify.NOTHING:
        context.verify_mode = ssl.CERT_NONE
    if alpn:
        context.set_alpn_protocols(list(alpn))
    for own in settings.tls.client_certs:
        if _listed(name, (own.host,)):
            context.load_cert_chain(own.cert, own.key)
    return context


def asks(first: ClientHello | bytes) -> bytes:
    """SSL_REQUEST or GSSENC_REQUEST when the client begins with it, else b""."""
    begins = b"" if isinstance(first, ClientHello) else first[:8]
    return begins if begins in (SSL_REQUEST, GSSENC_REQUEST) else b""


def offered(alpn: tuple[str, ...]) -> tuple[str, ...]:
    """What we offer the upstream of what the client offers: HTTP/2 only if nothing else will do,
    since HTTP/1.1 can be replayed. Client and upstream still agree on one and the same."""
    return tuple(p for p in alpn if p != "h2") if "http/1.1" in alpn else alpn


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
