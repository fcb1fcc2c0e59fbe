"""A sandbox seen from outside: start it, take its connections, wait for it, end it."""

from __future__ import annotations

import contextlib
import marshal
import os
import signal
import socket
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec

import reenact
from reenact.base.errors import MachineError, UserError
from reenact.model.segment import Endpoint
from reenact.sandbox import addresses, diag, keep, ports
from reenact.sandbox.inside.network import (
    IP_RECVORIGDSTADDR,
    IPV6_RECVORIGDSTADDR,
    MAKERS,
    TCP_PORT,
)
from reenact.sandbox.ports import Listening
from reenact.sandbox.spec import SandboxSpec
from reenact.sandbox.terminal import in_foreground

_BOOT = (
    "import sys; sys.path.insert(0, sys.argv[1]); from reenact.sandbox.inside.main import main; "
    "main(int(sys.argv[2]), int(sys.argv[3]))"
)
_FDS_MAX = 64
_POOL = 32
"""Marked sockets asked for at a time: one round trip for so many connections to the service."""

_OFFSET_MAX_NS = 270 * 365 * 86400 * 10**9
"""What the code put into the service can hold (`reenact.sandbox.clock.code`)."""


class NoClock(MachineError):
    """The service cannot have a clock of its own, and was to start with one only."""


class NoSeed(MachineError):
    """The service's randomness cannot be made repeatable."""


def start(spec: SandboxSpec) -> Sandbox:
    """Start the service; returns once it runs.

    UserError: the command cannot be executed. MachineError: no sandbox can be had here
    (`doctor.diagnose` says why in full), or none with what was asked for (NoClock, NoSeed).
    """
    spec = _complete(spec)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs, _plan(spec) as plan:
        launcher = subprocess.Popen(
            _launch_line(theirs.fileno(), plan.fileno()),
            stdin=spec.stdin,
            stdout=spec.stdout,
            stderr=spec.stderr,
            pass_fds=(theirs.fileno(), plan.fileno()),
        )
    try:
        return Sandbox(spec, launcher, ours, *_first_word(ours))
    except BaseException:
        ours.close()
        launcher.kill()
        launcher.wait()
        raise


def _complete(spec: SandboxSpec) -> SandboxSpec:
    if not spec.command:
        raise UserError("no command to run; give it after `--`")
    _check_offset(spec.clock_offset_ns)
    own = spec.own_group
    return msgspec.structs.replace(
        spec,
        addresses=spec.addresses or addresses.of_this_machine(),
        own_group=not in_foreground() if own is None else own,
    )


def _check_offset(offset_ns: int) -> None:
    if abs(offset_ns) > _OFFSET_MAX_NS:
        raise ValueError(f"a clock can be moved by 270 years at most, not by {offset_ns} ns")


def _launch_line(control: int, plan: int) -> list[str]:
    source = str(Path(reenact.__file__).parent.parent)
    return [sys.executable, "-I", "-S", "-c", _BOOT, source, str(control), str(plan)]


@contextlib.contextmanager
def _plan(spec: SandboxSpec) -> Any:  # Any: contextmanager's own type
    content = {
        "command": list(spec.command),
        "cwd": spec.cwd,
        "env": dict(spec.env),
        "binds": [tuple(pair) for pair in spec.binds],
        "addresses": list(spec.addresses),
        "overlay": spec.overlay,
        "used_folders": _used_folders(spec),
        "own_group": spec.own_group,
        "clock": spec.clock,
        "clock_offset_ns": spec.clock_offset_ns,
        "clock_needed": spec.clock_needed,
        "seed": spec.seed,
        "watch": _watch_plan(spec),
        "files": [
            (f.path, f.kind, f.mode, f.owner, f.mtime_ns, f.source, f.whole) for f in spec.files
        ],
        "rootless": not may_make_namespaces(),
    }
    with os.fdopen(os.memfd_create("plan"), "w+b") as out:
        out.write(marshal.dumps(content))
        out.flush()
        out.seek(0)
        yield out


def _watch_plan(spec: SandboxSpec) -> dict[str, Any] | None:
    if spec.watch is None:
        return None
    return {
        "file": spec.watch.file_bytes,
        "total": spec.watch.total_bytes,
        "ignored": [os.fsencode(path) for path in spec.watch.ignored],
        "spool": spec.watch.spool,
    }


def _used_folders(spec: SandboxSpec) -> list[str]:
    named = [spec.env.get(name, "") for name in ("HOME", "TMPDIR", "XDG_RUNTIME_DIR")]
    return [spec.cwd, "/tmp", "/var/tmp", *(folder for folder in named if folder)]


def may_make_namespaces() -> bool:
    """Whether no user namespace is needed: CAP_SYS_ADMIN and CAP_NET_ADMIN are effective."""
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    effective = int(status.partition("CapEff:")[2].split()[0], 16)
    return bool(effective >> 21 & 1 and effective >> 12 & 1)


