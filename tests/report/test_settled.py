"""Two runs that differ only in what every run makes up have one verdict."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from reenact.model.difference import Change, Difference
from reenact.model.symbol import Binding
from reenact.model.verdict import CallDifferences, Miss, Status, Step, Verdict
from reenact.report.settled import session_of, settled
from tests.report.verdicts import SUITE

CASE = SUITE.cases[1]
ONE, OTHER = "0b9c2f7e-5d7b-4a57-9b0e-3f1d2c4b5a69", "f2a1d0c9-1e2d-4c3b-8a79-6b5c4d3e2f10"
RECORDED = "6f1c2c1e-0000-4000-8000-000000000001"
BODY = ("response", "body")


def red(**parts: Any) -> Verdict:
    return Verdict(case=CASE.id, status=Status.FAIL, **parts)


def answered(live: Any, recorded: Any = "") -> Verdict:
    found = Difference(change=Change.VALUE, at=BODY, recorded=recorded, live=live)
    return red(differences=(found,))


def asked(request: Any, **more: Any) -> Miss:
    return Miss(protocol="http1", destination="a:80", label="GET /", request=request, **more)


def live(verdict: Verdict) -> Any:
    return settled(verdict, CASE).differences[0].live


def test_a_live_value_that_stands_for_a_recorded_one_is_told_as_that():
    found = msgspec.structs.replace(
        answered(f"no order {ONE}"), bindings=(Binding("uuid", RECORDED, ONE),)
    )
    assert live(found) == f"no order {RECORDED}"


@pytest.mark.parametrize(
    ("made_up", "told"),
    [
        (ONE, "<uuid>"),
        (f"no order {ONE}!", "no order <uuid>!"),
        ("at 2026-11-23T08:00:01.25Z", "at <instant>"),
        (1_795_400_000, "<epoch>"),
        (1_795_400_000.25, "<epoch>"),
        ("took until 1795400000123", "took until <epoch>"),
        ("<Order object at 0x7f3a5c001230>", "<Order object at <address>>"),
        ("key 9f86d081884c7d659a2feaa0c55ad015", "key <hex>"),
        ("session=V1StGXR8Z5jdHi6BmyT7", "session=<token>"),
        ("session V1StGXR8Z5jdHi6BmyT7", "session <token>"),
        ("session aHFioRBXZujzfOcHLlRhzn8-HCG_-ZFZ", "session <token>"),
        (ONE.encode(), b"<uuid>"),
        ({"b": [ONE], "a": ONE}, {"a": "<uuid>", "b": ["<uuid>"]}),
    ],
)
def test_what_a_run_makes_up_is_told_by_its_form(made_up, told):
    assert live(answered(made_up)) == told


@pytest.mark.parametrize(
    "meant",
    [
        7,
        3.31,
        True,
        None,
        "tea",
        "insufficient stock for sku-0001",
        "order-2026-000123",
        "createOrderFromBasket",
    ],
)
def test_what_the_service_means_is_told_as_it_is(meant):
    assert live(answered(meant)) == meant


def test_a_value_that_the_recording_has_is_told_as_it_is():
    case = msgspec.structs.replace(CASE, request={"target": ONE})
    assert settled(answered(ONE), case).differences[0].live == ONE


def test_what_stands_in_the_place_of_a_made_up_value_is_made_up_however_it_looks():
    def refused(live: str) -> Verdict:
        differs = Difference(
            change=Change.VALUE,
            at=("request", "args", 0),
            recorded="session:V1StGXR8Z5jdHi6BmyT7",
            live=f"session:{live}",
        )
        miss = asked(["GET", f"session:{live}"], nearest="2.1", why_not=(differs,))
        return red(misses=(miss,))

    plain, other = (
        settled(refused("abcdefghijklmnopqrst"), CASE),
        settled(refused("9-x-4K_a-Z_5jdHi6Bmy"), CASE),
    )
    assert plain == other
    assert plain.misses[0].request == ["GET", "session:<token>"]


def test_a_time_is_told_by_its_form_even_when_it_is_the_recorded_one_by_chance():
    case = msgspec.structs.replace(CASE, request={"at": "2026-11-23T07:15:30Z", "n": 1_795_400_000})
    for time, told in (("2026-11-23T07:15:30Z", "<instant>"), (1_795_400_000, "<epoch>")):
        assert settled(answered(time), case).differences[0].live == told


def test_what_a_renaming_or_a_tolerance_explains_is_no_part_of_it():
    explained = Difference(change=Change.VALUE, at=BODY, live=ONE, explained_by="renamed")
    call = CallDifferences(interaction="2.1", label="GET", differences=(explained,))
    step = Step(label="GET", protocol="http1", destination="a:80", fate="background")
    plain = answered(3)
    found = msgspec.structs.replace(
        plain, differences=(explained, *plain.differences), calls=(call,), timeline=(step,)
    )
    assert settled(found, CASE) == settled(plain, CASE)


def test_the_order_in_which_calls_were_refused_and_how_often_is_no_part_of_it():
    one, other = asked({"id": ONE}), asked({"id": OTHER})
    another = asked({"path": "/tax"})
    assert settled(red(misses=(one, another, other)), CASE) == settled(
        red(misses=(another, other)), CASE
    )


def test_which_of_the_calls_before_it_a_call_overtook_is_no_part_of_it():
    def early(live: str) -> Verdict:
        found = Difference(change=Change.ORDER, at=("order",), recorded=["2.1", "2.2"], live=live)
        return red(calls=(CallDifferences(interaction="2.3", label="GET", differences=(found,)),))

    one, other = early("asked before 2.1 had been answered"), early("asked before 2.2 ...")
    assert settled(one, CASE) == settled(other, CASE)


def test_what_several_instances_asked_outside_of_any_case_is_told_once():
    def session(*misses: Miss) -> Verdict:
        return Verdict(case="session", status=Status.FAIL, misses=misses)

    one, other = asked({"path": "/a"}), asked({"path": "/b"})
    together = session_of([session(other, one), session(one)])
    assert together == session_of([session(one, other)])
