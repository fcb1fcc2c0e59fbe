"""A ClientHello in pieces, where the kernel cannot wait for more than was seen (Windows)."""

from __future__ import annotations

import asyncio
import socket
import ssl

import pytest

from reenact.intercept import peek
from reenact.intercept.hello import ClientHello


class OnWindows(socket.socket):
    def setsockopt(self, *arguments: object) -> None:  # type: ignore[override]
        raise OSError("WSAENOPROTOOPT")


def hello(name: str) -> bytes:
    out = ssl.MemoryBIO()
    session = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), out, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        session.do_handshake()
    return out.read()


def test_the_rest_of_a_hello_is_waited_for() -> None:
    async def pieces() -> ClientHello | bytes:
        ours, theirs = socket.socketpair()
        server = OnWindows(fileno=ours.detach())
        server.setblocking(False)
        data = hello("pay.example.com")
        with server, theirs:
            theirs.sendall(data[:50])
            await peek.readable(server)
            looking = asyncio.ensure_future(peek.opening(server))
            await asyncio.sleep(0)  # it has seen the first piece
            theirs.sendall(data[50:])
            return await looking

    found = asyncio.run(pieces())
    assert isinstance(found, ClientHello)
    assert found.sni == "pay.example.com"


def test_a_client_that_never_says_the_rest_has_said_that_much(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(peek, "ASKS", 2)

    async def half() -> ClientHello | bytes:
        ours, theirs = socket.socketpair()
        server = OnWindows(fileno=ours.detach())
        server.setblocking(False)
        with server, theirs:
            theirs.sendall(said)
            await peek.readable(server)
            return await peek.opening(server)

    said = hello("pay.example.com")[:50]
    assert asyncio.run(half()) == said
