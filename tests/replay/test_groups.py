"""Cases that need one another stay together; the others may run side by side."""

from __future__ import annotations

from reenact.model.suite import Case
from reenact.replay.groups import Restart, groups, lots, shares, with_needs
from reenact.replay.instances import dealt


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


def test_without_restarts_one_instance_plays_everything_for_each_job() -> None:
    [one] = lots(CASES, Restart.NEVER, 1)
    assert (ids(list(one.cases)), one.judged) == (["1", "2", "3", "4", "5"], set("12345"))
    assert len(lots(CASES, Restart.NEVER, 2)) == 2


def test_an_instance_for_each_group_judges_all_of_it() -> None:
    found = lots(CASES, Restart.GROUP, 1)
    assert [(ids(list(lot.cases)), lot.judged) for lot in found] == [
        (["1", "2", "4"], set("124")),
        (["3"], {"3"}),
        (["5"], {"5"}),
    ]


def test_an_instance_for_each_case_plays_what_it_needs_before_it_and_judges_it_alone() -> None:
    found = lots(CASES, Restart.EACH, 1)
    assert [(ids(list(lot.cases)), lot.judged) for lot in found] == [
        (["1"], {"1"}),
        (["1", "2"], {"2"}),
        (["3"], {"3"}),
        (["1", "2", "4"], {"4"}),
        (["5"], {"5"}),
    ]


def test_instances_are_dealt_so_that_no_worker_has_much_more_to_do() -> None:
    found = dealt(lots(CASES, Restart.GROUP, 1), 2)
    assert sorted(len(pile) for pile in found) == [1, 2]
    assert sum(len(lot.cases) for pile in found for lot in pile) == len(CASES)
    assert dealt(lots(CASES, Restart.EACH, 1), 99) == dealt(lots(CASES, Restart.EACH, 1), 5)
