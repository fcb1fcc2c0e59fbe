"""Reading flows. Each is a unit of work of its own, so that many can be read side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from reenact.decode.recognise import FALLBACK, recognise
from reenact.model.exchange import Exchange, Outcome
from reenact.model.message import Message
from reenact.model.protocol import Codec, ProtocolPlugin
from reenact.model.segment import Flow, Role, Segment, SegmentKind, Side


@dataclass(frozen=True, slots=True)
class Decoded:
    """Exchanges in order of `asked_ns`, then id; the protocol of each flow by its id."""

    exchanges: tuple[Exchange, ...]
    protocols: dict[int, str]


_ENDS = (SegmentKind.EOF, SegmentKind.RESET)


def decode(
    flows: Mapping[int, Flow],
    segments: Callable[[int], Sequence[Segment]],
    plugins: Mapping[str, ProtocolPlugin],
) -> Decoded:
    exchanges: list[Exchange] = []
    protocols: dict[int, str] = {}
    for id, flow in sorted(flows.items()):
        read = segments(id)
        plugin = recognise(flow, read, plugins)
        protocols[id] = plugin.name
        exchanges += decode_flow(flow, read, plugin)
    exchanges.sort(key=lambda e: (e.asked_ns, e.flow, int(e.id.rpartition("/")[2])))
    return Decoded(tuple(exchanges), protocols)


def decode_flow(flow: Flow, segments: Sequence[Segment], plugin: ProtocolPlugin) -> list[Exchange]:
    """Every exchange of one flow, in the order they completed."""
    refused = _never_connected(flow, segments)
    if refused is not None:
        return [refused]
    codec, pairer = plugin.codec(flow), plugin.pairer(flow)
    out: list[Exchange] = []
    closed: set[Side] = set()
    last_ns = flow.opened_ns
    for segment in segments:
        last_ns = segment.at_ns
        for message in _read(codec, segment, closed):
            out += pairer.add(message)
    for side in Side:
        if side not in closed:
            for message in codec.close(side, last_ns):
                out += pairer.add(message)
    out += pairer.finish(last_ns)
    if flow.role is Role.INBOUND:
        left = [s.at_ns for s in segments if s.side is Side.CLIENT and s.kind in _ENDS]
        return [_told_if_left(e, min(left, default=last_ns)) for e in out]
    return out


def _told_if_left(exchange: Exchange, left_ns: int) -> Exchange:
    """A caller that closed before it had its answer: a service may notice, or not, or answer
    something else, and whoever sends the request again stays to the end."""
    if exchange.note or not exchange.asked_ns <= left_ns < exchange.answered_ns:
        return exchange
    return msgspec.structs.replace(exchange, note="the caller left before it had the answer")


def _read(codec: Codec, segment: Segment, closed: set[Side]) -> list[Message]:
    match segment.kind:
        case SegmentKind.OPEN:
            return []
        case SegmentKind.DATA:
            return codec.feed(segment.side, segment.data, segment.at_ns)
        case SegmentKind.GAP:
            return codec.gap(segment.side, segment.lost, segment.at_ns)
        case SegmentKind.EOF:
            if segment.side in closed:
                return []
            closed.add(segment.side)
            return codec.close(segment.side, segment.at_ns)
        case SegmentKind.RESET:
            sides = [side for side in Side if side not in closed]
            closed.update(sides)
            return [m for s in sides for m in codec.close(s, segment.at_ns, reset=True)]


def _never_connected(flow: Flow, segments: Sequence[Segment]) -> Exchange | None:
    """The exchange of a connection that failed before anything was said on it."""
    if any(s.kind in (SegmentKind.DATA, SegmentKind.GAP) for s in segments):
        return None
    resets = [s for s in segments if s.kind is SegmentKind.RESET]
    if not resets:
        return None
    return Exchange(
        id=f"{flow.id}/1",
        flow=flow.id,
        protocol=FALLBACK,
        role=flow.role,
        outcome=Outcome.CUT,
        request=None,
        response=None,
        asked_ns=flow.opened_ns,
        sent_ns=flow.opened_ns,
        answered_ns=resets[0].at_ns,
        note=resets[0].data.decode("utf-8", "replace") or "the connection was reset",
    )