def _first_word(control: socket.socket) -> tuple[dict[str, Any], list[int]]:
    data, descriptors, _, _ = socket.recv_fds(control, 65536, _FDS_MAX)
    if data[:1] == b"R":
        return marshal.loads(data[1:]), descriptors
    if data[:1] == b"F":
        blame, text = marshal.loads(data[1:])
        if blame == "user":
            raise UserError(f"cannot run the service: {text}")
        if blame == "clock":
            raise NoClock(text)
        if blame == "seed":
            raise NoSeed(
                f"the service's randomness cannot be made repeatable here: {text}; leave --seed (and "
                "`[replay] seed`) out, or see what `reenact doctor` says of it"
            )
        raise MachineError(f"no sandbox here: {text}; `reenact doctor` says more")
    raise MachineError("the sandbox ended before the service began; `reenact doctor` says more")


class Datagram(msgspec.Struct, frozen=True):
    """One UDP datagram that the service sent; `server` is whom it meant."""

    data: bytes
    client: Endpoint
    server: Endpoint


class Sandbox:
    """A running service. Sockets are non-blocking, for any event loop; methods do not block
    (but `wait` and `close`). Not for several threads at once.

    `tcp_listeners`: accept here what the service connects to, for each address family; the accepted
    socket's own address is the destination that was meant (`original_destination`).
    `dns_sockets`: queries to any address' port 53; answer with `sendto` to the sender.
    `datagram_sockets`: other UDP; `receive_datagram`, `answer_datagram`.
    `pidfd`: readable when the sandbox has ended; then `returncode` is the service's.
    `clock`: whether its clock can be moved; when that was asked for and is not so, `notes` says why.
    `changed_files`: tells what stood at a path before the service changed it (`files.told`); None
    when nothing is watched.
    `unlaid`: files of `spec.files` that are not as they should be, with the reasons.
    `notes`: what this machine could not do, for the summary.
    """

    def __init__(
        self,
        spec: SandboxSpec,
        launcher: subprocess.Popen[bytes],
        control: socket.socket,
        told: dict[str, Any],
        descriptors: list[int],
    ) -> None:
        self.spec = spec
        self.notes: tuple[str, ...] = tuple(told["notes"])
        self.unlaid: tuple[str, ...] = tuple(told["unlaid"])
        self.clock: bool = told["clock"]
        self._clock_offset_ns = spec.clock_offset_ns
        self._launcher = launcher
        self._control = control
        self._scratch = descriptors.pop(0)
        self._diag = socket.socket(fileno=descriptors.pop(0))
        self.changed_files: socket.socket | None = None
        if told["watched"]:
            self.changed_files = socket.socket(fileno=descriptors.pop())
            self.changed_files.setblocking(False)
        tables = len(descriptors) - told["families"] * len(MAKERS)
        self._tables = [descriptors.pop() for _ in range(tables)]
        sockets = [socket.socket(fileno=descriptor) for descriptor in descriptors]
        for one in sockets:
            one.setblocking(False)
        self.tcp_listeners: list[socket.socket] = sockets[0::3]
        self.dns_sockets: list[socket.socket] = sockets[1::3]
        self.datagram_sockets: list[socket.socket] = sockets[2::3]
        self._spare: dict[tuple[int, int], list[socket.socket]] = {}
        self._answering: dict[Endpoint, socket.socket] = {}
        self.pidfd = os.pidfd_open(launcher.pid)
        self._closed = False

    # -- its connections ---------------------------------------------------------------------

    def original_destination(self, conn: socket.socket) -> Endpoint:
        return _endpoint(conn.getsockname())

    def dial_inside(
        self, family: socket.AddressFamily, source: Endpoint | None = None
    ) -> socket.socket:
        """A non-blocking TCP socket inside, to connect to one of the service's own ports.

        With `source`, the service sees that address as its peer's (when free inside).
        MachineError when the sandbox has ended.
        """
        out = self._marked(family, socket.SOCK_STREAM)
        if source is not None:
            with contextlib.suppress(OSError):  # taken inside: any port will do
                out.bind((source.host, source.port))
        return out

    def listening(self) -> set[Listening]:
        """TCP ports that processes inside listen on, now; one entry for all that share it."""
        try:
            found = diag.listening(self._diag)
        except OSError:  # the kernel lacks tcp_diag: slower, and without `v6only`
            found = set().union(*(_read_table(table) for table in self._tables))
        return {msgspec.structs.replace(row, inode=0) for row in found if row.port != TCP_PORT}

    def receive_datagram(self, sock: socket.socket) -> Datagram | None:
        """The next datagram that waits on one of `datagram_sockets`, or None."""
        try:
            data, extra, _, client = sock.recvmsg(65536, 256)
        except BlockingIOError:
            return None
        return Datagram(data, _endpoint(client), _meant(extra))

    def answer_datagram(self, asked: Datagram, data: bytes) -> None:
        """Send `data` to the one who sent `asked`, as if from whom it was meant for."""
        sock = self._answering.get(asked.server)
        if sock is None:
            six = ":" in asked.server.host
            sock = self._marked(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_DGRAM)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind((asked.server.host, asked.server.port))
            self._answering[asked.server] = sock
        with contextlib.suppress(OSError):  # the sender is gone, or its buffer full: UDP
            sock.sendto(data, (asked.client.host, asked.client.port))

    def _marked(self, family: socket.AddressFamily, kind: socket.SocketKind) -> socket.socket:
        spare = self._spare.setdefault((family, kind), [])
        if not spare:
            try:
                self._control.send(struct.pack("=cBBB", b"T", family, kind, _POOL))
                _, descriptors, _, _ = socket.recv_fds(self._control, 16, _POOL)
            except OSError:
                descriptors = []
            if not descriptors:
                raise MachineError(
                    "the sandbox has ended, or gives no sockets: the service cannot be reached"
                )
            spare += [socket.socket(fileno=descriptor) for descriptor in descriptors]
        out = spare.pop()
        out.setblocking(False)
        return out

    # -- its life ----------------------------------------------------------------------------

    @property
    def pid(self) -> int:
        """Host pid of the launcher, whose end is the sandbox's."""
        return self._launcher.pid

    @property
    def returncode(self) -> int | None:
        """The service's exit code as a shell gives it; None while anything runs that keeps the
        sandbox alive."""
        return self._launcher.poll()

    def wait(self, timeout_s: float | None = None) -> int | None:
        """Block until it has ended; None when it has not after `timeout_s`."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._launcher.wait(timeout_s)
        return None

    def signal(self, number: int) -> None:
        """Send a signal to the service's main process (to all processes once it has ended)."""
        with contextlib.suppress(OSError):  # it has ended
            self._control.send(bytes([ord("K"), number]))

    def set_clock_offset(self, offset_ns: int) -> None:
        """Move the wall clock of all processes to `offset_ns` nanoseconds from the machine's.

        When this returns, all of them read the new time. Only forward: ValueError otherwise.
        Without a `clock`, nothing happens.
        """
        _check_offset(offset_ns)
        if offset_ns < self._clock_offset_ns:
            raise ValueError(f"clock moved back: {self._clock_offset_ns} to {offset_ns} ns")
        self._clock_offset_ns = offset_ns
        if not self.clock:
            return
        with contextlib.suppress(OSError):  # it has ended
            self._control.send(struct.pack("=cq", b"C", offset_ns))
            self._control.recv(16)

    def close(self) -> None:
        """Kill whatever runs inside, wait for its end, give everything back. May be repeated."""
        if self._closed:
            return
        self._closed = True
        with contextlib.suppress(OSError):  # it has ended by itself
            self._control.shutdown(socket.SHUT_RDWR)  # a forked child of ours may hold a copy
        self._control.close()  # init ends, and the kernel ends the rest
        self._launcher.wait()
        try:
            self._keep_files()
        finally:
            self._release()

    def _keep_files(self) -> None:
        folder = self.spec.keep_files
        if not self.spec.overlay or not folder:
            return
        try:
            keep.copy_written(self._scratch, folder)
        except OSError as error:
            raise MachineError(f"{folder}: cannot keep the files written: {error}") from error

    def _release(self) -> None:
        for descriptor in (self.pidfd, self._scratch, *self._tables):
            os.close(descriptor)
        spare = [one for pool in self._spare.values() for one in pool]
        listening = (*self.tcp_listeners, *self.dns_sockets, *self.datagram_sockets)
        watching = [self.changed_files] if self.changed_files else []
        for sock in (self._diag, *listening, *spare, *watching, *self._answering.values()):
            sock.close()

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def stop(sandbox: Sandbox, grace_s: float) -> int:
    """Ask the service to end (SIGTERM), insist after `grace_s`; returns its exit code."""
    sandbox.signal(signal.SIGTERM)
    sandbox.wait(grace_s)
    sandbox.close()
    code = sandbox.returncode
    assert code is not None
    return code


def _endpoint(address: tuple[Any, ...]) -> Endpoint:  # Any: socket's address tuples
    return Endpoint(str(address[0]).removeprefix("::ffff:"), int(address[1]))


def _meant(extra: list[tuple[int, int, bytes]]) -> Endpoint:
    """The destination from ancillary data: a struct sockaddr_in or sockaddr_in6."""
    for _, kind, data in extra:
        if kind == IP_RECVORIGDSTADDR:
            return Endpoint(socket.inet_ntop(socket.AF_INET, data[4:8]), _port(data))
        if kind == IPV6_RECVORIGDSTADDR:
            return Endpoint(socket.inet_ntop(socket.AF_INET6, data[8:24]), _port(data))
    raise AssertionError(f"no original destination in {extra}")


def _port(sockaddr: bytes) -> int:
    return int(struct.unpack_from("!H", sockaddr, 2)[0])


def _read_table(table: int) -> set[Listening]:
    os.lseek(table, 0, os.SEEK_SET)
    data = b""
    while chunk := os.read(table, 1 << 20):
        data += chunk
    return set(ports.parse(data))
