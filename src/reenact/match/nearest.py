"""The recorded call most like one that matched nothing."""

from __future__ import annotations

from collections.abc import Iterable

from reenact.diff.tree import Comparison, Terms
from reenact.match.pool import Asked, Reader, Recorded, compare_call
from reenact.model.verdict import Miss


def miss(
    asked: Asked,
    candidates: Iterable[Recorded],
    used: Iterable[Recorded],
    reader: Reader,
    terms: Terms,
) -> Miss:
    """Why nothing could be served: the nearest unused call with its differing fields, or the
    equal call that was used up already."""
    for call in used:
        if call.key == asked.key and compare_call(call, asked, terms).equal:
            return _told(asked, call, Comparison(), reader, repeated=True)
    best: tuple[int, Recorded, Comparison] | None = None
    for call in candidates:
        comparison = compare_call(call, asked, terms)
        cost = len(comparison.unexplained) + 100 * (call.key != asked.key)
        if best is None or cost < best[0]:
            best = (cost, call, comparison)
    if best is None:
        return Miss(
            protocol=asked.protocol,
            destination=asked.destination,
            label=asked.label,
            request=asked.request,
        )
    return _told(asked, best[1], best[2], reader)


def _told(
    asked: Asked, call: Recorded, comparison: Comparison, reader: Reader, *, repeated: bool = False
) -> Miss:
    return Miss(
        protocol=asked.protocol,
        destination=asked.destination,
        label=asked.label,
        request=asked.request,
        nearest=call.interaction.id,
        nearest_label=reader.label(call.interaction),
        why_not=comparison.unexplained,
        repeated=repeated,
    )
