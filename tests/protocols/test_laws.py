"""Every law, for every protocol, on conversations between real clients and real servers."""

from __future__ import annotations

import pytest

from reenact.decode import recognise
from reenact.model.segment import Segment, SegmentKind, Transport
from reenact.protocols import builtin
from reenact.testing import check_all
from reenact.testing.conformance import check_detects, check_ignores
from tests.protocols.samples import SAMPLES, every, flow_of

SAMPLE = pytest.mark.parametrize(("protocol", "name"), every())


def test_every_protocol_has_samples():
    assert set(SAMPLES) == set(builtin())
    assert all(SAMPLES.values())


@pytest.mark.slow
@SAMPLE
def test_laws_hold(protocol, name):
    playable = "SCRAM" not in name
    turns, flow = SAMPLES[protocol][name], flow_of(protocol, name)
    check_all(builtin()[protocol], turns, flow, playable=playable)


@SAMPLE
def test_it_is_recognised_and_by_no_other(protocol, name):
    turns, flow = SAMPLES[protocol][name], flow_of(protocol, name)
    if protocol != "raw":
        check_detects(builtin()[protocol], turns, flow)
    for other in builtin().values():
        if other.name != protocol and flow.transport is not Transport.UDP:
            check_ignores(other, turns, flow)


@pytest.mark.parametrize(
    ("protocol", "name"), [(p, n) for p, n in every() if flow_of(p, n).transport is Transport.TCP]
)
def test_port_53_makes_no_dns_of_anything_else(protocol, name):
    if protocol != "dns":
        check_ignores(builtin()["dns"], SAMPLES[protocol][name], flow_of("dns", "tcp"))


@SAMPLE
def test_a_flow_of_it_is_decoded_as_it(protocol, name):
    segments = [
        Segment(at, 1, side, SegmentKind.DATA, at, data)
        for at, (side, data) in enumerate(SAMPLES[protocol][name])
    ]
    flow = flow_of(protocol, name)
    assert recognise(flow, segments, builtin()).name == protocol
