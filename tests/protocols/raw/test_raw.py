"""Unknown bytes: recorded always, replayed when they are the very same."""

from __future__ import annotations

import pytest

from reenact.base.errors import UserError
from reenact.model.exchange import Outcome
from reenact.model.protocol import Answer, Ask, Close, Refuse, Send
from reenact.model.segment import Side
from reenact.protocols.raw import PLUGIN
from reenact.protocols.raw.codec import PART_MAX, RawCodec
from reenact.testing import Playbook, check_all
from reenact.testing.conformance import FLOW, paired, read, read_exchanges
from reenact.testing.rehearse import interactions

C, S = Side.CLIENT, Side.SERVER

SAMPLES = {
    "asks": [(C, b"\x16\x03\x01"), (C, b"\x00\xff"), (S, b"\x16\x03"), (C, b"more"), (S, b"ok\n")],
    "greeted": [(S, b"220 ready\r\n"), (C, b"HELO x\r\n"), (S, b"250 hi\r\n"), (C, b"QUIT\r\n")],
}


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_laws_hold(name):
    check_all(PLUGIN, SAMPLES[name])


def told(turns, flow=FLOW):
    return [(e.outcome, e.request, e.response) for e in read_exchanges(PLUGIN, turns, flow)]


def test_a_turn_is_all_that_is_said_until_the_other_speaks():
    assert told([(C, b"a"), (C, b"b"), (S, b"1"), (S, b"2"), (C, b"c")]) == [
        (Outcome.COMPLETE, {"text": "ab"}, {"text": "12"}),
        (Outcome.ONE_WAY, {"text": "c"}, None),
    ]


def test_a_greeting_is_a_push():
    assert told([(S, b"220\r\n"), (C, b"x"), (S, b"y")])[0] == (
        Outcome.PUSH,
        None,
        {"text": "220\r\n"},
    )


def test_bytes_that_are_no_printable_text_stay_bytes():
    assert told([(C, b"\x00"), (S, b"\xff")]) == [
        (Outcome.COMPLETE, {"bytes": b"\x00"}, {"bytes": b"\xff"})
    ]


def test_a_server_that_ends_the_connection_instead_of_answering_does_so_in_its_tree():
    codec = RawCodec()
    found = codec.feed(C, b"who", 1) + codec.close(S, 3) + codec.close(C, 4)
    [exchange] = paired(PLUGIN, found)
    assert exchange.response == {"text": "", "closes": True}
    assert (exchange.outcome, exchange.answered_ns) == (Outcome.COMPLETE, 3)


def test_a_server_that_ends_the_connection_does_so_in_its_tree():
    codec = RawCodec()
    found = codec.feed(C, b"who", 1) + codec.feed(S, b"me", 2)
    found += codec.close(S, 3) + codec.close(C, 4)
    [exchange] = paired(PLUGIN, found)
    assert exchange.response == {"text": "me", "closes": True}


def test_a_turn_longer_than_memory_allows_is_cut_into_parts_wherever_chunks_end():
    data = bytes(PART_MAX + 10)
    whole = read(PLUGIN, [(C, data)])
    cut = read(PLUGIN, [(C, data[:100]), (C, data[100:])])
    assert [m.spans for m in whole] == [m.spans for m in cut]
    assert [len(m.payload.data) for m in whole] == [PART_MAX, 10]


def responder(*conversations):
    recorded = []
    for n, turns in enumerate(conversations):
        for exchange in read_exchanges(PLUGIN, turns):
            recorded += [
                type(i)(**{f: getattr(i, f) for f in i.__struct_fields__} | {"connection": n})
                for i in interactions([exchange])
            ]
    recalled = PLUGIN.recall(recorded)
    return recorded, lambda: PLUGIN.responder(FLOW, recalled)


