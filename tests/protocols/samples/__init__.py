"""Conversations between real clients and real servers, by protocol and name.

Each file was written by `python -m tests.protocols.samples.make`; its first lines say with what.
`flow_of` is the connection it was on.
"""

from __future__ import annotations

import msgspec

from reenact.model.segment import Endpoint, Flow, Transport
from reenact.testing import Turns
from reenact.testing.conformance import FLOW
from tests.protocols.samples import dns, http1, postgres, raw, redis

SAMPLES: dict[str, dict[str, Turns]] = {
    "dns": dns.SAMPLES,
    "http1": http1.SAMPLES,
    "postgres": postgres.SAMPLES,
    "raw": raw.SAMPLES,
    "redis": redis.SAMPLES,
}


def every() -> list[tuple[str, str]]:
    return [(protocol, name) for protocol, named in SAMPLES.items() for name in named]


def flow_of(protocol: str, name: str) -> Flow:
    if protocol != "dns":
        return FLOW
    transport = Transport.UDP if "udp" in name else Transport.TCP
    return msgspec.structs.replace(FLOW, transport=transport, server=Endpoint("127.0.0.1", 53))
