"""Which order of a case's calls the recording shows to matter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from reenact.model.protocol import ProtocolPlugin
from reenact.model.suite import Interaction


def with_order(
    calls: Sequence[Interaction], plugins: Mapping[str, ProtocolPlugin]
) -> tuple[Interaction, ...]:
    """Each call with `after`: the latest calls that were answered before it was asked.

    Calls that overlapped in time are not ordered, and the order of two reads means nothing to
    anybody outside. Only the nearest ones are named: an earlier call that one of them comes
    after is implied.
    """
    reads = [_reads(call, plugins) for call in calls]
    out: list[Interaction] = []
    ends = [call.asked_ns + call.took_ns for call in calls]
    before: list[set[int]] = []
    for n, call in enumerate(calls):
        done = {m for m in range(n) if ends[m] <= call.asked_ns and not (reads[m] and reads[n])}
        implied = set().union(*(before[m] for m in done)) if done else set()
        before.append(done)
        near = sorted(done - implied)
        out.append(msgspec.structs.replace(call, after=tuple(calls[m].id for m in near)))
    return tuple(out)


def _reads(call: Interaction, plugins: Mapping[str, ProtocolPlugin]) -> bool:
    if call.request is None:
        return False
    return plugins[call.protocol].matcher.traits(call.request, call.response).reads
