"""Which reply belongs to which command."""

from __future__ import annotations

import pytest

from reenact.model.exchange import Outcome
from reenact.model.segment import Side
from reenact.protocols.redis import PLUGIN
from reenact.testing.conformance import read_exchanges
from tests.protocols.redis.samples import SAMPLES, said

C, S = Side.CLIENT, Side.SERVER


def told(*turns):
    return [(e.outcome.value, e.request, e.response) for e in read_exchanges(PLUGIN, turns)]


def outcomes(*turns):
    return [(what, request and request["command"][0]) for what, request, _ in told(*turns)]


def test_a_pipeline_is_several_exchanges():
    assert told((C, said("INCR", "a") + said("GET", "b")), (S, b":1\r\n$-1\r\n")) == [
        ("complete", {"command": ["INCR", "a"]}, 1),
        ("complete", {"command": ["GET", "b"]}, None),
    ]


def test_exec_says_what_it_executes():
    made = told(
        (C, said("MULTI") + said("SET", "k", "1") + said("EXEC")),
        (S, b"+OK\r\n+QUEUED\r\n*1\r\n+OK\r\n"),
    )
    assert made[-1] == (
        "complete",
        {"command": ["EXEC"], "queued": [["SET", "k", "1"]]},
        [{"simple": "OK"}],
    )


def test_subscribing_has_a_reply_for_each_channel():
    made = told(*SAMPLES["subscriber"])
    assert [request["command"] for _, request, _ in made if request] == [
        ["SUBSCRIBE", "a", "b"],
        ["PSUBSCRIBE", "n.*"],
        ["PING"],
        ["UNSUBSCRIBE"],
        ["PUNSUBSCRIBE", "n.*"],
        ["UNSUBSCRIBE"],
    ]
    assert [response for what, _, response in made if what == "push"] == [
        ["message", "a", "one"],
        ["pmessage", "n.*", "n.x", "two"],
    ]


def test_a_subscription_that_fails_has_one_reply():
    assert outcomes(
        (C, said("SUBSCRIBE", "a", "b") + said("GET", "k")),
        (S, b"-NOAUTH Authentication required.\r\n-NOAUTH Authentication required.\r\n"),
    ) == [("complete", "SUBSCRIBE"), ("complete", "GET")]


def test_a_list_that_looks_like_a_delivery_is_a_reply_where_deliveries_are_pushes():
    made = told(*SAMPLES["resp3"])
    assert made[-1][1] == {"command": ["LRANGE", "l", "0", "-1"]}
    assert made[-1][2] == ["message", "b", "hi"]


def test_no_reply_is_waited_for_where_the_client_wants_none():
    assert outcomes(*SAMPLES["silence"]) == [
        ("one-way", "CLIENT"),
        ("one-way", "SET"),
        ("complete", "GET"),
        ("one-way", "CLIENT"),
        ("one-way", "SET"),
        ("complete", "CLIENT"),
    ]


def test_an_empty_command_has_no_reply():
    made = told((C, b"\r\n*0\r\nPING\r\n"), (S, b"+PONG\r\n"))
    assert [(what, request["command"]) for what, request, _ in made] == [
        ("one-way", []),
        ("one-way", []),
        ("complete", ["PING"]),
    ]


def test_the_database_is_part_of_a_request():
    made = told(*SAMPLES["databases"])
    assert [request for _, request, _ in made] == [
        {"command": ["SELECT", "3"]},
        {"command": ["GET", "k"], "db": 3},
        {"command": ["SELECT", "0"], "db": 3},
        {"command": ["GET", "k"]},
    ]


def test_a_command_without_reply_is_cut():
    [made] = read_exchanges(PLUGIN, [(C, said("BLPOP", "l", "0"))])
    assert (made.outcome, made.response, made.note) == (Outcome.CUT, None, "no reply came")


def test_what_follows_unreadable_bytes_is_not_guessed():
    made = told((C, b"*1\r\n!bad\r\n"), (S, b"-ERR Protocol error\r\n"))
    assert {what for what, _, _ in made} == {"broken"}


@pytest.mark.parametrize("first", [b":1\r\n", b"+PONG\r\n"])
def test_times_are_of_the_first_and_last_byte(first):
    turns = [(C, b"*1\r\n$4\r\n"), (C, b"PING\r\n"), (S, first[:1]), (S, first[1:])]
    [made] = read_exchanges(PLUGIN, turns)
    assert (made.asked_ns, made.sent_ns, made.answered_ns) == (0, 1, 3)


def test_a_reply_that_nothing_asked_for_is_not_guessed_at():
    [made] = read_exchanges(PLUGIN, [(S, b"$1\r\na\r\n")])
    assert (made.outcome, made.note) == (Outcome.BROKEN, "a reply that nothing asked for")


def test_an_error_may_come_before_anything_was_asked():
    assert told((S, b"-ERR max number of clients reached\r\n")) == [
        ("push", None, {"error": "ERR max number of clients reached"})
    ]
