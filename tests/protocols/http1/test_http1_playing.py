"""The two halves played live: what the responder and the caller do with bytes."""

from __future__ import annotations

import pytest

from reenact.model.exchange import Outcome
from reenact.model.protocol import (
    Action,
    Answer,
    Ask,
    Caller,
    Close,
    Faulty,
    Received,
    Refuse,
    Responder,
    Send,
)
from reenact.model.suite import Interaction
from reenact.model.value import Value
from reenact.protocols.http1 import PLUGIN
from tests.protocols.http1.http1_kit import FLOW

GET = b"GET /a HTTP/1.1\r\n\r\n"
ASKED = {"method": "GET", "target": "/a", "headers": []}


def responder() -> Responder:
    return PLUGIN.responder(FLOW, PLUGIN.recall(()))


def answer(response: Value, outcome: Outcome = Outcome.COMPLETE) -> Answer:
    interaction = Interaction(
        id="i",
        protocol="http1",
        destination="x",
        connection=1,
        outcome=outcome,
        request=None,
        response=response,
    )
    return Answer(interaction, response)


def told(response: Value, asked: bytes = GET, outcome: Outcome = Outcome.COMPLETE) -> list[Action]:
    """What the responder does when `asked` is answered with `response`."""
    half = responder()
    half.receive(asked, 0)
    return half.answer(0, answer(response, outcome), 0)


def response(*headers: tuple[str, str], status: int = 200, **rest: Value) -> dict[str, Value]:
    lines: list[Value] = [[name, value] for name, value in headers]
    return {"status": status, "reason": "R", "headers": lines, **rest}


LENGTH = ("Content-Length", "1")
CHUNKED = ("Transfer-Encoding", "chunked")

# -- responder ---------------------------------------------------------------------------------


def test_each_request_is_asked_for_once_it_is_whole() -> None:
    half = responder()
    assert half.receive(b"POST /a HTTP/1.1\r\nContent-Length: 2\r\n\r\nx", 0) == []
    [ask] = half.receive(b"y", 0)
    assert isinstance(ask, Ask) and isinstance(ask.request, dict)
    assert ask.request["body"] == {"text": "xy"}


def test_pipelined_requests_are_answered_in_their_order_whatever_the_engine_s() -> None:
    half = responder()
    asks = half.receive(GET + GET, 0)
    assert asks == [Ask(0, ASKED), Ask(1, ASKED)]
    assert half.answer(1, answer(response(LENGTH, body={"text": "2"})), 0) == []
    assert half.answer(0, answer(response(LENGTH, body={"text": "1"})), 0) == [
        Send(b"HTTP/1.1 200 R\r\nContent-Length: 1\r\n\r\n1"),
        Send(b"HTTP/1.1 200 R\r\nContent-Length: 1\r\n\r\n2"),
    ]


def test_a_client_that_waits_for_its_100_gets_it_once() -> None:
    half = responder()
    head = b"PUT /a HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    assert half.receive(head, 0) == [Send(b"HTTP/1.1 100 Continue\r\n\r\n")]
    assert half.receive(b"a", 0) == []
    assert len(half.receive(b"b", 0)) == 1
    early: Value = [{"status": 100, "headers": []}, {"status": 103, "reason": "E", "headers": []}]
    assert half.answer(0, answer(response(status=204, informational=early)), 0) == [
        Send(b"HTTP/1.1 103 E\r\n\r\nHTTP/1.1 204 R\r\n\r\n")
    ]


def test_a_pipelined_100_waits_for_the_answers_before_it() -> None:
    half = responder()
    head = b"PUT /a HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    assert half.receive(GET + head, 0) == [Ask(0, ASKED)]
    assert half.answer(0, answer(response(status=204)), 0) == [
        Send(b"HTTP/1.1 204 R\r\n\r\n"),
        Send(b"HTTP/1.1 100 Continue\r\n\r\n"),
    ]


