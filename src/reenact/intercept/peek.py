"""Who speaks first on two fresh sockets, and what the client begins with, without taking a byte."""

from __future__ import annotations

import asyncio
import contextlib
import socket

from reenact.intercept.hello import HELLO_MAX, SSL_REQUEST, ClientHello, Need, client_hello

HELLO_S = 60.0
"""What asyncio gives a TLS handshake."""
HALF_S = 1.0
"""For the first bytes of what may become a ClientHello or an SSLRequest, or is something else whose
server has to answer now."""

ASK_S, ASKS = 0.01, 1000
"""Where the kernel cannot wait for more: how often it is asked, and when a client is given up."""


async def readable(*socks: socket.socket) -> socket.socket:
    """The first of the sockets that has bytes or its end to read."""
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[socket.socket] = loop.create_future()

    def mark(sock: socket.socket) -> None:
        if not ready.done():
            ready.set_result(sock)

    for sock in socks:
        loop.add_reader(sock.fileno(), mark, sock)
    try:
        return await ready
    finally:
        for sock in socks:
            loop.remove_reader(sock.fileno())


def peeked(sock: socket.socket) -> bytes:
    with contextlib.suppress(BlockingIOError, ConnectionError):
        return sock.recv(HELLO_MAX, socket.MSG_PEEK)
    return b""


async def opening(sock: socket.socket) -> ClientHello | bytes:
    """The client's ClientHello, or the first bytes of whatever else it speaks (b"" at its end).

    The socket is readable already. A hello that comes in pieces is waited for; bytes that only
    look like the beginning of one are taken for what they are after HALF_S.
    """
    seen = peeked(sock)
    while True:
        found = client_hello(seen)
        if isinstance(found, ClientHello):
            return found
        half = found is Need.MORE or (len(seen) < 8 and SSL_REQUEST.startswith(seen))
        longer = await _more(sock, seen) if half and seen else b""
        if not longer:
            return seen
        seen = longer


async def _more(sock: socket.socket, seen: bytes) -> bytes:
    """More than was seen; b"" at the end, or when none came in time. A socket with unread bytes is
    always readable, so the kernel is asked to call it readable only from one byte more on
    (SO_RCVLOWAT)."""
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, len(seen) + 1)
    except OSError:  # Windows
        return await _more_by_asking(sock, seen)
    try:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(readable(sock), HELLO_S if _is_hello(seen) else HALF_S)
    finally:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1)
    return _longer(sock, seen)


def _is_hello(seen: bytes) -> bool:
    return len(seen) > 5 and seen[5] == 1


async def _more_by_asking(sock: socket.socket, seen: bytes) -> bytes:
    for _ in range(ASKS):
        if again := _longer(sock, seen):
            return again
        await asyncio.sleep(ASK_S)
    return b""


def _longer(sock: socket.socket, seen: bytes) -> bytes:
    again = peeked(sock)
    return again if len(again) > len(seen) else b""
