"""Makes the namespaces, then is PID 1 in them: starts the service, reaps, hands out sockets.

Two processes. The *launcher* (in the host's PID namespace, child of the recorder) enters new
namespaces, forks, waits, and ends with the service's exit code. Its child is *init*, PID 1:
when it ends, for whatever reason, the kernel kills everything else inside. Init ends when

- the service's main process has ended (but see `Init.outlives_main`);
- the recorder closes its end of the control socket, or dies however abruptly.

What goes over the control socket, one message each (SOCK_SEQPACKET):
  to the recorder    b"R" + marshal(dict) and descriptors: it runs     b"F" + marshal(str, str): it does not
                     b"s" and descriptors: the sockets asked for
  from the recorder  b"T" family type count: marked sockets            b"K" signal: for the service
                     b"C" nanoseconds: offset of the clock, answered with b"c" once all have it
"""

from __future__ import annotations

import contextlib
import errno
import marshal
import os
import select
import signal
import socket
import struct
import sys

from reenact.sandbox.inside import kernel, mounts, network, overlay
from reenact.sandbox.inside import netlink as nl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any  # importing it takes 3 ms of the 20 a start has

    from reenact.sandbox.clock.tracer import Tracer
    from reenact.sandbox.inside.told import Told
    from reenact.sandbox.inside.watching import Watched
    from reenact.sandbox.seed.seeded import Seeded

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGHUP)


_LOOK_MS, _LOOKS = 10, 500
"""How long a main process that ended well, and left others, may have been the first half of a daemon:
some take seconds until they open a port."""

_WALL = 0x40000000
"""For waitpid: what is traced may be a thread."""


_NO_FILTER = b"\0"
_NO_DEADLINES = (
    "no seccomp filter can be set here: when the service waits until a moment of wall time, "
    "that is a moment of the machine's clock, not of the recording's"
)


class Failed(Exception):
    """Could not start: (who can mend it: "user" | "machine" | "seed" | "clock", what happened). The
    last two are of a machine that has sandboxes, but not with these."""


def main(control_fd: int, plan_fd: int) -> None:
    with os.fdopen(plan_fd, "rb") as source:
        plan = marshal.load(source)
    control = socket.socket(fileno=control_fd)
    control.set_inheritable(False)
    recorder = os.pidfd_open(os.getppid())
    inherited = _ignore_what_the_terminal_sends()
    try:
        _enter_namespaces(plan)
        child = os.fork()
    except (OSError, Failed) as error:
        _report(control, error)
        os._exit(1)
    if child == 0:
        _be_init(control, recorder, plan, inherited)
    control.close()
    _release_stdio()
    _, status = os.waitpid(child, 0)
    os._exit(exit_code(status))


def exit_code(status: int) -> int:
    """As a shell gives it: 128 + signal for a process that was killed."""
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def _ignore_what_the_terminal_sends() -> list[signal.Signals]:
    """Ctrl-C goes to the whole job, so the service has it too; we only outlive it.

    Returns the signals that were ignored before, as under nohup: the service keeps that.
    """
    asked = [s for s in _ENDING if signal.getsignal(s) is signal.SIG_IGN]
    for number in _ENDING:
        signal.signal(number, signal.SIG_IGN)
    return asked


def _enter_namespaces(plan: dict[str, Any]) -> None:
    uid, gid = os.geteuid(), os.getegid()
    flags = kernel.CLONE_NEWNET | kernel.CLONE_NEWNS | kernel.CLONE_NEWPID
    try:
        kernel.unshare(flags | (kernel.CLONE_NEWUSER if plan["rootless"] else 0))
    except OSError as error:
        raise Failed("machine", f"cannot make namespaces: {error.strerror}") from error
    if plan["rootless"]:
        kernel.map_ids(uid, gid)


def _be_init(
    control: socket.socket, recorder: int, plan: dict[str, Any], ignored: list[signal.Signals]
) -> None:
    try:
        kernel.die_with_parent()
        out, shared = _furnish(plan)
        seeded = _seeded(plan)
        tracer = _tracer(plan, out, seeded)
        told = _told(_watched(plan, out), seeded)
        service, ended = _spawn(plan, ignored, tracer, told, out, shared)
        _release_stdio()
        socket.send_fds(control, [b"R" + marshal.dumps(out)], shared)
        for descriptor in shared:
            os.close(descriptor)
        code = Init(control, recorder, service, ended, tracer).run()
    except (OSError, Failed) as error:
        _report(control, error)
        code = 1
    _kill_the_rest()
    os._exit(code)


