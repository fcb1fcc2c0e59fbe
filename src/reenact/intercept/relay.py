"""The data path: two transports, bytes copied both ways and stamped, nothing parsed.

Memory is bounded: for each connection by what its two transports buffer before they pause the other
side (the high-water mark of 64 KiB plus one read of at most 256 KiB each way; with TLS a record
buffer of 256 KiB a side; measured, an idle connection takes 8 KiB); for all together by what waits
for the disk (`store.writer.QUEUED_MAX`, 64 MiB, and 1 MiB in the making).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import ssl
from typing import cast

from reenact.intercept.tap import Tap
from reenact.model.segment import Side

RESET = b"\1\0\0\0\0\0\0\0"
"""SO_LINGER on with zero seconds: close sends RST, as the other side did."""


SHUTDOWN_S = 600.0
"""How long the last bytes of a TLS connection may take to be read; asyncio's default of 30 s would
cut off a peer that reads slowly."""


class Half(asyncio.Protocol):
    """One side of a relayed connection: what it reads goes to its peer.

    `lost` is done when the connection is gone, `failure` then says how it failed ("" if it did
    not); `spoke` says whether it ever carried a byte, `left` whether it ended before its peer.
    """

    __slots__ = (
        "_early", "_ended", "_ours", "_tap",
        "failure", "left", "lost", "peer", "side", "spoke", "transport",
    )  # fmt: skip

    def __init__(self, side: Side, tap: Tap | None) -> None:
        self.side = side
        self._tap = tap
        self.peer: Half = self
        self.transport: asyncio.Transport | None = None
        self.spoke = False
        self.left = False
        self.failure = ""
        self._early: list[bytes] = []
        self._ended = False  # it sent FIN
        self._ours = False  # we close it: what follows says nothing of it
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        if self.peer.transport is None:
            self.transport.pause_reading()  # nobody to hand it to yet; `pair` resumes
            return
        for data in self.peer._early:
            self.transport.write(data)
        self.peer._early.clear()
        if self.peer._ended:
            self._hear_end()

    def data_received(self, data: bytes) -> None:
        if self._tap is not None:
            self._tap.data(self.side, data)
        self.spoke = True
        out = self.peer.transport
        if out is not None:
            out.write(data)
            return
        # uvloop begins to read after connection_made, whatever that said: once more, then.
        self._early.append(data)
        assert self.transport is not None
        self.transport.pause_reading()

    def eof_received(self) -> bool:
        self._end()
        if self.peer.transport is not None:
            self.peer._hear_end()
        assert self.transport is not None
        return self.transport.can_write_eof() and not (self.peer._ended or self.peer._ours)

    def _hear_end(self) -> None:
        """The other side says no more. asyncio and uvloop cannot close one direction of TLS: there,
        both end."""
        assert self.transport is not None
        if not self.transport.can_write_eof():
            self.close()
        elif not self.transport.is_closing():
            self.transport.write_eof()

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is not None:
            self.failure = reason(exc)
            self._leave()
            if not self._ours and self._tap is not None:
                self._tap.reset(self.side, self.failure)
        elif not self._ours:
            self._end()
        self.peer.close(hard=exc is not None)
        if not self.lost.done():
            self.lost.set_result(None)

    def close(self, *, hard: bool = False) -> None:
        """End it from our side, after what is still to be written; `hard`: at once, with RST."""
        out = self.transport
        if out is None or self.lost.done() or (self._ours and not hard):
            return
        self._ours = True
        if hard:
            abort(out)
        else:
            out.close()

    def _end(self) -> None:
        if not self._ended and self._tap is not None:
            self._tap.eof(self.side)
        self._leave()
        self._ended = True

    def _leave(self) -> None:
        self.left = self.left or not (self._ours or self.peer.left)

    def pause_writing(self) -> None:
        if (source := self.peer.transport) is not None:
            with contextlib.suppress(RuntimeError):
                source.pause_reading()

    def resume_writing(self) -> None:
        if (source := self.peer.transport) is not None:
            with contextlib.suppress(RuntimeError):
                source.resume_reading()


def abort(transport: asyncio.Transport) -> None:
    """End a connection the hard way: the peer sees RST."""
    sock = transport.get_extra_info("socket")
    if sock is not None:
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    transport.abort()


def refuse(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    sock.close()


def prompt(sock: socket.socket) -> None:
    """Small writes leave at once, as they did before somebody stood in between."""
    if sock.family in (socket.AF_INET, socket.AF_INET6):
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


class HandshakeFailed(Exception):
    """`side` is who we could not agree on TLS with."""

    def __init__(self, side: Side, why: str) -> None:
        super().__init__(why)
        self.side = side


async def join(
    client: socket.socket,
    server: socket.socket,
    tap: Tap | None,
    client_tls: ssl.SSLContext | None = None,
    server_tls: ssl.SSLContext | None = None,
    server_name: str | None = None,
) -> None:
    """Relay until both sides are done. TLS contexts say which sides speak TLS; the server's side
    is shaken hands with first. Raises HandshakeFailed; the sockets are closed in any case."""
    near, far = Half(Side.CLIENT, tap), Half(Side.SERVER, tap)
    near.peer, far.peer = far, near
    await reach(server, client, far, server_tls, server_name)
    await pair(client, near, far, client_tls)


async def reach(
    server: socket.socket,
    client: socket.socket,
    far: Half,
    tls: ssl.SSLContext | None,
    name: str | None,
) -> None:
    """The first half of `join`: the server's side. The client is refused if that fails."""
    loop = asyncio.get_running_loop()
    prompt(client)
    prompt(server)
    try:
        await loop.create_connection(
            lambda: far,
            sock=server,
            ssl=tls,
            server_hostname=name if tls else None,
            ssl_shutdown_timeout=SHUTDOWN_S if tls else None,
        )
    except (OSError, ValueError) as failed:  # ValueError: a name that cannot be one
        refuse(client)
        server.close()
        raise HandshakeFailed(Side.SERVER, reason(failed)) from None


async def pair(
    client: socket.socket, near: Half, far: Half, client_tls: ssl.SSLContext | None
) -> None:
    """The second half of `join`: `far` is connected, now the client's side."""
    loop = asyncio.get_running_loop()
    far_transport = far.transport
    assert far_transport is not None
    try:
        await loop.connect_accepted_socket(
            lambda: near,
            client,
            ssl=client_tls,
            ssl_shutdown_timeout=SHUTDOWN_S if client_tls else None,
        )
    except OSError as failed:
        far.close(hard=True)
        client.close()
        raise HandshakeFailed(Side.CLIENT, reason(failed)) from None
    if far.lost.done():
        near.close()
    else:
        with contextlib.suppress(RuntimeError):  # it is closing
            far_transport.resume_reading()
    await asyncio.gather(near.lost, far.lost)


def reason(failed: BaseException) -> str:
    """OpenSSL's words without its source lines; "" is a connection that just ended."""
    if isinstance(failed, ssl.SSLError) and failed.reason:
        detail = getattr(failed, "verify_message", "")
        return failed.reason.lower().replace("_", " ") + (f": {detail}" if detail else "")
    if isinstance(failed, OSError) and failed.errno is not None and failed.errno > 0:
        return os.strerror(failed.errno)  # asyncio's own text has addresses in it
    return str(failed) or "the connection ended"
