"""What is read of bytes on the wire: framing, endings, upgrades, and what is no HTTP."""

from __future__ import annotations

import pytest

from reenact.model.exchange import Outcome
from reenact.model.message import Gap, Malformed
from reenact.protocols.http1 import PLUGIN, wire
from reenact.protocols.http1.payloads import Request, Response, Tunnel
from tests.protocols.http1.http1_kit import (
    CLIENT,
    FLOW,
    SERVER,
    check_laws,
    decode,
    exchanges,
    payloads,
)

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def reason(*turns: tuple[object, bytes]) -> str:
    [bad] = [m.payload for m in check_laws(turns) if isinstance(m.payload, Malformed)]
    return bad.reason


def test_chunks_keep_their_size_lines_extensions_and_trailer() -> None:
    head = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    [request] = payloads(
        [(CLIENT, head + b"003;x=y\r\nabc\r\nA \r\n0123456789\r\n0\r\nT: v\r\n\r\n")], CLIENT
    )
    assert request == Request(
        head=head,
        framing="chunked",
        body=b"abc0123456789",
        chunks=(b"003;x=y\r\n", b"A \r\n", b"0\r\n"),
        trailer=b"T: v\r\n\r\n",
    )


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        (b"HEAD / HTTP/1.1\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"),
        (b"HEAD / HTTP/1.1\r\n\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
        (GET, b"HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\n"),
        (GET, b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n"),
    ],
)
def test_answers_without_a_body_end_at_their_head(asked: bytes, answered: bytes) -> None:
    turns = [(CLIENT, asked + GET), (SERVER, answered + OK)]
    check_laws(turns)
    assert [m.head for m in payloads(turns, SERVER)] == [answered, OK[:-2]]


def test_a_body_without_a_length_ends_with_the_stream() -> None:
    turns = [(CLIENT, GET), (SERVER, b"HTTP/1.0 200 OK\r\n\r\nuntil"), (SERVER, b" the end")]
    check_laws(turns)
    [answer] = payloads(turns, SERVER)
    assert (answer.framing, answer.body, answer.cut) == ("close", b"until the end", "")


def test_a_reset_cuts_a_body_without_a_length() -> None:
    codec = PLUGIN.codec(FLOW)
    codec.feed(CLIENT, GET, 0)
    codec.feed(SERVER, b"HTTP/1.0 200 OK\r\n\r\nhalf", 1)
    [message] = codec.close(SERVER, 2, reset=True)
    assert isinstance(message.payload, Response)
    assert message.payload.cut == "reset inside a message"


def test_transfer_encoding_wins_over_a_length() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
    [answer] = payloads([(CLIENT, GET), (SERVER, head + b"2\r\nab\r\n0\r\n\r\n")], SERVER)
    assert answer.body == b"ab"


def test_the_same_length_twice_is_one_length() -> None:
    [request] = payloads(
        [(CLIENT, b"PUT / HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 2, 2\r\n\r\nab")], CLIENT
    )
    assert request.body == b"ab"


def test_empty_lines_before_a_request_belong_to_it() -> None:
    found = check_laws([(CLIENT, b"\r\n\r\n" + GET + b"\r\n" + GET)])
    assert [m.payload.head for m in found] == [b"\r\n\r\n" + GET, b"\r\n" + GET]


def test_bare_line_feeds_and_folded_lines_are_read() -> None:
    [exchange] = exchanges((CLIENT, b"GET / HTTP/1.1\nA: 1\n  2\nB:3\n\n"))
    assert exchange.request["headers"] == [["A", "1\n  2"], ["B", "3"]]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\x16\x03\x01\x02\x00\x01", "not a request line"),
        (b"SSH-2.0-x\r\n", "not a request line"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "not a request line"),
        (b"GET /\r\n", "not a request line"),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", "a header line without a name"),
        (b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", "a Content-Length that is no number"),
        (b"GET / HTTP/1.1\r\nContent-Length: 1, 2\r\n\r\n", "a Content-Length that is no number"),
        (
            b"GET / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n",
            "a request whose last transfer coding is not chunked",
        ),
        (b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "not a chunk-size line"),
        (
            b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n",
            "a chunk longer than its size",
        ),
        (
            b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000000\r\n",
            "not a chunk-size line",
        ),
    ],
)
def test_what_is_no_http_is_malformed_from_its_first_byte_on(data: bytes, why: str) -> None:
    assert reason((CLIENT, GET + data), (CLIENT, GET)) == why
    assert reason((CLIENT, data)) == why


