"""The table of the untouched builds counts what a suite holds and what its tests said."""

from __future__ import annotations

from typing import Any

import msgspec
from benches.aa.count import alarms, row

from reenact.model.suite import Case, Suite, Tolerance
from reenact.model.symbol import Generated

PLAIN = Case(id="1", protocol="http1", port=80, connection=1, request={}, response={})
SUITE = Suite(
    format=2,
    capture="",
    command=("serve",),
    started_ns=0,
    ports=(),
    cases=(
        msgspec.structs.replace(
            PLAIN,
            generated=(
                Generated(at=("response", "id"), kind="uuid"),
                Generated(at=("response", "at"), kind="instant"),
                Generated(at=("response", "by"), kind="uuid"),
            ),
        ),
        msgspec.structs.replace(PLAIN, id="2", aside="it varies"),
    ),
)


def test_a_row_tells_false_alarms_from_what_could_not_be_decided() -> None:
    found = row("shop", SUITE, [0, 1, 2, 0])
    assert (found.runs, found.alarms, found.undecided) == (4, 1, 1)
    assert (found.cases, found.aside, found.by_hand) == (2, 1, 0)
    assert str(found) == "| shop | 4 | 2 | 1 | 1 | 1 | 0 | uuid 2, instant 1 |"
    assert not found.good and row("shop", SUITE, [0, 0]).good


def test_a_tolerance_is_somebodys_hand() -> None:
    tolerant = Tolerance(at="response/body/id", rule="ignore", why="somebody said so")
    case = msgspec.structs.replace(PLAIN, tolerances=(tolerant,))
    suite = msgspec.structs.replace(SUITE, cases=(case,))
    assert row("shop", suite, [0]).by_hand == 1


def test_alarms_name_the_case_and_what_was_found_first() -> None:
    report: dict[str, Any] = {
        "cases": [
            {"id": "1", "status": "pass", "findings": []},
            {"id": "2", "status": "fail", "findings": ["status 500 instead of 200", "more"]},
            {"id": "3", "status": "unknown", "findings": []},
        ],
        "aside": {"3": "it varies"},
    }
    assert alarms(report) == ["2: status 500 instead of 200"]
