"""What a service makes up is accepted anew in every run, and what is wrong with it is a red test."""

from __future__ import annotations

import json
import os
import sys
import urllib.request
from pathlib import Path

import pytest

from reenact.store.suite import load_suite
from tests.servers import reenact
from tests.servers.process import free_port

pytestmark = [pytest.mark.e2e, pytest.mark.sandbox]
PROGRAM = Path(__file__).with_name("minting.py")


class Project:
    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()

    @property
    def command(self) -> list[str]:
        return [sys.executable, str(PROGRAM), str(self.port)]

    def ask(self, method: str, path: str) -> dict[str, str]:
        url = f"http://127.0.0.1:{self.port}{path}"
        with urllib.request.urlopen(urllib.request.Request(url, method=method)) as answer:
            found: dict[str, str] = json.load(answer)
            return found

    def record(self) -> None:
        def use() -> None:
            for user in ("ann", "bob"):
                made = self.ask("POST", f"/sessions/{user}")
                self.ask("GET", f"/sessions/{made['id']}")

        done = reenact.record(
            self.command, use, lambda: reenact.answers(self.port, "/"),
            cwd=self.folder, env=self._env(""), log=self.folder / "said.txt",
        )  # fmt: skip
        assert done.returncode == 0, done.output

    def test(self, build: str = "") -> tuple[int, str]:
        done = reenact.replay(
            self.command, cwd=self.folder, env=self._env(build), log=self.folder / "said.txt"
        )
        return done.returncode, done.output

    def _env(self, build: str) -> dict[str, str]:
        return {**os.environ, "BUILD": build}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    made = Project(tmp_path_factory.mktemp("minting"))
    made.record()
    return made


def test_each_value_is_known_by_its_form(project: Project) -> None:
    suite = load_suite(project.folder / "reenact")
    [case] = [case for case in suite.cases if case.request["target"] == "/sessions/ann"]
    kinds = {"/".join(map(str, site.at[1:])): site.kind for site in case.generated}
    assert kinds == {
        "body/at": "epoch",
        "body/id": "uuid",
        "body/jwt": "jwt",
        "body/jwt/jwt/payload/iat": "epoch",
        "body/jwt/jwt/payload/jti": "hex",
        "body/object": "objectid",
        "body/token": "hex",
        "headers/etag": "hash",
        "headers/location": "uuid",
    }
    assert not [case.aside for case in suite.cases if case.aside]


def test_the_recorded_build_is_green_every_time(project: Project) -> None:
    for _ in range(3):
        code, said = project.test()
        assert code == 0, said


@pytest.mark.parametrize(
    ("build", "said"),
    [
        ("reuse", "response/body/token: a value used again: recorded "),
        ("lost", ": another value than before: recorded "),
        ("admin", 'response/body/jwt/jwt/payload/role: recorded "user", now "admin"'),
        ("stale", "response/body/object: no longer of its form"),
        ("etag", "response/headers/etag: a value used again"),
        ("version", "response/body/id: no longer of its form"),
    ],
)
def test_a_value_that_is_made_up_wrongly_is_a_finding(
    project: Project, build: str, said: str
) -> None:
    code, output = project.test(build)
    assert code == 1
    assert said in output, output
