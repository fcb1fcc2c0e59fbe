"""Short words for the tests: start something inside, take what it connects to."""

from __future__ import annotations

import os
import select
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from reenact.model.segment import Endpoint
from reenact.sandbox.ports import Listening
from reenact.sandbox.process import Sandbox, start
from reenact.sandbox.spec import SandboxSpec

BOTH = ("192.0.2.10", "2001:db8::10")
"""The service's own addresses in the tests: the same on every machine, and of both families."""

WAIT_S = 30.0
"""A bound on what takes milliseconds; only a failure ever waits for it."""

CLOCK = False
"""Whether what is run has a clock that can be moved: tests of `with_and_without_clock` set it."""


def run(*command: str, **options: Any) -> Sandbox:  # Any: fields of SandboxSpec
    env = {"PATH": os.environ["PATH"] + ":/usr/bin:/bin", "HOME": "/nonexistent"}
    defaults: dict[str, Any] = {"cwd": "/", "env": env, "addresses": BOTH, "clock": CLOCK}
    return start(SandboxSpec(command=command, **{**defaults, **options}))


def output_of(*command: str, **options: Any) -> tuple[int | None, str]:
    """Exit code, and stdout with stderr."""
    read, write = os.pipe()
    with run(*command, stdout=write, stderr=write, **options) as box:
        os.close(write)
        with os.fdopen(read, "rb") as pipe:
            said = pipe.read()
        return box.wait(WAIT_S), said.decode()


def readable(descriptor: Any, timeout_s: float = WAIT_S) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(timeout_s * 1000))


def take(box: Sandbox, family: int = socket.AF_INET) -> tuple[socket.socket, Endpoint]:
    """The next connection the service makes, and whom it meant."""
    listener = next(one for one in box.tcp_listeners if one.family == family)
    assert readable(listener), "no connection"
    conn, _ = listener.accept()
    conn.settimeout(WAIT_S)
    return conn, box.original_destination(conn)


def until(condition: Callable[[], Any]) -> Any:
    """Polls what has no event (a port being opened, a process ending)."""
    for _ in range(int(WAIT_S / 0.01)):
        found = condition()
        if found:
            return found
        select.select([], [], [], 0.01)
    raise AssertionError("it did not happen")


def opened(box: Sandbox) -> Listening:
    return next(iter(until(box.listening)))


def exists(pid: int) -> bool:
    """Whether the process runs: a zombie does not."""
    try:
        return b") Z " not in Path(f"/proc/{pid}/stat").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return False


def pids_with(mark: str) -> set[int]:
    """Host pids whose command line contains `mark`."""
    out = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                if mark.encode() in (entry / "cmdline").read_bytes():
                    out.add(int(entry.name))
            except (FileNotFoundError, ProcessLookupError):
                continue
    return {pid for pid in out if exists(pid)}
