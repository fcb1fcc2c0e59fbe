"""HTTP/1.0 and HTTP/1.1 (RFC 9110, RFC 9112). README.md shows the trees and what is not covered."""

from __future__ import annotations

import re

from reenact.model.protocol import Confidence, ProtocolPlugin
from reenact.model.segment import Flow
from reenact.protocols.http1.call import HttpCaller
from reenact.protocols.http1.codec import HttpCodec
from reenact.protocols.http1.encode import HttpEncoder
from reenact.protocols.http1.match import HttpMatcher
from reenact.protocols.http1.messages import Request, Response, Tunnel
from reenact.protocols.http1.pair import HttpPairer
from reenact.protocols.http1.respond import HttpResponder

LIMIT = 4 * 1024 * 1024 * 1024
"""Bodies are held whole while they are read; a capture larger than this is read by nobody."""

_START = re.compile(rb"[A-Z!#$%&'*+.^_`|~0-9a-z-]{1,40} [^\s]+ HTTP/1\.[01]\r?\n")
_BEGUN = re.compile(rb"[A-Z]{1,20}( [^\s]*( H?T?T?P?/?1?\.?[01]?\r?)?)?")


def detect(flow: Flow, client: bytes, server: bytes) -> Confidence:
    if not client:
        return Confidence.NO if server else Confidence.WAIT
    if _START.match(client):
        return Confidence.SURE
    if len(client) < 4096 and _BEGUN.fullmatch(client):
        return Confidence.WAIT if not server.startswith(b"HTTP/1.") else Confidence.SURE
    return Confidence.NO


PLUGIN = ProtocolPlugin(
    name="http1",
    payloads=(Request, Response, Tunnel),
    detect=detect,
    codec=lambda flow: HttpCodec(LIMIT),
    encoder=lambda flow, side: HttpEncoder(),
    pairer=HttpPairer,
    matcher=HttpMatcher(),
    recall=lambda interactions: None,
    responder=lambda flow, recalled: HttpResponder(LIMIT),
    caller=lambda flow: HttpCaller(LIMIT),
    buffer_limit=LIMIT,
)
