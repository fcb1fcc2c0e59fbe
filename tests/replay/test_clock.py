"""Which time a replayed service is to live in."""

from __future__ import annotations

from collections.abc import Generator
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.replay.test_engine import case, suite
from tests.toy import TOY, Simulator

from reenact.base.errors import UserError
from reenact.replay.clock import case_clock
from reenact.replay.core import Engine, Mode
from reenact.replay.core.clock import MINUTE_NS, CaseClock

SECOND = 10**9
NOON = int(datetime(2026, 5, 4, 12, tzinfo=UTC).timestamp()) * SECOND


@pytest.mark.parametrize(
    ("told", "start_ns"),
    [
        ("recorded", NOON),
        ("now", None),
        ("+36h", NOON + 36 * 3600 * SECOND),
        ("-90s", NOON - 90 * SECOND),
        ("+2d", NOON + 2 * 86_400 * SECOND),
        ("2026-05-04T12:00:00Z", NOON),
        ("2026-05-04T14:00:00+02:00", NOON),
        ("2026-05-04", NOON - 12 * 3600 * SECOND),
    ],
)
def test_a_clock_is_told_by_a_word_a_moment_or_a_distance(told: str, start_ns: int | None) -> None:
    assert case_clock(told, NOON).start_ns == start_ns


@pytest.mark.parametrize("told", ["", "tomorrow", "+36", "36h", "+1y", "2026-13-01", "1400-01-01"])
def test_anything_else_is_an_error_that_says_what_is_expected(told: str) -> None:
    with pytest.raises(UserError, match="--clock"):
        case_clock(told, NOON)


@given(st.integers(0, 10**12), st.integers(0, 10**12), st.integers(0, 10 * SECOND))
def test_a_later_case_is_never_due_earlier(one: int, other: int, shift_ns: int) -> None:
    clock = CaseClock(start_ns=NOON, shift_ns=shift_ns)
    first, second = sorted((one, other))
    assert (clock.due(first) or 0) <= (clock.due(second) or 0)


@given(st.integers(0, 10**13), st.integers(0, 10 * SECOND))
def test_a_shift_never_leaves_the_minute(at_ns: int, shift_ns: int) -> None:
    due = CaseClock(start_ns=NOON, shift_ns=shift_ns).due(at_ns)
    assert due is not None
    assert due // MINUTE_NS == (NOON + at_ns) // MINUTE_NS


def hello(request: str) -> Generator[str, str, str]:
    yield "HELLO"
    return "hello"


def moves(clock: CaseClock, *at_ns: int) -> list[int]:
    """What the engine moves the service's clock by when cases were recorded at these times."""
    cases = [
        msgspec.structs.replace(case(n, "HI", "hello"), at_ns=at) for n, at in enumerate(at_ns, 1)
    ]
    engine = Engine(suite(*cases), {"toy": TOY}, Mode(), wall_ns=NOON, now_ns=0, clock=clock)
    return Simulator(engine, hello).run().moved


def test_each_case_begins_at_its_recorded_time() -> None:
    moved = moves(CaseClock(start_ns=NOON), 5 * SECOND, 3600 * SECOND)
    assert moved[0] == 5 * SECOND
    assert sum(moved) == pytest.approx(3600 * SECOND, abs=SECOND)


def test_the_clock_is_never_moved_back() -> None:
    moved = moves(CaseClock(start_ns=NOON), 60 * SECOND, 0)
    assert moved == [60 * SECOND]


def test_the_machines_clock_is_left_alone() -> None:
    assert moves(CaseClock(), 5 * SECOND) == []
