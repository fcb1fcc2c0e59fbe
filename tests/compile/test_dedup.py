"""A smallest set of cases with every shape, and who stands for whom."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from reenact.compile.dedup import Deduped, dedup, needs
from reenact.compile.shape import case_shape
from reenact.model.exchange import Outcome
from reenact.model.suite import Case, Interaction, Suite, Uses
from reenact.model.value import Value
from reenact.protocols import builtin

U1 = "7d444840-9dc0-41d1-b245-5ffdce74fad2"
U2 = "0e37df36-f698-41e6-8dd4-cb9df3ca9a3c"


def get(
    n: int,
    target: str = "/orders",
    body: Value = None,
    *,
    status: int = 200,
    method: str = "GET",
    sent: Value = None,
    **more: Any,
) -> Case:
    request: dict[str, Value] = {"method": method, "target": target, "headers": []}
    if sent is not None:
        request["headers"] = [["Content-Type", "application/json"]]
        request["body"] = {"json": sent}
    response: Value = {
        "status": status,
        "headers": [["Content-Type", "application/json"]],
        "body": {"json": body},
    }
    return Case(
        id=f"{n:04}", protocol="http1", port=80, connection=1, request=request, response=response,
        **more,
    )  # fmt: skip


def redis(id: str, words: list[Value], response: Value, **more: Any) -> Interaction:
    return Interaction(
        id=id, protocol="redis", destination="cache:6379", connection=2, outcome=Outcome.COMPLETE,
        request={"command": words}, response=response, **more,
    )  # fmt: skip


def suite(*cases: Case, rehearsed: int = 3) -> Suite:
    return Suite(
        format=1, capture="", command=(), started_ns=0, ports=(80,), cases=cases, rehearsed=rehearsed
    )  # fmt: skip


def done(*cases: Case, rehearsed: int = 3) -> Deduped:
    return dedup(suite(*cases, rehearsed=rehearsed), builtin())


def alike(a: Case, b: Case) -> bool:
    return case_shape(a, builtin()) == case_shape(b, builtin())


# -- shapes -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (get(1, f"/orders/{U1}", {"id": U1, "n": 1}), get(2, f"/orders/{U2}", {"id": U2, "n": 7})),
        (get(1, "/orders/17"), get(2, "/orders/4")),
        (get(1, "/orders?page=1"), get(2, "/orders?page=2")),
        (get(1, body=[{"a": 1}]), get(2, body=[{"a": 1}, {"a": 2}])),
        (get(1, body={U1: 1}), get(2, body={U2: 1, U1: 4})),
        (get(1, body={"price": 3}), get(2, body={"price": Decimal("3.5")})),
        (get(1, sent={"name": "Ada"}, method="POST"), get(2, sent={"name": "Bo"}, method="POST")),
    ],
)
def test_other_values_of_the_same_kind_have_the_same_shape(a, b):
    assert alike(a, b)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (get(1), get(2, method="DELETE")),
        (get(1, "/orders"), get(2, "/users")),
        (get(1, "/orders/17"), get(2, "/users/17")),
        (get(1, "/api/v1/x"), get(2, "/api/v2/x")),
        (get(1, "/orders?page=1"), get(2, "/orders?sort=1")),
        (get(1), get(2, status=404)),
        (get(1, body=[]), get(2, body=[1])),
        (get(1, body={"a": None}), get(2, body={"a": 1})),
        (get(1, body={"a": 1}), get(2, body={"a": "1"})),
        (get(1, body={"a": True}), get(2, body={"a": False})),
        (get(1, body={"a": ""}), get(2, body={"a": "x"})),
        (get(1, sent={"query": "{ a { b } }"}), get(2, sent={"query": "{ c { d } }"})),
        (get(1), msgspec.structs.replace(get(2), port=81)),
    ],
)
def test_what_a_service_may_do_something_else_for_is_another_shape(a, b):
    assert not alike(a, b)


def test_calls_are_of_the_shape_but_not_how_many_of_one_kind():
    hit = redis("1", ["GET", "order:1"], "x")
    miss = redis("2", ["GET", "order:2"], None)
    put = redis("3", ["SET", "order:2", "y"], "OK")
    assert not alike(get(1, calls=(hit,)), get(2, calls=(miss,)))
    assert not alike(get(1, calls=(miss,)), get(2, calls=(miss, put)))
    assert alike(get(1, calls=(miss, put)), get(2, calls=(put, miss)))
    assert not alike(get(1, calls=(hit,)), get(2, calls=(hit, hit)))
    assert alike(get(1, calls=(hit, hit)), get(2, calls=(hit, hit, hit)))


def test_a_statement_that_changed_nothing_is_another_shape():
    def update(tag: str) -> Interaction:
        return Interaction(
            id="1", protocol="postgres", destination="db:5432", connection=2,
            outcome=Outcome.COMPLETE, request={"query": "UPDATE a SET b = 1"},
            response={"tag": tag},
        )  # fmt: skip

    assert not alike(get(1, calls=(update("UPDATE 0"),)), get(2, calls=(update("UPDATE 1"),)))
    assert alike(get(1, calls=(update("UPDATE 5"),)), get(2, calls=(update("UPDATE 12"),)))


# -- the set ------------------------------------------------------------------------------------


def test_each_dropped_case_has_one_that_stands_for_it():
    found = done(get(1), get(2, status=404), get(3), get(4, status=404), get(5))
    assert [case.id for case in found.suite.cases] == ["0001", "0002"]
    assert found.dropped == (("0003", "0001"), ("0004", "0002"), ("0005", "0001"))
    assert found.suite.cases[0].stands_for == ("0003", "0005")


def test_once_more_changes_nothing():
    found = done(get(1), get(2))
    again = dedup(found.suite, builtin())
    assert (again.suite, again.dropped) == (found.suite, ())


def test_what_a_kept_case_needs_stays():
    create, other = get(1, method="POST"), get(2, method="POST")
    found = done(create, other, get(3, "/last", needs=("0002",)))
    assert [case.id for case in found.suite.cases] == ["0002", "0003"]
    assert found.dropped == (("0001", "0002"),)


def test_a_representative_that_needs_nothing_is_preferred():
    found = done(get(1, method="POST", sent={"a": 1}), get(2, needs=("0001",)), get(3))
    assert [case.id for case in found.suite.cases] == ["0001", "0003"]


def test_what_is_set_aside_stays_and_stands_for_nobody():
    aside = get(1, aside="varies", needs=())
    found = done(aside, get(2), get(3))
    assert [case.id for case in found.suite.cases] == ["0001", "0002"]
    assert found.dropped == (("0003", "0002"),)


def test_before_any_rehearsal_a_word_that_a_response_said_first_ties():
    create = get(1, body={"id": U1}, method="POST")
    show, own = get(2, f"/orders/{U1}"), get(3, f"/orders/{U2}")
    cases = (create, show, own, get(4, body={"id": U2}), get(5, f"/orders/{U2}"))
    found = needs(suite(*cases, rehearsed=0))
    assert {name: set(n) for name, n in found.items() if n} == {"0002": {"0001"}}
    assert not any(needs(suite(*cases)).values())


def test_setting_up_connections_is_not_lost_with_a_case():
    hello = redis("3.1", ["HELLO", "3"], {"server": "redis"}, asked_ns=5)
    plain = redis("3.2", ["GET", "a"], "x")
    both = get(3, calls=(hello, plain), at_ns=100)
    found = done(get(1, calls=(hello, plain)), both)
    [kept] = found.suite.session
    assert (kept.id, kept.uses, kept.asked_ns) == ("s.3.1", Uses.MANY, 105)


def test_with_lines_what_alone_reaches_one_stays():
    cases = tuple(get(n) for n in (1, 2, 3, 4))
    reached = {"0001": {1, 2}, "0002": {1, 2, 3}, "0003": {1, 4, 5, 3}, "0004": {4}}
    lines = {name: frozenset(found) for name, found in reached.items()}
    found = dedup(suite(*cases), builtin(), lines)
    assert [case.id for case in found.suite.cases] == ["0001", "0003"]
    assert found.dropped == (("0002", "0001"), ("0004", "0001"))
