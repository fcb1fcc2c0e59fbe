"""TLS where the service was told `localhost`: it gets that name, its dependency is held to its own."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from pathlib import Path

import pytest

from reenact.base.clock import SystemClock
from reenact.intercept.ca import Authority
from reenact.intercept.local import dial_here
from reenact.intercept.outbound import Outbound
from reenact.intercept.settings import Settings, Tls
from reenact.intercept.tap import Recorder
from reenact.model.segment import Endpoint, Flow, FlowId, SegmentKind, Side, Transport


class Forgetful:
    def flow(self, flow: Flow) -> None:
        pass

    def keep(
        self, flow: FlowId, side: Side, kind: SegmentKind, at_ns: int, data: bytes = b""
    ) -> None:
        pass


async def asked_through(folder: Path, real_name: str) -> bytes:
    """What a client of `localhost` hears from a server whose certificate is pay.example.com's."""
    theirs, ours = Authority(folder / "theirs"), Authority(folder / "ours")

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(4)
        writer.write(b"pong")
        writer.close()

    server = await asyncio.start_server(
        answer, "127.0.0.1", 0, ssl=theirs.context("pay.example.com")
    )
    port = server.sockets[0].getsockname()[1]

    async def dial(meant: Endpoint, transport: Transport) -> socket.socket:
        return await dial_here(port)

    settings = Settings(tls=Tls(trust_files=(str(theirs.file),)))
    recorder = Recorder(Forgetful(), SystemClock())
    outbound = Outbound(recorder, ours, settings, dial, lambda meant, sni: real_name)
    near, far = socket.socketpair()
    relaying = asyncio.ensure_future(outbound.relay(far, Endpoint("127.0.0.1", 8443)))
    near.setblocking(False)
    trusting = ssl.create_default_context(cadata=ours.pem.decode())
    heard = b""
    try:
        reader, writer = await asyncio.open_connection(
            sock=near, ssl=trusting, server_hostname="localhost"
        )
        writer.write(b"ping")
        heard = await reader.read()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
    finally:
        await relaying
        server.close()
        await server.wait_closed()
    return heard


def test_the_dependency_is_verified_by_its_own_name(tmp_path: Path) -> None:
    assert asyncio.run(asked_through(tmp_path, "pay.example.com")) == b"pong"


def test_a_dependency_with_another_certificate_is_not_talked_to(tmp_path: Path) -> None:
    with pytest.raises(ConnectionError):
        asyncio.run(asked_through(tmp_path, "other.example.com"))
