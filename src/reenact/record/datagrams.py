"""UDP other than DNS: let through, counted, not recorded."""

from __future__ import annotations

import asyncio
import contextlib
import socket

from reenact.model.segment import Endpoint
from reenact.sandbox.process import Datagram, Sandbox

SOCKETS_MAX = 1024
"""Conversations kept open; the oldest is closed for a new one."""


class Datagrams:
    """One outside socket for each (client, server): answers find their way back by it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._out: dict[tuple[Endpoint, Endpoint], socket.socket] = {}
        self.counts: dict[str, int] = {}

    def watch(self) -> None:
        loop = asyncio.get_running_loop()
        for sock in self._sandbox.datagram_sockets:
            loop.add_reader(sock.fileno(), self._sent, sock)

    def close(self) -> None:
        loop = asyncio.get_running_loop()
        for sock in self._sandbox.datagram_sockets:
            loop.remove_reader(sock.fileno())
        for sock in self._out.values():
            loop.remove_reader(sock.fileno())
            sock.close()
        self._out.clear()

    def _sent(self, sock: socket.socket) -> None:
        while (datagram := self._sandbox.receive_datagram(sock)) is not None:
            where = str(datagram.server)
            self.counts[where] = self.counts.get(where, 0) + 1
            with contextlib.suppress(OSError):  # UDP: what cannot be sent is lost, as it would be
                self._way_out(datagram).send(datagram.data)

    def _way_out(self, datagram: Datagram) -> socket.socket:
        key = (datagram.client, datagram.server)
        out = self._out.get(key)
        if out is None:
            if len(self._out) >= SOCKETS_MAX:
                self._forget(next(iter(self._out)))
            family = socket.AF_INET6 if ":" in datagram.server.host else socket.AF_INET
            out = socket.socket(family, socket.SOCK_DGRAM)
            out.setblocking(False)
            try:
                out.connect((datagram.server.host, datagram.server.port))
            except OSError:
                out.close()
                raise
            self._out[key] = out
            asyncio.get_running_loop().add_reader(out.fileno(), self._answered, out, datagram)
        return out

    def _answered(self, out: socket.socket, asked: Datagram) -> None:
        with contextlib.suppress(OSError):
            self._sandbox.answer_datagram(asked, out.recv(65535))

    def _forget(self, key: tuple[Endpoint, Endpoint]) -> None:
        out = self._out.pop(key)
        asyncio.get_running_loop().remove_reader(out.fileno())
        out.close()