def test_a_head_that_never_ends_is_malformed() -> None:
    assert reason((CLIENT, b"GET / HTTP/1.1\r\nHost: a")) == "end of stream inside a message"


def test_a_head_over_the_limit_is_malformed_at_the_limit() -> None:
    codec = PLUGIN.codec(FLOW)
    codec.feed(CLIENT, b"GET / HTTP/1.1\r\nA: ", 0)
    for _ in range(20):
        codec.feed(CLIENT, b"x" * 65536, 0)
    assert codec.buffered(CLIENT) == 0
    [bad] = codec.close(CLIENT, 1)
    assert bad.payload == Malformed(reason="a head over the limit")


def test_a_websocket_is_handed_over_after_its_101() -> None:
    ask = b"GET /ws HTTP/1.1\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n"
    switch = b"HTTP/1.1 101 Switching Protocols\r\n\r\n"
    turns = [
        (CLIENT, ask),
        (SERVER, switch + b"\x81\x02hi"),
        (CLIENT, b"\x81\x80GET / HTTP/1.1\r\n\r\n"),
    ]
    check_laws(turns)
    assert payloads(turns, SERVER)[1:] == [Tunnel(data=b"\x81\x02hi")]
    assert payloads(turns, CLIENT)[1:] == [Tunnel(data=b"\x81\x80GET / HTTP/1.1\r\n\r\n")]
    [exchange] = exchanges(*turns)
    assert exchange.outcome is Outcome.COMPLETE
    assert exchange.note == "became another protocol: 20 bytes from the client, 4 from the server"


def test_an_offer_to_upgrade_that_is_not_taken_up_goes_on_in_http() -> None:
    ask = b"GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
    turns = [(CLIENT, ask), (CLIENT, GET), (SERVER, OK + OK)]
    check_laws(turns)
    assert [exchange.outcome for exchange in exchanges(*turns)] == [Outcome.COMPLETE] * 2


def test_bytes_sent_before_a_connect_is_answered_are_no_http() -> None:
    ask = b"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n"
    turns = [(CLIENT, ask + b"\x16\x03\x01"), (SERVER, b"HTTP/1.1 200 Established\r\n\r\n\x16")]
    check_laws(turns)
    assert payloads(turns, CLIENT)[1] == Tunnel(data=b"\x16\x03\x01")
    refused = [(CLIENT, ask + GET), (SERVER, b"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n" + OK)]
    check_laws(refused)
    assert len(exchanges(*refused)) == 2


def test_long_tunnels_come_in_blocks_that_show_no_chunking() -> None:
    ask = b"CONNECT a:443 HTTP/1.1\r\n\r\n"
    whole = [(CLIENT, ask), (SERVER, b"HTTP/1.1 200 OK\r\n\r\n"), (CLIENT, b"x" * 150_000)]
    sizes = [len(p.data) for p in payloads(whole, CLIENT)[1:]]
    assert sizes == [65536, 65536, 18928]
    parts = [*whole[:2], *((CLIENT, b"x" * 30_000) for _ in range(5))]
    assert payloads(parts, CLIENT) == payloads(whole, CLIENT)


# -- pairing -----------------------------------------------------------------------------------


def test_informational_answers_belong_to_the_exchange_they_precede() -> None:
    head = b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
    [exchange] = exchanges(
        (CLIENT, head),
        (SERVER, b"HTTP/1.1 100 Continue\r\n\r\n"),
        (CLIENT, b"ab"),
        (SERVER, hints + OK),
    )
    assert exchange.outcome is Outcome.COMPLETE
    assert [one["status"] for one in exchange.response["informational"]] == [100, 103]
    assert len(exchange.messages) == 4


def test_pipelined_requests_meet_their_answers_in_order() -> None:
    made = exchanges(
        (CLIENT, GET.replace(b"/ ", b"/1 ") + GET.replace(b"/ ", b"/2 ")), (SERVER, OK + OK)
    )
    assert [(e.id, e.request["target"]) for e in made] == [("7/1", "/1"), ("7/2", "/2")]


