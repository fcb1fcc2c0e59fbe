"""Twice as much: every connection says all of it again; or there is every connection twice."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from benches.decode.inputs import Input, is_data
from reenact.model.exchange import Exchange
from reenact.model.segment import Segment, Side


def longer(segments: Sequence[Segment], exchanges: Sequence[Exchange]) -> list[Segment]:
    """What was said from the second exchange on is said again before the ends: the first may have
    set the connection up, which comes once. A lone exchange (a lookup) is said again."""
    last = max((n for n, s in enumerate(segments) if is_data(s)), default=-1) + 1
    skip = {side: _where_second_begins(exchanges, side) for side in Side}
    again: list[Segment] = []
    for segment in segments[:last]:
        dropped = min(skip[segment.side], len(segment.data))
        skip[segment.side] -= dropped
        if is_data(segment) and dropped < len(segment.data):
            again.append(msgspec.structs.replace(segment, data=segment.data[dropped:]))
    return [*segments[:last], *again, *segments[last:]]


def _where_second_begins(exchanges: Sequence[Exchange], side: Side) -> int:
    repeated = exchanges[1:] or exchanges
    starts = (s.start for e in repeated for m in e.messages if m.side is side for s in m.spans)
    return min(starts, default=1 << 62)


def repeated(input: Input) -> Input:
    """The same recording once more after its end, on connections of its own."""
    more = max(input.flows) + 1
    later_ns = 1 + max(s.at_ns for one in input.segments.values() for s in one)

    def again(flow: int, of: Sequence[Segment]) -> list[Segment]:
        change = msgspec.structs.replace
        return [change(s, flow=flow, seq=s.seq + len(of), at_ns=s.at_ns + later_ns) for s in of]

    flows, segments = dict(input.flows), dict(input.segments)
    for id, flow in input.flows.items():
        at_ns = flow.opened_ns + later_ns
        flows[id + more] = msgspec.structs.replace(flow, id=id + more, opened_ns=at_ns)
        segments[id + more] = again(id + more, input.segments[id])
    return Input(flows, segments, input.started_ns, input.addresses)