def test_the_length_follows_what_the_body_became() -> None:
    longer = response(LENGTH, ("ETag", "x"), body={"text": "longer"})
    assert told(longer) == [Send(b"HTTP/1.1 200 R\r\nContent-Length: 6\r\nETag: x\r\n\r\nlonger")]


def test_chunked_bodies_are_sent_chunked_and_events_one_by_one() -> None:
    events = ("Content-Type", "text/event-stream")
    body: Value = {"text": "data: 1\n\ndata: 2\n\n"}
    assert told(response(events, CHUNKED, body=body, trailers=[["T", "v"]])) == [
        Send(
            b"HTTP/1.1 200 R\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"9\r\ndata: 1\n\n\r\n9\r\ndata: 2\n\n\r\n0\r\nT: v\r\n\r\n"
        )
    ]


def test_an_answer_to_head_keeps_its_length_and_has_no_body() -> None:
    head = b"HEAD /a HTTP/1.1\r\n\r\n"
    recorded = response(("Content-Length", "77"), framing="none")
    assert told(recorded, head) == [Send(b"HTTP/1.1 200 R\r\nContent-Length: 77\r\n\r\n")]


@pytest.mark.parametrize(
    ("recorded", "asked"),
    [
        (response(LENGTH, ("Connection", "close"), body={"text": "x"}), GET),
        (response(LENGTH, body={"text": "x"}), b"GET /a HTTP/1.1\r\nConnection: close\r\n\r\n"),
        (response(LENGTH, body={"text": "x"}), b"GET /a HTTP/1.0\r\n\r\n"),
        (response(LENGTH, body={"text": "x"}, version="1.0"), GET),
        (response(body={"text": "x"}), GET),
    ],
)
def test_the_connection_is_closed_where_either_side_says_so(recorded: Value, asked: bytes) -> None:
    sent, closed = told(recorded, asked)
    assert isinstance(sent, Send) and sent.data.endswith(b"\r\n\r\nx")
    assert closed == Close()


def test_a_recording_that_was_cut_is_cut_again() -> None:
    short = response(("Content-Length", "9"), body={"text": "abc"}, cut="reset inside a message")
    assert told(short, outcome=Outcome.CUT) == [
        Send(b"HTTP/1.1 200 R\r\nContent-Length: 9\r\n\r\nabc"),
        Close(reset=True),
    ]
    chunk = response(CHUNKED, body={"text": "abc"}, cut="end of stream inside a message")
    sent, closed = told(chunk, outcome=Outcome.CUT)
    assert isinstance(sent, Send) and sent.data.endswith(b"3\r\nabc\r\n")
    assert closed == Close()
    assert told(None, outcome=Outcome.CUT) == [Close()]


def test_a_refusal_is_a_502_that_says_why_and_keeps_the_connection() -> None:
    half = responder()
    half.receive(GET, 0)
    [sent] = half.answer(0, Refuse("nothing like it"), 0)
    assert sent == Send(
        b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: application/json\r\n"
        b'X-Reenact: no-recording\r\nContent-Length: 31\r\n\r\n{"reenact": "nothing like it"}\n'
    )
    assert half.receive(GET, 0) == [Ask(1, ASKED)]


def test_bytes_that_are_no_request_are_told_and_end_the_connection() -> None:
    faulty, sent, closed = responder().receive(b"\x16\x03\x01", 0)
    assert faulty == Faulty("not a request line")
    assert isinstance(sent, Send) and sent.data.startswith(b"HTTP/1.1 400 ")
    assert closed == Close()


def test_bytes_after_an_upgrade_are_told_once() -> None:
    half = responder()
    half.receive(b"GET /a HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n", 0)
    assert half.answer(0, answer(response(status=101)), 0) == [Send(b"HTTP/1.1 101 R\r\n\r\n")]
    faulty, closed = half.receive(b"\x81\x00", 0)
    assert faulty == Faulty("bytes after an upgrade, which are not replayed")
    assert closed == Close()
    assert half.receive(b"\x81\x00", 0) == []


