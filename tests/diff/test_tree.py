"""What counts as a difference, and what accounts for it."""

from __future__ import annotations

import base64
from decimal import Decimal

from reenact.diff.tree import Comparison, Terms, compare
from reenact.model.difference import Change
from reenact.model.value import Value
from reenact.rename.table import Renaming

U1 = "7d444840-9dc0-41d1-b245-5ffdce74fad2"
U2 = "0e37df36-f698-41e6-8dd4-cb9df3ca9a3c"


def changes(recorded: Value, live: Value, terms: Terms | None = None) -> list[tuple[Change, str]]:
    found = compare(recorded, live, ("r",), terms or Terms(Renaming()))
    return [(d.change, "/".join(map(str, d.at))) for d in found.unexplained]


def test_values_types_additions_and_removals_are_told_apart() -> None:
    assert changes({"a": 1, "b": "x", "c": None}, {"a": 2, "b": 1, "d": []}) == [
        (Change.VALUE, "r/a"),
        (Change.TYPE, "r/b"),
        (Change.REMOVED, "r/c"),
        (Change.ADDED, "r/d"),
    ]


def test_numbers_keep_their_text() -> None:
    assert changes(Decimal("1.10"), Decimal("1.1")) == [(Change.VALUE, "r")]
    assert changes(True, 1) == [(Change.TYPE, "r")]


def test_a_missing_row_is_one_difference_and_not_a_shift_of_all() -> None:
    assert changes([1, 2, 3, 4], [1, 3, 4]) == [(Change.REMOVED, "r/1")]
    assert changes([1, 3], [1, 2, 3]) == [(Change.ADDED, "r/1")]


def test_a_generated_value_is_accepted_only_where_the_suite_lists_it() -> None:
    assert changes({"id": U1}, {"id": U2}) == [(Change.VALUE, "r/id")]
    listed = Terms(Renaming(), generated={("r", "id"): frozenset({"uuid"})})
    assert changes({"id": U1}, {"id": U2}, listed) == []
    assert changes({"id": U1}, {"id": "none"}, listed) == [(Change.VALUE, "r/id")]


def test_digits_are_hexadecimal_where_such_are_made_up() -> None:
    listed = Terms(Renaming(), generated={("r", "id"): frozenset({"hex"})})
    assert changes({"id": "c:5bb60436"}, {"id": "c:77868548"}, listed) == []
    assert changes({"id": "12345678"}, {"id": "87654321"}, listed) == []
    assert changes({"id": "12345678"}, {"id": "876543210"}, listed) == [(Change.FORM, "r/id")]


def test_a_fixed_leaf_is_never_taken_for_generated() -> None:
    terms = Terms(Renaming(), discover=True, fixed=frozenset({("r", "status")}))
    assert changes({"status": 201, "n": 1}, {"status": 500, "n": 2}, terms) == [
        (Change.VALUE, "r/status")
    ]


def test_where_hex_stands_it_may_have_no_letter_by_chance() -> None:
    listed = Terms(Renaming(), generated={("r",): frozenset({"hex"})})
    assert changes("3ad1ba72e3f8799b", "2548255469102777", listed) == []
    assert changes("2548255469102777", "3ad1ba72e3f8799b", listed) == []
    assert changes("2548255469102777", "1548255469102778", listed) == []
    assert changes("25482554", "154825546", listed) == [(Change.FORM, "r")]


def test_a_name_may_be_any_and_stands_until_it_is_given_again() -> None:
    names = Renaming()
    terms = Terms(names, handles=frozenset({"gives"}))

    def given(recorded: str, live: str) -> bool:
        found = compare({"gives": [recorded]}, {"gives": [live]}, ("r",), terms)
        for b in found.bindings:
            assert names.bind(b.kind, str(b.recorded), str(b.live)) is None
        return found.equal

    def used(recorded: str, live: str) -> bool:
        return changes({"names": [recorded]}, {"names": [live]}, terms) == []

    assert given("c_7f64d67275d0_6", "c_7ff3c4479a50_1")
    assert used("c_7f64d67275d0_6", "c_7ff3c4479a50_1")
    assert not used("c_7f64d67275d0_6", "c_7ff3c4479a50_2")
    assert given("c_7f64d67275d0_7", "c_7ff3c4479a50_1")  # the same live name, used again
    assert used("c_7f64d67275d0_7", "c_7ff3c4479a50_1")
    assert not used("c_7f64d67275d0_6", "c_7ff3c4479a50_1")
    assert given("c_7f64d67275d0_7", "c_7f64d67275d0_7")
    assert used("c_7f64d67275d0_7", "c_7f64d67275d0_7")
    assert not used("c_7f64d67275d0_7", "c_7ff3c4479a50_1")


