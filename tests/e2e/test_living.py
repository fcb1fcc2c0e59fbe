"""A suite that lives on while its service changes: accepted, filled in, made smaller, set aside."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from reenact.store.suite import load_suite
from tests.servers import reenact
from tests.servers.process import free_port

pytestmark = [pytest.mark.e2e, pytest.mark.sandbox]
PROGRAM = Path(__file__).with_name("priced.py")


class Prices(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = json.dumps({"price": 0.7 if self.path == "/tax" else 2.6}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *said: object) -> None:
        pass


@contextlib.contextmanager
def prices(port: int) -> Iterator[None]:
    server = ThreadingHTTPServer(("127.0.0.1", port), Prices)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Project:
    """A folder with a suite in it, and the service in its versions."""

    def __init__(self, folder: Path, port: int, prices_port: int) -> None:
        self.folder, self.port, self.prices_port = folder, port, prices_port

    @property
    def command(self) -> list[str]:
        return [sys.executable, str(PROGRAM), str(self.port), str(self.prices_port)]

    def record(self, *paths: str, version: str = "1", options: tuple[str, ...] = ()) -> None:
        def use() -> None:
            for path in paths:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}").read()

        ready: Callable[[], bool] = lambda: reenact.answers(self.port, "/tea")  # noqa: E731
        with prices(self.prices_port):
            done = reenact.record(
                self.command, use, ready, cwd=self.folder, env=self._env(version),
                log=self.folder / "said.txt", options=options,
            )  # fmt: skip
        assert done.returncode == 0, done.output

    def run(self, *arguments: str, version: str = "1") -> tuple[int, str]:
        done = reenact.run(
            arguments, cwd=self.folder, env=self._env(version), log=self.folder / "said.txt"
        )
        return done.returncode, done.output

    def _env(self, version: str) -> dict[str, str]:
        return {**os.environ, "VERSION": version}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = Project(tmp_path_factory.mktemp("priced"), free_port(), free_port())
    project.record("/cake")
    return project


@pytest.fixture
def project(recorded: Project, tmp_path: Path) -> Project:
    shutil.copytree(recorded.folder / "reenact", tmp_path / "reenact")
    return Project(tmp_path, recorded.port, recorded.prices_port)


CASES = ["0001-get-tea", "0002-get-cake"]


def test_what_changed_is_accepted_case_by_case_and_then_green(project: Project) -> None:
    code, said = project.run("test", version="2")
    assert code == 1 and "response/body/price: recorded 2.6, now 3" in said
    for case in CASES:
        code, said = project.run("accept", case, "--reason", "whole prices", version="2")
        assert code == 0, said
        assert "+    price: 3" in said or "+      price: 3" in said, said
    assert project.run("test", version="2")[0] == 0
    assert project.run("test", version="1")[0] == 1


def test_a_tolerance_is_leant_on_aloud_until_it_is_not_needed(project: Project) -> None:
    for case in CASES:
        arguments = (
            "accept",
            case,
            "response/body/price",
            "--rule",
            "ignore",
            "--reason",
            "varies",
        )
        assert project.run(*arguments)[0] == 0
    code, said = project.run("test", version="2")
    assert code == 0 and "tolerated: 2: response/body/price: varies (since " in said
    assert project.run("lint")[0] == 0
    (project.folder / "reenact/.local/usage.json").unlink()
    for _ in range(3):
        assert project.run("test")[0] == 0
    code, said = project.run("lint")
    assert code == 3 and "was not needed in 3 tests" in said


def test_new_calls_are_filled_in_from_a_new_recording(project: Project) -> None:
    assert "a call that was never recorded: GET /tax" in project.run("test", version="3")[1]
    project.record("/cake", "/jam", version="3", options=("--append", "--reason", "taxes"))
    suite = load_suite(project.folder / "reenact")
    assert [case.id for case in suite.cases] == [*CASES, "0003-get-jam"]
    assert [[call.request["target"] for call in case.calls] for case in suite.cases] == [
        ["/tea", "/tax"], ["/cake", "/tax"], ["/jam", "/tax"],
    ]  # fmt: skip
    _accept_the_tax(project)


def test_new_calls_are_filled_in_from_the_real_dependency(project: Project) -> None:
    where = f"127.0.0.1:{project.prices_port}=http://localhost:{project.prices_port}"
    with prices(project.prices_port):
        code, said = project.run("test", "--live", where, "--reason", "taxes", version="3")
    assert code == 1 and "2 calls answered live" in said, said
    suite = load_suite(project.folder / "reenact")
    assert [[call.request["target"] for call in case.calls] for case in suite.cases] == [
        ["/tea", "/tax"], ["/cake", "/tax"],
    ]  # fmt: skip
    assert {note.change for case in suite.cases for note in case.accepted} == {"call-added"}
    _accept_the_tax(project)


def _accept_the_tax(project: Project) -> None:
    """The responses that follow from the new calls; the dependency is not there any more."""
    code, said = project.run("test", version="3")
    assert code == 1 and "response/body/tax: new: 0.7" in said and "never recorded" not in said
    for case in CASES:
        assert project.run("accept", case, "--reason", "taxes", version="3")[0] == 0
    assert project.run("test", version="3")[0] == 0


def test_a_real_dependency_that_is_away_is_told(project: Project) -> None:
    away = f"127.0.0.1:{project.prices_port}=http://127.0.0.1:{free_port()}"
    code, said = project.run("test", "--live", away, version="3")
    assert code == 1 and "asked live: " in said
    assert [len(c.calls) for c in load_suite(project.folder / "reenact").cases] == [1, 1]


def test_a_case_that_comes_and_goes_is_set_aside_with_its_statistics(project: Project) -> None:
    """Without a sandbox, so that the service can count its lives: the first test is its third."""
    arguments = ("rehearse", "--tests", "12", "--mode", "explicit")
    code, said = project.run(*arguments, version="4")
    why = "response/body/hurry: added True (failed 2 of 12 tests; response/body/hurry varied)"
    assert code == 0 and f"set aside: 0001-get-tea: {why}" in said, said
    assert [case.aside != "" for case in load_suite(project.folder / "reenact").cases] == [
        True,
        False,
    ]
    code, said = project.run("test")
    assert code == 0 and f"set aside: 0001-get-tea: {why}" in said
    assert "1 passed, 0 changed, 1 set aside" in said


def test_fewer_cases_say_who_stands_for_whom_and_are_green(tmp_path: Path) -> None:
    project = Project(tmp_path, free_port(), free_port())
    project.record("/orders/1", "/orders/3", "/orders/2")
    shutil.copytree(tmp_path / "reenact", tmp_path / "lines")
    code, said = project.run("compile", "--dedup")
    assert code == 0
    assert "left out: 0003-get-orders-3: 0002-get-orders-1 stands for it" in said
    assert "left out: 0004-get-orders-2: 0002-get-orders-1 stands for it" in said
    code, said = project.run("test")
    assert code == 0 and "2 passed, 0 changed" in said
    _keeps_what_alone_reaches_a_line(project)


def _keeps_what_alone_reaches_a_line(project: Project) -> None:
    """The service has a line for /orders/2 alone."""
    shutil.copy(PROGRAM, project.folder)
    options = ("--suite", "lines")
    suite = project.folder / "lines/suite.yaml"
    suite.write_text(suite.read_text().replace(str(PROGRAM), str(project.folder / PROGRAM.name)))
    code, said = project.run("compile", "--dedup", "--coverage", *options)
    assert code == 0 and "1 case left out of 4" in said, said
    assert "left out: 0003-get-orders-3: 0002-get-orders-1 stands for it" in said
    code, said = project.run("test", *options)
    assert code == 0 and "3 passed, 0 changed" in said
