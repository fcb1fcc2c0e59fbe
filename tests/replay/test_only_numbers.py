"""What an ordinary test of a rehearsal teaches: the build is the one that was recorded."""

from __future__ import annotations

import pytest

from reenact.model.difference import Change, Difference
from reenact.model.verdict import Status, Verdict
from reenact.replay.core.events import CaseDone, Observation, Served
from reenact.replay.rehearse import only_numbers

AT = ("response", "body", 7)


def failed(recorded: str, live: str, at: tuple[str | int, ...] = AT, missing: str = "") -> CaseDone:
    difference = Difference(change=Change.VALUE, at=at, recorded=recorded, live=live)
    gone = (("1.1", missing),) if missing else ()
    verdict = Verdict(case="1", status=Status.FAIL, differences=(difference,), missing=gone)
    made = Served(interaction="1.1", owner="1", answered=frozenset())
    seen = Observation(case="1", served=(made,), varied=(), uses=frozenset(), reproduced=False)
    return CaseDone(verdict, seen)


def test_a_number_of_the_response_that_differs_is_seen_to_vary() -> None:
    seen = only_numbers(failed("process_open_fds 11", "process_open_fds 10"))
    assert seen is not None
    assert (seen.varied, seen.reproduced) == (((AT, "number"),), True)


@pytest.mark.parametrize(
    "done",
    [
        failed("state up", "state down"),
        failed("11", "10", at=("response", "status")),
        failed("fds 11", "fds 10", missing="SELECT 1"),
    ],
)
def test_anything_else_teaches_nothing_of_that(done: CaseDone) -> None:
    assert only_numbers(done) is None
