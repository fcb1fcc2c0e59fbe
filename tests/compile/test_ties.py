"""Which values tie a case to those that it needs."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from tests.toy import TOY

from reenact.compile.ties import ties
from reenact.model.exchange import Outcome
from reenact.model.suite import Case, Interaction
from reenact.model.symbol import Generated
from reenact.model.value import Value
from reenact.protocols import builtin

PLUGINS = {"toy": TOY, **builtin()}
ORDER = "7d444840-9dc0-41d1-b245-5ffdce74fad2"
TOKEN = "s3cr3tT0kenOfThisRun"


def case(name: str, request: Value = "GET x", response: Value = "done", **more: Any) -> Case:
    return Case(
        id=name, protocol="toy", port=80, connection=1, request=request, response=response, **more
    )


def made(*at: str | int, kind: str = "uuid") -> Generated:
    return Generated(at=at, kind=kind)


CREATE = case("0001", response=f"id {ORDER}", generated=(made("response", 1),))


def told(*cases: Case) -> list[str]:
    return [
        f"{tie.giver} {tie.taker} {value.kind} {value.given} {value.taken}"
        for tie in ties(cases, PLUGINS)
        for value in tie.values
    ]


@pytest.mark.parametrize(
    "request_",
    [
        f"GET {ORDER}",
        f"GET /orders/{ORDER}?full=1",
        "GET " + base64.b64encode(f"order:{ORDER}".encode()).decode(),
    ],
)
def test_an_id_is_found_whole_in_a_text_and_in_base64(request_):
    show = case("0002", request_, needs=("0001",))
    assert told(CREATE, show) == ["0001 0002 uuid response/1 request"]


def test_a_value_inside_a_larger_one_is_told_without_what_surrounds_it():
    login = case(
        "0001",
        response=f"cookie sid={TOKEN};path=/",
        generated=(made("response", 1, kind="token"),),
    )
    show = case("0002", {"headers": [["Cookie", f"a=b; sid={TOKEN}"]]}, needs=("0001",))
    [tie] = ties((login, show), PLUGINS)
    assert TOKEN in tie.values[0].value
    assert tie.values[0].taken == "request/headers/0/1"


def test_what_a_call_made_up_ties_as_well():
    insert = Interaction(
        id="1.1", protocol="toy", destination="x:1", connection=1, outcome=Outcome.COMPLETE,
        request=f"INSERT {ORDER}", response="OK", generated=(made("request", 1),),
    )  # fmt: skip
    show = case("0002", f"GET {ORDER}", needs=("0001",))
    assert told(case("0001", calls=(insert,)), show) == [
        "0001 0002 uuid calls/1.1/request/1 request"
    ]


def test_a_need_without_a_value_stays_a_tie():
    [tie] = ties((CREATE, case("0002", "GET else", needs=("0001",))), PLUGINS)
    assert (tie.giver, tie.taker, tie.values) == ("0001", "0002", ())


def test_cases_that_need_nothing_are_tied_by_nothing():
    assert ties((CREATE, case("0002", f"GET {ORDER}")), PLUGINS) == []
