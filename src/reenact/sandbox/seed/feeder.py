"""Endless pipes: what stands in for an opened device of randomness."""

from __future__ import annotations

import _thread
import contextlib
import fcntl
import os
import select
from collections.abc import Callable

_BLOCK = 4096
_PIPE = 16384
"""A pipe is filled when it is opened: the usual 64 KiB would be 0.2 ms of work for nothing."""

_F_SETPIPE_SZ = 1031


class Feeder:
    """A thread of its own, once there is something to feed."""

    def __init__(self) -> None:
        self._poll: select.epoll | None = None
        self._fed: dict[int, _Fed] = {}

    def opened(self, blocks: Callable[[int, int], bytes]) -> int:
        """A descriptor to read from; the caller closes it. `blocks(n, size)` gives the n-th block."""
        read, write = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(write, False)
        with contextlib.suppress(OSError):  # it has the usual size, then
            fcntl.fcntl(write, _F_SETPIPE_SZ, _PIPE)
        fed = self._fed[write] = _Fed(write, blocks)
        fed.fill()
        if self._poll is None:
            self._poll = select.epoll()
            _thread.start_new_thread(self._run, (self._poll,))
        self._poll.register(write, select.EPOLLOUT)
        return read

    def _run(self, poll: select.epoll) -> None:
        while True:
            for write, event in poll.poll():
                if event & select.EPOLLERR or not self._fed[write].fill():
                    poll.unregister(write)
                    del self._fed[write]
                    os.close(write)


class _Fed:
    def __init__(self, write: int, blocks: Callable[[int, int], bytes]) -> None:
        self._write = write
        self._blocks = blocks
        self._next = 0
        self._rest = b""

    def fill(self) -> bool:
        """As much as fits; False when nobody reads any more."""
        try:
            while True:
                if not self._rest:
                    self._rest = self._blocks(self._next, _BLOCK)
                    self._next += 1
                self._rest = self._rest[os.write(self._write, self._rest) :]
        except BlockingIOError:
            return True
        except BrokenPipeError:
            return False
