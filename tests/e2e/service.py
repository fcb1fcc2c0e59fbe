"""The faulty service under the command line, as a user has it: started, used, interrupted, killed."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.servers import reenact
from tests.servers.process import end, free_port, wait_ready

PROGRAM = Path(__file__).with_name("faulty.py")
STOP_S = 60.0


@dataclass
class Service:
    """`folder` is the project: the suite comes there. Its name marks every process of ours."""

    folder: Path
    redis: int = field(default_factory=free_port)
    other: int = field(default_factory=free_port)
    port: int = field(default_factory=free_port)
    workers: int = 1
    host: str = "127.0.0.1"

    @property
    def command(self) -> list[str]:
        ports = (self.port, self.redis, self.other, self.workers)
        return [sys.executable, str(PROGRAM), *map(str, ports), str(self.folder)]

    @property
    def log(self) -> Path:
        return self.folder / "said.txt"

    @property
    def said(self) -> str:
        return self.log.read_text("utf-8", "replace")

    @property
    def capture(self) -> Path:
        return self.folder / "reenact/.local/recording.capture"

    def get(self, path: str) -> bytes:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=30)
        try:
            connection.request("GET", path)
            return connection.getresponse().read()
        finally:
            connection.close()

    def answers(self) -> bool:
        try:
            return self.get("/healthz") == b"here"
        except (OSError, http.client.HTTPException):
            return False

    @contextlib.contextmanager
    def recording(
        self, *options: str, soft_limit: int = 0, **env: str
    ) -> Iterator[subprocess.Popen[bytes]]:
        """From the service being ready on; nothing of it is left after the block."""
        line = ["record", *options, "--", *self.command]
        with self.running(*line, soft_limit=soft_limit, **env) as process:
            wait_ready(process, self.answers, self.log)
            yield process

    @contextlib.contextmanager
    def running(
        self, *line: str, soft_limit: int = 0, **env: str
    ) -> Iterator[subprocess.Popen[bytes]]:
        """`soft_limit`: of descriptors; 0 leaves it."""
        limited = ["prlimit", f"--nofile={soft_limit}:", "--"] if soft_limit else []
        with self.log.open("wb") as out:
            process = subprocess.Popen(
                [*limited, sys.executable, "-m", "reenact", *line],
                cwd=self.folder,
                env={**os.environ, **env},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            yield process
        finally:
            end(process)

    def reenact(self, *line: str, **env: str) -> reenact.Done:
        with self.running(*line, **env) as process:
            process.wait(STOP_S)
        return reenact.Done(process.returncode, self.said)

    def record(self, command: Sequence[str], *options: str) -> reenact.Done:
        return self.reenact("record", *options, "--", *command)

    def test(self, **env: str) -> reenact.Done:
        return self.reenact("test", **env)

    def ended(self, process: subprocess.Popen[bytes]) -> reenact.Done:
        process.wait(STOP_S)
        return reenact.Done(process.returncode, self.said)

    def stop(self, process: subprocess.Popen[bytes]) -> reenact.Done:
        """Ctrl-C, then whatever the command does until it ends."""
        process.send_signal(signal.SIGINT)
        return self.ended(process)

    def cases(self) -> str:
        return "\n".join(p.read_text() for p in sorted((self.folder / "reenact/cases").iterdir()))

    def recorded(self, *paths: str) -> None:
        """A suite of these requests, not rehearsed."""
        with self.recording("--no-rehearse") as process:
            for path in paths:
                self.get(path)
            done = self.stop(process)
        assert done.returncode == 0, done.output
