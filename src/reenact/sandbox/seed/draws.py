"""Answers calls that draw randomness from the kernel: getrandom(2), and opening its devices."""

from __future__ import annotations

import errno
import fcntl
import functools
import os
import stat
import struct
from collections.abc import Callable

from reenact.sandbox.files import calls, notify, seccomp
from reenact.sandbox.seed import memory
from reenact.sandbox.seed.births import Births, Origin
from reenact.sandbox.seed.feeder import Feeder
from reenact.sandbox.seed.stream import drawn

_FLAGS = 0x7  # GRND_NONBLOCK, GRND_RANDOM, GRND_INSECURE
_MOST = 2**25 - 1
"""What one call gives at most (getrandom(2))."""

_DEVICES = {(1, 8), (1, 9)}
"""/dev/random and /dev/urandom: Linux' Documentation/admin-guide/devices.txt."""

_UUID = b"/proc/sys/kernel/random/uuid"
"""A fresh one whenever it is read from its begin (random(4))."""

_AT_FDCWD = -100


class Draws:
    """`answered` is for one thread at a time."""

    def __init__(self, seed: int, births: Births) -> None:
        self._seed = seed
        self._births = births
        self._feeder = Feeder()
        machine = seccomp.MACHINES[os.uname().machine]
        self._getrandom = machine.getrandom
        names = ("open", "openat", "openat2")
        self._opens = {machine.numbers[name]: name for name in names if name in machine.numbers}

    def answered(self, listener: int, call: notify.Call) -> bool:
        """Whether it has its result from us. Raises OSError when its thread is gone."""
        if call.number == self._getrandom:
            return self._getrandom_answered(listener, call)
        if call.number in self._opens:
            return self._open_answered(listener, call)
        return False

    def _getrandom_answered(self, listener: int, call: notify.Call) -> bool:
        address, size, flags = call.args[:3]
        origin = self._origin(call.thread)
        if origin is None or flags & 0xFFFFFFFF & ~_FLAGS:
            return False  # the kernel says what is wrong with it
        data = drawn(
            self._seed, origin.name, "getrandom", origin.next("getrandom"), min(size, _MOST)
        )
        if not notify.still_waits(listener, call):
            return True
        try:
            if data:
                memory.write(call.thread, address, data)
        except OSError:
            notify.give(listener, call, -errno.EFAULT)
        else:
            notify.give(listener, call, len(data))
        return True

    def _open_answered(self, listener: int, call: notify.Call) -> bool:
        try:
            opened = _opened(self._opens[call.number], call)
        except (OSError, struct.error):  # there is no such file: the call itself will say so
            return False
        origin = self._origin(call.thread)
        if opened is None or origin is None:
            return False
        flags, source = opened
        ours = self._stand_in(source, origin)
        try:
            if flags & os.O_NONBLOCK:
                fcntl.fcntl(ours, fcntl.F_SETFL, os.O_NONBLOCK)
            notify.give_descriptor(listener, call, ours, cloexec=bool(flags & os.O_CLOEXEC))
        except OSError as error:
            if error.errno != errno.EMFILE:
                raise
            notify.give(listener, call, -errno.EMFILE)  # their table is full
        finally:
            os.close(ours)
        return True

    def _stand_in(self, source: str, origin: Origin) -> int:
        name, number = origin.name, origin.next(source)
        if source == "device":
            return self._feeder.opened(self._blocks(name, number))
        read, write = os.pipe2(os.O_CLOEXEC)
        os.write(write, _uuid(drawn(self._seed, name, source, number, 16)))
        os.close(write)
        return read

    def _blocks(self, name: str, number: int) -> Callable[[int, int], bytes]:
        return lambda block, size: drawn(self._seed, name, f"device {number}", block, size)

    def _origin(self, thread: int) -> Origin | None:
        try:
            return self._births.of(thread)
        except KeyError:
            return None


def _uuid(drawn: bytes) -> bytes:
    """A line of text, of version 4 (RFC 9562)."""
    number = int.from_bytes(drawn, "big") & ~(0xF << 76) & ~(0x3 << 62) | 4 << 76 | 2 << 62
    text = f"{number:032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:])).encode() + b"\n"


def _opened(name: str, call: notify.Call) -> tuple[int, str] | None:
    """What a source of randomness is opened with, for reading, and which it is: "device" or "uuid".
    None for any other file."""
    folder, at, flags = call.args[:3]
    if name == "open":
        folder, at, flags = _AT_FDCWD, call.args[0], call.args[1]
    read = functools.partial(memory.read, call.thread)
    path = calls.text_at(read, at)
    if not path.endswith((b"random", b"random/uuid")):
        return None
    if name == "openat2":
        flags = struct.unpack("=Q", read(call.args[2], 8))[0]
    if flags & os.O_PATH or flags & os.O_ACCMODE == os.O_WRONLY:
        return None
    source = _source(os.stat(_seen_from_here(call.thread, folder, path)))
    return None if source is None else (flags, source)


def _source(status: os.stat_result) -> str | None:
    if stat.S_ISCHR(status.st_mode):
        number = (os.major(status.st_rdev), os.minor(status.st_rdev))
        return "device" if number in _DEVICES else None
    return "uuid" if os.path.samestat(status, os.stat(_UUID)) else None


def _seen_from_here(thread: int, folder: int, path: bytes) -> bytes:
    start = b"/proc/%d/" % thread
    if path[:1] == b"/":
        return start + b"root" + path
    descriptor = struct.unpack("=i", struct.pack("=I", folder & 0xFFFFFFFF))[0]
    return start + (b"cwd/" if descriptor == _AT_FDCWD else b"fd/%d/" % descriptor) + path
