"""Which protocol a flow speaks, from the first bytes of either side.

A protocol named in the configuration is believed unless the bytes say otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reenact.model.protocol import Confidence, ProtocolPlugin
from reenact.model.segment import Flow, Segment, SegmentKind, Side, Transport

FIRST_BYTES = 4096
FALLBACK = "raw"


def recognise(
    flow: Flow, segments: Sequence[Segment], plugins: Mapping[str, ProtocolPlugin]
) -> ProtocolPlugin:
    """The surest protocol; `raw` when none is sure enough or the bytes are not readable."""
    if flow.opaque:
        return plugins[FALLBACK]
    if flow.transport is Transport.UDP:
        return plugins["dns"]
    client, server = (_first(segments, side) for side in Side)
    sure = {name: plugin.detect(flow, client, server) for name, plugin in plugins.items()}
    if flow.hint is not None and sure.get(flow.hint, Confidence.NO) > Confidence.NO:
        return plugins[flow.hint]
    best = max(sure, key=lambda name: (sure[name], name))
    return plugins[best if sure[best] >= Confidence.LIKELY else FALLBACK]


def _first(segments: Sequence[Segment], side: Side) -> bytes:
    """What the side said first, up to `FIRST_BYTES` or to where bytes were lost."""
    out = b""
    for segment in segments:
        if segment.side is side and segment.kind is SegmentKind.GAP:
            break
        if segment.side is side and segment.kind is SegmentKind.DATA:
            out += segment.data
            if len(out) >= FIRST_BYTES:
                break
    return out[:FIRST_BYTES]
