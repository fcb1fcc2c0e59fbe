"""A task that starts itself a moment after the response belongs to the request that caused it."""

from __future__ import annotations

from collections.abc import Generator

import msgspec
from tests.replay.test_engine import call, case, suite
from tests.toy import TOY, Simulator

from reenact.model.suite import Case, Interaction, Suite
from reenact.replay.core import Engine, Mode
from reenact.replay.core.afterwards import AFTER_NS, afterwards

MS = 10**6
PAID = "pay_efc4d6d7bf1b462e920a9ab7deeaa046"


def at(ms: int, one: Case) -> Case:
    """Recorded so long after the start, for two milliseconds."""
    return msgspec.structs.replace(one, at_ns=ms * MS, took_ns=2 * MS)


def asked(ms: int, one: Interaction) -> Interaction:
    return msgspec.structs.replace(one, asked_ns=ms * MS)


PAY = at(10, case(1, "PAY pen", "ok", call("1.1", "CHARGE pen", PAID)))
MAIL = asked(1, call("2.1", f"MAIL {PAID}"))


def recorded(request: str = "LIST", mail: Interaction = MAIL) -> Suite:
    """The mail is sent while the next request is open."""
    return suite(PAY, at(60, case(2, request, "ok", mail)))


def test_a_call_that_carries_what_an_earlier_request_brought_about_shows_how_long_that_went_on() -> (
    None
):
    assert afterwards(recorded()) == {PAY.id: 49 * MS}


def test_it_says_nothing_where_the_request_itself_tells_the_word() -> None:
    assert afterwards(recorded(f"SHOW {PAID}")) == {}


def test_nor_where_a_dependency_has_told_it() -> None:
    known = at(60, case(2, "LIST", "ok", call("2.0", "GET last", PAID), MAIL))
    assert afterwards(suite(PAY, known)) == {}


def test_nor_long_after() -> None:
    late = at(20 + AFTER_NS // MS, case(2, "LIST", "ok", MAIL))
    assert afterwards(suite(PAY, late)) == {}


def test_words_that_are_not_random_say_nothing() -> None:
    plain = at(10, case(1, "PAY pen", "ok", call("1.1", "CHARGE pen", "a-word-without-any-digit")))
    said = at(60, case(2, "LIST", "ok", call("2.1", "MAIL a-word-without-any-digit")))
    assert afterwards(suite(plain, said)) == {}


def test_calls_of_the_session_tell_it_too() -> None:
    outside = [call("s.1", "HELLO"), asked(61, call("s.2", f"MAIL {PAID}"))]
    assert afterwards(suite(PAY, session=outside)) == {PAY.id: 49 * MS}


def test_the_first_rehearsal_waits_for_it() -> None:
    def service(request: str) -> Generator[str, str, str]:
        if request == "PAY pen":
            yield "CHARGE pen"
        return "ok"

    def run(**mode: bool) -> int:
        engine = Engine(recorded(), {"toy": TOY}, Mode(discover=True, **mode), wall_ns=0, now_ns=0)
        return Simulator(engine, service).run().now

    assert run(linger=True) - run() >= 2 * 49 * MS
