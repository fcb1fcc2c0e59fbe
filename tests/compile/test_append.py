"""What a new recording has that a suite has not, and nothing else."""

from __future__ import annotations

from typing import Any

import msgspec

from reenact.compile.append import Appended, append
from reenact.model.exchange import Outcome
from reenact.model.suite import Case, Interaction, Suite
from reenact.model.symbol import Generated
from reenact.model.value import Value
from reenact.protocols import builtin

OLD, NEW = "7d444840-9dc0-41d1-b245-5ffdce74fad2", "0e37df36-f698-41e6-8dd4-cb9df3ca9a3c"
OLD_NS, NEW_NS = 1_795_000_000 * 10**9, 1_795_400_000 * 10**9


def call(id: str, method: str, target: str, response: Value = None, **more: Any) -> Interaction:
    return Interaction(
        id=id, protocol="http1", destination="prices:80", connection=2, outcome=Outcome.COMPLETE,
        request={"method": method, "target": target, "headers": []},
        response={"status": 200, "headers": [], "body": {"json": response}}, **more,
    )  # fmt: skip


def case(id: str, target: str, body: Value, *calls: Interaction, **more: Any) -> Case:
    return Case(
        id=id, protocol="http1", port=80, connection=1,
        request={"method": "POST", "target": target, "headers": []},
        response={"status": 200, "headers": [["Content-Type", "application/json"]], "body": {"json": body}},
        calls=calls, **more,
    )  # fmt: skip


def suite(started_ns: int, *cases: Case, session: tuple[Interaction, ...] = ()) -> Suite:
    return Suite(
        format=1, capture="c", command=(), started_ns=started_ns, ports=(80,), cases=cases,
        session=session, rehearsed=3,
    )  # fmt: skip


UUID = (Generated(at=("response", "body", "id"), kind="uuid"),)
KNOWN = case("0001-post-orders", "/orders", {"id": OLD}, call("0001.1", "GET", "/a"), generated=UUID)  # fmt: skip


def appended(*cases: Case, old: Case = KNOWN, session: tuple[Interaction, ...] = ()) -> Appended:
    before = suite(OLD_NS, old)
    return append(
        before, suite(NEW_NS, *cases, session=session), builtin(), why="v2", since="2026-11-23"
    )


def test_a_call_that_only_the_new_recording_has_is_added_where_it_was_made():
    calls = (call("1", "GET", "/a"), call("2", "GET", "/tax", {"rate": 7}, after=("1",)))
    found = appended(case("0001-post-orders", "/orders", {"id": NEW}, *calls))
    [filled] = found.suite.cases
    assert [c.id for c in filled.calls] == ["0001.1", "0001.2"]
    assert filled.calls[0] == KNOWN.calls[0]
    assert filled.calls[1].response["body"]["json"] == {"rate": 7}
    assert filled.calls[1].after == ("0001.1",)
    assert [(n.at, n.change, n.why) for n in filled.accepted] == [
        ("calls/0001.2", "call-added", "v2")
    ]
    assert (found.calls, found.cases) == ((("0001-post-orders", "GET /tax"),), ())


def test_nothing_else_of_the_case_changes():
    new = case("0001-post-orders", "/orders", {"id": NEW, "tax": 7}, call("1", "GET", "/tax"))
    [filled] = appended(new).suite.cases
    assert msgspec.structs.replace(filled, calls=KNOWN.calls, accepted=()) == KNOWN
    assert KNOWN.calls[0] in filled.calls


def test_values_and_times_of_the_new_recording_are_told_as_those_of_the_old():
    audit = call("1", "POST", f"/audit/{NEW}", {"at": "2026-11-23T01:33:20Z", "of": NEW})
    found = appended(case("0001-post-orders", "/orders", {"id": NEW}, audit))
    [added] = [c for c in found.suite.cases[0].calls if c.id == "0001.2"]
    assert added.request["target"] == f"/audit/{OLD}"
    assert added.response["body"]["json"] == {"at": "2026-11-18T10:26:40Z", "of": OLD}


def test_a_recording_of_the_same_changes_nothing():
    found = appended(case("0001-post-orders", "/orders", {"id": NEW}, call("1", "GET", "/a")))
    assert found.suite == suite(OLD_NS, KNOWN)
    assert (found.calls, found.cases) == ((), ())


