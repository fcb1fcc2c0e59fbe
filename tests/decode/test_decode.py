"""Flows become exchanges, whatever became of their connections."""

from __future__ import annotations

import msgspec
import pytest

from reenact.decode import decode, decode_flow, recognise
from reenact.model.exchange import Outcome
from reenact.model.segment import Role, Segment, SegmentKind, Side, Transport
from reenact.protocols import builtin
from reenact.testing.conformance import FLOW

C, S = Side.CLIENT, Side.SERVER
PING = b"*1\r\n$4\r\nPING\r\n"


def segments(*said, flow=1):
    """Each is (side, bytes) or (side, kind) or (side, kind, what)."""
    out = []
    for at, (side, what, *more) in enumerate(said):
        if isinstance(what, bytes):
            out.append(Segment(at, flow, side, SegmentKind.DATA, at, what))
        elif what is SegmentKind.GAP:
            out.append(Segment(at, flow, side, what, at, b"", *more))
        else:
            out.append(Segment(at, flow, side, what, at, *more))
    return out


def speaks(*said, **flow):
    return recognise(msgspec.structs.replace(FLOW, **flow), segments(*said), builtin()).name


@pytest.mark.parametrize(
    ("first", "name"),
    [
        (PING, "redis"),
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "http1"),
        (b"\0\0\0\x08\x04\xd2\x16\x2f", "postgres"),
        (b"\x16\x03\x01\x02\x00\x01\x00", "raw"),
        (b"*", "raw"),
    ],
)
def test_a_protocol_is_recognised_by_its_first_bytes(first, name):
    assert speaks((C, first)) == name


def test_first_bytes_may_come_one_by_one():
    assert speaks(*((C, PING[i : i + 1]) for i in range(len(PING)))) == "redis"


def test_a_server_that_speaks_first_in_an_unknown_tongue_is_raw():
    assert speaks((S, b"220 ready\r\n"), (C, b"HELO x\r\n")) == "raw"


def test_what_is_encrypted_is_raw():
    assert speaks((C, PING), opaque="pinned") == "raw"


def test_datagrams_are_dns():
    assert speaks((C, PING), transport=Transport.UDP) == "dns"


def test_a_hint_decides_what_the_bytes_leave_open():
    assert speaks((C, b"*"), hint="redis") == "redis"


def test_a_hint_that_the_bytes_contradict_is_not_followed():
    assert speaks((C, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"), hint="redis") == "http1"


def told(*said, flow=FLOW):
    read = segments(*said)
    made = decode_flow(flow, read, recognise(flow, read, builtin()))
    return [(e.protocol, e.outcome, e.note) for e in made]


def test_a_connection_that_was_refused_is_an_exchange_of_its_own():
    assert told((C, SegmentKind.OPEN), (S, SegmentKind.RESET, b"connection refused")) == [
        ("raw", Outcome.CUT, "connection refused")
    ]


def test_a_connection_on_which_nothing_was_said_is_none():
    assert told((C, SegmentKind.OPEN), (C, SegmentKind.EOF), (S, SegmentKind.EOF)) == []


def test_a_reset_cuts_what_was_asked():
    assert told((C, PING), (S, SegmentKind.RESET)) == [("redis", Outcome.CUT, "no reply came")]


def test_a_caller_that_left_before_it_had_the_answer_is_told():
    get, ok = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"HTTP/1.1 204 No Content\r\n\r\n"
    inbound = msgspec.structs.replace(FLOW, role=Role.INBOUND)
    left = "the caller left before it had the answer"
    assert told((C, get), (C, SegmentKind.EOF), (S, ok), flow=inbound) == [
        ("http1", Outcome.COMPLETE, left)
    ]
    assert told((C, get), (S, ok), (C, SegmentKind.EOF), flow=inbound) == [
        ("http1", Outcome.COMPLETE, "")
    ]


def test_a_capture_that_ends_cuts_what_was_asked():
    assert told((C, PING)) == [("redis", Outcome.CUT, "no reply came")]


def test_bytes_lost_break_what_they_leave_undecided():
    outcomes = [o for _, o, _ in told((C, PING), (S, SegmentKind.GAP, 5), (S, b"+PONG\r\n"))]
    assert set(outcomes) == {Outcome.BROKEN}


def test_exchanges_are_in_order_of_asking_over_all_flows():
    flows = {i: msgspec.structs.replace(FLOW, id=i) for i in (1, 2)}
    kept = {
        1: [
            Segment(0, 1, C, SegmentKind.DATA, 5, PING),
            Segment(3, 1, S, SegmentKind.DATA, 9, b"+PONG\r\n"),
        ],
        2: [
            Segment(1, 2, C, SegmentKind.DATA, 3, PING * 2),
            Segment(2, 2, S, SegmentKind.DATA, 4, b"+PONG\r\n" * 2),
        ],
    }
    got = decode(flows, kept.__getitem__, builtin())
    assert [e.id for e in got.exchanges] == ["2/1", "2/2", "1/1"]
    assert got.protocols == {1: "redis", 2: "redis"}


@pytest.mark.parametrize(
    "said",
    [
        [(S, b"+OK POP3 ready\r\n"), (C, b"AUTH PLAIN\r\n"), (S, b"+ \r\n")],
        [(S, b"220 mail ESMTP\r\n"), (C, b"QUIT\r\n"), (S, b"221 bye\r\n")],
        [(S, b"* OK IMAP4 ready\r\n"), (C, b"a1 LOGIN u p\r\n")],
        [(C, b"SSH-2.0-OpenSSH_9.2\r\n"), (S, b"SSH-2.0-OpenSSH_9.2\r\n")],
        [(C, b"get k\r\n"), (S, b"VALUE k 0 1\r\nx\r\nEND\r\n")],
    ],
    ids=["POP3", "SMTP", "IMAP", "SSH", "memcached"],
)
def test_other_protocols_of_lines_are_raw(said):
    assert speaks(*said) == "raw"