def test_a_request_is_asked_when_it_is_whole():
    [first, second], made = responder([(C, b"abc"), (S, b"1"), (C, b"d"), (S, b"2")])
    with Playbook(made()) as play:
        play.on(lambda r: r.receive(b"ab", 0)).expect()
        play.on(lambda r: r.receive(b"c", 0)).expect(Ask(1, {"text": "abc"}))
        play.on(lambda r: r.answer(1, Answer(first, first.response), 0)).expect(Send(b"1"))
        play.on(lambda r: r.receive(b"d", 0)).expect(Ask(2, {"text": "d"}))
        play.on(lambda r: r.answer(2, Answer(second, second.response), 0)).expect(Send(b"2"))


def test_requests_that_come_in_one_piece_are_asked_one_after_the_other():
    [first, _], made = responder([(C, b"abc"), (S, b"1"), (C, b"d"), (S, b"2")])
    with Playbook(made()) as play:
        play.on(lambda r: r.receive(b"abcd", 0)).expect(Ask(1, {"text": "abc"}))
        play.on(lambda r: r.answer(1, Answer(first, first.response), 0)).expect(
            Send(b"1"), Ask(2, {"text": "d"})
        )


def test_bytes_that_were_not_recorded_are_asked_at_once_and_refused_by_a_reset():
    _, made = responder([(C, b"abc"), (S, b"1")])
    with Playbook(made()) as play:
        play.on(lambda r: r.receive(b"abX", 0)).expect(Ask(1, {"text": "abX"}))
        play.on(lambda r: r.answer(1, Refuse("no"), 0)).expect(Close(reset=True))
        play.on(lambda r: r.receive(b"c", 0)).expect()


def test_each_connection_is_greeted_as_the_next_recorded_one_was():
    _, made = responder(
        [(S, b"hello 1"), (C, b"a"), (S, b"x")], [(S, b"hello 2"), (C, b"b"), (S, b"y")]
    )
    one, two, three = made(), made(), made()
    assert one.start(0) == [Send(b"hello 1")]
    assert two.start(0) == [Send(b"hello 2")]
    assert three.start(0) == [Send(b"hello 2")]
    assert two.receive(b"b", 0) == [Ask(1, {"text": "b"})]


def test_a_server_that_closed_closes_again():
    codec = RawCodec()
    found = codec.feed(C, b"who", 1) + codec.feed(S, b"me", 2) + codec.close(S, 3)
    [one] = interactions(paired(PLUGIN, found))
    r = PLUGIN.responder(FLOW, PLUGIN.recall([one]))
    r.receive(b"who", 0)
    assert r.answer(1, Answer(one, one.response), 0) == [Send(b"me"), Close()]


def test_an_edited_tree_that_is_no_bytes_is_the_users_mistake():
    with pytest.raises(UserError, match="text: or bytes:"):
        PLUGIN.matcher.normal({"txet": "x"})


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_of_recordings_that_begin_alike_the_one_that_is_followed_is_answered(size):
    recorded, made = responder(
        [(C, b"login a"), (S, b"1"), (C, b"x"), (S, b"x of a")],
        [(C, b"login b"), (S, b"2"), (C, b"x"), (S, b"x of b")],
    )
    r = made()
    asked = [a for at in range(0, 7, size) for a in r.receive(b"login b"[at : at + size], 0)]
    assert asked == [Ask(1, {"text": "login b"})]
    [login] = [one for one in recorded if one.request == {"text": "login b"}]
    assert r.answer(1, Answer(login, login.response), 0) == [Send(b"2")]
    assert r.receive(b"x", 0) == [Ask(2, {"text": "x"})]


def test_a_server_that_goes_on_by_itself_does_so_again():
    codec = RawCodec()
    found = codec.feed(C, b"go", 1) + codec.feed(S, b"one", 2) + codec.gap(S, 1, 3)
    found += codec.feed(S, b"two", 4) + codec.close(C, 5) + codec.close(S, 5)
    recorded = interactions(paired(PLUGIN, found))
    assert [i.outcome for i in recorded] == [Outcome.COMPLETE, Outcome.BROKEN, Outcome.PUSH]
    r = PLUGIN.responder(FLOW, PLUGIN.recall(recorded))
    r.receive(b"go", 0)
    assert r.answer(1, Answer(recorded[0], recorded[0].response), 0) == [Send(b"one"), Send(b"two")]
