"""Bytes that nobody understands: recorded always, replayed only when they are the very same."""

from __future__ import annotations

from reenact.model.protocol import Confidence, ProtocolPlugin
from reenact.protocols.raw.codec import RawCodec, RawEncoder
from reenact.protocols.raw.match import RawMatcher
from reenact.protocols.raw.messages import Bytes
from reenact.protocols.raw.pair import RawPairer
from reenact.protocols.raw.respond import RawResponder, recall

PLUGIN = ProtocolPlugin(
    name="raw",
    payloads=(Bytes,),
    detect=lambda flow, client, server: Confidence.NO,
    codec=lambda flow: RawCodec(),
    encoder=lambda flow, side: RawEncoder(),
    pairer=RawPairer,
    matcher=RawMatcher(),
    recall=recall,
    responder=lambda flow, recalled: RawResponder(recalled),
)
