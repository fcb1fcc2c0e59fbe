"""The laws of recognition, and of bytes that are lost or held, see the mistakes they are there for."""

from __future__ import annotations

import pytest

from reenact.model.protocol import Confidence
from reenact.model.segment import Side
from reenact.protocols.framing import FramedCodec
from reenact.testing import conformance
from tests.testing import toy

C, S = Side.CLIENT, Side.SERVER
TURNS = [(C, b"toy one\nbb\n"), (S, b"1\n2\n"), (C, b"ccc\n"), (S, b"3\n")]
OTHER = [(C, b"*1\r\n$4\r\nPING\r\n"), (S, b"+PONG\r\n")]


def detect(flow, client, server):
    if client.startswith(b"toy "):
        return Confidence.SURE
    return Confidence.WAIT if b"toy ".startswith(client) else Confidence.NO


def test_a_protocol_that_knows_itself_holds_the_laws():
    plugin = toy.plugin(detect=detect)
    conformance.check_detects(plugin, TURNS)
    conformance.check_ignores(plugin, OTHER)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda flow, c, s: Confidence.WAIT, "not recognised"),
        (lambda flow, c, s: Confidence.SURE if len(c) > 3 else Confidence.NO, "denied after 0"),
        (lambda flow, c, s: Confidence.SURE if len(c) != 7 else Confidence.WAIT, "then not"),
    ],
)
def test_a_protocol_that_does_not_know_itself_is_found(wrong, says):
    with pytest.raises(AssertionError, match=says):
        conformance.check_detects(toy.plugin(detect=wrong), TURNS)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda flow, c, s: Confidence.LIKELY,
        lambda flow, c, s: Confidence.LIKELY if len(c) == 2 else Confidence.NO,
        lambda flow, c, s: Confidence.LIKELY if s else Confidence.WAIT,
    ],
)
def test_a_protocol_that_takes_another_for_its_own_is_found(wrong):
    with pytest.raises(AssertionError, match="taken for toy"):
        conformance.check_ignores(toy.plugin(detect=wrong), OTHER)


class ForgetsGaps(FramedCodec):
    def gap(self, side, lost, at_ns):
        return []


class ForgetsTheEnd(FramedCodec):
    def close(self, side, at_ns, *, reset=False):
        self._held[side].clear()
        return []


class Hoards(FramedCodec):
    def buffered(self, side):
        return toy.LIMIT + 1


@pytest.mark.parametrize(
    ("law", "kind"),
    [
        (conformance.check_gap, ForgetsGaps),
        (conformance.check_truncation, ForgetsTheEnd),
        (conformance.check_tiling, Hoards),
    ],
)
def test_a_codec_that_loses_or_hoards_bytes_is_found(law, kind):
    law(toy.plugin(), TURNS)
    wrong = toy.plugin(codec=lambda flow: kind((toy.Framer(), toy.Framer()), toy.parse, toy.LIMIT))
    with pytest.raises(AssertionError):
        law(wrong, TURNS)
