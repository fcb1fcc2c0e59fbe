"""A real resolver, over real sockets, hears what was recorded; over TCP when it did not fit."""

from __future__ import annotations

import contextlib
import socketserver
import threading

import dns.message
import dns.query
import dns.rcode
import dns.resolver
import msgspec
import pytest

from reenact.model.exchange import Outcome
from reenact.model.protocol import Answer, Ask, Refuse, Send
from reenact.model.segment import Transport
from reenact.model.suite import Interaction
from reenact.protocols.dns import PLUGIN
from reenact.testing.conformance import FLOW

pytestmark = pytest.mark.live

UDP = msgspec.structs.replace(FLOW, transport=Transport.UDP)


def recorded(name, kind, *data):
    rows = [{"name": name, "type": kind, "ttl": 60, "data": d} for d in data]
    return Interaction(
        id=f"{name} {kind}",
        protocol="dns",
        destination="dns",
        connection=1,
        outcome=Outcome.COMPLETE,
        request={"name": name, "type": kind, "class": "IN"},
        response={"rcode": "NOERROR", "answers": rows},
    )


RECORDED = [
    recorded("api.example.", "A", "192.0.2.7", "192.0.2.5"),
    recorded("api.example.", "AAAA", "2001:db8::1"),
    recorded("_sip._tcp.example.", "SRV", "0 5 5060 sip.example."),
    recorded("many.example.", "A", *(f"192.0.2.{n}" for n in range(200))),
]


def heard(flow, data):
    """What a connection (or datagram) is sent."""
    responder = PLUGIN.responder(flow, PLUGIN.recall(RECORDED))
    out = b""
    for ask in responder.receive(data, 0):
        assert isinstance(ask, Ask)
        found = [i for i in RECORDED if i.request == ask.request]
        reply = Answer(found[0], found[0].response) if found else Refuse("not looked up")
        out += b"".join(
            a.data for a in responder.answer(ask.token, reply, 0) if isinstance(a, Send)
        )
    return out


class Datagrams(socketserver.BaseRequestHandler):
    def handle(self):
        data, sock = self.request
        sock.sendto(heard(UDP, data), self.client_address)


class Stream(socketserver.StreamRequestHandler):
    def handle(self):
        size = self.rfile.read(2)
        self.wfile.write(heard(FLOW, size + self.rfile.read(int.from_bytes(size))))


@pytest.fixture(scope="module")
def port():
    with contextlib.ExitStack() as stack:
        tcp = stack.enter_context(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Stream))
        where = tcp.server_address
        udp = stack.enter_context(socketserver.ThreadingUDPServer(where, Datagrams))
        for server in (tcp, udp):
            threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
            stack.callback(server.shutdown)
        yield where[1]


@pytest.fixture
def resolver(port):
    made = dns.resolver.Resolver(configure=False)
    made.nameservers, made.port, made.lifetime = ["127.0.0.1"], port, 5
    return made


def test_addresses_come_in_the_order_recorded(resolver):
    assert [str(r) for r in resolver.resolve("API.example", "A")] == ["192.0.2.7", "192.0.2.5"]
    assert [str(r) for r in resolver.resolve("api.example", "AAAA")] == ["2001:db8::1"]


def test_services_are_found(resolver):
    [found] = resolver.resolve("_sip._tcp.example", "SRV")
    assert (found.port, str(found.target)) == (5060, "sip.example.")


def test_an_unknown_name_does_not_exist(resolver):
    with pytest.raises(dns.resolver.NXDOMAIN):
        resolver.resolve("other.example", "A")


def test_what_does_not_fit_a_datagram_is_asked_again_over_tcp(port):
    query = dns.message.make_query("many.example", "A")
    got, over_tcp = dns.query.udp_with_fallback(query, "127.0.0.1", 5, port)
    assert over_tcp and len(got.answer[0]) == 200
