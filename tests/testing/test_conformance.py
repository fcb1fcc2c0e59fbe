"""The laws are tested by breaking them: a line protocol that holds them all, and what each law says
of it with one thing wrong."""

from __future__ import annotations

import dataclasses
from collections import deque

import msgspec
import pytest

from reenact.model.exchange import Exchange, Outcome
from reenact.model.message import Gap, Malformed, Message, Payload, Span
from reenact.model.protocol import Ask, Close, Confidence, ProtocolPlugin, Refuse, Send, Traits
from reenact.model.segment import Side
from reenact.testing import Playbook, check_all, conformance
from reenact.testing.work import calls_made

C, S = Side.CLIENT, Side.SERVER
SAMPLE = [
    (C, b"GET a\nPUT b\n"),
    (S, b"one\n"),
    (S, b"two\n"),
    (C, b"GET c\n"),
    (S, b"three\n"),
]


class Line(Payload, frozen=True, tag="lines.line"):
    text: bytes


class Codec:
    def __init__(self):
        self.held = (bytearray(), bytearray())
        self.base = [0, 0]

    def buffered(self, side):
        return len(self.held[side])

    def feed(self, side, data, at_ns):
        self.held[side].extend(data)
        out = []
        while (end := self.held[side].find(b"\n")) >= 0:
            out.append(self.emit(side, Line(text=bytes(self.held[side][:end])), end + 1, at_ns))
        return out

    def gap(self, side, lost, at_ns):
        out = self.close(side, at_ns)
        return [*out, self.emit(side, Gap(lost=lost), lost, at_ns)]

    def close(self, side, at_ns, *, reset=False):
        size = len(self.held[side])
        return [self.emit(side, Malformed(reason="no end"), size, at_ns)] if size else []

    def emit(self, side, payload, size, at_ns):
        del self.held[side][:size]
        start = self.base[side]
        self.base[side] += size
        spans = (Span(start, start + size),)
        return Message(side=side, payload=payload, spans=spans, first_ns=at_ns, last_ns=at_ns)


class Encoder:
    def encode(self, payload, stream=0):
        return payload.text + b"\n"


class Pairer:
    def __init__(self, flow):
        self.flow = flow
        self.asked = deque()
        self.count = 0

    def add(self, message):
        if not isinstance(message.payload, Line):
            return [self.make(Outcome.BROKEN, (message,), None, None, "unreadable")]
        if message.side is C:
            self.asked.append(message)
            return []
        told = {"line": message.payload.text}
        if not self.asked:
            return [self.make(Outcome.PUSH, (message,), None, told)]
        first = self.asked.popleft()
        return [self.make(Outcome.COMPLETE, (first, message), {"line": first.payload.text}, told)]

    def finish(self, at_ns):
        left, self.asked = list(self.asked), deque()
        return [self.make(Outcome.CUT, (m,), {"line": m.payload.text}, None, "end") for m in left]

    def make(self, outcome, messages, request, response, note=""):
        self.count += 1
        return Exchange(
            id=f"1/{self.count}",
            flow=1,
            protocol="lines",
            role=self.flow.role,
            outcome=outcome,
            request=request,
            response=response,
            asked_ns=messages[0].first_ns,
            sent_ns=messages[0].last_ns,
            answered_ns=messages[-1].last_ns,
            messages=messages,
            note=note,
        )


class Matcher:
    def key(self, request):
        return "line"

    def normal(self, request):
        return {"line": request["line"]}

    def normal_response(self, response):
        return response

    def label(self, request):
        return f"line {request['line'][:40]!r}"

    def traits(self, request, response):
        return Traits()


