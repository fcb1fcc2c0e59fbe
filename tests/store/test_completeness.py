"""No field of the model is forgotten: a round trip of defaults alone would not notice."""

from __future__ import annotations

import msgspec
import pytest

from reenact.model.suite import Case, Interaction, Suite, Tolerance
from tests.store import values


@pytest.mark.parametrize(
    ("struct", "strategy"),
    [
        (Interaction, values.calls),
        (Case, values.cases),
        (Tolerance, values.tolerances),
        (Suite, values.suites),
    ],
)
def test_the_round_trip_law_covers_every_field(struct: type, strategy: object) -> None:
    covered = set(strategy.wrapped_strategy.kwargs)  # type: ignore[attr-defined]
    assert {field.name for field in msgspec.structs.fields(struct)} <= covered
