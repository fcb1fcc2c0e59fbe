"""The order of sets in CPython.

Each process orders sets of texts by a number of its own, so that a service which walks one asks in another
order each time. A service is recorded with a number drawn for the recording, and tested with the same. Rehearsals that
look for what is chance have others. Reference: PYTHONHASHSEED in the CPython documentation, "Command line and
environment".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from reenact.model.suite import HASH_SEED_MAX

VARIABLE = "PYTHONHASHSEED"


def drawn(env: Mapping[str, str], draw: Callable[[int, int], int]) -> int:
    """For a recording, by a draw between two numbers; 0, which is none, when the user has chosen."""
    return 0 if VARIABLE in env else draw(1, HASH_SEED_MAX)


def with_hash_seed(env: Mapping[str, str], seed: int) -> Mapping[str, str]:
    """0: as it is."""
    return env if not seed or VARIABLE in env else {**env, VARIABLE: str(seed)}


def another(seed: int, number: int) -> int:
    """The seed of a numbered run that shall differ; of run 0 the seed itself."""
    return seed and (seed - 1 + number) % HASH_SEED_MAX + 1
