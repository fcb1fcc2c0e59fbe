"""What a moved clock makes of times in recorded answers."""

from __future__ import annotations

from typing import Any

import pytest

from reenact.lint.expiry import expiring
from reenact.model.exchange import Outcome
from reenact.model.suite import Case, Interaction, Suite
from reenact.model.value import Value
from reenact.protocols import builtin
from reenact.replay.clock_notes import clock_notes

S = 10**9
STARTED_NS = 1_795_397_600 * S  # 2026-11-23T01:33:20Z
HOUR_NS = 3600 * S
PLUGINS = builtin()


def suite(*calls: Interaction, **more: Any) -> Suite:
    case = Case(
        id="0001-x", protocol="http1", port=80, connection=1, at_ns=10 * S,
        request={"method": "GET", "target": "/", "headers": []}, response=None, calls=calls,
    )  # fmt: skip
    return Suite(
        format=1, capture="c", command=(), started_ns=STARTED_NS, ports=(80,), cases=(case,), **more
    )


def call(protocol: str, request: Value, response: Value, **more: Any) -> Interaction:
    return Interaction(
        id="1.1", protocol=protocol, destination="x:1", connection=2, outcome=Outcome.COMPLETE,
        request=request, response=response, asked_ns=S, took_ns=S // 10, **more,
    )  # fmt: skip


def rows(*values: Value) -> Interaction:
    columns: list[Value] = [{"name": f"c{n}", "type": "timestamptz"} for n in range(len(values))]
    return call(
        "postgres", {"query": "SELECT x"}, {"columns": columns, "rows": [list(values)], "tag": "X"}
    )


def cookie(attributes: str) -> Interaction:
    headers: list[Value] = [["Set-Cookie", f"sid=x; {attributes}"]]
    return call(
        "http1",
        {"method": "GET", "target": "/", "headers": []},
        {"status": 200, "headers": headers},
    )


def redis(reply: Value, *words: Value) -> Interaction:
    return call("redis", {"command": list(words)}, reply)


IN_AN_HOUR = [
    rows("2026-11-23 02:33:20+00"),
    cookie("Expires=Mon, 23 Nov 2026 02:33:20 GMT"),
    redis(1_795_401_200, "EXPIRETIME", "session:1"),
    redis(1_795_401_200_000, "PEXPIRETIME", "session:1"),
    redis('{"user": 7, "expires": "2026-11-23T02:33:20Z"}', "GET", "session:1"),
]


@pytest.mark.parametrize("answer", IN_AN_HOUR)
def test_a_time_to_come_that_the_moved_clock_has_passed_is_told(answer: Interaction) -> None:
    what = suite(answer)
    assert clock_notes(what, PLUGINS, STARTED_NS) == ()
    assert clock_notes(what, PLUGINS, STARTED_NS + HOUR_NS // 2) == ()
    assert clock_notes(what, PLUGINS, STARTED_NS - HOUR_NS) == ()
    [note] = clock_notes(what, PLUGINS, STARTED_NS + 2 * HOUR_NS)
    assert "1 recorded answer has times that have passed, and had not" in note
    assert "calls/1.1/response" in note


def test_a_time_that_had_passed_and_is_still_to_come_is_told() -> None:
    what = suite(rows("2026-11-23 01:33:00+00"))
    assert clock_notes(what, PLUGINS, STARTED_NS + HOUR_NS) == ()
    [note] = clock_notes(what, PLUGINS, STARTED_NS - HOUR_NS)
    assert "are still to come, and had passed" in note


@pytest.mark.parametrize(
    "answer",
    [
        cookie("Max-Age=3600"),
        redis(3600, "TTL", "session:1"),
        redis(3_600_000, "PTTL", "session:1"),
        call(
            "dns",
            {"name": "x.", "type": "A"},
            {"answers": [{"name": "x.", "type": "A", "ttl": 60, "data": "1.2.3.4"}]},
        ),
        rows("2026-11-24"),
    ],
)
def test_durations_hold_at_any_clock(answer: Interaction) -> None:
    for shift_ns in (-(10**9) * S, HOUR_NS, 10**8 * S):
        assert clock_notes(suite(answer), PLUGINS, STARTED_NS + shift_ns) == ()


def test_our_certificates_have_to_be_valid_at_the_clock() -> None:
    plain, secret = suite(), suite(call("redis", {"command": ["PING"]}, "PONG", tls=True))
    in_2101, in_1999 = 4_134_000_000 * S, 930_000_000 * S
    for clock in (in_2101, in_1999):
        assert clock_notes(plain, PLUGINS, clock) == ()
        [note] = clock_notes(secret, PLUGINS, clock)
        assert "valid from 2001 to 2100" in note
    assert clock_notes(secret, PLUGINS, STARTED_NS + HOUR_NS) == ()


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (rows("2026-11-23 01:33:34.1+00"), ["call 1.1 was answered 3.0 s before the time at "]),
        (rows("2026-11-23 01:33:31.5+00"), []),  # when it was made
        (rows("2026-11-23 02:33:20+00"), []),
        (rows("2026-11-23 01:33:00+00"), []),
    ],
)
def test_lint_names_answers_that_expire_within_seconds(
    answer: Interaction, told: list[str]
) -> None:
    found = list(expiring(suite(answer), PLUGINS))
    assert [problem.text.split("response")[0] for problem in found] == told
    assert not any(problem.sure for problem in found)
