"""The codec's laws, on conversations that Hypothesis makes up."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reenact.model.exchange import Outcome
from reenact.model.message import Malformed
from reenact.model.segment import Side
from reenact.protocols.http1 import PLUGIN, wire
from tests.protocols.http1.http1_kit import (
    CLIENT,
    FLOW,
    SERVER,
    Turns,
    check_laws,
    check_tiles,
    decode,
    encoded,
    exchanges,
    pair,
    stream,
    untimed,
)

pytestmark = pytest.mark.slow

NAMES = st.sampled_from(["X-A", "x-a", "Accept", "Content-Type", "ETag", "Cookie", "x_y"])
VALUES = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0xFF, exclude_characters="\x7f\x85\xa0"),
    max_size=12,
)
SPACES = st.sampled_from([": ", ":", ":  ", ":\t"])
EXTRA = st.lists(st.tuples(NAMES, SPACES, VALUES), max_size=4)
BODIES = st.one_of(
    st.binary(max_size=40),
    st.sampled_from([b'{"a":1.10}', b"a=1&b=%20", b"\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n"]),
)


def head(start: str, headers: list[tuple[str, str, str]], newline: str) -> bytes:
    lines = [start, *(name + space + value for name, space, value in headers), "", ""]
    return newline.join(lines).encode("latin-1")


@st.composite
def framed(draw: st.DrawFn, start: str, *, body: bool = True) -> bytes:
    headers = draw(EXTRA)
    newline = draw(st.sampled_from(["\r\n", "\r\n", "\r\n", "\n"]))
    data = draw(BODIES) if body else b""
    if not body or draw(st.booleans()):
        length = [("Content-Length", ": ", str(len(data)))] if body else []
        return head(start, headers + length, newline) + data
    out = head(start, [*headers, ("Transfer-Encoding", ": ", "chunked")], newline)
    cuts = sorted(draw(st.sets(st.integers(1, max(1, len(data))), max_size=3)))
    at = 0
    for cut in [*cuts, len(data)]:
        if at < cut <= len(data):
            out += b"%x%s\r\n%s\r\n" % (
                cut - at,
                draw(st.sampled_from([b"", b";e=1"])),
                data[at:cut],
            )
            at = cut
    return out + b"0\r\n" + draw(st.sampled_from([b"", b"T: v\r\n"])) + b"\r\n"


@st.composite
def conversation(draw: st.DrawFn) -> list[tuple[Side, bytes]]:
    """Requests, some of them pipelined, and whole answers."""
    turns: list[tuple[Side, bytes]] = []
    for _ in range(draw(st.integers(1, 3))):
        methods = draw(
            st.lists(st.sampled_from(["GET", "POST", "HEAD", "PUT"]), min_size=1, max_size=3)
        )
        turns.append((CLIENT, b"".join(draw(framed(f"{m} /a/b?c HTTP/1.1")) for m in methods)))
        answers = b""
        for method in methods:
            if draw(st.integers(0, 4)) == 0:
                answers += b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
            status = draw(st.sampled_from(["200 OK", "204 No Content", "304 Not Modified", "404"]))
            body = method != "HEAD" and status[0] + status[2] not in ("24", "34")
            answers += draw(framed(f"HTTP/1.1 {status}", body=body))
        turns.append((SERVER, answers))
    return turns


@settings(max_examples=200, deadline=None)
@given(conversation())
def test_conversations_keep_the_laws_and_encode_to_their_own_bytes(turns: Turns) -> None:
    found = check_laws(turns)
    assert not [m for m in found if isinstance(m.payload, Malformed)]
    for side in Side:
        assert encoded(found, side) == stream(turns, side)
    assert all(exchange.outcome is Outcome.COMPLETE for exchange in pair(found))


@settings(max_examples=60, deadline=None)
@given(conversation(), st.data())
def test_every_way_to_cut_the_stream_gives_the_same_messages(
    turns: Turns, data: st.DataObject
) -> None:
    split: list[tuple[Side, bytes]] = []
    for side, text in turns:
        while text:
            size = data.draw(st.integers(1, len(text)))
            split.append((side, text[:size]))
            text = text[size:]
    assert untimed(decode(split)) == untimed(decode(turns))


@settings(max_examples=60, deadline=None)
@given(conversation(), st.data())
def test_every_prefix_tiles_and_pairs(turns: Turns, data: st.DataObject) -> None:
    side, text = turns[-1]
    check_laws([*turns[:-1], (side, text[: data.draw(st.integers(0, len(text)))])])
    side, text = turns[0]
    found = check_laws([(side, text[: data.draw(st.integers(0, len(text)))])])
    kept = [m for m in found if not isinstance(m.payload, Malformed)]
    assert (
        encoded(kept, side)
        == stream(turns, side)[: sum(s.end - s.start for m in kept for s in m.spans)]
    )


@settings(max_examples=300, deadline=None)
@given(conversation(), st.data())
def test_bytes_changed_anywhere_never_raise(turns: Turns, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(turns) - 1))
    side, text = turns[at]
    hurt = bytearray(text)
    for _ in range(data.draw(st.integers(1, 4))):
        hurt[data.draw(st.integers(0, len(hurt) - 1))] = data.draw(st.integers(0, 255))
    check_laws([*turns[:at], (side, bytes(hurt)), *turns[at + 1 :]])


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(Side), st.binary(max_size=60)), max_size=5))
def test_noise_never_raises(turns: Turns) -> None:
    check_laws(turns)


@settings(max_examples=60, deadline=None)
@given(conversation(), st.data())
def test_a_gap_anywhere_leaves_a_stream_that_tiles(turns: Turns, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(turns) - 1))
    where, text = turns[at]
    cut = data.draw(st.integers(0, len(text)))
    codec = PLUGIN.codec(FLOW)
    found = [m for side, d in turns[:at] for m in codec.feed(side, d, 0)]
    found += (
        codec.feed(where, text[:cut], 0) + codec.gap(where, 5, 0) + codec.feed(where, text[cut:], 0)
    )
    found += [m for side, d in turns[at + 1 :] for m in codec.feed(side, d, 0)]
    found += [m for side in Side for m in codec.close(side, 0)]
    for side in Side:
        check_tiles(found, side, len(stream(turns, side)) + (5 if side is where else 0))
    landed = [message for exchange in pair(found) for message in exchange.messages]
    assert sorted(map(id, landed)) == sorted(map(id, found))


@settings(max_examples=150, deadline=None)
@given(conversation())
def test_trees_survive_the_wire(turns: Turns) -> None:
    """tree -> bytes -> tree: chunk sizes aside, nothing of a tree is lost."""
    for exchange in exchanges(*turns):
        assert isinstance(exchange.request, dict) and isinstance(exchange.response, dict)
        early = exchange.response.get("informational", [])
        assert isinstance(early, list)
        answer = b"".join(wire.response_bytes(one) for one in early if isinstance(one, dict))
        answer += wire.response_bytes(exchange.response)
        [again] = exchanges((CLIENT, wire.request_bytes(exchange.request)), (SERVER, answer))
        assert again.request == exchange.request
        assert again.response == exchange.response
