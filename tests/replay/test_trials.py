"""A case that comes and goes is set aside with its statistics."""

from __future__ import annotations

from tests.replay.test_engine import case, suite

from reenact.model.difference import Change, Difference
from reenact.model.suite import Trials
from reenact.model.verdict import CallDifferences, Miss, Status, Verdict
from reenact.replay.trials import Tally, varied


def passed(name: str) -> Verdict:
    return Verdict(case=name, status=Status.PASS)


def differing(name: str, *at: str | int) -> Verdict:
    difference = Difference(change=Change.VALUE, at=at, recorded=1, live=2)
    return Verdict(case=name, status=Status.FAIL, differences=(difference,))


TWO = suite(case(1, "X", "done"), case(2, "Y", "done"))


def test_runs_failures_and_every_place_that_varied_are_counted() -> None:
    tally = Tally(TWO)
    tally.note([passed("0001-x"), differing("0002-x", "response", 0)])
    tally.note([passed("0001-x"), passed("0002-x")])
    tally.note([passed("0001-x"), differing("0002-x", "response", 1)])
    assert tally.trials("0002-x") == Trials(runs=3, failures=2, varied=("response/0", "response/1"))
    assert tally.trials("0001-x") == Trials(runs=3, failures=0)
    assert list(tally.failed) == ["0002-x"]


def test_what_was_learned_from_is_no_failure_any_more_but_stays_counted() -> None:
    tally = Tally(TWO)
    tally.note([differing("0002-x", "response", 0)])
    tally.again()
    tally.note([passed("0002-x")])
    assert tally.failed == {}
    assert tally.trials("0002-x").failures == 1


def test_only_cases_that_were_set_aside_keep_statistics() -> None:
    aside = case(2, "Y", "done")
    before = suite(case(1, "X", "done"), aside)
    tally = Tally(before)
    tally.note([differing("0001-x", "response"), differing("0002-x", "response")])
    after = suite(before.cases[0], type(aside)(**{**_fields(aside), "aside": "varies"}))
    assert [c.trials for c in tally.noted(after).cases] == [
        None, Trials(runs=1, failures=1, varied=("response",)),
    ]  # fmt: skip


def _fields(value: object) -> dict[str, object]:
    return {name: getattr(value, name) for name in value.__struct_fields__}


def test_a_case_set_aside_before_is_not_judged_again() -> None:
    aside = type(TWO.cases[0])(**{**_fields(TWO.cases[0]), "aside": "a gap"})
    tally = Tally(suite(aside))
    tally.note([Verdict(case="0001-x", status=Status.UNKNOWN, note="set aside: a gap")])
    assert tally.failed == {}
    assert tally.noted(suite(aside)).cases[0].trials is None


def test_what_varied_names_calls_before_the_response() -> None:
    miss = Miss(protocol="toy", destination="x", label="GET b", request="GET b", nearest="1.1")
    new = Miss(protocol="toy", destination="x", label="PING", request="PING")
    order = Difference(change=Change.ORDER, at=("order",), recorded=["1.1"], live="before")
    verdict = Verdict(
        case="0001-x",
        status=Status.FAIL,
        differences=differing("0001-x", "response", 0).differences,
        misses=(miss, new),
        missing=(("1.2", "SET"),),
        calls=(CallDifferences(interaction="1.3", label="", differences=(order,)),),
        note="no response in time",
    )
    assert list(varied(verdict)) == [
        "calls/1.1", "calls: PING", "calls/1.2", "calls/1.3", "response/0", "response",
    ]  # fmt: skip