class Responder:
    def __init__(self):
        self.codec = Codec()
        self.asked = 0

    def start(self, now_ns):
        return []

    def receive(self, data, now_ns):
        return [self.ask(m) for m in self.codec.feed(C, data, now_ns)]

    def ask(self, message):
        self.asked += 1
        return Ask(self.asked, {"line": message.payload.text})

    def answer(self, token, reply, now_ns):
        return [Close()] if isinstance(reply, Refuse) else [Send(reply.response["line"] + b"\n")]

    def push(self, response, now_ns):
        return [Send(response["line"] + b"\n")]

    def wake(self, now_ns):
        return []

    def eof(self, now_ns, *, reset=False):
        return []


def detect(flow, client, server):
    if client[:4] in (b"GET ", b"PUT "):
        return Confidence.SURE
    return Confidence.WAIT if b"GET ".startswith(client) else Confidence.NO


LINES = ProtocolPlugin(
    name="lines",
    payloads=(Line,),
    detect=detect,
    codec=lambda flow: Codec(),
    encoder=lambda flow, side: Encoder(),
    pairer=Pairer,
    matcher=Matcher(),
    recall=lambda interactions: None,
    responder=lambda flow, recalled: Responder(),
)


def with_codec(codec):
    return dataclasses.replace(LINES, codec=lambda flow: codec())


def with_matcher(matcher):
    return dataclasses.replace(LINES, matcher=matcher())


def with_responder(responder):
    return dataclasses.replace(LINES, responder=lambda flow, recalled: responder())


def broken(plugin, law=check_all, sample=SAMPLE):
    """What the law says of it."""
    with pytest.raises(AssertionError) as said:
        law(plugin, sample)
    return str(said.value)


def test_a_protocol_that_holds_all_laws_passes():
    check_all(LINES, SAMPLE)
    conformance.check_detects(LINES, SAMPLE)
    conformance.check_ignores(LINES, [(C, b"*1\r\n$4\r\nPING\r\n"), (S, b"+PONG\r\n")])


# -- codec ----------------------------------------------------------------------------------


class ForgetsTheEnd(Codec):
    def close(self, side, at_ns, *, reset=False):
        self.held[side].clear()
        return []


class CountsWrong(Codec):
    def emit(self, side, payload, size, at_ns):
        made = super().emit(side, payload, size, at_ns)
        self.base[side] += len(getattr(payload, "text", b"")) == 3
        return made


class MessagePerChunk(Codec):
    def feed(self, side, data, at_ns):
        return [self.emit(side, Line(text=data), len(data), at_ns)]


class OnlyAscii(Codec):
    def emit(self, side, payload, size, at_ns):
        if isinstance(payload, Line):
            payload = Line(text=payload.text.decode("ascii").encode())
        return super().emit(side, payload, size, at_ns)


class ForgetsGaps(Codec):
    def gap(self, side, lost, at_ns):
        return []


class Holds(Codec):
    def buffered(self, side):
        return 1 << 40


class LooksAgain(Codec):
    """Walks over all that is held at every byte."""

    def feed(self, side, data, at_ns):
        self.seen = [*getattr(self, "seen", []), *data]
        for byte in self.seen:
            len(bytes((byte,)))
        return super().feed(side, data, at_ns)


@pytest.mark.parametrize(
    ("codec", "law"),
    [
        (ForgetsTheEnd, conformance.check_truncation),
        (CountsWrong, conformance.check_tiling),
        (MessagePerChunk, conformance.check_chunking),
        (ForgetsGaps, conformance.check_gap),
        (Holds, conformance.check_tiling),
    ],
)
def test_a_codec_that_breaks_a_law_is_found(codec, law):
    broken(with_codec(codec), law)


def test_a_codec_that_raises_is_found():
    with pytest.raises(UnicodeDecodeError):
        conformance.check_totality(with_codec(OnlyAscii), SAMPLE)


def test_a_codec_that_looks_at_everything_again_is_found():
    told = broken(
        with_codec(LooksAgain), lambda p, s: conformance.check_linearity(p, lambda n: s * n)
    )
    assert "calls became" in told


# -- pairer ---------------------------------------------------------------------------------


