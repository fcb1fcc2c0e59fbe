"""What is wrong with a suite that passes."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from reenact.lint import Usage, problems
from reenact.lint.usage import counted
from reenact.model.exchange import Outcome
from reenact.model.suite import Accepted, Case, Interaction, Suite, Tolerance, Uses
from reenact.model.symbol import Generated
from reenact.model.value import Value
from reenact.model.verdict import Status, Step, Verdict
from reenact.protocols import builtin
from tests.toy import TOY

PLUGINS = {"toy": TOY, **builtin()}


def call(id: str, request: Value = "SET a 1", **more: Any) -> Interaction:
    return Interaction(
        id=id, protocol="toy", destination="x:1", connection=1, outcome=Outcome.COMPLETE,
        request=request, response="OK", **more,
    )  # fmt: skip


def case(request: Value = "DO x", response: Value = "done it", **more: Any) -> Case:
    return Case(
        id="0001-x", protocol="toy", port=80, connection=1, request=request, response=response, **more
    )  # fmt: skip


def suite(*cases: Case, session: tuple[Interaction, ...] = ()) -> Suite:
    return Suite(
        format=1, capture="c", command=(), started_ns=0, ports=(80,), cases=cases, session=session
    )


def tolerance(at: str, rule: str = "ignore") -> Tolerance:
    return Tolerance(at=at, rule=rule, why="x")


def said(what: Suite, usage: Usage | None = None) -> list[tuple[str, bool]]:
    return [(p.text, p.sure) for p in problems(what, usage or Usage(), PLUGINS)]


def used(what: Suite, tests: int = 1, leant: tuple[str, ...] = (), **ran: Any) -> Usage:
    """After `tests` tests that all went the same."""
    usage = Usage()
    for _ in range(tests):
        verdict = Verdict(case="0001-x", status=Status.PASS, **ran)
        usage = counted(usage, what, (verdict,), leant)
    return usage


def test_an_ordinary_case_is_fine():
    assert said(suite(case(calls=(call("1.1"),)))) == []


# -- tolerances -----------------------------------------------------------------------------


def test_a_tolerance_names_a_place_of_the_response_or_of_a_call():
    known = ("response/1", "calls/1.1/request/2")
    assert said(suite(case(calls=(call("1.1"),), tolerances=tuple(map(tolerance, known))))) == []


def test_a_tolerance_for_no_such_place_matches_nothing():
    what = suite(case(tolerances=(tolerance("response/7"), tolerance("calls/1.9/request/0"))))
    assert said(what) == [
        ("the tolerance at response/7 matches nothing: there is no such place", True),
        ("the tolerance at calls/1.9/request/0 matches nothing: there is no such place", True),
    ]


def test_a_tolerance_for_what_only_new_builds_say_is_fine_once_it_was_needed():
    what = suite(case(tolerances=(tolerance("response/7"),)))
    assert said(what, used(what, leant=("0001-x response/7",))) == []


def test_a_tolerance_that_tests_do_without_is_a_note_and_then_a_problem():
    what = suite(case(tolerances=(tolerance("response/1"),)))
    text = "the tolerance at response/1 was not needed in {} tests"
    assert said(what, used(what, 1)) == [(text.format(1), False)]
    assert said(what, used(what, 3)) == [(text.format(3), True)]


def test_counts_of_another_recording_mean_nothing():
    what = suite(case(tolerances=(tolerance("response/1"),)))
    again = msgspec.structs.replace(what, capture="another")
    assert said(again, used(what, 3)) == []


# -- cases that can't fail -------------------------------------------------------------------


def test_a_case_with_everything_ignored_and_no_call_to_make_cannot_fail():
    all_of_it = (tolerance("response/0"), tolerance("response/1"))
    [(text, sure)] = said(suite(case(tolerances=all_of_it)))
    assert (text, sure) == (
        "can't fail: its response is ignored as a whole, and it has to make no call",
        True,
    )
    assert said(suite(case(tolerances=(tolerance("response"),))))
    assert said(suite(case(tolerances=all_of_it, calls=(call("1.1"),)))) == []
    assert said(suite(case(tolerances=all_of_it, calls=(call("1.1", uses=Uses.MAYBE),))))


def test_a_case_that_is_set_aside_is_noted_and_one_without_response_is_a_problem():
    assert said(suite(case(aside="varies"))) == [("can't fail: it is set aside (varies)", False)]
    [(text, sure)] = said(suite(case(response=None)))
    assert text.startswith("can't fail: no response is recorded") and sure


# -- unused calls ------------------------------------------------------------------------------


def test_calls_that_no_test_made_are_noted():
    made = Step(label="", protocol="toy", destination="", fate="background", interaction="s.1")
    what = suite(
        case(calls=(call("1.1", uses=Uses.MAYBE),)),
        session=(call("s.1"), call("s.2"), call("s.3", "HELLO"), call("s.4")),
    )
    usage = used(what, 2, timeline=(made,), background=("s.4",))
    assert said(what, usage) == [
        ("call 1.1 was not made in 2 tests", False),
        ("call s.2 was not made in 2 tests of the whole suite", False),
    ]
    assert said(what) == []


def test_waiting_for_a_call_that_there_is_not_is_a_problem():
    what = suite(case(calls=(call("1.2", after=("1.1",)),)))
    assert said(what) == [("call 1.2 is to come after 1.1, which is no call of this case", True)]


# -- secrets ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("-----BEGIN RSA PRIVATE " + "KEY-----\nMIIE", "a private key"),
        ("-----BEGIN PRIVATE " + "KEY-----", "a private key"),
        ("key AKIA" + "IOSFODNN7EXAMPLE", "an AWS access key"),
        ("ghp_" + "a1" * 18, "a GitHub token"),
        (b"token=xoxb-" + b"123456789012", "a Slack token"),
        ("sk_live_" + "4eC39HqLyjWDarjt", "a Stripe key"),
        ("postgres://app:hunter2@db:5432/orders", "a password in a URL"),
    ],
)
def test_keys_and_tokens_are_known_by_their_form(value, kind):
    what = suite(case(calls=(call("1.1", f"SET {value!r}"),)))
    assert said(what) == [(f"calls/1.1/request: {kind}", True)]


@pytest.mark.parametrize(
    ("tree", "at"),
    [
        ({"body": {"Password": "hunter2"}}, "body/Password"),
        ({"headers": [["Accept", "x"], ["Authorization", "Bearer abc"]]}, "headers/1/1"),
        (["AUTH", "default", "hunter2"], "2"),
        (["HELLO", "3", "AUTH", "default", "hunter2"], "4"),
    ],
)
def test_what_stands_where_secrets_stand_is_a_note(tree, at):
    setup = Interaction(
        id="s.1", protocol="redis", destination="x:1", connection=1, outcome=Outcome.COMPLETE,
        request={"command": ["GET", "a"]}, response=tree,
    )  # fmt: skip
    [(text, sure)] = said(suite(case(), session=(setup,)))
    assert text.startswith(f"calls/s.1/response/{at}: the value of ") and not sure


@pytest.mark.parametrize(
    "tree",
    [
        {"password_reset_url": "https://example.org/reset"},
        {"password": "********"},
        {"password": "<redacted>"},
        {"password": None, "secret": True, "token_type": "bearer"},
        {"url": "http://example.org:80/a@b", "mail": "mailto:a@b.c"},
        ["GET", "auth"],
    ],
)
def test_what_only_resembles_one_is_not_told(tree):
    setup = Interaction(
        id="s.1", protocol="redis", destination="x:1", connection=1, outcome=Outcome.COMPLETE,
        request={"command": ["GET", "a"]}, response=tree,
    )  # fmt: skip
    assert said(suite(case(), session=(setup,))) == []


def test_a_secret_that_was_looked_at_is_not_told_again():
    noted = Accepted(at="calls/1.1/request", change="secret", why="of the test account")
    what = case(calls=(call("1.1", "SET postgres://app:hunter2@db/x"),), accepted=(noted,))
    assert said(suite(what)) == []


def test_a_token_that_the_service_made_up_is_no_secret():
    request = {
        "method": "GET",
        "target": "/",
        "headers": [["Authorization", "Bearer t0kenOfThisRun"]],
    }
    login = case(
        response="done t0kenOfThisRun", generated=(Generated(at=("response", 1), kind="token"),)
    )
    show = msgspec.structs.replace(
        case(request), id="0002-x", protocol="http1", response={"status": 200}
    )
    assert said(suite(login, show)) == []
    assert said(suite(show)) == [("request/headers/0/1: the value of Authorization", False)]


def test_a_value_in_many_places_is_told_and_noted_once():
    first = case(calls=(call("1.1", "SET postgres://app:hunter2@db/x"),))
    same = msgspec.structs.replace(first, id="0002-x")
    assert said(suite(first, same)) == [
        ("calls/1.1/request: a password in a URL (and in 1 more places)", True)
    ]
    noted = Accepted(at="calls/1.1/request", change="secret", why="of the test account")
    assert said(suite(first, msgspec.structs.replace(same, accepted=(noted,)))) == []
