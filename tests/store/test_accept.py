"""`--update`: what changed is written where the file says it, and nothing is guessed."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from reenact.model.difference import Change, Difference
from reenact.model.suite import Accepted
from reenact.model.symbol import Binding
from reenact.model.verdict import CallDifferences, Miss, Status, Verdict
from reenact.store.accept import Wanted, accepted
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


REORDERED = Difference(change=Change.ORDER, at=("order",), recorded=["1.1"], live="before 1.1")


def after(*differences: Difference, **more: object):
    verdict = Verdict(case=CASE.id, status=Status.FAIL, differences=differences, **more)
    found = accepted(msgspec.structs.replace(SUITE, cases=(CASE,)), [verdict])
    return found.suite.cases[0], list(found.left)


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
        differ(Change.ADDED, "headers", "x-new", live=["1", "2"]),
    )
    assert case.response == RESPONSE
    assert [line.split(": ")[1] for line in left] == [
        "response/headers/set-cookie", "response/status", "response/headers/x-new",
    ]  # fmt: skip


def test_a_new_header_is_written_by_its_lower_case_name():
    case, left = after(differ(Change.ADDED, "headers", "x-new", live="1"))
    assert (left, case.response["headers"][-1]) == ([], ["x-new", "1"])


def test_live_ids_are_told_as_the_recorded_ones():
    case, _ = after(
        differ(Change.ADDED, "body", "link", live=f"/orders/{LIVE}/lines"),
        bindings=(Binding("uuid", ORDER, LIVE),),
    )
    assert case.response["body"]["json"]["link"] == f"/orders/{ORDER}/lines"


INSERT_MISS = Miss(protocol="postgres", destination="x", label="INSERT", request={"query": "now"}, nearest="1.1")  # fmt: skip


def test_a_changed_call_is_asked_as_now():
    case, left = after(misses=(INSERT_MISS,), missing=(("1.1", "INSERT"),))
    assert left == []
    assert [call.request for call in case.calls] == [{"query": "now"}, CASE.calls[1].request]


def test_a_missing_call_is_gone_and_nothing_waits_for_it():
    case, left = after(missing=(("1.1", "INSERT"),))
    assert left == []
    assert [(call.id, call.after) for call in case.calls] == [("1.2", ())]


def test_what_followed_from_a_refused_call_is_not_accepted_with_it():
    case, left = after(
        differ(Change.VALUE, "status", recorded=201, live=500),
        misses=(INSERT_MISS,),
        missing=(("1.1", "INSERT"), ("1.2", "PUBLISH")),
    )
    assert case.response == RESPONSE
    assert [call.id for call in case.calls] == ["1.1", "1.2"]
    assert left == [
        "0001-post-orders: calls are missing after a refused one; test again, then accept that",
        "0001-post-orders: the response came after a call was refused; test again, then accept it",
    ]


def test_a_call_without_a_recorded_answer_is_left_and_named():
    miss = Miss(protocol="redis", destination="x", label="GET a", request=["GET", "a"])
    case, left = after(misses=(miss,))
    assert case == CASE
    assert left == [
        "0001-post-orders: no answer is recorded for GET a; test --live or record --append"
    ]


def test_an_accepted_order_is_no_longer_demanded():
    order = CallDifferences(interaction="1.2", label="PUBLISH", differences=(REORDERED,))
    case, _ = after(calls=(order,))
    assert [call.after for call in case.calls] == [(), ()]


# -- with a reason ----------------------------------------------------------------------------

CHANGES = (
    differ(Change.VALUE, "status", recorded=201, live=200),
    differ(Change.TYPE, "body", "total", recorded=Decimal("3.30"), live="3.30"),
    differ(Change.ADDED, "body", "note", live=None),
    differ(Change.REMOVED, "body", "lines", 1, recorded=2),
    differ(Change.REMOVED, "body", "lines", 2, recorded=3),
)


def noted(*, calls: tuple[CallDifferences, ...] = (), **wanted: object):
    verdict = Verdict(case=CASE.id, status=Status.FAIL, differences=CHANGES, calls=calls)
    wanted = Wanted(why="rounded now", since="2026-11-23", **wanted)
    return accepted(msgspec.structs.replace(SUITE, cases=(CASE,)), [verdict], wanted)


def test_each_kind_of_change_is_noted_with_the_reason():
    order = CallDifferences(interaction="1.2", label="PUBLISH", differences=(REORDERED,))
    case = noted(calls=(order,)).suite.cases[0]
    assert [(note.at, note.change) for note in case.accepted] == [
        ("calls/1.2", "call-order-changed"),
        ("response/status", "value-changed"),
        ("response/body/total", "type-changed"),
        ("response/body/note", "added"),
        ("response/body/lines/2", "removed"),
        ("response/body/lines/1", "removed"),
    ]
    assert {(note.why, note.since) for note in case.accepted} == {("rounded now", "2026-11-23")}


def test_a_path_takes_what_stands_there_and_below_and_nothing_else():
    found = noted(at="response/body/total")
    assert [note.at for note in found.taken] == ["response/body/total"]
    assert found.suite.cases[0].response["status"] == 201
    assert noted(at="response/body/to").taken == ()


def test_a_kind_takes_only_changes_of_that_kind():
    found = noted(changes=frozenset({"added"}))
    assert [note.at for note in found.taken] == ["response/body/note"]


def test_one_of_two_removed_items_is_not_taken_alone():
    found = noted(at="response/body/lines/1")
    assert found.taken == ()
    assert found.left == (
        "0001-post-orders: response/body/lines/1: more items of this list come or go;"
        " accept the list as a whole",
    )


def test_a_place_accepted_again_has_its_last_reason():
    old = Accepted(at="response/status", change="value-changed", why="before")
    case = msgspec.structs.replace(CASE, accepted=(old,))
    verdict = Verdict(case=CASE.id, status=Status.FAIL, differences=CHANGES[:1])
    suite = msgspec.structs.replace(SUITE, cases=(case,))
    notes = accepted(suite, [verdict], Wanted(why="now")).suite.cases[0].accepted
    assert [note.why for note in notes] == ["now"]


def test_an_accepted_value_without_the_form_is_no_longer_a_generated_one():
    difference = differ(Change.FORM, "body", "id", recorded=ORDER, live="none")
    case, left = after(difference)
    assert (left, case.generated) == ([], ())


def test_what_changed_inside_a_larger_value_is_written_as_that_value():
    old, new = '{"role": "user", "n": 1}', '{"role": "admin", "n": 2}'
    body = {"json": {"id": ORDER, "told": old, "token": "eyJ.recorded"}}
    case = msgspec.structs.replace(CASE, response=RESPONSE | {"body": body})
    differences = (
        differ(Change.VALUE, "body", "told", "json", "role", recorded="user", live="admin"),
        differ(Change.VALUE, "body", "told", "json", "n", recorded=1, live=2),
        differ(Change.VALUE, "body", "told", recorded=old, live=new, explained_by="compared within"),
        differ(Change.VALUE, "body", "token", "jwt", "payload", "role", recorded="user", live="admin"),
        differ(Change.VALUE, "body", "token", recorded="eyJ.recorded", live="eyJ.live", explained_by="generated (jwt)"),
    )  # fmt: skip
    bindings = (Binding("jwt", "eyJ.recorded", "eyJ.live"),)
    verdict = Verdict(case=case.id, status=Status.FAIL, differences=differences, bindings=bindings)
    found = accepted(msgspec.structs.replace(SUITE, cases=(case,)), [verdict])
    assert list(found.left) == []
    [written] = found.suite.cases
    assert written.response["body"]["json"] == {"id": ORDER, "told": new, "token": "eyJ.live"}