class Drops(Pairer):
    def finish(self, at_ns):
        return []


class Twice(Pairer):
    def add(self, message):
        return [e for made in super().add(message) for e in (made, made)]


class SilentlyCut(Pairer):
    def make(self, *parts):
        return msgspec.structs.replace(super().make(*parts), note="")


@pytest.mark.parametrize("pairer", [Drops, Twice, SilentlyCut])
def test_a_pairer_that_breaks_a_law_is_found(pairer):
    plugin = dataclasses.replace(LINES, pairer=pairer)
    broken(plugin, conformance.check_pairing, SAMPLE[:3] + [(C, b"GET d\n")] * 2)


# -- matcher --------------------------------------------------------------------------------


class KeyTellsMore(Matcher):
    """Equal when compared without the word, in buckets by the word."""

    def key(self, request):
        return request["line"].decode("latin-1")

    def normal(self, request):
        return {"line": request["line"][:1]}


class Changes(Matcher):
    def normal(self, request):
        request["line"] = request["line"].lower()
        return request


class SaysLines(Matcher):
    def label(self, request):
        return "GET\na"


class SaysNothing(Matcher):
    def label(self, request):
        return ""


@pytest.mark.parametrize("matcher", [KeyTellsMore, Changes, SaysLines, SaysNothing])
def test_a_matcher_that_breaks_a_law_is_found(matcher):
    broken(with_matcher(matcher), conformance.check_matcher, [*SAMPLE, *SAMPLE])


# -- responder ------------------------------------------------------------------------------


class Misspeaks(Responder):
    def answer(self, token, reply, now_ns):
        return [Send(reply.response["line"].upper() + b"\n")]


class Mute(Responder):
    def answer(self, token, reply, now_ns):
        return []


class AsksWrong(Responder):
    def ask(self, message):
        return Ask(1, {"line": b"?"})


@pytest.mark.parametrize("responder", [Misspeaks, Mute, AsksWrong])
def test_a_responder_that_breaks_the_law_is_found(responder):
    broken(with_responder(responder))


# -- recognition ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda flow, c, s: Confidence.WAIT, "not recognised"),
        (lambda flow, c, s: Confidence.SURE if len(c) > 3 else Confidence.NO, "denied"),
        (lambda flow, c, s: Confidence.SURE if len(c) != 7 else Confidence.WAIT, "then not"),
    ],
)
def test_a_protocol_that_does_not_know_itself_is_found(wrong, says):
    plugin = dataclasses.replace(LINES, detect=wrong)
    assert says in broken(plugin, conformance.check_detects)


def test_a_protocol_that_takes_everything_is_found():
    plugin = dataclasses.replace(LINES, detect=lambda flow, c, s: Confidence.LIKELY)
    assert "taken for lines" in broken(plugin, conformance.check_ignores)


# -- playbook, work -------------------------------------------------------------------------


def test_a_playbook_passes_when_every_action_was_named():
    with Playbook(Responder()) as play:
        play.on(lambda r: r.receive(b"GET a\n", 0)).expect(Ask(1, {"line": b"GET a"}))
        play.on(lambda r: r.eof(0)).expect()


def test_a_playbook_fails_on_another_action_and_shows_the_dialogue():
    with pytest.raises(AssertionError, match=r"did .*Ask"), Playbook(Responder()) as play:
        play.on(lambda r: r.receive(b"GET a\n", 0)).expect()


def test_a_playbook_fails_on_an_action_that_nobody_named():
    def forgets():
        with Playbook(Responder()) as play:
            play.on(lambda r: r.receive(b"GET a\n", 0))

    with pytest.raises(AssertionError, match="nothing was said of it"):
        forgets()


def test_work_is_counted_in_calls():
    assert calls_made(lambda: [len(b"") for _ in range(100)]) - calls_made(
        lambda: [len(b"") for _ in range(50)]
    ) == pytest.approx(50, abs=2)
