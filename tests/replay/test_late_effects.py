"""A call belongs to the case that caused it, however late it comes."""

from __future__ import annotations

import hmac
from collections.abc import Generator

from tests.replay.test_engine import call, case, play, suite, verdicts
from tests.toy import TOY

from reenact.model.verdict import Status
from reenact.replay.rehearse import Findings, learn

PEN, INK = "7d444840-9dc0-41d1-b245-5ffdce74fad2", "0e37df36-f698-41e6-8dd4-cb9df3ca9a3c"
PEN_LIVE, INK_LIVE = "0d1f9d4c-0d0c-4f5c-9d3e-0f7b1b0a5a11", "b1b2b3b4-0000-4000-8000-000000000001"

TOKEN, TOKEN_LIVE = "iCVzN12bWLNmUgx2Nn6X2hfF", "Z7fQh3xrqf3Ns1fUAocBdjVF"


def _digest(token: str) -> str:
    """With a key that only the service has."""
    return hmac.new(b"pepper", token.encode(), "sha256").hexdigest()


RECORDED = suite(
    case(1, "BUY pen", f"bought {PEN}", call("1.1", f"INSERT {PEN}")),
    case(2, "BUY ink", f"bought {INK}", call("2.1", f"INSERT {INK}"), call("2.2", f"TELL {PEN}")),
)
"""TELL is said by a worker after the response; while recording it came within the next case."""


def buy_and_tell_later(request: str) -> Generator[str, str, str]:
    pen = request == "BUY pen"
    yield f"INSERT {PEN_LIVE if pen else INK_LIVE}"
    if not pen:
        yield f"TELL {PEN_LIVE}"
    return f"bought {PEN_LIVE if pen else INK_LIVE}"


def test_a_call_that_carries_what_an_earlier_case_made_up_is_its_late_effect() -> None:
    run = play(RECORDED, buy_and_tell_later, discover=True)
    learned = learn(RECORDED, [[d.observation for d in run.done]], Findings(), {"toy": TOY})
    assert [[c.request for c in k.calls] for k in learned.cases] == [
        [f"INSERT {PEN}", f"TELL {PEN}"],
        [f"INSERT {INK}"],
    ]


def test_a_call_that_carries_what_the_request_carries_is_its_own() -> None:
    """Also when an earlier case made the value up, and when an answer has told it."""
    read = suite(
        case(1, "BUY pen", f"bought {PEN}", call("1.1", f"INSERT {PEN}")),
        case(2, f"SHOW {PEN}", "pen", call("2.1", f"GET {PEN}")),
        case(3, "LIST", "pen", call("3.1", "GET all", PEN), call("3.2", f"GET {PEN}")),
    )

    def serve(request: str) -> Generator[str, str, str]:
        if request.startswith("BUY"):
            yield f"INSERT {PEN_LIVE}"
            return f"bought {PEN_LIVE}"
        found = request.split()[1] if request.startswith("SHOW") else (yield "GET all")
        yield f"GET {found}"
        return "pen"

    run = play(read, serve, discover=True)
    learned = learn(read, [[d.observation for d in run.done]], Findings(), {"toy": TOY})
    assert [len(k.calls) for k in learned.cases] == [1, 1, 2]
    assert [v.status for v in verdicts(play(learned, serve))] == [Status.PASS] * 3


def test_what_is_worked_out_from_what_the_request_carries_is_its_own() -> None:
    """The digest of a token is nothing that the first case to say it made up."""
    read = suite(
        case(1, "LOGIN", TOKEN, call("1.1", f"INSERT {TOKEN}")),
        *(
            case(n, f"LIST {TOKEN}", "pen", call(f"{n}.1", f"GET {_digest(TOKEN)}"))
            for n in (2, 3, 4)
        ),
    )

    def serve(request: str) -> Generator[str, str, str]:
        if request == "LOGIN":
            yield f"INSERT {TOKEN_LIVE}"
            return TOKEN_LIVE
        yield f"GET {_digest(request.split()[1])}"
        return "pen"

    run = play(read, serve, discover=True)
    learned = learn(read, [[d.observation for d in run.done]], Findings(), {"toy": TOY})
    assert [len(k.calls) for k in learned.cases] == [1, 1, 1, 1]
    assert [v.status for v in verdicts(play(learned, serve))] == [Status.PASS] * 4


def test_a_digest_that_only_an_earlier_case_can_know_is_its_late_effect() -> None:
    """The open case carries nothing of what that one was told."""
    read = suite(
        case(1, "LOGIN", TOKEN, call("1.1", f"INSERT {TOKEN}")),
        case(2, f"LIST {TOKEN}", "pen", call("2.1", f"GET {_digest(TOKEN)}")),
        case(3, "PING", "pong", call("3.1", f"DROP {_digest(TOKEN)}")),
    )

    def serve(request: str) -> Generator[str, str, str]:
        verb = {"LOGIN": "INSERT", "PING": "DROP"}.get(request, "GET")
        yield f"{verb} {TOKEN_LIVE if verb == 'INSERT' else _digest(TOKEN_LIVE)}"
        return {"LOGIN": TOKEN_LIVE, "PING": "pong"}.get(request, "pen")

    run = play(read, serve, discover=True)
    learned = learn(read, [[d.observation for d in run.done]], Findings(), {"toy": TOY})
    assert [len(k.calls) for k in learned.cases] == [1, 2, 0]
