"""The command line under test, as its users run it: a process of its own."""

from __future__ import annotations

import contextlib
import http.client
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.servers.process import ServerFailed, end, wait_ready

RECORD_STOP_SECONDS = 900.0
"""Stopping a recording compiles and rehearses it: each case twice, in the service's own time."""


@dataclass(frozen=True)
class Done:
    returncode: int
    output: str


def record(
    command: Sequence[str],
    use: Callable[[], object],
    ready: Callable[[], bool],
    *,
    cwd: Path,
    env: Mapping[str, str],
    log: Path | None = None,
    options: Sequence[str] = (),
) -> Done:
    """Records while `use` runs, then stops as Ctrl-C does and waits for the suite.

    Without `log` everything goes to our own output, and `Done.output` is empty.
    """
    line = [*_reenact(), "record", *options, *(["--", *command] if command else [])]
    with _started(line, cwd, env, log) as process:
        wait_ready(process, ready, log)
        use()
        process.send_signal(signal.SIGINT)
        try:
            process.wait(RECORD_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            raise ServerFailed(f"record did not stop\n{_said(log)}") from None
    return Done(process.returncode, _said(log))


def replay(
    command: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    log: Path | None = None,
    options: Sequence[str] = (),
) -> Done:
    line = [*_reenact(), "test", *options, "--", *command]
    with _started(line, cwd, env, log) as process:
        process.wait(RECORD_STOP_SECONDS)
    return Done(process.returncode, _said(log))


def run(arguments: Sequence[str], *, cwd: Path, env: Mapping[str, str], log: Path) -> Done:
    """Any command that ends by itself."""
    with _started([*_reenact(), *arguments], cwd, env, log) as process:
        process.wait(RECORD_STOP_SECONDS)
    return Done(process.returncode, _said(log))


def answers(port: int, path: str = "/") -> bool:
    """Whether an HTTP server answers there, with anything below 500."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        response.read()  # whoever leaves before the end has, for the recorder, had no answer
        return response.status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


@contextlib.contextmanager
def _started(
    line: Sequence[str], cwd: Path, env: Mapping[str, str], log: Path | None
) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") if log else contextlib.nullcontext() as out:
        process = subprocess.Popen(
            line,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT if log else None,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        end(process)


def _said(log: Path | None) -> str:
    return log.read_text("utf-8", "replace") if log else ""


def _reenact() -> list[str]:
    return [sys.executable, "-m", "reenact"]
