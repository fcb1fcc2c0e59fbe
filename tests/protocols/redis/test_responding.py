"""A Redis server that only knows recordings."""

from __future__ import annotations

import pytest

from reenact.model.exchange import Outcome
from reenact.model.protocol import Answer, Ask, Close, Faulty, Refuse, Send
from reenact.model.suite import Interaction
from reenact.protocols.redis import PLUGIN
from reenact.testing import Playbook
from reenact.testing.conformance import FLOW
from tests.protocols.redis.samples import said


def responder():
    return PLUGIN.responder(FLOW, PLUGIN.recall(()))


def answer(response, outcome=Outcome.COMPLETE):
    one = Interaction(
        id="1/1",
        protocol="redis",
        destination="r:6379",
        connection=1,
        outcome=outcome,
        request={"command": ["X"]},
        response=response,
    )
    return Answer(one, response)


def done(r, *words, with_):
    """What is sent when the command is answered at once."""
    [ask] = r.receive(said(*words), 0)
    return r.answer(ask.token, answer(with_), 0)


def test_answers_leave_in_the_order_of_the_commands():
    with Playbook(responder()) as play:
        play.on(lambda r: r.receive(said("GET", "a") + said("GET", "b"), 0)).expect(
            Ask(0, {"command": ["GET", "a"]}), Ask(1, {"command": ["GET", "b"]})
        )
        play.on(lambda r: r.answer(1, answer("B"), 0)).expect()
        play.on(lambda r: r.answer(0, answer("A"), 0)).expect(
            Send(b"$1\r\nA\r\n"), Send(b"$1\r\nB\r\n")
        )


@pytest.mark.parametrize(
    ("words", "response"),
    [
        (["PING"], {"simple": "PONG"}),
        (["ping", "a word"], "a word"),
        (["ECHO", "a word"], "a word"),
        (["GET", "a"], None),
        (["PING", "two", "words"], None),
    ],
)
def test_a_ping_needs_no_recording(words, response):
    assert PLUGIN.always({"command": words, "db": 3}) == response


def test_a_ping_is_answered_as_its_connection_speaks():
    r = responder()
    assert done(r, "PING", with_=["pong", ""]) == [Send(b"+PONG\r\n")]
    done(r, "SUBSCRIBE", "a", with_=["subscribe", "a", 1])
    assert done(r, "PING", with_={"simple": "PONG"}) == [Send(b"*2\r\n$4\r\npong\r\n$0\r\n\r\n")]
    assert done(r, "PING", with_={"error": "LOADING"}) == [Send(b"-LOADING\r\n")]


@pytest.mark.parametrize("name", ["ECHO", "PING"])
def test_a_word_to_be_echoed_is_the_live_one(name):
    assert PLUGIN.matcher.normal({"command": [name, "6b03:5bb6"]}) == PLUGIN.matcher.normal(
        {"command": [name, "6b04:7786"]}
    )
    recorded = Interaction(
        id="1/1", protocol="redis", destination="r:6379", connection=1, outcome=Outcome.COMPLETE,
        request={"command": [name, "6b03:5bb6"]}, response="6b03:5bb6",
    )  # fmt: skip
    r = responder()
    [ask] = r.receive(said(name, "6b04:7786"), 0)
    told = r.answer(ask.token, Answer(recorded, recorded.response), 0)
    assert told == [Send(b"$9\r\n6b04:7786\r\n")]


def test_a_refusal_speaks_the_protocol():
    with Playbook(responder()) as play:
        play.on(lambda r: r.receive(b"PING\r\n", 0)).expect(Ask(0, {"command": ["PING"]}))
        play.on(lambda r: r.answer(0, Refuse("nothing\nlike it"), 0)).expect(
            Send(b"-ERR reenact: no recording: nothing like it\r\n")
        )


def test_nulls_are_written_as_the_connection_speaks():
    r = responder()
    assert done(r, "GET", "k", with_=None) == [Send(b"$-1\r\n")]
    done(r, "HELLO", "3", with_={"map": []})
    assert done(r, "GET", "k", with_=None) == [Send(b"_\r\n")]
    done(r, "RESET", with_={"simple": "RESET"})
    assert done(r, "GET", "k", with_=None) == [Send(b"$-1\r\n")]


