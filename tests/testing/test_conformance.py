"""The laws see each kind of mistake that they are there for."""

from __future__ import annotations

import pytest

from reenact.model.message import Span
from reenact.model.protocol import Send
from reenact.model.segment import Side
from reenact.protocols.framing import FramedCodec
from reenact.protocols.pairing import FifoPairer
from reenact.testing import Playbook, check_all, conformance, mutations, noise
from reenact.testing.damage import joined, prefixes, split
from reenact.testing.rehearse import check_responder
from tests.testing import toy

C, S = Side.CLIENT, Side.SERVER
TURNS = [(S, b"hello\n"), (C, b"a\nbb\n"), (S, b"1\n2\n"), (C, b"ccc\n"), (S, b"3\n")]


@pytest.mark.slow
def test_a_protocol_without_mistakes_holds_all():
    check_all(toy.plugin(), TURNS)


class Forgetful(FramedCodec):
    """Loses a frame's last byte's place."""

    def _emit(self, side, payload, size, at_ns):
        message = super()._emit(side, payload, size, at_ns)
        [span] = message.spans
        return type(message)(
            side=message.side,
            payload=message.payload,
            spans=(Span(span.start, span.end - 1),),
            first_ns=message.first_ns,
            last_ns=message.last_ns,
        )


class WholeChunks(toy.Framer):
    """Takes what comes at once for one frame."""

    def end(self, data):
        return len(data)


class FromTheStart:
    """Looks at every byte again for each chunk."""

    def end(self, data):
        for at in range(len(data)):
            if data.startswith(b"\n\n", at):
                return at + 2
        return None


class Strict(toy.Framer):
    def end(self, data):
        if data[:1] == b"\xff":
            raise ValueError("no such byte")
        return super().end(data)


class DropsPushes(FifoPairer):
    def add(self, message):
        return [e for e in super().add(message) if e.request is not None]


class Talkative(toy.Matcher):
    def label(self, request):
        return request["say"] * 1000


class Splitting(toy.Matcher):
    def normal(self, request):
        return {"say": "same"}


class Changing(toy.Matcher):
    def normal(self, request):
        request["seen"] = True
        return request


class Deaf(toy.Responder):
    def answer(self, token, reply, now_ns):
        return [Send(b"wrong\n")]


class Lossy(toy.Encoder):
    def encode(self, payload, stream=0):
        return payload.text.lower().strip("abc").encode() + b"\n"


def codec_of(framer, kind=FramedCodec):
    return lambda flow: kind((framer(), framer()), toy.parse, toy.LIMIT)


def pairer_of(kind):
    return lambda flow: kind(flow, "toy", toy.tree, toy.tree)


def responding(plugin, turns):
    check_responder(plugin, turns, conformance.read_exchanges(plugin, turns), conformance.FLOW)


def linear(plugin, turns):
    conformance.check_linearity(plugin, lambda times: [(C, b"x" * 40 * times)])


@pytest.mark.parametrize(
    ("law", "mistake"),
    [
        (conformance.check_tiling, {"codec": codec_of(toy.Framer, Forgetful)}),
        (conformance.check_chunking, {"codec": codec_of(WholeChunks)}),
        (conformance.check_round_trip, {"encoder": lambda flow, side: Lossy()}),
        (conformance.check_pairing, {"pairer": pairer_of(DropsPushes)}),
        (conformance.check_matcher, {"matcher": Talkative()}),
        (conformance.check_matcher, {"matcher": Splitting()}),
        (conformance.check_matcher, {"matcher": Changing()}),
        (responding, {"responder": lambda flow, recalled: Deaf()}),
        (linear, {"codec": codec_of(FromTheStart)}),
    ],
)
def test_a_mistake_breaks_its_law(law, mistake):
    law(toy.plugin(), TURNS)
    with pytest.raises(AssertionError):
        law(toy.plugin(**mistake), TURNS)


@pytest.mark.slow
def test_a_codec_that_raises_is_found():
    with pytest.raises(ValueError, match="no such byte"):
        conformance.check_totality(toy.plugin(codec=codec_of(Strict)), [(C, b"a\n")], count=2000)


def test_damage_is_the_same_every_run():
    assert list(mutations(TURNS, 20)) == list(mutations(TURNS, 20))
    assert list(noise(5)) == list(noise(5))
    assert list(mutations(TURNS, 20, "other")) != list(mutations(TURNS, 20))


def test_a_split_conversation_says_the_same():
    for size in (1, 2, 100):
        assert joined(split(TURNS, size)) == TURNS


def test_prefixes_are_prefixes():
    whole = b"".join(data for _, data in TURNS)
    cuts = [b"".join(data for _, data in cut) for cut in prefixes(TURNS, 1000)]
    assert cuts == [whole[:n] for n in range(len(whole))]


def test_a_playbook_tells_the_dialogue():
    with Playbook(toy.Responder()) as play:
        play.on(lambda r: r.start(0)).expect()
    with pytest.raises(AssertionError, match="did"), Playbook(toy.Responder()) as play:
        play.on(lambda r: r.receive(b"a\n", 0)).expect()
    with pytest.raises(AssertionError, match="nothing was said"), Playbook(toy.Responder()) as play:
        play.on(lambda r: r.receive(b"a\n", 0))
