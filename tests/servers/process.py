"""Starting a server process, knowing when it listens, and ending it with all it started."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from threading import Event

READY_SECONDS = 60.0
STOP_SECONDS = 10.0
POLL_SECONDS = 0.05


class ServerFailed(AssertionError):
    """The server ended or did not listen in time; the text ends with its log."""


def free_port() -> int:
    """A loopback port nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def binary(name: str, *folders: str) -> str:
    """The path of a program, also where Debian keeps it off PATH."""
    path = os.pathsep.join([*folders, os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
    found = shutil.which(name, path=path)
    if found is None:
        raise ServerFailed(f"{name} is not installed (looked in {path})")
    return found


def listens(port: int, host: str = "127.0.0.1") -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, port)) == 0


@contextlib.contextmanager
def running(
    command: Sequence[str],
    log: Path,
    ready: Callable[[], bool],
    *,
    stop: signal.Signals = signal.SIGTERM,
    user: str | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """The process in a session of its own, from ready to gone. `user` is switched to as root."""
    with log.open("ab") as out:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            user=user if os.geteuid() == 0 else None,
            group=user if os.geteuid() == 0 else None,
            extra_groups=[] if user and os.geteuid() == 0 else None,
            env=env,
            cwd=cwd,
        )
    try:
        wait_ready(process, ready, log)
        yield process
    finally:
        end(process, stop)


def wait_ready(
    process: subprocess.Popen[bytes],
    ready: Callable[[], bool],
    log: Path | None,
    seconds: float = READY_SECONDS,
) -> None:
    pause = Event()
    for _ in range(int(seconds / POLL_SECONDS)):
        if process.poll() is not None:
            raise ServerFailed(f"{process.args!r} ended with {process.returncode}\n{tail(log)}")
        if ready():
            return
        pause.wait(POLL_SECONDS)
    raise ServerFailed(f"{process.args!r} was not ready after {seconds:g} s\n{tail(log)}")


def end(process: subprocess.Popen[bytes], stop: signal.Signals = signal.SIGTERM) -> None:
    """Asks the process to stop, then makes its whole session stop."""
    if process.poll() is None:
        process.send_signal(stop)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except OSError as error:
        if error.errno not in (errno.ESRCH, errno.EPERM):
            raise
    process.wait()


def tail(log: Path | None, lines: int = 30) -> str:
    if log is None or not log.exists():
        return "(no log)"
    return "\n".join(log.read_text("utf-8", "replace").splitlines()[-lines:])
