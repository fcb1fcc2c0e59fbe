"""Which protocol a flow speaks, from the first bytes of either side; ports count for nothing."""

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
    if flow.hint is not None and flow.hint in plugins:
        return plugins[flow.hint]
    client, server = (_first(segments, side) for side in Side)
    best, name = max(
        (plugin.detect(flow, client, server), name) for name, plugin in plugins.items()
    )
    return plugins[name if best >= Confidence.LIKELY else FALLBACK]


def _first(segments: Sequence[Segment], side: Side) -> bytes:
    out = b""
    for segment in segments:
        if segment.side is side and segment.kind is SegmentKind.GAP:
            break
        if segment.side is side and segment.kind is SegmentKind.DATA:
            out += segment.data
            if len(out) >= FIRST_BYTES:
                break
    return out[:FIRST_BYTES]
