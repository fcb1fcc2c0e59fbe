"""What the kernel tells of a call that waits, and the word that lets it go on, or its result.

seccomp_unotify(2); CONTINUE needs Linux 5.5, descriptors of ours 5.9.
"""

from __future__ import annotations

import _thread
import contextlib
import errno
import fcntl
import os
import struct
from collections.abc import Callable
from typing import NamedTuple

_RECEIVE, _SEND, _SET_FLAGS = 0xC0502100, 0xC0182101, 0x40082104
_STILL_WAITS, _ADD_DESCRIPTOR = 0x40082102, 0x40182103
_SYNC_WAKE_UP = 1
_TOLD = struct.Struct("=QIIiIQ6Q")
_ANSWER = struct.Struct("=QqiI")
_DESCRIPTOR = struct.Struct("=QIIII")
_CONTINUE = 1
CONTINUE_SINCE = (5, 5)
DESCRIPTORS_SINCE = (5, 9)

_RECEIVERS = 8
"""Threads that take calls over. Until it is taken over, a signal interrupts a call as if it read
from a terminal: where the handler does not restart it (SA_RESTART), it fails with EINTR. Afterwards
it waits undisturbed (5.19), so what matters is that somebody takes it at once."""


class Call(NamedTuple):
    """`thread` is numbered as in our PID namespace."""

    id: int
    thread: int
    number: int
    args: tuple[int, ...]


def hurry(listener: int) -> None:
    """Have us run where the call waits, at once, instead of when a processor has nothing else to
    do (Linux 6.6; harmless before)."""
    with contextlib.suppress(OSError):
        fcntl.ioctl(listener, _SET_FLAGS, _SYNC_WAKE_UP)


def receive(listener: int) -> Call:
    """The next call that waits. Raises OSError: ENOENT when its thread was killed meanwhile."""
    room = bytearray(_TOLD.size)
    fcntl.ioctl(listener, _RECEIVE, room, True)
    id_, thread, _, number, _, _, *args = _TOLD.unpack(room)
    return Call(id_, thread, number, tuple(args))


def let_go_on(listener: int, call: Call) -> None:
    """Raises OSError: ENOENT when it does not wait any more."""
    fcntl.ioctl(listener, _SEND, bytearray(_ANSWER.pack(call.id, 0, 0, _CONTINUE)), True)


def give(listener: int, call: Call, value: int) -> None:
    """End the call with that result: a value, or an errno as a negative one. Raises as above."""
    value, failure = (0, value) if value < 0 else (value, 0)
    fcntl.ioctl(listener, _SEND, bytearray(_ANSWER.pack(call.id, value, failure, 0)), True)


def give_descriptor(listener: int, call: Call, ours: int, *, cloexec: bool) -> None:
    """End the call with a descriptor of ours, made theirs. Raises OSError."""
    flags = os.O_CLOEXEC if cloexec else 0
    asked = bytearray(_DESCRIPTOR.pack(call.id, 0, ours, 0, flags))
    give(listener, call, fcntl.ioctl(listener, _ADD_DESCRIPTOR, asked, True))


def still_waits(listener: int, call: Call) -> bool:
    """Whether its thread is there: asked before its memory is touched, since ids are used again."""
    try:
        fcntl.ioctl(listener, _STILL_WAITS, struct.pack("=Q", call.id))
    except OSError:
        return False
    return True


def serve(listener: int, answered: Callable[[Call], bool]) -> None:
    """Take every call, in threads of their own, one at a time; those that are not `answered` go on."""
    hurry(listener)
    one_at_a_time = _thread.allocate_lock()
    for _ in range(_RECEIVERS):
        _thread.start_new_thread(_serve, (listener, answered, one_at_a_time))


def _serve(
    listener: int, answered: Callable[[Call], bool], one_at_a_time: _thread.LockType
) -> None:
    while True:
        try:
            call = receive(listener)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.EINTR):  # killed, or interrupted
                continue
            return  # the last process that had the filter is gone
        done = False
        with (
            contextlib.suppress(Exception),
            one_at_a_time,
        ):  # whatever happens, no call waits forever
            done = answered(call)
        if not done:
            with contextlib.suppress(OSError):  # killed meanwhile
                let_go_on(listener, call)


def supported(since: tuple[int, int] = CONTINUE_SINCE) -> bool:
    major, minor = os.uname().release.split(".")[:2]
    digits = "".join(c for c in minor if c.isdigit())
    return (int(major), int(digits or 0)) >= since
