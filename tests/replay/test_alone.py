"""Cases that need what an earlier one left behind are told apart, and from whom, by playing parts of the whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec
from tests.replay.test_engine import call
from tests.replay.test_groups import case as bare
from tests.toy import TOY

from reenact.model.difference import Change, Difference
from reenact.model.suite import Case, Interaction
from reenact.model.verdict import Miss, Status, Verdict
from reenact.replay.alone import Alone, Budget, alone, told
from reenact.replay.groups import Lot

Rule = Callable[[list[str]], bool]
"""Whether a case does as recorded after these cases in the same instance."""

LONG_NS = 10**15


class Service:
    """Cases pass or fail by rules; every lot takes a second of two workers' time."""

    def __init__(self, rules: Mapping[str, Rule], misses: Mapping[str, str] = {}) -> None:
        self._rules, self._misses = rules, misses
        self.now_ns = 0
        self.lots: list[list[str]] = []

    def play(self, lots: Sequence[Lot]) -> dict[str, Verdict]:
        self.now_ns += len(lots) * 10**9 // 2
        out = {}
        for lot in lots:
            ids = [one.id for one in lot.cases]
            self.lots.append(ids)
            out |= {id: self._verdict(id, ids[: ids.index(id)]) for id in lot.judged}
        return out

    def _verdict(self, id: str, before: list[str]) -> Verdict:
        if self._rules.get(id, lambda before: True)(before):
            return Verdict(case=id, status=Status.PASS)
        missed = self._misses.get(id)
        misses = (
            Miss(protocol="toy", destination="10.0.0.1:1", label=missed, request=missed)
            if missed
            else None,
        )
        differs = Difference(change=Change.VALUE, at=("response",), recorded="2", live="1")
        return Verdict(
            case=id,
            status=Status.FAIL,
            misses=tuple(miss for miss in misses if miss),
            differences=(differs,),
        )


def case(id: str, *needs: str, calls: Sequence[Interaction] = ()) -> Case:
    return msgspec.structs.replace(bare(id, *needs), calls=tuple(calls))


def found(
    service: Service, *cases: Case, passed: Sequence[str] | None = None, limit_ns: int = LONG_NS
) -> Alone:
    ids = [one.id for one in cases] if passed is None else passed
    budgets = [Budget(limit_ns, lambda: service.now_ns) for _ in range(2)]
    return alone(cases, ids, service.play, {"toy": TOY}, (budgets[0], budgets[1]), 2)


def needs(of: Alone) -> dict[str, tuple[str, ...]]:
    return {one.id: one.needs for one in of.cases if one.needs}


EIGHT = [case(str(n)) for n in range(1, 9)]


def test_cases_that_need_nothing_are_played_once_by_themselves() -> None:
    service = Service({})
    assert needs(found(service, *EIGHT)) == {}
    assert service.lots == [[str(n)] for n in range(1, 9)]


def test_the_case_that_another_one_needs_is_found_by_halving_what_came_before() -> None:
    service = Service({"7": lambda before: "3" in before})
    of = found(service, *EIGHT)
    assert needs(of) == {"7": ("3",)}
    assert dict(of.cases[6].needs_why) == {"3": "alone: response: '2' -> '1'"}
    assert len(service.lots) <= len(EIGHT) + 5


def test_who_makes_the_call_that_is_missing_is_tried_first() -> None:
    service = Service({"7": lambda before: "3" in before}, {"7": "GET rate"})
    cases = [*EIGHT[:2], case("3", calls=[call("3.1", "GET rate")]), *EIGHT[3:]]
    of = found(service, *cases)
    assert needs(of) == {"7": ("3",)}
    assert told(of, 9).__next__() == (
        "7 needs 3 first: alone it asks GET rate (10.0.0.1:1), which 3 asks: the answer is kept"
    )
    assert service.lots[len(EIGHT) :] == [["3", "7"]]


def test_a_case_may_need_several() -> None:
    service = Service({"7": lambda before: {"2", "5"} <= set(before)})
    assert needs(found(service, *EIGHT)) == {"7": ("2", "5")}