def test_an_answer_that_comes_before_its_request_is_whole_is_its_answer() -> None:
    head = b"POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\n"
    [exchange] = exchanges(
        (CLIENT, head + b"ab"), (SERVER, b"HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n")
    )
    assert exchange.outcome is Outcome.CUT
    assert exchange.response["status"] == 413
    assert exchange.request["cut"] == "end of stream inside a message"


def test_a_connection_that_ends_before_or_inside_an_answer_is_cut() -> None:
    [silent] = exchanges((CLIENT, GET))
    assert (silent.outcome, silent.response) == (Outcome.CUT, None)
    [half] = exchanges((CLIENT, GET), (SERVER, OK[:-1]))
    assert half.outcome is Outcome.CUT
    assert half.response["body"] == {"text": "o"}
    assert half.note == "end of stream inside a message of the server"


def test_the_answer_to_unreadable_bytes_is_part_of_the_broken_exchange() -> None:
    bad = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"
    good, broken = exchanges((CLIENT, GET + b"\0\0"), (SERVER, OK + bad))
    assert (good.outcome, broken.outcome) == (Outcome.COMPLETE, Outcome.BROKEN)
    assert broken.response["status"] == 400
    assert broken.note == "unreadable bytes from the client: not a request line"


def test_what_follows_lost_bytes_is_broken_and_not_a_surprise() -> None:
    codec, pairer = PLUGIN.codec(FLOW), PLUGIN.pairer(FLOW)
    found = codec.feed(CLIENT, GET, 0) + codec.feed(SERVER, OK, 1)
    found += codec.gap(CLIENT, 40, 2) + codec.feed(CLIENT, GET, 3) + codec.feed(SERVER, OK + OK, 4)
    found += codec.close(CLIENT, 5) + codec.close(SERVER, 5)
    assert any(m.payload == Gap(lost=40) for m in found)
    made = [e for m in found for e in pairer.add(m)] + pairer.finish(6)
    assert [e.outcome for e in made] == [Outcome.COMPLETE, Outcome.BROKEN, Outcome.BROKEN]
    assert made[1].note == "40 bytes from the client were lost"


def test_an_answer_to_nothing_is_a_push() -> None:
    [push] = exchanges((SERVER, b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"))
    assert (push.outcome, push.request, push.response["status"]) == (Outcome.PUSH, None, 408)


def test_times_are_of_the_first_and_last_bytes() -> None:
    codec, pairer = PLUGIN.codec(FLOW), PLUGIN.pairer(FLOW)
    found = codec.feed(CLIENT, GET[:5], 10) + codec.feed(CLIENT, GET[5:], 20)
    found += codec.feed(SERVER, OK[:5], 30) + codec.feed(SERVER, OK[5:], 40)
    [exchange] = [e for m in found for e in pairer.add(m)]
    assert (exchange.asked_ns, exchange.sent_ns, exchange.answered_ns) == (10, 20, 40)


# -- trees -------------------------------------------------------------------------------------


def test_a_head_in_the_usual_spelling_needs_no_copy() -> None:
    [exchange] = exchanges((CLIENT, GET), (SERVER, OK))
    assert exchange.request == {"method": "GET", "target": "/", "headers": [["Host", "a"]]}
    assert exchange.response == {
        "status": 200,
        "reason": "OK",
        "headers": [["Content-Length", "2"]],
        "body": {"text": "ok"},
    }


def test_odd_spelling_duplicates_and_order_are_kept_and_written_again() -> None:
    head = b"GET /%7e HTTP/1.1\r\nhOsT:a\r\nX:  1\t\r\nx: 2\r\nX-E:\r\nB: \xe9\r\n\r\n"
    [exchange] = exchanges((CLIENT, head))
    tree = exchange.request
    assert tree["headers"] == [["hOsT", "a"], ["X", "1"], ["x", "2"], ["X-E", ""], ["B", "\xe9"]]
    assert wire.request_bytes(tree) == head
    tree["headers"][1][1] = "edited"
    assert wire.request_bytes(tree) == (
        b"GET /%7e HTTP/1.1\r\nhOsT: a\r\nX: edited\r\nx: 2\r\nX-E: \r\nB: \xe9\r\n\r\n"
    )


def test_a_byte_at_a_time_costs_what_it_costs_whole() -> None:
    size = 4096
    request = b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size
    assert len(decode([(CLIENT, request[i : i + 1]) for i in range(len(request))])) == 1
