"""Background that was never recorded and goes on in a test: refused, and no finding."""

from __future__ import annotations

from collections.abc import Generator

import msgspec
import pytest
from tests.replay.test_engine import call, case, play, suite, verdicts

from reenact.model.exchange import Outcome
from reenact.model.verdict import Status

STRAY = msgspec.structs.replace(
    call("s.r1", "BEAT worker 1"), outcome=Outcome.BROKEN, response=None
)
OWN = case(1, "GET 7", "x", call("1.1", "GET row 7", "x"))


def status(beat: str, *more: object, **mode: int) -> Status:
    """Of a case in which a thread of the service asks for `beat`, too."""

    def service(request: str) -> Generator[str, str, str]:
        found = yield f"GET row {request.split()[1]}"
        said = yield beat
        assert said.startswith("REFUSED")
        return found

    found = play(suite(OWN, *more, session=[call("s.1", "HELLO"), STRAY]), service, **mode)  # type: ignore[arg-type]
    return verdicts(found)[0].status


@pytest.mark.parametrize("beat", ["BEAT worker 1", "BEAT worker 2", "BEAT worker 17"])
def test_a_later_heartbeat_is_refused_as_the_first_was_and_is_no_finding(beat: str) -> None:
    assert status(beat) is Status.PASS


@pytest.mark.parametrize("beat", ["BEAT owner 2", "SET stock 1"])
def test_another_kind_of_call_is_a_finding(beat: str) -> None:
    assert status(beat) is Status.FAIL


def test_where_a_case_makes_calls_of_that_kind_one_more_is_a_finding() -> None:
    other = case(2, "GET 8", "x", call("2.1", "BEAT worker 9"))
    assert status("BEAT worker 2", other) is Status.FAIL