def test_one_recorded_value_seen_as_two_live_ones_is_an_alias() -> None:
    terms = Terms(Renaming(), discover=True)
    assert changes([U1, U1], [U2, U2], terms) == []
    assert changes([U1, U1], [U2, U2.replace("0", "1")], terms) == [(Change.ALIAS, "r/1")]


def test_a_bound_value_must_be_its_live_one() -> None:
    names = Renaming()
    names.bind("uuid", U1, U2)
    assert changes({"id": U1}, {"id": U2}, Terms(names)) == []
    assert changes({"id": U1}, {"id": U1}, Terms(names)) == [(Change.ALIAS, "r/id")]


def test_tolerances_hold_at_their_exact_path_alone() -> None:
    terms = Terms(Renaming(), tolerated={"r/a": "ignore", "r/b": "unordered"})
    assert changes({"a": 1, "b": [1, 2]}, {"a": 2, "b": [2, 1]}, terms) == []
    assert changes({"aa": 1}, {"aa": 2}, terms) == [(Change.VALUE, "r/aa")]


def test_keys_that_hold_generated_values_are_renamed() -> None:
    names = Renaming()
    names.bind("uuid", U1, U2)
    assert changes({U1: 1}, {U2: 1}, Terms(names)) == []


def test_an_equal_comparison_says_so() -> None:
    found = compare([1, "a"], [1, "a"], (), Terms(Renaming()))
    assert found == Comparison()


def test_a_token_that_holds_a_known_value_is_bound_as_it_was_recorded() -> None:
    names = Renaming()
    names.bind("token", "zwaZyCsOYeN8xM", "Kq81mmZop2LwTT")
    recorded = (
        base64.urlsafe_b64encode(b'"zwaZyCsOYeN8xM"').decode() + ".awOieg.dl0AFr1AHbySBdLz57jq"
    )
    live = base64.urlsafe_b64encode(b'"Kq81mmZop2LwTT"').decode() + ".awPk2A.X9s0cPz1AHbySBdLz57j"
    found = compare(recorded, live, ("r",), Terms(names, discover=True))
    assert [(b.recorded, b.live) for b in found.bindings] == [(recorded, live)]


def tolerated(rule: str, recorded: Value, live: Value) -> tuple[list[tuple[Change, str]], int]:
    """What differs, and how many differences only the tolerance at r/x accounts for."""
    terms = Terms(Renaming(), tolerated={"r/x": rule})
    found = compare({"x": recorded}, {"x": live}, ("r",), terms)
    return [(d.change, "/".join(map(str, d.at))) for d in found.unexplained], len(found.tolerated)


def test_each_rule_accounts_for_its_kind_of_difference_and_says_so() -> None:
    assert tolerated("ignore", 1, "a") == ([], 1)
    assert tolerated("type", "a", "b") == ([], 1)
    assert tolerated("type", 1, "b") == ([(Change.TYPE, "r/x")], 0)
    assert tolerated("unordered", [1, 2], [2, 1]) == ([], 1)
    assert tolerated("unordered", [1, 2], [1, 2]) == ([], 0)
    assert tolerated("optional", 1, 2) == ([(Change.VALUE, "r/x")], 0)


def test_what_is_optional_may_come_or_go() -> None:
    terms = Terms(Renaming(), tolerated={"r/x": "optional"})
    assert changes({"x": 1}, {}, terms) == []
    assert changes({}, {"x": 1}, terms) == []
    assert changes({"y": 1}, {}, terms) == [(Change.REMOVED, "r/y")]


def test_a_number_that_became_a_fraction_is_still_a_number() -> None:
    assert changes(3, Decimal("3.5")) == [(Change.VALUE, "r")]


def test_a_time_may_be_null_only_where_rehearsals_saw_it_come_and_go() -> None:
    synced = "2026-11-23T06:58:49Z"
    assert changes({"synced": synced}, {"synced": None}) == [(Change.TYPE, "r/synced")]
    listed = Terms(Renaming(), generated={("r", "synced"): frozenset({"not yet"})})
    assert changes({"synced": synced}, {"synced": None}, listed) == []
    assert changes({"synced": None}, {"synced": synced}, listed) == []
    assert changes({"synced": None}, {"synced": "never"}, listed) == [(Change.TYPE, "r/synced")]
    found = compare({"n": None}, {"n": synced}, ("r",), Terms(Renaming(), rehearsal=True))
    assert found.varied == [(("r", "n"), "not yet")]