def test_a_case_that_needs_very_many_needs_all_before_it() -> None:
    service = Service({"8": lambda before: len(before) == 7})
    of = found(service, *EIGHT)
    assert needs(of) == {"8": ("1", "2", "3", "4", "5", "6", "7")}
    assert of.edges[0].why.endswith("it needs several of the cases before it")


def test_whoever_needs_a_case_that_needs_another_says_nothing_of_that_one() -> None:
    service = Service(
        {"4": lambda before: "2" in before, "6": lambda before: {"2", "4"} <= set(before)}
    )
    cases = [case(str(n)) if n != 6 else case("6", "4") for n in range(1, 9)]
    assert needs(found(service, *cases)) == {"4": ("2",), "6": ("4",)}


def test_within_a_group_a_case_is_played_with_no_more_than_it_needs() -> None:
    service = Service({"3": lambda before: "2" in before})
    assert needs(found(service, case("1"), case("2", "1"), case("3", "1"))) == {
        "2": ("1",),
        "3": ("1", "2"),
    }


def test_a_case_that_fails_in_the_whole_as_well_is_left_alone() -> None:
    service = Service({"7": lambda before: False})
    of = found(service, *EIGHT, passed=["1", "2"])
    assert (needs(of), of.riddles) == ({}, ())


def test_a_case_that_fails_alone_and_with_all_before_it_is_a_riddle() -> None:
    of = found(Service({"3": lambda before: False}), *EIGHT)
    assert needs(of) == {}
    assert of.riddles == (("3", "response: '2' -> '1'"),)


def test_when_there_is_no_time_for_each_group_neighbours_are_played_apart() -> None:
    service = Service({"7": lambda before: "6" in before})
    of = found(service, *EIGHT, limit_ns=3 * 10**9)
    assert service.lots[:4] == [["1"], ["2"], ["3", "5", "7"], ["4", "6", "8"]]
    assert (of.played, of.together) == (2, 2)
    assert needs(of) == {"7": ("6",)}


def test_what_the_first_request_sets_up_all_others_need() -> None:
    """Most of them without a trial of their own when there is no time for that."""
    ids = [str(n) for n in range(1, 13)]
    service = Service(
        {id: lambda before: "1" in before for id in ids[1:]}, dict.fromkeys(ids, "GET setup")
    )
    cases = [case("1", calls=[call("1.1", "GET setup")]), *map(case, ids[1:])]
    budgets = (Budget(LONG_NS, lambda: service.now_ns), Budget(10**9, lambda: service.now_ns))
    of = alone(cases, ids, service.play, {"toy": TOY}, budgets, 2)
    assert needs(of) == dict.fromkeys(ids[1:], ("1",))
    assert service.lots[len(ids) : len(ids) + 5] == [
        ["1", "2"],
        ["1", "3"],
        ["1", "4"],
        ["1", "5"],
        ids[:1] + ids[5:],
    ]
    by_themselves = service.lots[len(ids) + 5 :]
    assert by_themselves == [["1", id] for id in ids[5:]]  # there was time for that
    assert of.edges[-1].why.endswith("as others do; there was no time to try it with each")


def test_when_the_time_is_up_a_case_needs_what_is_known_to_be_enough() -> None:
    cases = [case(str(n)) for n in range(1, 33)]
    service = Service({"32": lambda before: "3" in before})

    def play(lots: Sequence[Lot]) -> dict[str, Verdict]:
        return service.play(lots)

    budgets = (Budget(LONG_NS, lambda: service.now_ns), Budget(10**9, lambda: service.now_ns))
    of = alone(cases, [one.id for one in cases], play, {"toy": TOY}, budgets, 2)
    assert "3" in needs(of)["32"] and len(needs(of)["32"]) < 31
    assert of.edges[0].why.endswith("was not found in the time")


def test_what_there_was_no_time_for_is_said() -> None:
    of = Alone(cases=(), wanted=71, played=8, together=4)
    assert list(told(of, 12)) == [
        "by themselves: 8 of 71 groups and cases in 12 s, the other groups in 4 instances; "
        "reenact rehearse --alone SECONDS takes longer"
    ]
