"""Background traffic varies by itself: counters, times, ids of a heartbeat.

Calls of the session that differ only in values of a telling form are one call that varies there;
what the recording shows to vary may vary in a replay as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from reenact.diff.tree import Terms, compare
from reenact.model.exchange import Outcome
from reenact.model.protocol import ProtocolPlugin
from reenact.model.suite import Interaction
from reenact.model.symbol import Generated
from reenact.model.value import Path, Value
from reenact.rename.instants import Moment
from reenact.rename.table import Renaming


def with_variation(
    session: Sequence[Interaction], plugins: Mapping[str, ProtocolPlugin], started_ns: int
) -> tuple[Interaction, ...]:
    """The calls with the sites at which recorded calls of the same shape differ."""
    last: dict[tuple[str, str, str], tuple[Value, int]] = {}
    sites: dict[tuple[str, str, str], dict[tuple[Path, str], None]] = {}
    keys: list[tuple[str, str, str] | None] = []
    for call in session:
        key = _key(call, plugins)
        keys.append(key)
        if key is None:
            continue
        normal = plugins[call.protocol].matcher.normal(call.request)
        before = last.get(key)
        last[key] = (normal, call.asked_ns)
        if before is not None:
            found = _varied(before, (normal, call.asked_ns), started_ns)
            sites.setdefault(key, {}).update(dict.fromkeys(found))
    return tuple(
        call if key is None or not sites.get(key) else _marked(call, sites[key])
        for call, key in zip(session, keys, strict=True)
    )


def is_stray(call: Interaction) -> bool:
    """Background that only rehearsals saw, so that there is no answer to it."""
    return call.outcome is Outcome.BROKEN and call.response is None and call.id.startswith("s.r")


def _key(call: Interaction, plugins: Mapping[str, ProtocolPlugin]) -> tuple[str, str, str] | None:
    if call.request is None:
        return None
    matcher = plugins[call.protocol].matcher
    if matcher.traits(call.request, call.response).housekeeping:
        return None
    return (call.protocol, call.destination, matcher.key(call.request))


def _varied(a: tuple[Value, int], b: tuple[Value, int], started_ns: int) -> list[tuple[Path, str]]:
    """Where two calls differ, if that is all they differ in."""
    moment = Moment(started_ns + a[1], started_ns + b[1])
    terms = Terms(Renaming(), discover=True, moment=moment)
    comparison = compare(a[0], b[0], ("request",), terms)
    return comparison.varied if comparison.equal else []


def _marked(call: Interaction, sites: Mapping[tuple[Path, str], None]) -> Interaction:
    generated = list({*call.generated, *(Generated(at=at, kind=kind) for at, kind in sites)})
    generated.sort(key=lambda g: (tuple(map(str, g.at)), g.kind))
    return msgspec.structs.replace(call, generated=tuple(generated))
