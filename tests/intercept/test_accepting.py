"""Accepting connections: on the very address, and without a spin when no descriptor is left."""

from __future__ import annotations

import asyncio
import errno
import socket

import pytest

from reenact.intercept.inbound import listen, watch


class OutOfDescriptors(socket.socket):
    """Fails a number of times, then accepts."""

    refusals = 3

    def accept(self) -> tuple[socket.socket, object]:
        if self.refusals:
            self.refusals -= 1
            raise OSError(errno.EMFILE, "Too many open files")
        return super().accept()


def test_a_caller_waits_until_a_descriptor_is_free():
    async def accepted() -> tuple[socket.socket, int]:
        listener = OutOfDescriptors(fileno=listen("127.0.0.1", 0).detach())
        taken: asyncio.Future[socket.socket] = asyncio.get_running_loop().create_future()
        with listener, socket.create_connection(listener.getsockname()):
            watch(listener, taken.set_result)
            conn = await asyncio.wait_for(taken, 10)
            asyncio.get_running_loop().remove_reader(listener.fileno())
            return conn, listener.refusals

    conn, left = asyncio.run(accepted())
    assert left == 0
    conn.close()


def test_a_listener_that_closes_while_it_waits_is_left_alone():
    async def closed() -> None:
        listener = OutOfDescriptors(fileno=listen("127.0.0.1", 0).detach())
        listener.refusals = 1_000_000
        with socket.create_connection(listener.getsockname()):
            watch(listener, lambda _: None)
            await asyncio.sleep(0.02)
            listener.close()
            await asyncio.sleep(0.1)
            assert 1_000_000 - listener.refusals <= 2, "it does not spin"

    asyncio.run(closed())


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_an_address_in_use_is_an_error_of_the_system(host):
    with listen(host, 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(OSError, match="in use"):
            listen(host, port)
