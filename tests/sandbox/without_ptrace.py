"""`python without_ptrace.py COMMAND`: runs it as in a container whose seccomp profile denies ptrace."""

from __future__ import annotations

import ctypes
import os
import struct
import sys

_NUMBERS = {"x86_64": (0xC000003E, 101), "aarch64": (0xC00000B7, 117)}
_LOAD, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _EPERM = 0x7FFF0000, 0x00050001
_SET_NO_NEW_PRIVS, _SET_SECCOMP, _FILTER = 38, 22, 2


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_char_p))


def deny_ptrace() -> None:
    """To this process and all that it starts."""
    audit, ptrace = _NUMBERS[os.uname().machine]
    steps = [
        (_LOAD, 0, 0, 4),
        (_JUMP_IF_EQUAL, 0, 3, audit),
        (_LOAD, 0, 0, 0),
        (_JUMP_IF_EQUAL, 0, 1, ptrace),
        (_RETURN, 0, 0, _EPERM),
        (_RETURN, 0, 0, _ALLOW),
    ]
    code = b"".join(struct.pack("<HBBI", *step) for step in steps)
    libc = ctypes.CDLL(None, use_errno=True)
    program = ctypes.byref(_Program(len(steps), code))
    assert libc.prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    assert libc.prctl(_SET_SECCOMP, _FILTER, program, 0, 0) == 0, ctypes.get_errno()


if __name__ == "__main__":
    deny_ptrace()
    os.execvp(sys.argv[1], sys.argv[1:])
