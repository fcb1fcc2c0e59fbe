"""Gives every program inside the sandbox its clock, and what it finds of randomness: at each exec,
before its first instruction.

Runs in PID 1, which traces (ptrace(2)) every process and thread inside. They stop when they
exec, fork or make a thread, when a signal is delivered, and, where there is a clock, for the few
system calls that wait until a moment of wall time (`waits`).
"""

from __future__ import annotations

import contextlib
import os
import signal
import struct

from reenact.sandbox.clock import code, ptrace, vdso
from reenact.sandbox.clock.deadlines import Deadlines
from reenact.sandbox.seed import start

TYPE_CHECKING = False
if TYPE_CHECKING:
    from reenact.sandbox.seed.seeded import Seeded

_OPTIONS = (
    ptrace.O_TRACEEXEC
    | ptrace.O_TRACEFORK
    | ptrace.O_TRACEVFORK
    | ptrace.O_TRACECLONE
    | ptrace.O_TRACESECCOMP
    | ptrace.O_TRACESYSGOOD
)
_SYSCALL_STOP = signal.SIGTRAP | 0x80
_AT_SYSINFO_EHDR = 33
_PAGE = 4096
_PAGES_MAX = 16
_STOPPING = (signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU)


def impossible() -> str:
    """Why nothing can be traced here, or "". For PID 1, with /proc in place."""
    if os.readlink("/proc/self") != str(os.getpid()):
        return "/proc is the machine's, not the sandbox's"
    return ""


def no_clock() -> str:
    """Why what is traced cannot have a clock of its own here, or ""."""
    machine = os.uname().machine
    return "" if vdso.supported(machine) else f"not supported on {machine} yet"


class Tracer:
    """All its methods are for the one thread that called `adopt`. `offset_ns`: None leaves the
    clock alone; `seeded`: None leaves randomness alone."""

    def __init__(self, offset_ns: int | None, seeded: Seeded | None = None) -> None:
        self._clock = offset_ns is not None
        self._offset_ns = offset_ns or 0
        self._seeded = seeded
        self._place: dict[bytes, tuple[list[tuple[int, bytes]], int]] = {}
        self._deadlines = Deadlines()
        self.problem = ""  # why some program has the machine's clock
        self.unseeded = ""  # why some program has randomness that is not ours

    def adopt(self, pid: int) -> None:
        """Trace a child that has not exec'ed yet, and all that comes of it. Raises OSError."""
        ptrace.ptrace(ptrace.SEIZE, pid, None, _OPTIONS)
        if self._seeded is not None:
            self._seeded.births.seen(pid)

    def on_stop(self, pid: int, status: int) -> bool:
        """A traced process stopped: let it go on. True when it did so for an exec."""
        number, event = os.WSTOPSIG(status), status >> 16
        request, pass_on = ptrace.CONT, 0
        if self._seeded is not None:
            self._name(pid, event)
        if event == ptrace.EVENT_EXEC:
            self._deadlines.forget(pid)
            self._begin(pid)
        elif event == ptrace.EVENT_SECCOMP:
            request = ptrace.SYSCALL if self._translate(pid) else ptrace.CONT
        elif event == ptrace.EVENT_STOP:
            if number in _STOPPING:  # stopped by job control: it stays so, until SIGCONT
                request = ptrace.LISTEN
        elif number == _SYSCALL_STOP:
            with contextlib.suppress(OSError):  # killed meanwhile
                self._deadlines.leaving(pid)
        elif event == 0:
            pass_on = number
        with contextlib.suppress(OSError):  # killed meanwhile
            ptrace.ptrace(request, pid, None, pass_on)
        return event == ptrace.EVENT_EXEC

    def forget(self, pid: int) -> None:
        """A process or thread has ended."""
        self._deadlines.forget(pid)
        if self._seeded is not None:
            self._seeded.births.ended(pid)

    def _name(self, pid: int, event: int) -> None:
        """Before it goes on, whoever stopped has a name, and whomever it has made."""
        assert self._seeded is not None
        with contextlib.suppress(OSError):  # killed meanwhile
            self._seeded.births.seen(pid)
            if event in (ptrace.EVENT_FORK, ptrace.EVENT_VFORK, ptrace.EVENT_CLONE):
                self._seeded.births.seen(ptrace.event_message(pid))

    def _translate(self, pid: int) -> bool:
        try:
            return self._deadlines.entering(pid, self._offset_ns)
        except (OSError, struct.error):  # killed meanwhile, or a pointer to nowhere
            return False

    def move(self, offset_ns: int) -> None:
        """Set the offset for all that runs, and all that will."""
        self._offset_ns = offset_ns
        done: set[str] = set()
        # A process that forks while we look leaves a child with the old offset: look again.
        while fresh := {name for name in os.listdir("/proc") if name.isdigit()} - done:
            for name in fresh:
                self._move_one(name)
            done |= fresh
        self._deadlines.again()

    def _move_one(self, pid: str) -> None:
        with contextlib.suppress(OSError):  # it ended, or has no memory of its own
            base = _vdso_base(pid)
            if not base:
                return
            with open(f"/proc/{pid}/mem", "r+b", buffering=0) as memory:
                for _, at in self._place.values():
                    if os.pread(memory.fileno(), len(code.MARK), base + at) == code.MARK:
                        word = code.word(self._offset_ns)
                        os.pwrite(memory.fileno(), word, base + at + code.WORD_AT)

    def _begin(self, pid: int) -> None:
        """A program has just been loaded, and has not run."""
        try:
            auxiliary = start.auxiliary_vector(str(pid))
            with open(f"/proc/{pid}/mem", "r+b", buffering=0) as memory:
                if self._seeded is not None:
                    self._seed(pid, memory.fileno(), auxiliary)
                if self._clock:
                    self._patch(memory.fileno(), auxiliary.get(_AT_SYSINFO_EHDR, 0))
        except (OSError, vdso.Unsuitable) as error:
            self.problem = str(error)

    def _seed(self, pid: int, memory: int, auxiliary: dict[int, int]) -> None:
        assert self._seeded is not None
        try:
            start.set_start_bytes(memory, auxiliary, self._seeded.start_bytes(pid))
            base = auxiliary.get(_AT_SYSINFO_EHDR, 0)
            for place, data in start.without_getrandom(_image(memory, base)) if base else ():
                os.pwrite(memory, data, base + place)
        except OSError as error:
            self.unseeded = str(error)

    def _patch(self, memory: int, base: int) -> None:
        if not base:
            raise vdso.Unsuitable("no vDSO")
        changes, at = self._changes(_image(memory, base))
        for place, data in changes:
            os.pwrite(memory, data, base + place)
        os.pwrite(memory, code.word(self._offset_ns), base + at + code.WORD_AT)

    def _changes(self, image: bytes) -> tuple[list[tuple[int, bytes]], int]:
        """As `vdso.changes`; the image is the same for all programs of an architecture."""
        if image not in self._place:
            self._place[image] = vdso.changes(image, 0)
        return self._place[image]


def _vdso_base(pid: str) -> int:
    return start.auxiliary_vector(pid).get(_AT_SYSINFO_EHDR, 0)


def _image(memory: int, base: int) -> bytes:
    """The pages from `base` on, up to the first that is not mapped."""
    out = b""
    for number in range(_PAGES_MAX):
        try:
            page = os.pread(memory, _PAGE, base + number * _PAGE)
        except OSError:
            break
        out += page
    return out
