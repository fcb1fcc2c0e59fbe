"""Cases that need what an earlier one left inside the service: found, told, and honoured."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from reenact.model.suite import Case
from reenact.store.suite import load_suite
from tests.servers import reenact
from tests.servers.process import free_port

pytestmark = [pytest.mark.e2e, pytest.mark.sandbox]

PROGRAM = Path(__file__).with_name("remembering.py")


class Rates(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = json.dumps({"/rates/eur": 1.1, "/rates/usd": 0.9}.get(self.path, 0)).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def rates() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Rates) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


@dataclass
class Remembering:
    folder: Path
    rates: int
    port: int = field(default_factory=free_port)

    @property
    def command(self) -> list[str]:
        return [sys.executable, str(PROGRAM), str(self.port), str(self.rates)]

    def ask(self, path: str) -> str:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(connection):
            connection.request("GET", path)
            return connection.getresponse().read().decode()

    def use(self) -> None:
        assert self.ask("/ticket/a") == "1"
        assert self.ask("/fresh/usd") == "0.9"
        assert self.ask("/rate/eur") == "1.1"
        assert self.ask("/rate/usd") == "0.9"
        assert self.ask("/rate/eur") == "1.1"
        assert self.ask("/ticket/b") == "2"

    def record(self, **env: str) -> reenact.Done:
        log = self.folder / "record.txt"
        return reenact.record(
            self.command,
            self.use,
            lambda: reenact.answers(self.port, "/"),
            cwd=self.folder,
            env={**os.environ, **env},
            log=log,
        )

    def test(self, *options: str, **env: str) -> reenact.Done:
        log = self.folder / "test.txt"
        return reenact.replay(
            self.command,
            cwd=self.folder,
            env={**os.environ, **env},
            log=log,
            options=options,
        )

    def cases(self, path: str) -> list[Case]:
        found = load_suite(self.folder / "reenact").cases
        return [c for c in found if isinstance(c.request, dict) and c.request["target"] == path]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Remembering:
    with rates() as port:
        service = Remembering(tmp_path_factory.mktemp("remembering"), port)
        done = service.record()
    assert done.returncode == 0, done.output
    assert " 0 set aside" in done.output, done.output
    return service


def test_a_case_whose_answer_was_kept_says_which_case_it_needs_and_why(
    recorded: Remembering,
) -> None:
    first, second = recorded.cases("/rate/eur")
    assert (first.needs, second.needs) == ((), (first.id,))
    [(_, why)] = second.needs_why
    assert why.startswith("alone it asks GET /rates/eur")
    assert why.endswith(f"which {first.id} asks: the answer is kept")


def test_a_case_that_counts_needs_the_one_that_counted_before(recorded: Remembering) -> None:
    [first], [second] = recorded.cases("/ticket/a"), recorded.cases("/ticket/b")
    assert (first.needs, second.needs) == ((), (first.id,))
    assert dict(second.needs_why)[first.id].startswith("alone: response/body: '2' -> '1'")


def test_cases_that_need_nothing_say_so(recorded: Remembering) -> None:
    assert [c.needs for p in ("/fresh/usd", "/rate/usd") for c in recorded.cases(p)] == [(), ()]


@pytest.mark.parametrize(
    "options", [[], ["--jobs", "3"], ["--restart", "group"], ["--restart", "each", "--jobs", "2"]]
)
def test_it_is_green_however_it_is_split(recorded: Remembering, options: list[str]) -> None:
    done = recorded.test(*options)
    assert done.returncode == 0, done.output


def test_a_selected_case_brings_what_it_needs(recorded: Remembering) -> None:
    for path in ("/rate/eur", "/ticket/b"):
        done = recorded.test("-k", recorded.cases(path)[-1].id)
        assert done.returncode == 0, done.output
        assert "2 passed" in done.output


def test_a_heartbeat_that_the_recording_was_too_short_for_is_no_finding(tmp_path: Path) -> None:
    """The thread of the service dies of the first refusal; what matters is that it was no case's."""
    with rates() as port:
        service = Remembering(tmp_path, port)
        done = service.record(BEAT="1")
    assert done.returncode == 0, done.output
    done = service.test(BEAT="1", SLOW="2.5")
    assert done.returncode == 0, done.output
