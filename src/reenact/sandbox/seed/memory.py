"""The memory of another process, as it could read and write it itself: process_vm_readv(2) minds
protections where /proc/<pid>/mem would not, and takes half the time."""

from __future__ import annotations

import ctypes
import errno
import os


class _Part(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("size", ctypes.c_size_t))


_libc = ctypes.CDLL(None, use_errno=True)
_read, _write = _libc.process_vm_readv, _libc.process_vm_writev
for _call in (_read, _write):
    _call.restype = ctypes.c_ssize_t
    _call.argtypes = [
        ctypes.c_int,
        ctypes.c_void_p,
        ctypes.c_ulong,
        ctypes.c_void_p,
        ctypes.c_ulong,
        ctypes.c_ulong,
    ]


def read(pid: int, address: int, size: int) -> bytes:
    """Up to `size` bytes, as far as the first page reaches that is not there. Raises OSError."""
    room = ctypes.create_string_buffer(size)
    ours, theirs = _Part(ctypes.addressof(room), size), _Part(address, size)
    done = _read(pid, ctypes.byref(ours), 1, ctypes.byref(theirs), 1, 0)
    if done < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), "process_vm_readv")
    return room.raw[:done]


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
