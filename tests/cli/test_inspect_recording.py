"""`reenact inspect FILE`: flows, exchanges, one of them in full."""

from __future__ import annotations

import pytest

from reenact.model.segment import Endpoint, Flow, Role, Segment, SegmentKind, Side
from reenact.store.capture import Meta
from reenact.store.writer import CaptureWriter

CLIENT = Endpoint("127.0.0.1", 40000)
BODY = b'{"id": 7, "total": 1.10}'
ORDER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 24\r\n\r\n" + BODY
SAID = [
    (1, Side.CLIENT, b"GET /orders/7 HTTP/1.1\r\nHost: a\r\n\r\n"),
    (2, Side.CLIENT, b"*2\r\n$3\r\nGET\r\n$7\r\norder:7\r\n"),
    (2, Side.SERVER, b"$3\r\ntea\r\n"),
    (1, Side.SERVER, ORDER),
]


@pytest.fixture
def recording(project):
    writer = CaptureWriter(
        project / "r.capture", Meta(reenact="0.1.0", command=("svc",), started_ns=5), print
    )
    writer.flow(Flow(id=1, role=Role.INBOUND, client=CLIENT, server=Endpoint("127.0.0.1", 8000)))
    writer.flow(Flow(id=2, role=Role.OUTBOUND, client=CLIENT, server=Endpoint("127.0.0.1", 6379)))
    for seq, (flow, side, data) in enumerate(SAID):
        writer.add(Segment(seq, flow, side, SegmentKind.DATA, 1_000_000 * seq, data))
    writer.close()
    return "r.capture"


def test_the_flows_with_what_they_speak(reenact, recording):
    lines = reenact("inspect", recording).out.splitlines()
    assert [line.split() for line in lines[:2]] == [
        ["1", "0.000000", "inbound", "http1", "127.0.0.1:40000", ">", "127.0.0.1:8000", "130", "bytes"],
        ["2", "0.000000", "outbound", "redis", "127.0.0.1:40000", ">", "127.0.0.1:6379", "35", "bytes"],
    ]  # fmt: skip
    assert lines[2] == "2 flows, 2 exchanges, 0 bytes lost"


def test_the_exchanges_selected_by_what_they_say(reenact, recording):
    both = reenact("inspect", recording, "--exchanges").out
    assert "GET /orders/7" in both
    assert both.endswith("2 exchanges\n")
    (line, _) = reenact("inspect", recording, "--exchanges", "-k", "redis").out.splitlines()
    assert line.split()[:4] == ["2/1", "0.001000", "outbound", "redis"]


def test_one_exchange_in_full(reenact, recording):
    text = reenact("inspect", recording, "1/1").out
    assert "# complete in 3.000 ms" in text
    assert "total: 1.10" in text


def test_one_flow_with_its_exchanges(reenact, recording):
    assert len(reenact("inspect", recording, "2").out.splitlines()) == 2


def test_what_is_not_there_is_told(reenact, recording):
    assert "there is no flow or exchange '9'" in reenact("inspect", recording, "9").err
    assert "--cases is for a suite's folder" in reenact("inspect", recording, "--cases").err


def test_a_file_that_is_no_recording_is_told(reenact, project):
    (project / "x").write_text("hello, I am no recording")
    assert reenact("inspect", "x").err == "reenact: error: x: this is no reenact recording\n"


def test_compile_makes_the_same_suite_of_the_same_recording(reenact, recording, project):
    ran = reenact("compile", recording)
    assert ran.code == 0
    first = {p.name: p.read_bytes() for p in (project / "reenact").rglob("*.yaml")}
    reenact("compile", recording, "--suite", "other")
    assert first == {p.name: p.read_bytes() for p in (project / "other").rglob("*.yaml")}
    assert reenact("inspect", "--cases").out.splitlines()[-1].startswith("1 case, 0 set aside")