def _kill_the_rest() -> None:
    """The kernel does that too, but not before it has closed what the service's calls are answered
    through: they would fail with ENOSYS, and the service see it."""
    assert os.getpid() == 1  # of a namespace: to others the signal goes to all of the machine
    with contextlib.suppress(ProcessLookupError):  # there is none
        os.kill(-1, signal.SIGKILL)


def _report(control: socket.socket, error: Exception) -> None:
    blame, text = error.args if isinstance(error, Failed) else ("machine", str(error))
    with contextlib.suppress(OSError):  # the recorder is gone: nobody to tell
        control.send(b"F" + marshal.dumps((blame, text)))


def _furnish(plan: dict[str, Any]) -> tuple[dict[str, Any], list[int]]:
    """Files, then network. Returns what the recorder wants to know, and descriptors for it."""
    mounts.isolate()
    sources = mounts.open_sources(plan["binds"])
    notes = [mounts.fresh_proc()]
    scratch = mounts.Scratch()
    unlaid: list[str] = []
    sources += mounts.resolver_files(scratch)
    if plan["overlay"]:
        sys.dont_write_bytecode = True  # what is written from here on counts as the service's
        used = [os.path.realpath(folder) for folder in plan["used_folders"]]
        problems, devices = overlay.cover_everything(scratch, used, rootless=plan["rootless"])
        notes += problems
        unlaid = _lay(plan["files"], devices)
    for source, target in sources:
        _show(source, target)
    scratch.detach()
    families = network.families_available()
    _furnish_network(plan["addresses"], families)
    notes += network.relax()
    sockets = [make(f) for f in families for make in network.MAKERS]
    tables = [os.open(f"/proc/net/{name}", os.O_RDONLY) for name in _tables(families)]
    shared = [scratch.fd, nl.diagnostics().detach(), *(s.detach() for s in sockets), *tables]
    told = {"families": len(families), "notes": [note for note in notes if note]}
    return {**told, "unlaid": unlaid}, shared


def _lay(files: list[Any], devices: set[int]) -> list[str]:
    if not files:
        return []
    from reenact.sandbox.files import laying

    return laying.lay(files, devices)


def _show(source: int, target: str) -> None:
    try:
        mounts.bind(source, target)
    except OSError as error:
        text = f"cannot show our file in place of {target}: {error.strerror}"
        raise Failed("machine", text) from error
    os.close(source)


def _tables(families: list[socket.AddressFamily]) -> list[str]:
    return ["tcp", "tcp6"][: len(families)]


def _furnish_network(addresses: list[str], families: list[socket.AddressFamily]) -> None:
    usable = [a for a in addresses if ":" not in a or socket.AF_INET6 in families]
    try:
        network.configure(usable)
    except OSError as error:
        text = f"cannot set up the network inside: {error.strerror} ({error.filename or error})"
        raise Failed("machine", text) from error


def _release_stdio() -> None:
    """So that a reader of the service's output sees its end when the service ends."""
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    os.close(null)


# -- the service -----------------------------------------------------------------------------


def _seeded(plan: dict[str, Any]) -> Seeded | None:
    if plan["seed"] is None:
        return None
    from reenact.sandbox.clock import tracer
    from reenact.sandbox.seed import seeded  # takes milliseconds

    problem = seeded.impossible() or tracer.impossible()
    if problem:
        raise Failed("seed", problem)
    return seeded.Seeded(plan["seed"])


def _tracer(plan: dict[str, Any], out: dict[str, Any], seeded: Seeded | None) -> Tracer | None:
    if not plan["clock"] and seeded is None:
        return None
    from reenact.sandbox.clock import tracer  # takes a millisecond

    problem = tracer.impossible() or tracer.no_clock() if plan["clock"] else ""
    if problem:
        _clockless(plan, out, problem)
        if seeded is None:
            return None
    return tracer.Tracer(plan["clock_offset_ns"] if plan["clock"] else None, seeded)


def _clockless(plan: dict[str, Any], out: dict[str, Any], problem: str) -> None:
    text = f"the service has the machine's clock, not the recording's: {problem}"
    if plan["clock_needed"]:
        raise Failed("clock", text)
    out["notes"].append(text)
    plan["clock"] = False


def _told(watched: Watched | None, seeded: Seeded | None) -> Told | None:
    if watched is None and seeded is None:
        return None
    from reenact.sandbox.inside import told  # takes a millisecond

    return told.Told(watched, seeded)


