"""Under the command line: a service whose branches are drawn by lot, and a clock without ptrace."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from reenact.sandbox import faketime
from tests.servers import reenact
from tests.servers.process import free_port

pytestmark = [pytest.mark.e2e, pytest.mark.sandbox]

PROGRAM = Path(__file__).with_name("dated.py")
WITHOUT_PTRACE = Path(__file__).parents[1] / "sandbox/without_ptrace.py"
DAYS = 40


class Project:
    def __init__(self, folder: Path) -> None:
        self.folder, self.port, self.upstream = folder, free_port(), free_port()
        self.env = {**os.environ, "HOME": str(folder)}
        self.command = [sys.executable, str(PROGRAM), str(self.port), str(self.upstream)]

    def get(self, path: str) -> bytes:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(connection):
            connection.request("GET", path)
            return connection.getresponse().read()

    def record(self, path: str, count: int, *options: str) -> reenact.Done:
        done = reenact.record(
            self.command,
            lambda: [self.get(path) for _ in range(count)],
            lambda: reenact.answers(self.port, path),
            cwd=self.folder,
            env=self.env,
            log=self.folder / "record.log",
            options=options,
        )
        assert done.returncode == 0, done.output
        return done

    def test(self, *options: str) -> reenact.Done:
        log = self.folder / "test.log"
        return reenact.run(["test", *options], cwd=self.folder, env=self.env, log=log)

    def test_without_ptrace(self, *command: str) -> tuple[int, str]:
        line = [sys.executable, str(WITHOUT_PTRACE), sys.executable, "-m", "reenact", "test"]
        done = subprocess.run(
            [*line, "--", *(command or self.command)],
            cwd=self.folder,
            env=self.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        return done.returncode, done.stdout + done.stderr


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


@contextlib.contextmanager
def echoing(port: int) -> Iterator[None]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = f"for {self.path}".encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", port), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield
        server.shutdown()
        thread.join()


def test_what_was_drawn_by_lot_is_drawn_again(project: Project) -> None:
    with echoing(project.upstream):
        done = project.record("/lot", 2, "--seed", "4")
    assert "repeat" in done.output and "0 set aside" in done.output
    assert "seed: 4\n" in (project.folder / "reenact/suite.yaml").read_text()
    again = project.test()
    assert again.returncode == 0, again.output
    other = project.test("--seed", "5")
    assert other.returncode == 1 and "/lot" in other.output, other.output


def test_a_reader_that_leaves_early_does_not_hold_the_test_up(project: Project) -> None:
    project.record("/day", 2)
    case = next((project.folder / "reenact/cases").glob("0001*.yaml"))
    case.write_text(case.read_text().replace("200", "418", 1))
    heard, tell = os.pipe()
    os.close(heard)
    line = [sys.executable, "-m", "reenact", "test"]
    done = subprocess.run(line, cwd=project.folder, env=project.env, stdout=tell, timeout=60)
    os.close(tell)
    assert done.returncode == 1


def test_without_ptrace_the_service_lives_at_the_recording_s_time(project: Project) -> None:
    assert faketime.library(), "libfaketime is not installed"
    project.record("/day", 2)
    _recorded_earlier(project.folder / "reenact")
    code, said = project.test_without_ptrace()
    assert code == 0, said
    assert "libfaketime stands in, which does not reach Go or static programs" in said
    assert "ptrace: Operation not permitted" in said


def test_what_the_stand_in_does_not_reach_is_marked_as_the_clock_s(project: Project) -> None:
    assert faketime.library(), "libfaketime is not installed"
    project.record("/day", 2)
    _recorded_earlier(project.folder / "reenact")
    code, said = project.test_without_ptrace("env", "-u", "LD_PRELOAD", *project.command)
    assert code == 2, said
    assert "only times differ, by as much as the machine's clock" in said
    assert "libfaketime stands in" in said


def _recorded_earlier(suite: Path) -> None:
    """As if all had been recorded so many days ago."""
    head = suite / "suite.yaml"
    away_ns = DAYS * 86_400 * 10**9
    head.write_text(
        re.sub(r"(?<=started_ns: )\d+", lambda m: str(int(m[0]) - away_ns), head.read_text())
    )
    today = datetime.now(UTC)
    for case in (suite / "cases").glob("*.yaml"):
        text = case.read_text()
        for day in (today, today - timedelta(days=1)):
            was = (day - timedelta(days=DAYS)).strftime("%Y-%m-%d")
            text = text.replace(day.strftime("%Y-%m-%d"), was)
        case.write_text(text)
