"""The order of CPython's sets is the recording's in tests, and another where chance is looked for."""

from __future__ import annotations

import pytest

from reenact.base import chance
from reenact.model.suite import HASH_SEED_MAX
from reenact.sandbox.hash_seed import another, drawn, with_hash_seed


def test_a_recording_draws_a_seed_that_cpython_takes() -> None:
    assert drawn({}, min) == 1
    assert drawn({}, max) == HASH_SEED_MAX
    assert 1 <= drawn({}, chance.whole) <= HASH_SEED_MAX


def test_what_the_user_chose_stays() -> None:
    own = {"PYTHONHASHSEED": "random"}
    assert drawn(own, max) == 0
    assert with_hash_seed(own, 7) == own


def test_a_recording_without_one_leaves_the_service_its_own() -> None:
    assert another(0, 3) == 0
    assert with_hash_seed({"A": "b"}, 0) == {"A": "b"}


@pytest.mark.parametrize("seed", [1, 7, HASH_SEED_MAX])
def test_runs_that_look_for_chance_have_seeds_of_their_own(seed: int) -> None:
    seeds = [another(seed, run) for run in range(5)]
    assert seeds[0] == seed
    assert len(set(seeds)) == 5
    assert all(1 <= n <= HASH_SEED_MAX for n in seeds)
