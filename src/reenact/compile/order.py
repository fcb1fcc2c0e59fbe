"""Which order of a case's calls the recording shows to matter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set

import msgspec

from reenact.model.protocol import ProtocolPlugin, Traits
from reenact.model.suite import Interaction


def as_seen(
    calls: Sequence[Interaction],
    answered: Mapping[str, Set[str]],
    plugins: Mapping[str, ProtocolPlugin],
) -> tuple[Interaction, ...]:
    """The calls, in order, without what a replay showed not to be ordered: `answered` holds, for
    each call that was asked, what had been answered by then every time."""
    reads = {call.id: _traits(call, plugins).reads for call in calls}
    before: dict[str, set[str]] = {}
    out: list[Interaction] = []
    for call in calls:
        done = set(call.after).union(*(before.get(a, ()) for a in call.after))
        if call.id in answered:
            done &= answered[call.id]
        implied = set().union(*(before.get(a, ()) for a in done))
        before[call.id] = done
        near = tuple(
            c.id for c in calls if c.id in done - implied and not (reads[c.id] and reads[call.id])
        )
        out.append(msgspec.structs.replace(call, after=near))
    return tuple(out)


def with_order(
    calls: Sequence[Interaction],
    plugins: Mapping[str, ProtocolPlugin],
    by_chance: Set[tuple[str, str]] = frozenset(),
) -> tuple[Interaction, ...]:
    """Each call with `after`: the latest calls that were answered before it was asked.

    Calls that overlapped in time are not ordered, and the order of two reads means nothing to
    anybody outside, nor when a transaction was opened in which nothing has happened yet. Only the
    nearest ones are named: an earlier call that one of them comes after is implied. `by_chance` are
    pairs of ids, the earlier first, whose order some replay did not keep.
    """
    traits = [_traits(call, plugins) for call in calls]
    reads = [one.reads for one in traits]
    out: list[Interaction] = []
    ends = [call.asked_ns + call.took_ns for call in calls]
    before: list[set[int]] = []
    for n, call in enumerate(calls):
        done = {
            m
            for m in range(n)
            if ends[m] <= call.asked_ns
            and not (reads[m] and reads[n])
            and (calls[m].id, call.id) not in by_chance
        }
        if traits[n].opens:
            done = set()
        implied = set().union(*(before[m] for m in done)) if done else set()
        before.append(done)
        near = sorted(done - implied)
        out.append(msgspec.structs.replace(call, after=tuple(calls[m].id for m in near)))
    return tuple(out)


def _traits(call: Interaction, plugins: Mapping[str, ProtocolPlugin]) -> Traits:
    if call.request is None:
        return Traits()
    return plugins[call.protocol].matcher.traits(call.request, call.response)
