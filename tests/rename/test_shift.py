"""Times of one recording, told as those of another."""

from __future__ import annotations

from decimal import Decimal

import pytest

from reenact.rename.shift import moved

NOW_NS = 1_795_400_000 * 10**9  # 2026-11-23T01:33:20Z
BACK_NS = -(86_400 + 1) * 10**9 - 500_000_000


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("2026-11-23T01:33:20Z", "2026-11-22T01:33:18Z"),
        ("2026-11-23T01:33:20.750Z", "2026-11-22T01:33:19.250Z"),
        ("2026-11-23 02:33:20.250000+01", "2026-11-22 02:33:18.750000+01"),
        ("2026-11-23T03:03:20+01:30", "2026-11-22T03:03:18+01:30"),
        ("2026-11-23T01:33", "2026-11-22T01:32"),
        ("Mon, 23 Nov 2026 01:33:20 GMT", "Sun, 22 Nov 2026 01:33:18 GMT"),
        ("20261123T013320Z", "20261122T013318Z"),
        ("Mon, 23 Nov 2026 02:33:20 +0100", "Sun, 22 Nov 2026 02:33:18 +0100"),
        ("Mon Nov 23 01:33:20 2026", "Sun Nov 22 01:33:18 2026"),
        ("23/Nov/2026:01:33:20 +0000", "22/Nov/2026:01:33:18 +0000"),
        ("at 2026-11-23T01:33:20Z by Ada", "at 2026-11-22T01:33:18Z by Ada"),
        (1_795_400_000, 1_795_313_598),
        (1_795_400_000_000, 1_795_313_598_500),
        ("1795400000000", "1795313598500"),
        (Decimal("1795400000.25"), Decimal("1795313598.75")),
        ({"a": ["2026-11-23T01:33:20Z"]}, {"a": ["2026-11-22T01:33:18Z"]}),
    ],
)
def test_a_time_near_the_moment_moves_in_its_own_form(told, expected):
    assert moved(told, BACK_NS, NOW_NS) == expected


@pytest.mark.parametrize(
    "told",
    ["1990-05-01T00:00:00Z", "2026-11-23", 7, "7", True, None, b"\xff", "tea", 1_495_400_000],
)
def test_everything_else_stays(told):
    assert moved(told, BACK_NS, NOW_NS) == told
