"""One sentence for a verdict: what differed first."""

from __future__ import annotations

from msgspec import UNSET

from reenact.model.difference import Difference
from reenact.model.value import path_text
from reenact.model.verdict import Verdict


def reason(verdict: Verdict) -> str:
    """The first thing that differed; "" when nothing did."""
    if verdict.note:
        return verdict.note
    if verdict.misses:
        miss = verdict.misses[0]
        why = "; ".join(difference_text(d) for d in miss.why_not[:2])
        what = "was asked more often than recorded" if miss.repeated else "was not recorded"
        return f"{miss.label} {what}" + (f" (nearest {miss.nearest_label}: {why})" if why else "")
    unexplained = [d for d in verdict.differences if d.explained_by is None]
    if unexplained:
        return difference_text(unexplained[0])
    if verdict.missing:
        return f"{verdict.missing[0][1]} was not asked"
    for call in verdict.calls:
        for difference in call.differences:
            if difference.explained_by is None:
                return f"{call.label}: {difference_text(difference)}"
    if verdict.conflicts:
        c = verdict.conflicts[0]
        return f"{c.recorded!s} became {c.live!s} although it stood for {c.held_live!s}"
    return ""


def difference_text(difference: Difference) -> str:
    at = path_text(difference.at)
    if difference.recorded is UNSET:
        return f"{at}: added {_short(difference.live)}"
    if difference.live is UNSET:
        return f"{at}: gone, was {_short(difference.recorded)}"
    return f"{at}: {_short(difference.recorded)} -> {_short(difference.live)}"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:60] + "..." + text[-15:]
