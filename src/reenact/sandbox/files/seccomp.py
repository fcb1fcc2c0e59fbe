"""The filter (seccomp(2), classic BPF) that stops a process at calls which change the file tree,
and, where the service's randomness is ours (`reenact.sandbox.seed`), at those that draw from the
kernel's: getrandom, and opening files for reading, since a path cannot be seen by a filter.

Everything else goes through untouched: the kernel knows from the filter alone that it may (5.11),
so that it costs nothing.
"""

from __future__ import annotations

import ctypes
import os
import struct
from typing import NamedTuple

_CHANGES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_NO_DRAW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_DIRECTORY | os.O_PATH


class Machine(NamedTuple):
    """`audit` is the architecture's AUDIT_ARCH_ number, `seccomp` its seccomp(2), `getrandom` its
    getrandom(2); `numbers` are those of the calls that change files."""

    audit: int
    seccomp: int
    getrandom: int
    numbers: dict[str, int]


MACHINES = {
    "x86_64": Machine(
        0xC000003E,
        317,
        318,
        {
            "open": 2,
            "creat": 85,
            "openat": 257,
            "openat2": 437,
            "truncate": 76,
            "rename": 82,
            "renameat": 264,
            "renameat2": 316,
            "unlink": 87,
            "unlinkat": 263,
            "rmdir": 84,
            "mkdir": 83,
            "mkdirat": 258,
            "link": 86,
            "linkat": 265,
            "symlink": 88,
            "symlinkat": 266,
            "mknod": 133,
            "mknodat": 259,
        },
    ),
    "aarch64": Machine(
        0xC00000B7,
        277,
        278,
        {
            "openat": 56,
            "openat2": 437,
            "truncate": 45,
            "renameat": 38,
            "renameat2": 276,
            "unlinkat": 35,
            "mkdirat": 34,
            "linkat": 37,
            "symlinkat": 36,
            "mknodat": 33,
        },
    ),
}
"""Linux' arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h."""

FLAGS_AT = {"open": 1, "openat": 2}
"""Which argument says what a file is opened for. That of openat2 lies in memory, where no filter
looks."""

_LOAD, _JUMP_IF_EQUAL, _JUMP_IF_ANY, _RETURN = 0x20, 0x15, 0x45, 0x06
_ARCH_AT, _ARGS_AT = 4, 16
_ALLOW, _NOTIFY = 0x7FFF0000, 0x7FC00000

_SET_FILTER = 1
_SPEC_ALLOW, _NEW_LISTENER, _WAIT_KILLABLE = 4, 8, 32


def supported(machine: str) -> bool:
    return machine in MACHINES


def program(machine: Machine, *, changes: bool = True, draws: bool = False) -> bytes:
    """The filter, as an array of struct sock_filter: for one purpose, or both."""
    out = [_step(_LOAD, _ARCH_AT), _step(_JUMP_IF_EQUAL, machine.audit, 1, 0)]
    out += [_step(_RETURN, _ALLOW), _step(_LOAD, 0)]
    for name, number in machine.numbers.items():
        if name in FLAGS_AT:
            out += _opening(number, FLAGS_AT[name], changes=changes, draws=draws)
        elif changes or name == "openat2":
            out += _always(number)
    if draws:
        out += _always(machine.getrandom)
    return b"".join([*out, _step(_RETURN, _ALLOW)])


def _always(number: int) -> list[bytes]:
    return [_step(_JUMP_IF_EQUAL, number, 0, 1), _step(_RETURN, _NOTIFY)]


def _opening(number: int, flags_at: int, *, changes: bool, draws: bool) -> list[bytes]:
    if changes and draws:
        return _always(number)
    mask, then, otherwise = (_CHANGES, _NOTIFY, _ALLOW) if changes else (_NO_DRAW, _ALLOW, _NOTIFY)
    return [
        _step(_JUMP_IF_EQUAL, number, 0, 4),
        _step(_LOAD, _ARGS_AT + 8 * flags_at),
        _step(_JUMP_IF_ANY, mask, 0, 1),
        _step(_RETURN, then),
        _step(_RETURN, otherwise),
    ]


def _step(operation: int, value: int, then: int = 0, otherwise: int = 0) -> bytes:
    return struct.pack("<HBBI", operation, then, otherwise, value)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_char_p))


def install(*, changes: bool = True, draws: bool = False) -> int:
    """For this process and all that comes of it, which must have CAP_SYS_ADMIN in its user
    namespace, and no such listener yet (EBUSY). Returns the descriptor on which the calls are told. Raises OSError."""
    machine = MACHINES[os.uname().machine]
    steps = program(machine, changes=changes, draws=draws)
    argument = ctypes.byref(_Program(len(steps) // 8, steps))
    libc = ctypes.CDLL(None, use_errno=True)
    # Without the last flag (5.19) a signal interrupts a call that waits for us; it is told again.
    for extra in (_WAIT_KILLABLE, 0):
        flags = _NEW_LISTENER | _SPEC_ALLOW | extra
        listener: int = libc.syscall(machine.seccomp, _SET_FILTER, flags, argument)
        if listener >= 0:
            return listener
    number = ctypes.get_errno()
    raise OSError(number, os.strerror(number), "seccomp")