def _watched(plan: dict[str, Any], out: dict[str, Any]) -> Watched | None:
    out["watched"] = False
    if not plan["watch"]:
        return None
    from reenact.sandbox.inside import watching  # takes a millisecond

    return watching.arranged(plan["watch"], out)


def _spawn(
    plan: dict[str, Any],
    ignored: list[signal.Signals],
    tracer: Tracer | None,
    told_calls: Told | None,
    out: dict[str, Any],
    shared: list[int],
) -> tuple[int, int | None]:
    """Fork and exec the service; returns its pid once it runs. Raises Failed when it cannot.

    With a tracer, also the wait status if it has ended already.
    """
    told, tell = os.pipe()  # closed by exec, or says why there was none
    ready, go = os.pipe()  # closed when it is traced
    pid = os.fork()
    if pid == 0:
        os.close(go)
        released = os.read(ready, 1)
        try:
            if released and plan["clock"]:
                _stop_at_deadlines(tell)
            if plan["seed"] is not None:
                with contextlib.suppress(OSError):  # denied in some containers; docs/seed.md
                    kernel.fix_addresses()
            if told_calls is not None:
                told_calls.hand_out()
            _become_service(plan, ignored)
        except OSError as error:
            os.write(tell, f"{error.filename or plan['command'][0]}: {error.strerror}".encode())
        os._exit(127)
    os.close(tell)
    os.close(ready)
    traced = tracer is not None and _adopt(tracer, pid, go, plan, out)
    os.close(go)
    if told_calls is not None:
        _listen(told_calls, shared)
    ended = _first_exec(tracer, pid, plan, out) if tracer and traced else None
    with os.fdopen(told, "rb") as pipe:
        problem = pipe.read()
    if problem.startswith(_NO_FILTER):
        out["notes"].append(_NO_DEADLINES)
        problem = problem[len(_NO_FILTER) :]
    if problem:
        raise Failed("user", problem.decode())
    out["clock"] = traced and plan["clock"]
    return pid, ended


def _adopt(tracer: Tracer, pid: int, go: int, plan: dict[str, Any], out: dict[str, Any]) -> bool:
    try:
        tracer.adopt(pid)
    except OSError as error:
        problem = f"ptrace: {error.strerror}"
        if plan["seed"] is not None:
            raise Failed("seed", problem) from error
        _clockless(plan, out, problem)
        return False
    os.write(go, b"t")
    return True


def _listen(told_calls: Told, shared: list[int]) -> None:
    descriptors, problem = told_calls.begin()
    if problem:
        raise Failed("seed", problem)
    shared += descriptors


def _stop_at_deadlines(tell: int) -> None:
    from reenact.sandbox.clock import waits

    try:
        waits.install()
    except OSError:
        os.write(tell, _NO_FILTER)


def _first_exec(tracer: Tracer, pid: int, plan: dict[str, Any], out: dict[str, Any]) -> int | None:
    """Wait until the service is as it shall be when it begins; its wait status should it have been killed."""
    while True:
        _, status = os.waitpid(pid, _WALL)
        if not os.WIFSTOPPED(status):
            return status
        if tracer.on_stop(pid, status):
            if tracer.unseeded:
                raise Failed("seed", tracer.unseeded)
            if tracer.problem and plan["clock"]:
                _clockless(plan, out, tracer.problem)
            return None


def _become_service(plan: dict[str, Any], ignored: list[signal.Signals]) -> None:
    if plan["own_group"]:
        os.setpgid(0, 0)
    for number in _ENDING:
        signal.signal(number, signal.SIG_IGN if number in ignored else signal.SIG_DFL)
    for number in (signal.SIGPIPE, signal.SIGXFSZ):  # ignored by Python, not by a shell
        signal.signal(number, signal.SIG_DFL)
    os.chdir(plan["cwd"])
    _exec(plan["command"], plan["env"])


def _exec(command: list[str], env: dict[str, str]) -> None:
    """As a shell does it: along PATH, and a script without `#!` is the shell's."""
    problem = errno.ENOENT
    folders = env.get("PATH", os.defpath).split(":") if "/" not in command[0] else [""]
    for folder in folders:
        path = os.path.join(folder or ".", command[0]) if "/" not in command[0] else command[0]
        try:
            os.execve(path, command, env)
        except OSError as error:
            if error.errno == errno.ENOEXEC:
                os.execve("/bin/sh", ["/bin/sh", path, *command[1:]], env)
            if "/" in command[0] or os.path.isfile(path):
                problem = error.errno or problem
    raise OSError(problem, os.strerror(problem), command[0])


