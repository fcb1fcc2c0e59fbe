"""Real resolvers ask a name server, then the recording: they are told the same, in the same order."""

from __future__ import annotations

import json
import subprocess
import threading
from dataclasses import dataclass, field

import dns.exception
import dns.resolver
import msgspec
import pytest

from reenact.model.segment import Flow, Side, Transport
from reenact.protocols.dns import PLUGIN
from reenact.testing.conformance import FLOW, read_exchanges
from reenact.testing.rehearse import Rehearsal, interactions
from tests.servers.dns import by_zone, name_server
from tests.servers.process import binary

pytestmark = pytest.mark.live

QUESTIONS = [
    ["api.example", "A"],
    ["www.example", "A"],
    ["api.example", "AAAA"],
    ["missing.example", "A"],
    ["api.example", "TXT"],
    ["api.example", "MX"],
    ["api.example", "SRV"],
    ["long.example", "TXT"],
]

CARES = """
const { Resolver } = require('dns').promises
const resolver = new Resolver({ tries: 1 })
resolver.setServers(['127.0.0.1:' + process.argv[1]])
const main = async () => {
  for (const [name, kind] of JSON.parse(process.argv[2])) {
    const told = await resolver.resolve(name, kind).catch(error => error.code)
    console.log(name, kind, JSON.stringify(told))
  }
}
main()
"""


def c_ares(port, questions):
    command = [binary("node"), "-e", CARES, str(port), json.dumps(questions)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout


def dnspython(port, questions):
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], port
    told = []
    for name, kind in questions:
        try:
            rows = [row.to_text() for row in resolver.resolve(name, kind).rrset]
        except dns.exception.DNSException as error:
            rows = [type(error).__name__]
        told.append(f"{name} {kind} {rows}\n")
    return "".join(told)


@dataclass
class Tape:
    """Every look-up by UDP and every TCP connection is a flow of its own."""

    flows: list[tuple[Flow, list[tuple[Side, bytes]]]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def flow(self, transport):
        with self._lock:
            flow = msgspec.structs.replace(FLOW, id=len(self.flows) + 1, transport=transport)
            self.flows.append((flow, []))
            return self.flows[-1][1]

    def recording(self):
        by_udp, by_tcp = by_zone()

        def datagram(wire):
            said = by_udp(wire)
            self.flow(Transport.UDP).extend([(Side.CLIENT, wire), (Side.SERVER, said)])
            return said

        def connection():
            talk, turns = by_tcp(), self.flow(Transport.TCP)

            def feed(data):
                said = talk(data)
                turns.extend([(Side.CLIENT, data), (Side.SERVER, said)])
                return said

            return feed

        return datagram, connection

    def interactions(self):
        made = [e for flow, turns in self.flows for e in read_exchanges(PLUGIN, turns, flow)]
        return interactions(made)


def replaying(recorded, asked):
    def played(transport):
        flow = msgspec.structs.replace(FLOW, transport=transport)
        rehearsal = Rehearsal(PLUGIN, recorded, flow)
        rehearsal.start()

        def feed(data):
            rehearsal.receive(data)
            asked.extend(rehearsal.faults)
            said = bytes(rehearsal.heard)
            rehearsal.heard.clear()
            return said

        return feed

    return (lambda wire: played(Transport.UDP)(wire) or None), lambda: played(Transport.TCP)


@pytest.mark.parametrize("client", [c_ares, dnspython])
def test_a_resolver_is_told_the_same_again(client):
    tape = Tape()
    with name_server(*tape.recording()) as port:
        recorded = client(port, QUESTIONS)
    assert "192.0.2.3" in recorded and "h" * 250 in recorded, recorded
    assert {flow.transport for flow, _ in tape.flows} == {Transport.UDP, Transport.TCP}
    faults = []
    with name_server(*replaying(tape.interactions(), faults)) as port:
        assert client(port, QUESTIONS) == recorded
    assert faults == []