def test_a_client_that_closes_its_half_still_gets_its_answer() -> None:
    half = responder()
    half.receive(GET, 0)
    assert half.eof(0) == []
    assert half.answer(0, answer(response(status=204)), 0) == [
        Send(b"HTTP/1.1 204 R\r\n\r\n"),
        Close(),
    ]
    assert half.answer(0, answer(response(status=204)), 0) == []


# -- caller ------------------------------------------------------------------------------------


def caller(request: Value = ASKED) -> Caller:
    assert PLUGIN.caller is not None
    half = PLUGIN.caller(FLOW)
    half.call(5, request, 0)
    return half


def test_a_request_is_sent_as_it_was_recorded() -> None:
    assert PLUGIN.caller is not None
    request: Value = {
        "method": "POST",
        "target": "/x",
        "version": "1.0",
        "headers": [["hOST", "a"], ["Content-Length", "9"], ["X", "1"], ["X", "2"]],
        "body": {"json": {"id": "new"}, "style": "spaced"},
    }
    assert PLUGIN.caller(FLOW).call(1, request, 0) == [
        Send(
            b'POST /x HTTP/1.0\r\nhOST: a\r\nContent-Length: 13\r\nX: 1\r\nX: 2\r\n\r\n{"id": "new"}'
        )
    ]


def test_a_body_added_by_hand_gets_a_length() -> None:
    assert PLUGIN.caller is not None
    request: Value = {"method": "POST", "target": "/", "headers": [], "body": {"text": "ab"}}
    assert PLUGIN.caller(FLOW).call(1, request, 0) == [
        Send(b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nab")
    ]


def test_the_answer_is_handed_over_whole_and_the_connection_used_again() -> None:
    half = caller()
    assert (
        half.receive(b"HTTP/1.1 103 E\r\n\r\nHTTP/1.1 200 R\r\nContent-Length: 1\r\n\r\n", 0) == []
    )
    assert not half.reusable()
    early: Value = [{"status": 103, "reason": "E", "headers": []}]
    whole = response(LENGTH, body={"text": "x"}, informational=early)
    assert half.receive(b"x", 0) == [Received(5, whole)]
    assert half.reusable()
    assert half.call(6, ASKED, 0) == [Send(GET)]


@pytest.mark.parametrize(
    ("data", "body"),
    [
        (b"HTTP/1.1 200 R\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx", "x"),
        (b"HTTP/1.0 200 R\r\nContent-Length: 1\r\n\r\nx", "x"),
        (b"HTTP/1.1 200 R\r\nContent-Length: 1\r\n\r\nxSURPLUS", "x"),
        (b"HTTP/1.1 200 R\r\n\r\nall of it", "all of it"),
    ],
)
def test_the_connection_is_not_used_again_when_it_ends(data: bytes, body: str) -> None:
    half = caller()
    [received] = half.receive(data, 0) or half.eof(0)
    assert isinstance(received, Received) and isinstance(received.response, dict)
    assert received.response["body"] == {"text": body}
    assert not half.reusable()


def test_an_answer_to_head_ends_at_its_head() -> None:
    half = caller({"method": "HEAD", "target": "/", "headers": []})
    [received] = half.receive(b"HTTP/1.1 200 R\r\nContent-Length: 9\r\n\r\n", 0)
    assert received == Received(5, response(("Content-Length", "9"), framing="none"))
    assert half.reusable()


def test_a_service_that_closes_without_an_answer_is_an_error() -> None:
    assert caller().eof(0) == [Received(5, None, "closed before an answer")]
    assert caller().eof(0, reset=True) == [Received(5, None, "the connection was reset")]
    [bad] = caller().receive(b"SSH-2.0", 0)
    assert bad == Received(5, None, "the answer is not HTTP: not a status line")


def test_an_answer_that_stops_early_says_so() -> None:
    half = caller()
    half.receive(b"HTTP/1.1 200 R\r\nContent-Length: 9\r\n\r\nabc", 0)
    [received] = half.eof(0)
    assert isinstance(received, Received) and isinstance(received.response, dict)
    assert received.response["cut"] == "end of stream inside a message"
    assert received.response["body"] == {"text": "abc"}
