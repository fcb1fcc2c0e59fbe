"""System calls that wait until a moment of wall time, and the filter that picks them out.

The kernel keeps the machine's time, so such a moment has to be translated, or a service whose
clock is behind would find every deadline passed and spin. The filter (seccomp(2), classic BPF)
stops exactly these calls for the tracer; all others go through untouched.
"""

from __future__ import annotations

import ctypes
import os
import struct

_REALTIME, _TAI = 0, 11
_ABSOLUTE = 1  # TIMER_ABSTIME, TFD_TIMER_ABSTIME
_FUTEX_REALTIME, _FUTEX_PRIVATE = 256, 128
_LOCK_PI, _WAIT_BITSET, _WAIT_REQUEUE_PI, _LOCK_PI2 = 6, 9, 11, 13

CLOCK_NANOSLEEP, FUTEX, TIMERFD_SETTIME = 230, 202, 286
_MQ_TIMEDSEND, _MQ_TIMEDRECEIVE, _FUTEX_WAITV, _FUTEX_WAIT = 242, 243, 449, 455
"""Numbers of x86-64."""

MOMENT = {
    CLOCK_NANOSLEEP: (2, 0),
    FUTEX: (3, 0),
    TIMERFD_SETTIME: (2, 16),  # struct itimerspec: it_value comes second
    _MQ_TIMEDSEND: (4, 0),
    _MQ_TIMEDRECEIVE: (4, 0),
    _FUTEX_WAITV: (3, 0),
    _FUTEX_WAIT: (4, 0),
}
"""By number: which argument points to the moment, and how far into what it points to."""

_ALL = 0xFFFFFFFF
_futex_command = _ALL & ~_FUTEX_PRIVATE
_RULES: tuple[tuple[int, tuple[tuple[int, int, int], ...], int | None], ...] = (
    # number, (argument, mask, value it must have)..., argument that must not be NULL
    (CLOCK_NANOSLEEP, ((1, _ABSOLUTE, _ABSOLUTE), (0, _ALL, _REALTIME)), None),
    (CLOCK_NANOSLEEP, ((1, _ABSOLUTE, _ABSOLUTE), (0, _ALL, _TAI)), None),
    (FUTEX, ((1, _futex_command, _WAIT_BITSET | _FUTEX_REALTIME),), 3),
    (FUTEX, ((1, _futex_command, _WAIT_REQUEUE_PI | _FUTEX_REALTIME),), 3),
    (FUTEX, ((1, _futex_command, _LOCK_PI2 | _FUTEX_REALTIME),), 3),
    (FUTEX, ((1, _futex_command, _LOCK_PI),), 3),
    (TIMERFD_SETTIME, ((1, _ABSOLUTE, _ABSOLUTE),), 2),  # the tracer looks at its clock
    (_MQ_TIMEDSEND, (), 4),
    (_MQ_TIMEDRECEIVE, (), 4),
    (_FUTEX_WAITV, ((4, _ALL, _REALTIME),), 3),
    (_FUTEX_WAIT, ((5, _ALL, _REALTIME),), 4),
)

_LOAD, _JUMP_IF_EQUAL, _AND, _OR_X, _TO_X, _RETURN = 0x20, 0x15, 0x54, 0x4C, 0x07, 0x06
_ARCH_AT, _ARGS_AT = 4, 16
_X86_64 = 0xC000003E
_ALLOW, _TRACE = 0x7FFF0000, 0x7FF00000

_SECOND_NS = 10**9
_SECONDS_MAX = 2**63 - 1


def moved(timespec: bytes, by_ns: int) -> bytes | None:
    """A moment `by_ns` later; None when it is no valid moment, or means "never" (zero)."""
    seconds, nanoseconds = struct.unpack("<qq", timespec)
    if not 0 <= nanoseconds < _SECOND_NS or seconds < 0 or seconds == nanoseconds == 0:
        return None
    total = max(1, seconds * _SECOND_NS + nanoseconds + by_ns)  # zero would disarm a timer
    seconds, nanoseconds = divmod(total, _SECOND_NS)
    return struct.pack("<qq", min(seconds, _SECONDS_MAX), nanoseconds)


def program() -> bytes:
    """The filter, as an array of struct sock_filter."""
    out = [_step(_LOAD, _ARCH_AT), _step(_JUMP_IF_EQUAL, _X86_64, 1, 0), _step(_RETURN, _ALLOW)]
    for rule in _RULES:
        out += _block(*rule)
    out.append(_step(_RETURN, _ALLOW))
    return b"".join(out)


def _step(operation: int, value: int, then: int = 0, otherwise: int = 0) -> bytes:
    return struct.pack("<HBBI", operation, then, otherwise, value)


def _block(
    number: int, conditions: tuple[tuple[int, int, int], ...], pointer: int | None
) -> list[bytes]:
    """Ends with "stop for the tracer"; whatever does not hold jumps behind the block."""
    size = 3 + 3 * len(conditions) + (5 if pointer is not None else 0)
    out = [_step(_LOAD, 0)]
    out.append(_step(_JUMP_IF_EQUAL, number, 0, size - len(out) - 1))
    for argument, mask, value in conditions:
        out += [_step(_LOAD, _ARGS_AT + 8 * argument), _step(_AND, mask)]
        out.append(_step(_JUMP_IF_EQUAL, value, 0, size - len(out) - 1))
    if pointer is not None:
        at = _ARGS_AT + 8 * pointer
        out += [_step(_LOAD, at), _step(_TO_X, 0), _step(_LOAD, at + 4), _step(_OR_X, 0)]
        out.append(_step(_JUMP_IF_EQUAL, 0, size - len(out) - 1, 0))
    out.append(_step(_RETURN, _TRACE))
    return out


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_char_p))


def install() -> None:
    """For this process and all that comes of it; it must be traced by then, and have
    CAP_SYS_ADMIN in its user namespace. Raises OSError."""
    steps = program()
    libc = ctypes.CDLL(None, use_errno=True)
    set_seccomp, filter_mode = 22, 2
    argument = ctypes.byref(_Program(len(steps) // 8, steps))
    if libc.prctl(set_seccomp, filter_mode, argument, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), "seccomp")
