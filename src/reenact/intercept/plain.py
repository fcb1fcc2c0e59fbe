"""The data path without TLS: two sockets, bytes copied both ways and stamped, nothing parsed.

The sockets are read and written here, not by the loop's transports: a tenth less work for each piece
(docs/benchmarks.md). Memory is bounded: each way by the rest of one read of at most READ_MAX that the
receiver has not taken yet; until it has, no more is read.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket

from reenact.intercept.relay import RESET, prompt, reason
from reenact.intercept.tap import Tap
from reenact.model.segment import Side

READ_MAX = 64 * 1024


async def join(client: socket.socket, server: socket.socket, tap: Tap | None) -> None:
    """Relay until both sides are done; the sockets, which do not block, are closed in any case."""
    prompt(client)
    prompt(server)
    loop = asyncio.get_running_loop()
    over = loop.create_future()
    near, far = _End(client, Side.CLIENT, tap, over), _End(server, Side.SERVER, tap, over)
    near.peer, far.peer = far, near
    try:
        near.listen()
        far.listen()
        await over
    finally:
        near.close()
        far.close()


class _End:
    """One side of a relayed connection: what it reads goes to its peer. What waits is for its own socket,
    and comes from its peer, which is not read meanwhile: so nothing waits when that says FIN."""

    __slots__ = (
        "_ended", "_fd", "_loop", "_over", "_recv", "_send", "_side", "_sock", "_tap", "_waits", "peer",
    )  # fmt: skip

    def __init__(
        self, sock: socket.socket, side: Side, tap: Tap | None, over: asyncio.Future[None]
    ) -> None:
        self._sock, self._side, self._tap, self._over = sock, side, tap, over
        self._recv, self._send, self._fd = sock.recv, sock.send, sock.fileno()
        self._loop = over.get_loop()
        self._waits = b""
        self._ended = False
        self.peer = self

    def listen(self) -> None:
        self._loop.add_reader(self._fd, self._read)

    def close(self) -> None:
        """May be repeated."""
        if self._sock.fileno() >= 0:
            self._loop.remove_reader(self._fd)
            self._loop.remove_writer(self._fd)
            self._sock.close()

    def _read(self) -> None:
        try:
            data = self._recv(READ_MAX)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as failed:
            self._fail(failed)
            return
        if not data:
            self._end()
            return
        if self._tap is not None:
            self._tap.data(self._side, data)
        peer = self.peer
        try:
            sent = peer._send(data)
        except (BlockingIOError, InterruptedError):
            sent = 0
        except OSError as failed:
            peer._fail(failed)
            return
        if sent < len(data):
            peer._hold(data[sent:])

    def _hold(self, data: bytes) -> None:
        self._waits = data
        self._loop.remove_reader(self.peer._fd)
        self._loop.add_writer(self._fd, self._write)

    def _write(self) -> None:
        try:
            sent = self._send(self._waits)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as failed:
            self._fail(failed)
            return
        self._waits = self._waits[sent:]
        if not self._waits:
            self._loop.remove_writer(self._fd)
            self.peer.listen()

    def _end(self) -> None:
        """It said FIN: so do we to the other side, which may go on."""
        self._ended = True
        self._loop.remove_reader(self._fd)
        if self._tap is not None:
            self._tap.eof(self._side)
        with contextlib.suppress(OSError):  # its peer is gone: who reads it next finds out
            self.peer._sock.shutdown(socket.SHUT_WR)
        if self.peer._ended:
            self._be_over()

    def _fail(self, failed: OSError) -> None:
        """It is gone: the other side sees RST, as we did."""
        if self._tap is not None:
            self._tap.reset(self._side, reason(failed))
        with contextlib.suppress(OSError):
            self.peer._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self._be_over()

    def _be_over(self) -> None:
        self.close()
        self.peer.close()
        if not self._over.done():
            self._over.set_result(None)
