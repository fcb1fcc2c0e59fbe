"""Which calls rehearsals find to be background."""

from __future__ import annotations

from msgspec.structs import replace
from tests.replay.test_engine import call, case, suite
from tests.toy import TOY

from reenact.model.suite import Interaction, Suite
from reenact.replay.core.events import Observation, Served, Stray
from reenact.replay.strays import Strays

SECOND = 10**9
CASES = [case(n, f"BUY {n}", "ok", call(f"{n}.1", "SET stock 1")) for n in range(1, 13)]


def seen(n: int, *, beat: bool, late: bool = False, stray: bool = False) -> Observation:
    """Case `n` made its own call and, if so, one of the heartbeat's."""
    served = [Served(interaction=f"{n}.1", owner=f"{n:04}-x", answered=frozenset())]
    if beat:
        served.append(Served(interaction="1.2", owner="", answered=frozenset(), late=late))
    strays = (Stray(protocol="toy", destination="10.0.0.1:1", request="BEAT"),) if stray else ()
    return Observation(
        case=f"{n:04}-x", served=tuple(served), varied=(), uses=frozenset(), strays=strays
    )


def learned(*runs: list[Observation]) -> Suite:
    first = case(1, "BUY 1", "ok", call("1.1", "SET stock 1"), call("1.2", "BEAT"))
    found = suite(first, *CASES[1:])
    strays = Strays({"toy": TOY})
    for run in runs:
        found = strays.learn(found, found, run)
    return found


def in_cases(found: Suite) -> list[str]:
    return [str(c.request) for one in found.cases for c in one.calls if c.request == "BEAT"]


def run(beats: dict[int, bool]) -> list[Observation]:
    """`beats`: which cases asked for one, and whether after their response. The last one found no
    recorded call left."""
    last = max(beats)
    return [
        seen(n, beat=n in beats and n != last, late=beats.get(n, False), stray=n == last)
        for n in range(1, 13)
    ]


def test_what_other_cases_ask_for_each_time_is_nobodys() -> None:
    assert in_cases(learned(run({1: False, 7: False}), run({3: False, 8: False}))) == []


def test_what_the_same_case_asks_for_each_time_is_its_own() -> None:
    assert in_cases(learned(run({1: False, 7: False}), run({1: False, 7: False}))) == ["BEAT"]


def test_cases_that_waited_for_a_heartbeat_are_no_proof_that_it_is_theirs() -> None:
    first = run({1: False, 2: True, 3: True, 6: False, 9: False, 11: False})
    second = run({1: True, 2: True, 3: True, 7: False, 10: False})
    assert in_cases(learned(first, second)) == []


def test_what_comes_more_often_than_recorded_in_other_cases_each_time_is_nobodys() -> None:
    first = run({1: False, 7: False})
    assert in_cases(learned(first, run({1: False, 9: False}))) == []
    assert in_cases(learned(first, first)) == ["BEAT"]


def batches(rare: str, *unmade: int, strays: tuple[str, ...] = ()) -> Suite:
    """Each case brings about a line of a log, the last one another; what it sends after its response,
    these cases did not send in one rehearsal. `strays`: what the first case asked instead."""
    late = 5 * SECOND
    cases = [
        case(n, f"BUY {n}", "ok", replace(call(f"{n}.1", f"LOG {n}:pen:tpm"), asked_ns=n * late))
        for n in range(1, 12)
    ]
    cases.append(case(12, "BUY 12", "ok", call("12.1", rare)))
    found = suite(*cases)
    rehearsals = Strays({"toy": TOY})
    asked = tuple(Stray(protocol="toy", destination="10.0.0.1:1", request=text) for text in strays)
    for without in ((), unmade):
        made = [
            Served(interaction=f"{n}.1", owner=one.id, answered=frozenset())
            for n, one in enumerate(cases, 1)
            if n not in without
        ]
        run = [
            Observation(
                case=one.id,
                served=tuple(s for s in made if s.owner == one.id),
                varied=(),
                uses=frozenset(),
                strays=asked if one.id == "0001-x" else (),
            )
            for one in cases
        ]
        found = rehearsals.learn(found, found, run)
    return found


def owned(found: Suite) -> int:
    return sum(len(one.calls) for one in found.cases)


def test_what_a_timer_sends_is_nobodys_and_so_is_what_looks_like_it_but_is_rare() -> None:
    assert owned(batches("LOG 12:ink:tpm", 2, 5, 9)) == 0


def test_what_looks_otherwise_stays_its_cases() -> None:
    assert owned(batches("LOG 12 ink", 2, 5, 9)) == 1


def test_two_calls_that_did_not_come_make_no_timer() -> None:
    assert owned(batches("LOG 12:ink:tpm", 2, 5)) == 12


def test_what_varies_in_one_of_them_varies_in_those_that_look_like_it() -> None:
    found = batches("LOG 12:ink:tpm 1", 2, 5, 9, strays=("LOG 3:pen:tpm 2", "LOG 3:pen:tpm 4"))
    [line] = [c for c in found.session if c.request == "LOG 12:ink:tpm 1"]
    assert [site.at for site in line.generated] == [("request", 2)]


def test_what_begins_and_ends_a_unit_of_work_is_as_all_within_is() -> None:
    """A timer's transactions are nobody's, and say nothing of those that requests make."""
    late = 5 * SECOND

    def unit(n: int, request: str, asked_ns: int) -> list[Interaction]:
        said = ("BEGIN", request, "COMMIT")
        return [
            replace(call(f"{n}.{i}", text), asked_ns=asked_ns + i) for i, text in enumerate(said, 1)
        ]

    cases = [case(n, f"BUY {n}", "ok", *unit(n, f"LOG {n}", n * late)) for n in range(1, 7)]
    cases += [case(n, f"BUY {n}", "ok", *unit(n, f"SET stock {n}", 0)) for n in range(7, 13)]
    found = suite(*cases)
    rehearsals = Strays({"toy": TOY})
    for without in ((), (2, 3, 5)):
        run = [
            Observation(
                case=one.id,
                served=tuple(
                    Served(interaction=c.id, owner=one.id, answered=frozenset())
                    for c in one.calls
                    if n not in without
                ),
                varied=(),
                uses=frozenset(),
            )
            for n, one in enumerate(cases, 1)
        ]
        found = rehearsals.learn(found, found, run)
    assert [len(one.calls) for one in found.cases] == [0] * 6 + [3] * 6
