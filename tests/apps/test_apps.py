"""Ordinary services of common frameworks: recorded, then tested with their dependencies stopped."""

from __future__ import annotations

import pytest

from reenact.store.suite import load_suite
from tests.apps import APPLICATIONS, IN_CI
from tests.apps.application import Application
from tests.apps.recorded import Recorded, record

TIMES = 2


@pytest.mark.parametrize("app", APPLICATIONS, ids=lambda app: app.name)
def test_every_planted_bug_has_its_place(app: Application) -> None:
    for mutation in app.mutations:
        mutation.applied((app.source / mutation.file).read_text())


@pytest.fixture(scope="module", params=IN_CI, ids=lambda app: app.name)
def recorded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    app: Application = request.param
    return record(app, tmp_path_factory.mktemp(app.name))


@pytest.mark.e2e
def test_every_request_is_a_case_and_none_is_set_aside(recorded: Recorded) -> None:
    cases = load_suite(recorded.suite).cases
    # The probes that wait for the service to be up are recorded too.
    assert len(cases) > recorded.asked >= 20
    aside = {case.id: case.aside for case in cases if case.aside}
    # A probe that hangs up before it has read the whole page cannot be a case.
    assert [why for id, why in aside.items() if "health" not in id] == [], recorded.said


@pytest.mark.e2e
@pytest.mark.parametrize("time", range(1, TIMES + 1))
def test_the_untouched_build_is_green(recorded: Recorded, time: int) -> None:
    done = recorded.test(f"green-{time}")
    assert done.returncode == 0, done.output


@pytest.mark.e2e
@pytest.mark.parametrize("number", [0, 1])
def test_a_planted_bug_is_red(recorded: Recorded, number: int) -> None:
    mutation = recorded.app.mutations[number]
    done = recorded.test(f"bug-{number}", mutation)
    assert done.returncode == 1, f"{mutation.what}\n{done.output}"
