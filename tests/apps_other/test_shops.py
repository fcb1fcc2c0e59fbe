"""Ordinary services of other languages: recorded, then tested with their dependencies stopped."""

from __future__ import annotations

import pytest

from reenact.store.suite import load_suite
from tests.apps_other.recorded import Recorded, record
from tests.apps_other.shop import HERE, Shop
from tests.apps_other.shops import GO, JAVA, SHOPS, SINATRA

TIMES = 2

IN_CI = ((GO, 10, 8), (JAVA, 1, 1), (SINATRA, 1, 1))
"""Shop, users, how many of them at once. The others: `python -m tests.apps_other NAME`."""


@pytest.mark.parametrize("shop", SHOPS, ids=lambda shop: shop.name)
def test_every_planted_bug_has_its_place(shop: Shop) -> None:
    for mutation in shop.mutations:
        mutation.applied((HERE / shop.name / shop.file).read_text())


@pytest.fixture(scope="module", params=IN_CI, ids=lambda each: each[0].name)
def recorded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    shop, users, at_once = request.param
    return record(shop, tmp_path_factory.mktemp(shop.name), users, at_once)


@pytest.mark.e2e
def test_every_request_is_a_case_and_none_is_set_aside(recorded: Recorded) -> None:
    cases = load_suite(recorded.suite).cases
    # The probes that wait for the service to be up are recorded too.
    assert len(cases) > recorded.asked >= 27
    aside = {case.id: case.aside for case in cases if case.aside}
    # A probe that hangs up before it has read the whole answer cannot be a case.
    assert [why for id, why in aside.items() if "health" not in id] == [], recorded.said


@pytest.mark.e2e
@pytest.mark.parametrize("time", range(1, TIMES + 1))
def test_the_untouched_build_is_green(recorded: Recorded, time: int) -> None:
    done = recorded.test(f"green-{time}")
    assert done.returncode == 0, done.output


@pytest.mark.e2e
@pytest.mark.parametrize("number", [0, 1])
def test_a_planted_bug_is_red(recorded: Recorded, number: int) -> None:
    mutation = recorded.shop.mutations[number]
    done = recorded.test(f"bug-{number}", mutation)
    assert done.returncode == 1, f"{mutation.what}\n{done.output}"
