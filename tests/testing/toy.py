"""A protocol as a third party would write it: lines that are asked and answered in order."""

from __future__ import annotations

from reenact.model.message import Payload
from reenact.model.protocol import (
    Action,
    Answer,
    Ask,
    Close,
    Confidence,
    ProtocolPlugin,
    Send,
    Traits,
)
from reenact.model.segment import Side
from reenact.protocols.framing import FramedCodec
from reenact.protocols.pairing import FifoPairer

LIMIT = 1 << 16


class Line(Payload, frozen=True, tag="toy.line"):
    text: str


class Framer:
    def __init__(self):
        self._seen = 0

    def end(self, data):
        at = data.find(b"\n", self._seen)
        self._seen = 0 if at >= 0 else len(data)
        return at + 1 if at >= 0 else None


def parse(side, frame):
    return Line(text=frame[:-1].decode("latin-1"))


class Encoder:
    def encode(self, payload, stream=0):
        return payload.text.encode("latin-1") + b"\n"


class Matcher:
    def key(self, request):
        return str(len(request["say"]))

    def normal(self, request):
        return request

    def normal_response(self, response):
        return response

    def label(self, request):
        return repr(request["say"])[:60]

    def traits(self, request, response):
        return Traits()


class Responder:
    def __init__(self):
        self._codec = codec()
        self._count = 0

    def start(self, now_ns) -> list[Action]:
        return []

    def receive(self, data, now_ns):
        out = []
        for message in self._codec.feed(Side.CLIENT, data, now_ns):
            if isinstance(message.payload, Line):
                self._count += 1
                out.append(Ask(self._count, {"say": message.payload.text}))
        return out

    def answer(self, token, reply, now_ns):
        if isinstance(reply, Answer):
            return [Send(reply.response["say"].encode("latin-1") + b"\n")]
        return [Close(reset=True)]

    def push(self, response, now_ns):
        return [Send(response["say"].encode("latin-1") + b"\n")]

    def wake(self, now_ns):
        return []

    def eof(self, now_ns, *, reset=False):
        return [Close(reset=reset)]


def codec():
    return FramedCodec((Framer(), Framer()), parse, LIMIT)


def tree(message):
    return {"say": message.payload.text}


def plugin(**changes) -> ProtocolPlugin:
    """The protocol, or one with a mistake in it."""
    parts = {
        "name": "toy",
        "payloads": (Line,),
        "detect": lambda flow, client, server: Confidence.NO,
        "codec": lambda flow: codec(),
        "encoder": lambda flow, side: Encoder(),
        "pairer": lambda flow: FifoPairer(flow, "toy", tree, tree),
        "matcher": Matcher(),
        "recall": lambda interactions: None,
        "responder": lambda flow, recalled: Responder(),
        "buffer_limit": LIMIT,
    }
    return ProtocolPlugin(**{**parts, **changes})