def test_a_request_that_no_case_has_becomes_a_new_case():
    create = case("0001-post-orders", "/orders", {"id": NEW})
    refund = case(
        "0002-post-refund", f"/refund/{NEW}", {"id": NEW}, call("0002.1", "GET", "/b"),
        call("0002.2", "GET", "/c", after=("0002.1",)), needs=("0001-post-orders",), at_ns=5,
    )  # fmt: skip
    found = appended(create, refund)
    added = found.suite.cases[1]
    assert added.id == "0002-post-refund"
    assert added.request["target"] == f"/refund/{OLD}"
    assert added.needs == ("0001-post-orders",)
    assert [(c.id, c.after) for c in added.calls] == [("0002.1", ()), ("0002.2", ("0002.1",))]
    assert added.at_ns == NEW_NS - OLD_NS + 5
    assert added.connection not in (KNOWN.connection, KNOWN.calls[0].connection)


def test_more_requests_of_a_known_kind_tell_nothing_new():
    same = case("0001-post-orders", "/orders", {"id": NEW}, call("1", "GET", "/a"))
    found = appended(same, msgspec.structs.replace(same, id="0002-post-orders"))
    assert (found.cases, found.known) == ((), 1)


def test_session_calls_of_a_kind_the_suite_has_not_are_added():
    known, new = call("s.1", "GET", "/a"), call("s.2", "GET", "/new/feed")
    found = appended(case("0001-post-orders", "/orders", {"id": NEW}), session=(known, new))
    assert [(c.id, c.request["target"]) for c in found.suite.session] == [("s.1", "/new/feed")]


def test_another_request_of_the_same_kind_is_another_case():
    found = appended(case("0001-post-basket", "/basket", {"id": NEW}))
    assert found.cases == ("0002-post-basket",)
    assert found.suite.cases[0] == KNOWN


def test_a_call_with_the_values_of_another_day_is_not_a_new_one():
    calls = (call("1", "GET", "/a?version=8"), call("2", "GET", "/a/8"))
    old = msgspec.structs.replace(
        KNOWN, calls=(call("0001.1", "GET", "/a?version=4"), call("0001.2", "GET", "/a/4"))
    )
    found = appended(case("0001-post-orders", "/orders", {"id": NEW}, *calls), old=old)
    assert (found.calls, found.suite) == ((), suite(OLD_NS, old))


def test_one_more_call_of_a_shape_is_a_new_one():
    calls = (call("1", "GET", "/a?version=8"), call("2", "GET", "/a?version=9"))
    old = msgspec.structs.replace(KNOWN, calls=(call("0001.1", "GET", "/a?version=4"),))
    found = appended(case("0001-post-orders", "/orders", {"id": NEW}, *calls), old=old)
    assert found.calls == (("0001-post-orders", "GET /a?version=9"),)


def inserted(id: str, number: int) -> Interaction:
    """An order whose number the database gives out."""
    return Interaction(
        id=id, protocol="postgres", destination="db:5432", connection=3, outcome=Outcome.COMPLETE,
        request={"query": "INSERT INTO orders (item) VALUES ('tea') RETURNING id"},
        response={
            "columns": [{"name": "id", "type": "int4", "table": 16385, "attnum": 1}],
            "rows": [[number]], "tag": "INSERT 0 1", "status": "I",
        },
    )  # fmt: skip


def test_a_number_that_the_database_gave_out_makes_no_new_case():
    old = [
        case("0001-post-orders", "/orders", {"id": 7}, inserted("0001.1", 7)),
        case("0002-pay", "/orders/7/pay", {"paid": True}),
    ]
    new = [
        case("0001-post-orders", "/orders", {"id": 12}, inserted("1", 12)),
        case("0002-pay", "/orders/12/pay", {"paid": True}),
        case("0003-pay", "/orders/13/pay", {"paid": True}),
    ]
    found = append(suite(OLD_NS, *old), suite(NEW_NS, *new), builtin(), why="v2", since="")
    assert found.cases == ("0003-pay",)
    assert found.suite.cases[2].request["target"] == "/orders/13/pay"
