"""Cases that need one another stay together; the others may run side by side."""

from __future__ import annotations

from reenact.model.suite import Case
from reenact.replay.groups import groups, shares, with_needs


def case(id: str, *needs: str) -> Case:
    return Case(
        id=id,
        protocol="http1",
        port=1,
        connection=1,
        request={},
        response={},
        needs=needs,
        took_ns=10,
    )


CASES = [case("1"), case("2", "1"), case("3"), case("4", "2"), case("5")]


def ids(found: list[Case]) -> list[str]:
    return [c.id for c in found]


def test_a_selected_case_brings_what_it_needs_before_it() -> None:
    assert ids(with_needs(CASES, ["4"])) == ["1", "2", "4"]


def test_cases_tied_by_needs_are_one_group() -> None:
    assert [ids(g) for g in groups(CASES)] == [["1", "2", "4"], ["3"], ["5"]]


def test_shares_keep_groups_whole_and_in_order() -> None:
    assert [ids(s) for s in shares(CASES, 2)] == [["1", "2", "4"], ["3", "5"]]
    assert [ids(s) for s in shares(CASES, 9)] == [["1", "2", "4"], ["3"], ["5"]]
