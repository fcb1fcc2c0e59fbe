"""The memory of another process, written as it could itself: process_vm_writev(2), which minds
protections where /proc/<pid>/mem would not."""

from __future__ import annotations

import ctypes
import errno
import os


class _Part(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("size", ctypes.c_size_t))


_libc = ctypes.CDLL(None, use_errno=True)
_write = _libc.process_vm_writev
_write.restype = ctypes.c_ssize_t
_write.argtypes = [
    ctypes.c_int,
    ctypes.c_void_p,
    ctypes.c_ulong,
    ctypes.c_void_p,
    ctypes.c_ulong,
    ctypes.c_ulong,
]


def write(pid: int, address: int, data: bytes) -> None:
    """All of it. Raises OSError: EFAULT when it may not be written there."""
    ours = _Part(ctypes.cast(ctypes.c_char_p(data), ctypes.c_void_p).value, len(data))
    theirs = _Part(address, len(data))
    done = _write(pid, ctypes.byref(ours), 1, ctypes.byref(theirs), 1, 0)
    if done < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), "process_vm_writev")
    if done < len(data):
        raise OSError(errno.EFAULT, os.strerror(errno.EFAULT), "process_vm_writev")
