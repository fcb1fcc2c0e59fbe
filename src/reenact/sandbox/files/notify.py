"""What the kernel tells of a call that waits, and the word that lets it go on.

seccomp_unotify(2); CONTINUE needs Linux 5.5.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import struct
from typing import NamedTuple

_RECEIVE, _SEND, _SET_FLAGS = 0xC0502100, 0xC0182101, 0x40082104
_SYNC_WAKE_UP = 1
_TOLD = struct.Struct("=QIIiIQ6Q")
_ANSWER = struct.Struct("=QqiI")
_CONTINUE = 1
CONTINUE_SINCE = (5, 5)


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


def supported() -> bool:
    major, minor = os.uname().release.split(".")[:2]
    digits = "".join(c for c in minor if c.isdigit())
    return (int(major), int(digits or 0)) >= CONTINUE_SINCE
