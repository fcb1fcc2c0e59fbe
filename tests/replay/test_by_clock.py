"""What the machine's clock accounts for is told apart from what the service changed."""

from __future__ import annotations

import pytest

from reenact.match.expiry import Expiry
from reenact.model.difference import Change, Difference
from reenact.model.value import Value
from reenact.model.verdict import CallDifferences, Miss, Status, Verdict
from reenact.replay.by_clock import UNDECIDED, Away, away, marked

DAY_NS = 86_400 * 10**9
A_MONTH_LATER = Away(least_ns=30 * DAY_NS, most_ns=30 * DAY_NS + 10**9)


def change(recorded: Value, live: Value, explained_by: str | None = None) -> Difference:
    return Difference(
        change=Change.VALUE,
        at=("response", "body", "day"),
        recorded=recorded,
        live=live,
        explained_by=explained_by,
    )


def failed(*differences: Difference, **more: object) -> Verdict:
    verdict = {"case": "0001-get", "status": Status.FAIL, "differences": differences, **more}
    return Verdict(**verdict)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("recorded", "live"),
    [
        ("2026-11-23", "2026-12-23"),
        ("2026-11-23T10:00:00Z", "2026-12-23T10:00:12Z"),
        (1795425600, 1795425600 + 30 * 86400),
        ("Mon, 23 Nov 2026 10:00:00 GMT", "Wed, 23 Dec 2026 10:00:00 GMT"),
    ],
)
def test_times_as_far_apart_as_the_clocks_decide_nothing(recorded: Value, live: Value) -> None:
    found = marked(failed(change(recorded, live)), A_MONTH_LATER)
    assert (found.status, found.note) == (Status.UNKNOWN, UNDECIDED)
    assert found.differences[0].by_clock


@pytest.mark.parametrize(
    ("recorded", "live"),
    [
        ("2026-11-23", "2026-11-30"),
        ("2026-11-23", "2026-10-24"),
        ("2026-11-23T10:00:00Z", "2026-12-23T11:00:00Z"),
        ("2026-11-23", None),
        (2026, 2027),
        ("valid", "expired"),
        ({"day": 1}, {"day": 2}),
    ],
)
def test_anything_else_is_the_service_s(recorded: Value, live: Value) -> None:
    assert marked(failed(change(recorded, live)), A_MONTH_LATER) == failed(change(recorded, live))


def test_soon_after_the_recording_nothing_can_be_said() -> None:
    verdict = failed(change("2026-11-23T10:00:00Z", "2026-11-23T10:00:30Z"))
    assert marked(verdict, Away(least_ns=20 * 10**9, most_ns=40 * 10**9)) == verdict


def test_what_else_differs_still_fails_and_the_times_are_named() -> None:
    day = change("2026-11-23", "2026-12-23")
    for verdict in (
        failed(day, change("tea", "coffee")),
        failed(day, missing=(("1.1", "GET /"),)),
        failed(
            calls=(CallDifferences(interaction="1.1", label="x", differences=(day,)),),
            misses=(miss(),),
        ),
    ):
        found = marked(verdict, A_MONTH_LATER)
        assert found.status is Status.FAIL
        told = [*found.differences, *(d for call in found.calls for d in call.differences)]
        assert [one.by_clock for one in told] == [one.live == "2026-12-23" for one in told]


def miss() -> Miss:
    why = change("2026-11-23", "2026-12-23")
    return Miss(protocol="http1", destination="a:80", label="GET /", request=None, why_not=(why,))


def test_a_refused_call_says_that_only_its_times_differ() -> None:
    found = marked(failed(misses=(miss(),)), A_MONTH_LATER)
    assert found.misses[0].why_not[0].by_clock


def test_what_a_tolerance_accounts_for_is_left_to_it() -> None:
    tolerated = change("tea", "coffee", explained_by="written")
    found = marked(failed(tolerated, change("2026-11-23", "2026-12-23")), A_MONTH_LATER)
    assert found.status is Status.UNKNOWN and not found.differences[0].by_clock


def test_a_case_is_told_which_of_its_answers_have_run_out() -> None:
    def expiry(case: str, left_ns: int) -> Expiry:
        at = ("response", "exp")
        return Expiry(case=case, call="1.1", at=at, said=1795425600, due_ns=left_ns, seen_ns=0)

    verdict = failed(change(200, 401))
    crossed = [expiry("0002-get", 1), expiry("0001-get", 1), expiry("0001-get", 2)]
    found = marked(verdict, A_MONTH_LATER, crossed)
    assert found.status is Status.FAIL
    assert found.clock == (
        "a time in a recorded answer has passed by the machine's clock: "
        "calls/1.1/response/exp, 1795425600 (and 1 more)"
    )
    assert marked(verdict, A_MONTH_LATER, crossed[:1]).clock == ""


def test_a_replay_is_as_far_away_as_it_began_or_as_its_case_is() -> None:
    assert away(5 * DAY_NS, None, 7 * DAY_NS, 8 * DAY_NS) == Away(
        least_ns=2 * DAY_NS, most_ns=3 * DAY_NS
    )