def test_a_hello_that_failed_changes_nothing():
    r = responder()
    done(r, "HELLO", "3", with_={"error": "NOPROTO unsupported protocol version"})
    assert done(r, "GET", "k", with_=None) == [Send(b"$-1\r\n")]


DELIVERY = ["message", "news", "hi"]


def subscribed(resp3, channel="news"):
    r = responder()
    if resp3:
        done(r, "HELLO", "3", with_={"map": []})
    done(r, "SUBSCRIBE", channel, with_={"replies": [["subscribe", channel, 1]]})
    return r


@pytest.mark.parametrize("recorded", [DELIVERY, {"push": DELIVERY}])
@pytest.mark.parametrize(("resp3", "kind"), [(False, b"*"), (True, b">")])
def test_a_delivery_is_framed_as_the_connection_speaks(resp3, kind, recorded):
    assert subscribed(resp3).push(recorded, 0) == [
        Send(kind + b"3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$2\r\nhi\r\n")
    ]


def test_deliveries_are_for_those_who_subscribed():
    assert responder().push(DELIVERY, 0) is None
    assert subscribed(False, "sport").push(DELIVERY, 0) is None
    r = subscribed(False)
    assert r.push(["pmessage", "news", "news", "hi"], 0) is None
    done(r, "UNSUBSCRIBE", with_={"replies": [["unsubscribe", "news", 0]]})
    assert r.push(DELIVERY, 0) is None


def test_a_subscription_that_failed_is_none():
    r = responder()
    done(r, "SUBSCRIBE", "news", with_={"replies": [{"error": "NOPERM"}]})
    assert r.push(DELIVERY, 0) is None


def test_invalidations_are_for_those_who_track():
    invalidation = {"push": ["invalidate", ["k"]]}
    r = responder()
    done(r, "HELLO", "3", with_={"map": []})
    assert r.push(invalidation, 0) is None
    done(r, "CLIENT", "TRACKING", "ON", with_={"simple": "OK"})
    assert r.push(invalidation, 0) == [Send(b">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n")]


def test_nothing_is_said_to_a_client_that_wants_no_reply():
    r = responder()
    asks = r.receive(said("CLIENT", "REPLY", "SKIP") + said("SET", "k", "1"), 0)
    assert r.answer(asks[0].token, answer(None, Outcome.ONE_WAY), 0) == []
    assert r.answer(asks[1].token, Refuse("changed"), 0) == []
    assert done(r, "GET", "k", with_="1") == [Send(b"$1\r\n1\r\n")]


def test_a_connection_that_was_cut_is_cut_again():
    r = responder()
    [ask] = r.receive(said("GET", "k"), 0)
    assert r.answer(ask.token, answer(None, Outcome.CUT), 0) == [Close()]


def test_quit_ends_the_connection():
    assert done(responder(), "QUIT", with_={"simple": "OK"}) == [Send(b"+OK\r\n"), Close()]


def test_the_database_chosen_is_asked_with_the_command():
    r = responder()
    asks = r.receive(said("SELECT", "3") + said("GET", "k"), 0)
    assert [ask.request for ask in asks] == [
        {"command": ["SELECT", "3"]},
        {"command": ["GET", "k"], "db": 3},
    ]


def test_bytes_that_are_no_command_end_the_connection_as_redis_does():
    faulty, sent, closed = responder().receive(b"*1\r\n!x\r\n", 0)
    assert isinstance(faulty, Faulty) and closed == Close()
    assert sent.data.startswith(b"-ERR Protocol error")


def test_reset_leaves_nothing_of_what_the_connection_was():
    r = subscribed(True)
    done(r, "SELECT", "3", with_={"simple": "OK"})
    done(r, "MULTI", with_={"simple": "OK"})
    done(r, "RESET", with_={"simple": "RESET"})
    assert r.push(DELIVERY, 0) is None
    [ask] = r.receive(said("GET", "k"), 0)
    assert ask.request == {"command": ["GET", "k"]}
    assert r.answer(ask.token, answer(None), 0) == [Send(b"$-1\r\n")]
    [ask] = r.receive(said("EXEC"), 0)
    assert ask.request == {"command": ["EXEC"]}
