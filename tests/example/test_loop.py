"""The whole loop on the example: recorded under traffic, tested with every dependency stopped."""

from __future__ import annotations

import functools
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from benches.killrate.mutations import by_name

from tests.servers import orders, reenact

pytestmark = pytest.mark.e2e


@dataclass(frozen=True)
class Recorded:
    build: Path
    env: dict[str, str]

    def test(self, build: Path, name: str, *options: str) -> reenact.Done:
        return reenact.replay(
            orders.COMMAND,
            cwd=build,
            env=self.env,
            log=build.parent / f"{name}.txt",
            options=["--suite", str(self.build / "reenact"), *options],
        )


USES = {"one-client": ["--clients", "1"], "fifty-clients": ["--clients", "50", "--brief"]}


PARAMS = [
    "one-client",
    # Most cases are set aside: values that concurrent requests share are not told apart yet.
    pytest.param("fifty-clients", marks=pytest.mark.open_issue),
]


@pytest.fixture(scope="module", params=PARAMS)
def recorded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    folder = tmp_path_factory.mktemp("orders")
    build = folder / "build"
    shutil.copytree(orders.EXAMPLE, build, ignore=shutil.ignore_patterns("__pycache__"))
    with orders.dependencies(folder) as deployment:
        traffic = [sys.executable, "traffic.py", deployment.base, *USES[request.param]]
        done = reenact.record(
            orders.COMMAND,
            functools.partial(subprocess.run, traffic, cwd=build, check=True),
            lambda: reenact.answers(deployment.port, "/healthz"),
            cwd=build,
            env=deployment.environment,
            log=folder / "record.txt",
        )
    assert done.returncode == 0, done.output
    return Recorded(build, deployment.environment)


def test_the_recorded_build_is_green(recorded: Recorded) -> None:
    done = recorded.test(recorded.build, "green")
    assert done.returncode == 0, done.output


@pytest.mark.parametrize(
    "bug", ["tax-rounded-down", "audit-lost-commit", "cancel-keeps-stock", "event-not-published"]
)
def test_a_build_with_a_bug_is_red(recorded: Recorded, bug: str) -> None:
    build = recorded.build.parent / bug
    skip = shutil.ignore_patterns("__pycache__", "reenact")
    shutil.copytree(recorded.build, build, ignore=skip)
    by_name(bug).apply(build)
    done = recorded.test(build, bug)
    assert done.returncode == 1, done.output


def test_a_message_that_is_not_sent_is_seen_only_in_the_calls(recorded: Recorded) -> None:
    build = recorded.build.parent / "responses-only"
    shutil.copytree(recorded.build, build, ignore=shutil.ignore_patterns("__pycache__", "reenact"))
    by_name("event-not-published").apply(build)
    done = recorded.test(build, "responses-only", "--responses-only")
    assert done.returncode == 0, done.output


@pytest.mark.parametrize("bug", ["", "tax-rounded-down"])
def test_equal_runs_give_the_same_verdict_byte_by_byte(recorded: Recorded, bug: str) -> None:
    """`benches.verdicts` is the longer one."""
    build = recorded.build.parent / f"again-{bug}"
    shutil.copytree(recorded.build, build, ignore=shutil.ignore_patterns("__pycache__", "reenact"))
    if bug:
        by_name(bug).apply(build)
    found = set()
    for n in range(3):
        for jobs in ("1", "4"):
            path = build.parent / f"verdict-{bug}-{jobs}-{n}.json"
            done = recorded.test(build, path.stem, "--jobs", jobs, "--verdict", str(path))
            assert done.returncode == (1 if bug else 0), done.output
            found.add(path.read_bytes())
    assert len(found) == 1
