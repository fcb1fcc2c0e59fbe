"""Names: asked of the host's resolvers, recorded one flow for each question, answered."""

from __future__ import annotations

import asyncio
import socket
import threading

import dns.message
import dns.rcode
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reenact.base.clock import ManualClock
from reenact.intercept import dns as forwarding
from reenact.intercept.dns import Forwarder, by_the_host, nameservers
from reenact.intercept.tap import Recorder
from reenact.model.segment import Endpoint, SegmentKind, Side, Transport
from tests.intercept.relays import Kept

CLIENT, MEANT = Endpoint("192.0.2.10", 40000), Endpoint("", 53)


def asked(name: str, kind: str = "A") -> bytes:
    return dns.message.make_query(name, kind).to_wire()


def forwarded(tmp_path, query: bytes, *servers: str) -> tuple[Kept, list[bytes]]:
    conf = tmp_path / "resolv.conf"
    conf.write_text("".join(f"nameserver {server}\n" for server in servers))
    kept, replies = Kept(), list[bytes]()
    forwarder = Forwarder(Recorder(kept, ManualClock()), conf)
    asyncio.run(forwarder.answer(query, CLIENT, MEANT, replies.append))
    return kept, replies


@pytest.fixture
def resolver(monkeypatch):
    """One that answers each question with itself, on a free port of 127.0.0.1."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))

        def answer() -> None:
            while (question := sock.recvfrom(65535))[0]:
                sock.sendto(b"\0\0stale", question[1])
                sock.sendto(question[0] + b"answered", question[1])

        thread = threading.Thread(target=answer)
        thread.start()
        monkeypatch.setattr(forwarding, "PORT", sock.getsockname()[1])
        yield "127.0.0.1"
        sock.sendto(b"", sock.getsockname())
        thread.join()


def test_a_question_and_its_answer_are_one_flow(tmp_path, resolver):
    query = asked("a.example", "TXT")
    kept, replies = forwarded(tmp_path, query, resolver)
    assert replies == [query + b"answered"]
    flow = kept.flows[1]
    assert (flow.transport, flow.client, flow.server) == (Transport.UDP, CLIENT, MEANT)
    data = [(side, data) for _, side, kind, _, data in kept.said if kind is SegmentKind.DATA]
    assert data == [(Side.CLIENT, query), (Side.SERVER, query + b"answered")]


def test_without_a_reachable_resolver_the_host_is_asked(tmp_path):
    _, (reply,) = forwarded(tmp_path, asked("localhost"))
    answer = dns.message.from_wire(reply)
    assert "127.0.0.1" in [str(item) for rrset in answer.answer for item in rrset]


def test_what_the_host_cannot_tell_is_a_failure_of_the_server():
    reply = by_the_host(asked("a.example", "TXT"))
    assert reply is not None
    assert dns.message.from_wire(reply).rcode() == dns.rcode.SERVFAIL


def test_one_who_is_gone_before_the_answer_is_nobodys_fault(tmp_path, resolver):
    def gone(_: bytes) -> None:
        raise OSError

    conf = tmp_path / "resolv.conf"
    conf.write_text(f"nameserver {resolver}\n")
    forwarder = Forwarder(Recorder(Kept(), ManualClock()), conf)
    asyncio.run(forwarder.answer(asked("a.example"), CLIENT, MEANT, gone))


def test_the_hosts_resolvers_are_those_of_resolv_conf(tmp_path):
    conf = tmp_path / "resolv.conf"
    conf.write_text("# c\nsearch x\nnameserver 192.0.2.1\nnameserver fe80::1%eth0\nnameserver\n")
    assert nameservers(conf) == ["192.0.2.1", "fe80::1"]
    assert nameservers(tmp_path / "none") == []


@given(st.binary(max_size=60))
def test_no_bytes_raise(data):
    by_the_host(data[:2] + b"\x01\0\0\0\0\0\0\0\0\0" + data)
    by_the_host(data)


def test_a_name_that_no_host_can_have_is_a_failure_of_the_server():
    query = bytearray(asked("a" * 63 + ".x"))
    query[13] = 0xFF
    reply = by_the_host(bytes(query))
    assert reply is not None
    assert dns.message.from_wire(reply).rcode() in (dns.rcode.SERVFAIL, dns.rcode.NXDOMAIN)
