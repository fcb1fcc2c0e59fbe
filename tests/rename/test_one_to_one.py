"""A value for a value: what is used again, or becomes two, is a finding and says so."""

from __future__ import annotations

from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rename.minting import LATER_NS, RECORDED_NS, S, changes, judged, learned

from reenact.model.difference import Change, Difference
from reenact.model.value import Value
from reenact.rename.table import Renaming
from reenact.report.explain import difference_text

ONE, TWO = "9f3a2b1c9f3a2b1c", "00aabbccddeeff11"
LIVE, OTHER = "aa3a2b1c9f3a2b1c", "bbaabbccddeeff11"
HEX = {("response", "token"): frozenset({"hex"})}


def answer(token: str, ns: int | None = None) -> Value:
    return {"token": token} if ns is None else {"token": token, "at": int(ns // 10**6)}


def in_turn(*pairs: tuple[Value, Value], later_ns: int = LATER_NS) -> list[Difference]:
    """What a test finds that sees these answers one after the other."""
    names, sites = Renaming(), {**HEX, ("response", "at"): frozenset({"epoch"})}
    out: list[Difference] = []
    for recorded, live in pairs:
        found = judged(recorded, live, sites, names=names, live_ns=later_ns)
        out += found.unexplained
        for binding in found.bindings:
            assert names.add(binding) is None
    return out


def test_a_token_used_again_is_a_finding() -> None:
    (found,) = in_turn((answer(ONE), answer(LIVE)), (answer(TWO), answer(LIVE)))
    assert found.change is Change.ALIAS
    assert difference_text(found) == (
        f'a value used again: recorded "{TWO}", now "{LIVE}", '
        f'but "{LIVE}" is already the "{ONE}" of the recording'
    )


def test_an_id_that_gets_lost_is_a_finding() -> None:
    (found,) = in_turn((answer(ONE), answer(LIVE)), (answer(ONE), answer(OTHER)))
    assert found.change is Change.ALIAS
    assert difference_text(found) == (
        f'another value than before: recorded "{ONE}", now "{OTHER}", '
        f'but "{ONE}" already became "{LIVE}"'
    )


def test_a_known_value_that_is_as_recorded_again_is_a_finding() -> None:
    (found,) = in_turn((answer(ONE), answer(LIVE)), (answer(ONE), answer(ONE)))
    assert found.change is Change.ALIAS
    assert "already became" in difference_text(found)


@pytest.mark.parametrize("seconds", [1, 5])
def test_a_token_used_again_beside_another_time_is_a_finding(seconds: int) -> None:
    then, later = RECORDED_NS + seconds * S, LATER_NS + seconds * S
    found = in_turn(
        (answer(ONE, RECORDED_NS), answer(LIVE, LATER_NS)), (answer(TWO, then), answer(LIVE, later))
    )
    assert [d.change for d in found] == [Change.ALIAS]


def test_two_tokens_where_one_was_at_two_times_are_a_finding() -> None:
    found = in_turn(
        (answer(ONE, RECORDED_NS), answer(LIVE, LATER_NS)),
        (answer(ONE, RECORDED_NS + 3 * S), answer(OTHER, LATER_NS + 3 * S)),
    )
    assert [d.change for d in found] == [Change.ALIAS]


def test_what_is_made_of_a_time_is_the_same_just_when_that_is() -> None:
    """Two recorded in one second and live in two, and the other way round."""
    assert not in_turn(
        (answer(ONE, RECORDED_NS), answer(LIVE, LATER_NS)),
        (answer(ONE, RECORDED_NS + S // 10), answer(OTHER, LATER_NS + S)),
    )
    assert not in_turn(
        (answer(ONE, RECORDED_NS), answer(LIVE, LATER_NS)),
        (answer(TWO, RECORDED_NS + S), answer(LIVE, LATER_NS + S // 10)),
    )


@given(st.lists(st.integers(0, 3), min_size=2, max_size=8), st.data())
def test_any_merge_or_split_of_ids_is_found_and_no_renaming_is(
    ids: list[int], data: st.DataObject
) -> None:
    mint = count(1)
    live_of = {id: f"{next(mint):016x}" for id in ids}
    pairs = [(answer(f"{id + 7:08d}aaaaaaaa"), answer(live_of[id])) for id in ids]
    assert not in_turn(*pairs)
    n = data.draw(st.integers(1, len(ids) - 1))
    others = [live_of[id] for id in set(ids) if id != ids[n]]
    wrong = data.draw(st.sampled_from([*others, "ffffffffffffffff"]))
    if wrong in {live_of[id] for id in ids[:n]} or ids[n] in ids[:n]:
        assert in_turn(*pairs[:n], (pairs[n][0], answer(wrong)))


def test_rehearsal_does_not_take_a_merge_of_uuids_for_chance() -> None:
    one, two = "7d444840-9dc0-41d1-b245-5ffdce74fad2", "0e37df36-f698-41e6-8dd4-cb9df3ca9a3c"
    sites = learned([([one, two], [two.replace("0", "1"), one.replace("0", "1")])])
    merged = judged([one, two], ["1" + one[1:], "1" + one[1:]], sites)
    assert changes(merged) == [(Change.ALIAS, "1")]
