"""Services that nobody here wrote: recorded under traffic, tested with their dependencies stopped."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from reenact.store.suite import load_suite
from tests.servers import reenact
from tests.services import devpi, exporters, litellm, postgraphile
from tests.services.mutate import mutate
from tests.services.service import Deployment, Service

SERVICES = (postgraphile.SERVICE, exporters.REDIS, exporters.POSTGRES)

NOT_YET_GREEN = (devpi.SERVICE, litellm.SERVICE)
"""docs/foreign-services.md says why. `pytest -m open_issue` runs them; CI does not."""
TIMES = 3

pytestmark = pytest.mark.e2e


@dataclass(frozen=True)
class Recorded:
    """A recorded service whose dependencies are gone. `asked` counts the requests of its traffic;
    `said` is what the recorder printed."""

    service: Service
    deployment: Deployment
    folder: Path
    suite: Path
    asked: int
    said: str

    def test(self, suite: Path, name: str) -> reenact.Done:
        return reenact.replay(
            self.deployment.command,
            cwd=self.deployment.cwd,
            env=self.deployment.env,
            log=self.folder / f"{name}.txt",
            options=["--suite", str(suite)],
        )


PARAMS = [
    *(pytest.param(service, id=service.name) for service in SERVICES),
    *(
        pytest.param(service, id=service.name, marks=pytest.mark.open_issue)
        for service in NOT_YET_GREEN
    ),
]


@pytest.fixture(scope="module", params=PARAMS)
def recorded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    service: Service = request.param
    service.install(service.installed)
    folder = tmp_path_factory.mktemp(service.name)
    suite = folder / "suite"
    statuses: list[int] = []
    with service.deploy(service.installed, folder) as deployment:
        done = reenact.record(
            deployment.command,
            lambda: statuses.extend(service.traffic(deployment.base)),
            lambda: reenact.answers(deployment.port, deployment.ready),
            cwd=deployment.cwd,
            env=deployment.env,
            log=folder / "record.txt",
            options=["--suite", str(suite)],
        )
    assert done.returncode == 0, done.output
    return Recorded(service, deployment, folder, suite, len(statuses), done.output)


def test_every_request_is_a_case_and_none_is_set_aside_but_for_chance(recorded: Recorded) -> None:
    cases = load_suite(recorded.suite).cases
    # The probes that wait for the service to be up are recorded too.
    assert len(cases) >= recorded.asked >= 17
    aside = {case.id: case.aside for case in cases if case.aside}
    # A probe that hangs up before it has read the whole page cannot be a case.
    chance = ("the recorded response is not whole", *recorded.service.chance)
    assert {id: why for id, why in aside.items() if not why.startswith(chance)} == {}, recorded.said


@pytest.mark.parametrize("time", range(1, TIMES + 1))
def test_the_untouched_build_is_green(recorded: Recorded, time: int) -> None:
    done = recorded.test(recorded.suite, f"green-{time}")
    assert done.returncode == 0, done.output


def test_a_changed_answer_of_each_kind_of_dependency_is_red(recorded: Recorded) -> None:
    for protocol in recorded.service.speaks:
        suite = recorded.folder / f"suite-{protocol}"
        shutil.copytree(recorded.suite, suite)
        changed = mutate(suite, protocol)
        done = recorded.test(suite, f"red-{protocol}")
        assert done.returncode == 1, f"changed {changed}\n{done.output}"
