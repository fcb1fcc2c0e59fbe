"""DNS over UDP and TCP (RFC 1035), read with dnspython. README.md shows the trees."""

from __future__ import annotations

from reenact.model.protocol import Confidence, ProtocolPlugin
from reenact.model.segment import Flow, Transport
from reenact.protocols.dns.codec import HEADER, DnsCodec, DnsEncoder, plausible
from reenact.protocols.dns.match import DnsMatcher
from reenact.protocols.dns.messages import Packet
from reenact.protocols.dns.pair import DnsPairer
from reenact.protocols.dns.respond import DnsResponder, recall

PORT = 53
"""A TCP stream of queries has too little of its own to be told by its bytes alone."""


def detect(flow: Flow, client: bytes, server: bytes) -> Confidence:
    if flow.transport is Transport.UDP:
        return Confidence.SURE
    if flow.server.port != PORT or (server and not client) or not plausible(client):
        return Confidence.NO
    return Confidence.LIKELY if len(client) >= HEADER else Confidence.WAIT


def _datagrams(flow: Flow) -> bool:
    return flow.transport is Transport.UDP


PLUGIN = ProtocolPlugin(
    name="dns",
    payloads=(Packet,),
    detect=detect,
    codec=lambda flow: DnsCodec(datagrams=_datagrams(flow)),
    encoder=lambda flow, side: DnsEncoder(datagrams=_datagrams(flow)),
    pairer=DnsPairer,
    matcher=DnsMatcher(),
    recall=recall,
    responder=lambda flow, recalled: DnsResponder(datagrams=_datagrams(flow), whole=recalled),
    buffer_limit=128 * 1024,
)
