"""Translates the moments that `waits` picks out, thread by thread.

The thread gets a translated copy of the moment, below its stack, for the time of the call; its
own memory and, once the call is over, its registers are as they were. So whatever the C library
does next (waits again after a signal) starts from the moment the service meant.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import struct

from reenact.sandbox.clock import ptrace, waits

_REGISTERS = struct.Struct("<27Q")  # struct user_regs_struct of x86-64
_RAX, _NUMBER, _RSP = 10, 15, 19
_ARGUMENTS = (14, 13, 12, 7, 9, 8)  # rdi rsi rdx r10 r8 r9
_RED_ZONE = 128
_NT_PRSTATUS = 1
_RESTARTS = tuple(2**64 - number for number in (512, 513, 514, 516))  # ERESTART*
_DO_AGAIN = 2**64 - 514  # ERESTARTNOHAND: from the start, unless a handler runs


class Deadlines:
    """Calls are for the tracer's thread, about threads that are stopped."""

    def __init__(self) -> None:
        self._waiting: dict[int, tuple[int, int]] = {}  # tid: (register, what it held)
        self._again: set[int] = set()

    def entering(self, tid: int, offset_ns: int) -> bool:
        """A call of `waits`: True when the call's end has to be told to `leaving`."""
        registers = _get(tid)
        index, inside = waits.MOMENT[registers[_NUMBER]]
        register = _ARGUMENTS[index]
        if registers[_NUMBER] == waits.TIMERFD_SETTIME and not _of_wall_time(tid, registers):
            return False
        with open(f"/proc/{tid}/mem", "r+b", buffering=0) as memory:
            whole = os.pread(memory.fileno(), inside + 16, registers[register])
            moment = waits.moved(whole[inside:], -offset_ns)
            if moment is None:
                return False
            copy = (registers[_RSP] - _RED_ZONE - 64) & ~15
            os.pwrite(memory.fileno(), whole[:inside] + moment, copy)
        self._waiting[tid] = (register, registers[register])
        registers[register] = copy
        _set(tid, registers)
        return True

    def leaving(self, tid: int) -> None:
        """The end of that call: the registers as they were."""
        register, held = self._waiting.pop(tid, (0, 0))
        again = tid in self._again
        self._again.discard(tid)
        if not register:
            return
        registers = _get(tid)
        registers[register] = held
        if again and registers[_RAX] in _RESTARTS:
            registers[_RAX] = _DO_AGAIN
        _set(tid, registers)

    def forget(self, tid: int) -> None:
        """The thread ended, or the program was replaced by another."""
        self._waiting.pop(tid, None)
        self._again.discard(tid)

    def again(self) -> None:
        """The offset has changed: those that wait begin to anew, with another translation."""
        for tid in self._waiting:
            with contextlib.suppress(OSError):  # it is ending
                ptrace.ptrace(ptrace.INTERRUPT, tid)
                self._again.add(tid)


def _of_wall_time(tid: int, registers: list[int]) -> bool:
    descriptor = registers[_ARGUMENTS[0]] & 0xFFFFFFFF
    with open(f"/proc/{tid}/fdinfo/{descriptor}", encoding="ascii") as source:
        return any(line.split() == ["clockid:", "0"] for line in source)


class _Vector(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("size", ctypes.c_size_t))


def _get(tid: int) -> list[int]:
    room = ctypes.create_string_buffer(_REGISTERS.size)
    _transfer(ptrace.GETREGSET, tid, room)
    return list(_REGISTERS.unpack(room.raw))


def _set(tid: int, registers: list[int]) -> None:
    room = ctypes.create_string_buffer(_REGISTERS.pack(*registers), _REGISTERS.size)
    _transfer(ptrace.SETREGSET, tid, room)


def _transfer(request: int, tid: int, room: ctypes.Array[ctypes.c_char]) -> None:
    vector = _Vector(ctypes.addressof(room), _REGISTERS.size)
    ptrace.ptrace(request, tid, _NT_PRSTATUS, ctypes.addressof(vector))