class Init:
    """PID 1: one loop over the control socket, the recorder's life, and children that end."""

    def __init__(
        self,
        control: socket.socket,
        recorder: int,
        service: int,
        ended: int | None,
        tracer: Tracer | None,
    ) -> None:
        self._control = control
        self._recorder = recorder
        self._service = service
        self._tracer = tracer
        self._code = None if ended is None else exit_code(ended)  # of the main process
        self._told_to_end = False
        self._daemon = False
        self._looks_left = _LOOKS
        self._wake, wake_end = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(wake_end)
        for number in (signal.SIGCHLD, *_ENDING):
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, _frame: object) -> None:
        if number != signal.SIGCHLD:
            self._told_to_end = True  # by the terminal, which told the service too

    def run(self) -> int:
        """Returns the exit code for the whole sandbox."""
        poll = select.poll()
        for descriptor in (self._control.fileno(), self._recorder, self._wake):
            poll.register(descriptor, select.POLLIN)
        while True:
            alone = self._reap()
            if self._code is not None and (alone or not self.outlives_main()):
                return self._code
            ready = {descriptor for descriptor, _ in poll.poll(self._patience_ms())}
            if self._wake in ready:
                os.read(self._wake, 4096)
            if self._recorder in ready:
                return 128 + signal.SIGKILL
            if self._control.fileno() in ready and not self._serve():
                return 128 + signal.SIGKILL

    def _reap(self) -> bool:
        """Collect every child that ended; True when no process is left."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG | _WALL)
            except ChildProcessError:
                return True
            if pid == 0:
                return False
            if os.WIFSTOPPED(status):
                assert self._tracer is not None  # nothing else makes us see a stop
                self._tracer.on_stop(pid, status)
                continue
            if self._tracer is not None:
                self._tracer.forget(pid)
            if pid == self._service:
                self._code = exit_code(status)

    def outlives_main(self) -> bool:
        """Whether the service became a daemon: its main process ended well and unasked, and left a
        process in another session, or one that listens (a script that ends with `server &`). Then
        the sandbox lives until the last one ends.

        A child may still be about to do either: it is given `_LOOKS` looks for that.
        """
        if self._code != 0 or self._told_to_end:
            return False
        self._daemon = self._daemon or _has_daemon() or network.is_served()
        self._looks_left -= 1
        return self._daemon or self._looks_left > 0

    def _patience_ms(self) -> int | None:
        undecided = self._code is not None and not self._daemon
        return _LOOK_MS if undecided else None

    def _serve(self) -> bool:
        """One request of the recorder; False when it has hung up."""
        try:
            request = self._control.recv(64)
        except OSError:
            return False
        if request[:1] == b"T":
            self._hand_out(request[1], request[2], request[3])
        elif request[:1] == b"K":
            self._signal(request[1])
        elif request[:1] == b"C":
            self._move_clock(struct.unpack_from("=q", request, 1)[0])
        return bool(request)

    def _hand_out(self, family: int, kind: int, count: int) -> None:
        made: list[socket.socket] = []
        with contextlib.suppress(OSError):  # none: the recorder says that it cannot reach us
            for _ in range(count):
                made.append(network.marked(socket.AddressFamily(family), socket.SocketKind(kind)))
        socket.send_fds(self._control, [b"s"], [s.fileno() for s in made])
        for one in made:
            one.close()

    def _move_clock(self, offset_ns: int) -> None:
        if self._tracer is not None:
            self._tracer.move(offset_ns)
        self._control.send(b"c")

    def _signal(self, number: int) -> None:
        self._told_to_end |= number in _ENDING
        target = self._service if self._code is None else -1  # -1: every process but us
        with contextlib.suppress(ProcessLookupError):  # it ended just now
            os.kill(target, number)


def _has_daemon() -> bool:
    """Is there a process that left the session of the service (proc(5), stat: field 6)?"""
    if os.readlink("/proc/self") != "1":
        return False  # /proc is the machine's (`mounts.fresh_proc` failed): we cannot tell
    ours = os.getsid(0)  # 0: the session began outside
    for name in os.listdir("/proc"):
        if not name.isdigit() or name == "1":
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as source:
                fields = source.read().rpartition(b")")[2].split()
        except OSError:  # it ended meanwhile
            continue
        if fields[0] not in b"ZX" and int(fields[3]) != ours:
            return True
    return False
