"""ptrace(2), as much of it as the tracer needs."""

from __future__ import annotations

import ctypes
import os

CONT = 7
SYSCALL = 24
GETEVENTMSG = 0x4201
GETREGSET = 0x4204
SETREGSET = 0x4205
SEIZE = 0x4206
INTERRUPT = 0x4207
LISTEN = 0x4208

O_TRACESYSGOOD = 0x1
O_TRACEFORK = 0x2
O_TRACEVFORK = 0x4
O_TRACECLONE = 0x8
O_TRACEEXEC = 0x10
O_TRACESECCOMP = 0x80

EVENT_FORK = 1
EVENT_VFORK = 2
EVENT_CLONE = 3
EVENT_EXEC = 4
EVENT_SECCOMP = 7
EVENT_STOP = 128

WALL = 0x40000000
"""For waitpid: threads too."""

_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.restype = ctypes.c_long
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]


def ptrace(request: int, pid: int, address: int | None = None, data: int | None = None) -> None:
    if _libc.ptrace(request, pid, address, data) == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), "ptrace")


def event_message(pid: int) -> int:
    """Of a process stopped for having made another: which. Raises OSError."""
    room = ctypes.c_ulong()
    ptrace(GETEVENTMSG, pid, None, ctypes.addressof(room))
    return room.value
