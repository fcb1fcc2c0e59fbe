"""A service without a sandbox: a plain child process, on any system."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from reenact.base.errors import UserError
from reenact.sandbox.terminal import in_foreground

POLL_S = 0.02
"""How often its end is looked for; also how late Ctrl-C is noticed where signals wake no loop."""

Stream = IO[bytes] | None


def start_child(
    command: Sequence[str],
    cwd: Path,
    env: Mapping[str, str],
    *,
    own_group: bool | None = None,
    stdin: Stream = None,
    stdout: Stream = None,
) -> Child:
    """Start it; `stdout` takes its errors too. UserError when the command cannot be run.

    `own_group` None: its own unless a terminal's foreground job is ours, where Ctrl-C has to
    reach it and it may read the terminal.
    """
    own = os.name == "posix" and (not in_foreground() if own_group is None else own_group)
    try:
        process = subprocess.Popen(
            list(command),
            cwd=cwd,
            env=dict(env),
            stdin=stdin,
            stdout=stdout,
            stderr=None if stdout is None else subprocess.STDOUT,
            process_group=0 if own else None,
        )
    except OSError as failed:
        where = failed.filename or command[0]
        raise UserError(f"cannot run the service: {where}: {failed.strerror}") from None
    return Child(process, own_group=own)


class Child:
    """The running service. Only `close` blocks."""

    def __init__(self, process: subprocess.Popen[bytes], *, own_group: bool) -> None:
        self._process = process
        self._own_group = own_group

    @property
    def returncode(self) -> int | None:
        """As a shell gives it: 128 + signal for a process that was killed."""
        code = self._process.poll()
        return 128 - code if code is not None and code < 0 else code

    async def ended(self) -> int:
        while (code := self.returncode) is None:
            await asyncio.sleep(POLL_S)
        return code

    def interrupt(self) -> None:
        """What Ctrl-C is to it. A terminal tells its whole job, so here that has been done."""
        if self._own_group:
            self._process.send_signal(signal.SIGINT)

    def terminate(self) -> None:
        self._process.terminate()

    def kill(self) -> None:
        """Ends it and, where they can be told, all that it started."""
        self._process.kill()
        if sys.platform != "win32" and self._own_group:
            with contextlib.suppress(OSError):  # nobody is left, or nobody we may kill
                os.killpg(self._process.pid, signal.SIGKILL)

    def close(self) -> None:
        self.kill()
        self._process.wait()
