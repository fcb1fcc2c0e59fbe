"""`--update`: what changed is written where the file says it, and nothing is guessed."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from reenact.model.difference import Change, Difference
from reenact.model.symbol import Binding
from reenact.model.verdict import CallDifferences, Miss, Status, Verdict
from reenact.store.accept import accepted
from tests.store.samples import ORDER, POST, SUITE

LIVE = "00000000-1111-4222-8333-444444444444"
RESPONSE = {
    "status": 201,
    "headers": [["ETag", "a"], ["Set-Cookie", "b"], ["Set-Cookie", "c"]],
    "body": {
        "json": {"id": ORDER, "total": Decimal("3.30"), "lines": [1, 2, 3]},
        "style": "spaced",
    },
}
CASE = msgspec.structs.replace(POST, response=RESPONSE)


def after(*differences: Difference, **more: object):
    verdict = Verdict(case=CASE.id, status=Status.FAIL, differences=differences, **more)
    suite, left = accepted(msgspec.structs.replace(SUITE, cases=(CASE,)), [verdict])
    return suite.cases[0], left


def differ(change: Change, *at, **sides) -> Difference:
    return Difference(change=change, at=("response", *at), **sides)


def test_values_headers_and_list_items_are_written_in_place():
    case, left = after(
        differ(Change.VALUE, "status", recorded=201, live=200),
        differ(Change.VALUE, "headers", "etag", recorded="a", live="z"),
        differ(Change.TYPE, "body", "total", recorded=Decimal("3.30"), live="3.30"),
        differ(Change.REMOVED, "body", "lines", 1, recorded=2),
        differ(Change.REMOVED, "body", "lines", 2, recorded=3),
        differ(Change.ADDED, "body", "note", live=None),
    )
    assert left == []
    assert case.response["status"] == 200
    assert case.response["headers"][0] == ["ETag", "z"]
    assert case.response["body"]["json"] == {
        "id": ORDER,
        "total": "3.30",
        "lines": [1],
        "note": None,
    }


def test_the_case_it_came_from_is_not_changed():
    after(differ(Change.VALUE, "status", recorded=201, live=200))
    assert RESPONSE["status"] == 201


def test_what_is_explained_stays_as_recorded():
    case, _ = after(differ(Change.VALUE, "status", recorded=201, live=200, explained_by="x"))
    assert case.response["status"] == 201


def test_a_place_that_the_file_does_not_have_so_is_left_and_named():
    case, left = after(
        differ(Change.VALUE, "headers", "set-cookie", recorded="b", live="z"),
        differ(Change.VALUE, "status", recorded=999, live=200),
        differ(Change.ADDED, "headers", "x-new", live="1"),
    )
    assert case.response == RESPONSE
    assert [line.split(": ")[1] for line in left] == [
        "response/headers/set-cookie", "response/status", "response/headers/x-new",
    ]  # fmt: skip


def test_live_ids_are_told_as_the_recorded_ones():
    case, _ = after(
        differ(Change.ADDED, "body", "link", live=f"/orders/{LIVE}/lines"),
        bindings=(Binding("uuid", ORDER, LIVE),),
    )
    assert case.response["body"]["json"]["link"] == f"/orders/{ORDER}/lines"


def test_a_changed_call_is_asked_as_now_and_a_missing_one_is_gone():
    miss = Miss(protocol="postgres", destination="x", label="INSERT", request={"query": "now"}, nearest="1.1")  # fmt: skip
    case, left = after(misses=(miss,), missing=(("1.1", "INSERT"), ("1.2", "PUBLISH")))
    assert left == []
    assert [(call.id, call.request) for call in case.calls] == [("1.1", {"query": "now"})]


def test_a_call_without_a_recorded_answer_is_left_and_named():
    miss = Miss(protocol="redis", destination="x", label="GET a", request=["GET", "a"])
    case, left = after(misses=(miss,))
    assert case == CASE
    assert left == ["0001-post-orders: no answer is recorded for GET a; record it again"]


def test_an_accepted_order_is_no_longer_demanded():
    order = CallDifferences(interaction="1.2", label="PUBLISH", differences=())
    case, _ = after(calls=(order,))
    assert [call.after for call in case.calls] == [(), ()]
