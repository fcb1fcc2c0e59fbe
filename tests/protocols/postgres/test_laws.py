"""What holds for every input: nothing raises, spans tile, chunking makes no difference."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from reenact.model.message import Malformed
from reenact.model.segment import Side
from reenact.protocols.postgres import PLUGIN, wire
from reenact.protocols.postgres import messages as m
from tests.protocols.postgres.script import (
    FLOW,
    OPENING,
    READY,
    SYNC,
    Turn,
    bind,
    client,
    columns,
    decode,
    describe,
    done,
    error,
    execute,
    pair,
    parse,
    row,
    server,
)

CONVERSATION: list[Turn] = [
    client(m.SslRequest()),
    (Side.SERVER, b"N"),
    *OPENING,
    client(m.Query(sql=b"SELECT 1")),
    server(columns(b"a"), row(b"1"), done(b"SELECT 1"), READY),
    client(parse(b"SELECT $1"), describe(b"S"), SYNC),
    server(m.ParseComplete(), m.ParameterDescription(types=[23]), columns(b"a"), READY),
    client(bind(b"\0\0\0\1", formats=[1]), execute(2), execute(), SYNC),
    server(m.BindComplete(), row(b"1"), row(None), m.PortalSuspended(), done(b"SELECT 0"), READY),
    client(parse(b"boom"), bind(), execute(), parse(b"never"), bind(), execute(), SYNC),
    server(m.ParseComplete(), error(), READY),
    client(m.Query(sql=b"COPY t FROM STDIN"), m.CopyData(data=b"x\n"), m.CopyDone()),
    server(m.CopyStart(way=b"G", format=0, columns=[0]), done(b"COPY 1"), READY),
    server(m.Notification(pid=1, channel=b"c", payload=b"p")),
    client(m.FunctionCall(function=1, formats=[], values=[b"x"], result_format=0)),
    server(m.FunctionResult(value=b"y"), READY),
    client(m.Terminate()),
]


def untimed(turns: list[Turn]) -> list[object]:
    """Messages per side without times; what is opaque joined."""
    out: list[object] = []
    for side in Side:
        for message in (x for x in decode(turns) if x.side is side):
            out.append((message.side, message.payload, message.spans))
    return out


def check_tiling(turns: list[Turn]) -> None:
    for side in Side:
        at = 0
        for message in (x for x in decode(turns) if x.side is side):
            for span in message.spans:
                assert span.start == at < span.end
                at = span.end
        assert at == sum(len(data) for s, data in turns if s is side)


def check_pairing(turns: list[Turn]) -> None:
    landed = [message for exchange in pair(turns) for message in exchange.messages]
    wanted = decode(turns)
    assert sorted(map(repr, landed)) == sorted(map(repr, wanted))


def test_one_byte_at_a_time_gives_what_whole_writes_give() -> None:
    split = [(side, data[i : i + 1]) for side, data in CONVERSATION for i in range(len(data))]
    assert untimed(split) == untimed(CONVERSATION)


def test_spans_tile_and_every_message_lands_once() -> None:
    check_tiling(CONVERSATION)
    check_pairing(CONVERSATION)


def test_every_message_encodes_back_to_its_bytes() -> None:
    found = decode(CONVERSATION)
    for side in Side:
        stream = b"".join(data for s, data in CONVERSATION if s is side)
        written = [wire.encode(x.payload) for x in found if x.side is side]
        assert b"".join(written) == stream
    assert not [x for x in found if isinstance(x.payload, Malformed)]


def test_every_prefix_decodes_tiles_and_pairs() -> None:
    flat = [(side, data[i : i + 1]) for side, data in CONVERSATION for i in range(len(data))]
    for cut in range(0, len(flat), 7):
        check_tiling(flat[:cut])
        check_pairing(flat[:cut])


def test_a_gap_anywhere_breaks_what_is_open_and_nothing_raises() -> None:
    for n, (side, data) in enumerate(CONVERSATION):
        codec, pairer = PLUGIN.codec(FLOW), PLUGIN.pairer(FLOW)
        found = [x for s, d in CONVERSATION[:n] for x in codec.feed(s, d, 0)]
        found += codec.feed(side, data[:3], 0)
        found += codec.gap(side, 5, 0)
        found += [x for s, d in CONVERSATION[n + 1 :] for x in codec.feed(s, d, 0)]
        found += [x for s in Side for x in codec.close(s, 0)]
        made = [e for x in found for e in pairer.add(x)] + pairer.finish(0)
        assert sum(len(e.messages) for e in made) == len(found)


TURNS = st.lists(st.tuples(st.sampled_from(Side), st.binary(max_size=40)), max_size=12)


@settings(deadline=None)
@given(TURNS)
def test_any_bytes_are_read_without_raising(turns: list[Turn]) -> None:
    check_tiling(turns)
    check_pairing(turns)


_TYPES = st.sampled_from(b"pQPBDECHSXFdcfRvKZTtCI123nsNAVGW")


@st.composite
def framed(draw: st.DrawFn) -> bytes:
    body = draw(st.binary(max_size=24))
    return wire.frame(bytes([draw(_TYPES)]), body)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(Side), framed()), max_size=20))
def test_any_frames_after_the_opening_are_read_without_raising(turns: list[Turn]) -> None:
    check_tiling([*OPENING, *turns])
    check_pairing([*OPENING, *turns])


_CLIENT = st.sampled_from(
    [
        m.Query(sql=b"SELECT 1"),
        parse(b"SELECT $1"),
        bind(b"1"),
        describe(b"S"),
        describe(b"P"),
        execute(1),
        execute(),
        m.CloseTarget(kind=b"P", name=b""),
        m.CloseTarget(kind=b"S", name=b""),
        m.Flush(),
        SYNC,
        m.CopyData(data=b"x"),
        m.CopyDone(),
        m.CopyFail(reason=b"r"),
    ]
)
_SERVER = st.sampled_from(
    [
        READY,
        m.ParseComplete(),
        m.BindComplete(),
        m.CloseComplete(),
        m.NoData(),
        columns(b"a"),
        row(b"1"),
        row(b"1", b"2"),
        done(b"SELECT 1"),
        done(b"BEGIN"),
        m.EmptyQuery(),
        m.PortalSuspended(),
        error(),
        m.NoticeResponse(fields=[(b"M", b"n")]),
        m.ParameterStatus(name=b"a", value=b"b"),
        m.ParameterDescription(types=[23]),
        m.CopyStart(way=b"G", format=0, columns=[]),
        m.CopyStart(way=b"H", format=0, columns=[]),
        m.CopyStart(way=b"W", format=0, columns=[]),
        m.Notification(pid=1, channel=b"c", payload=b""),
        m.FunctionResult(value=None),
    ]
)


@pytest.mark.slow
@settings(max_examples=500, deadline=None)
@given(st.lists(st.one_of(_CLIENT.map(client), _SERVER.map(server)), max_size=30))
def test_any_order_of_messages_pairs_without_raising(turns: list[Turn]) -> None:
    check_pairing([*OPENING, *turns])


@pytest.mark.slow
@settings(max_examples=500, deadline=None)
@given(st.lists(_CLIENT.map(client), max_size=30), st.integers(1, 9))
def test_a_responder_bears_any_order_of_messages(turns: list[Turn], size: int) -> None:
    from reenact.model.protocol import Ask, Refuse

    responder = PLUGIN.responder(FLOW, PLUGIN.recall([]))
    stream = b"".join(data for _, data in [OPENING[0], *turns])
    for at in range(0, len(stream), size):
        todo = list(responder.receive(stream[at : at + size], 0))
        while todo:
            action = todo.pop(0)
            if isinstance(action, Ask):
                todo += responder.answer(action.token, Refuse("nothing"), 0)
    responder.eof(0)
