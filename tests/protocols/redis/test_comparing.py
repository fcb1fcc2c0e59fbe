"""When two commands are the same, and what is known of them."""

from __future__ import annotations

import pytest

from reenact.model.protocol import Confidence
from reenact.protocols.redis import PLUGIN
from reenact.testing.conformance import FLOW
from tests.protocols.redis.samples import said

MATCHER = PLUGIN.matcher


def request(*words, **more):
    return {"command": list(words), **more}


def same(a, b):
    equal = MATCHER.normal(a) == MATCHER.normal(b)
    assert not equal or MATCHER.key(a) == MATCHER.key(b)
    return equal


def test_the_name_of_a_command_has_no_case_and_its_arguments_do():
    assert same(request("get", "k"), request("GET", "k"))
    assert not same(request("GET", "k"), request("GET", "K"))


def test_a_key_is_another_one_in_another_database():
    assert not same(request("GET", "k"), request("GET", "k", db=1))


def test_a_command_that_wants_no_reply_is_another_one():
    assert not same(request("PING"), request("PING", reply=False))


def test_who_the_client_says_it_is_does_not_matter():
    assert same(request("AUTH", "a"), request("AUTH", "user", "b"))
    assert same(request("HELLO", "3", "AUTH", "u", "a"), request("HELLO", "3"))
    assert not same(request("HELLO", "3"), request("HELLO", "2"))
    assert not same(request("CLIENT", "SETNAME", "a"), request("CLIENT", "SETNAME", "a", "b"))
    assert same(request("CLIENT", "SETNAME", "a"), request("CLIENT", "SETNAME", "b"))
    assert same(
        request("CLIENT", "SETINFO", "LIB-VER", "1"), request("CLIENT", "SETINFO", "LIB-VER", "2")
    )


def test_transactions_are_the_same_when_what_they_execute_is():
    one = request("EXEC", queued=[["SET", "k", "1"]])
    assert same(one, request("exec", queued=[["set", "k", "1"]]))
    assert not same(one, request("EXEC", queued=[["SET", "k", "2"]]))


def test_a_label_is_one_short_line_without_passwords():
    assert MATCHER.label(request("SET", "k", "a\nb")) == "SET k a\\nb"
    assert MATCHER.label(request("AUTH", "secret")) == "AUTH"
    assert MATCHER.label(request("EXEC", queued=[["PING"]])) == "EXEC (1 queued)"
    assert len(MATCHER.label(request("SET", "k", "x" * 10_000))) <= 100
    assert MATCHER.label(request()) == "(empty command)"


@pytest.mark.parametrize(
    ("words", "traits"),
    [
        (["PING"], {"housekeeping"}),
        (["HELLO", "3"], {"housekeeping"}),
        (["CLIENT", "SETINFO", "LIB-NAME", "x"], {"housekeeping"}),
        (["GET", "k"], {"reads"}),
        (["XREAD", "BLOCK", "0", "STREAMS", "s", "$"], {"reads", "waits"}),
        (["BLPOP", "l", "0"], {"waits"}),
        (["MULTI"], {"opens"}),
        (["EXEC"], {"closes"}),
        (["SET", "k", "v"], set()),
        (["config", "get", "save"], {"reads"}),
        (["CONFIG", "SET", "save", ""], set()),
        (["EVAL", "return 1", "0"], set()),
        (["GETDEL", "k"], set()),
    ],
)
def test_traits(words, traits):
    found = MATCHER.traits(request(*words), None)
    assert {name for name in found.__struct_fields__ if getattr(found, name)} == traits


@pytest.mark.parametrize(
    ("client", "server", "confidence"),
    [
        (said("PING"), b"", Confidence.SURE),
        (b"*1\r", b"", Confidence.WAIT),
        (b"", b"", Confidence.WAIT),
        (b"PING\r\n", b"+PONG\r\n", Confidence.LIKELY),
        (b"PING\r\n", b"", Confidence.LIKELY),
        (b'publish foo "Hi there"\n', b":2\r\n", Confidence.LIKELY),
        (b"get k\r\n", b"END\r\n", Confidence.NO),
        (b"USER x\r\n", b"+OK\r\n", Confidence.NO),
        (b"GET / HTTP/1.1\r\n", b"", Confidence.NO),
        (b"", b"220 ready\r\n", Confidence.NO),
    ],
)
def test_redis_is_recognised(client, server, confidence):
    assert PLUGIN.detect(FLOW, client, server) is confidence
