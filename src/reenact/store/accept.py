"""What a test showed, accepted: verdicts written into the cases for review.

Only what the file can say exactly: a place without a counterpart in it, or a call without a
recorded answer, is left and named. Live ids are told as the recorded ones.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

import msgspec

from reenact.model.difference import Change, Difference
from reenact.model.suite import Case, Interaction, Suite
from reenact.model.value import Scalar, Value, path_text, same
from reenact.model.verdict import Verdict
from reenact.store.places import Place, find

_TOLD_FROM = 8
"""Shorter generated values are only replaced where they are the whole value: as in replay."""


def accepted(suite: Suite, verdicts: Sequence[Verdict]) -> tuple[Suite, list[str]]:
    """The suite with the verdicts' changes, and a line for each that could not be written."""
    by_case = {verdict.case: verdict for verdict in verdicts}
    left: list[str] = []
    cases = tuple(
        _case(case, by_case[case.id], left) if case.id in by_case else case for case in suite.cases
    )
    return msgspec.structs.replace(suite, cases=cases), left


def _case(case: Case, verdict: Verdict, left: list[str]) -> Case:
    told = {b.live: b.recorded for b in verdict.bindings if isinstance(b.live, str)}
    holder: dict[str, Value] = {"response": copy.deepcopy(case.response)}
    for difference in _in_order(verdict.differences):
        if not _apply(holder, difference, told):
            left.append(f"{case.id}: {path_text(difference.at)}: cannot be written; edit the case")
    calls = _calls(case, verdict, told, left)
    return msgspec.structs.replace(case, response=holder["response"], calls=calls)


def _in_order(differences: Sequence[Difference]) -> list[Difference]:
    """Removals last and backwards, so that no index moves before it is used."""
    open_ = [d for d in differences if d.explained_by is None]
    kept = [d for d in open_ if d.change is not Change.REMOVED]
    return kept + [d for d in reversed(open_) if d.change is Change.REMOVED]


def _apply(tree: Value, difference: Difference, told: dict[str, Scalar]) -> bool:
    place = find(tree, difference.at)
    if place is None or difference.change is Change.ORDER:
        return False
    if difference.change is Change.REMOVED:
        return _remove(place)
    live = None if difference.live is msgspec.UNSET else _recorded(difference.live, told)
    if difference.change is Change.ADDED:
        return _add(place, live)
    return _replace(place, difference.recorded, live)


def _remove(place: Place) -> bool:
    holder, key = place.holder, place.key
    if isinstance(holder, dict):
        return holder.pop(str(key), _NOTHING) is not _NOTHING
    if isinstance(key, int) and key < len(holder):
        del holder[key]
        return True
    return False


def _add(place: Place, live: Value) -> bool:
    holder, key = place.holder, place.key
    if isinstance(holder, dict):
        holder[str(key)] = live
    elif place.pair or not isinstance(key, int):
        return False  # the file spells the name of a header as it was sent, which is not known
    else:
        holder.insert(key, live)
    return True


def _replace(place: Place, recorded: Value | msgspec.UnsetType, live: Value) -> bool:
    """Only where the file still says what was recorded: else this is not the place."""
    holder, key = place.holder, place.key
    if isinstance(holder, dict):
        if not _equal(holder.get(str(key)), recorded):
            return False
        holder[str(key)] = live
        return True
    if not isinstance(key, int) or key >= len(holder):
        return False
    held = holder[key]
    if place.pair and isinstance(held, list) and _equal(held[1], recorded):
        holder[key] = [held[0], live]
        return True
    if not place.pair and _equal(held, recorded):
        holder[key] = live
        return True
    return False


def _equal(a: Value, b: Value | msgspec.UnsetType) -> bool:
    if isinstance(a, list | dict) or isinstance(b, list | dict | msgspec.UnsetType):
        return a == b
    return same(a, b)


_NOTHING: Value = {}  # compared by identity


def _calls(
    case: Case, verdict: Verdict, told: dict[str, Scalar], left: list[str]
) -> tuple[Interaction, ...]:
    requests: dict[str, Value] = {}
    for miss in verdict.misses:
        if miss.nearest is None or miss.repeated or miss.nearest in requests:
            left.append(f"{case.id}: no answer is recorded for {miss.label}; record it again")
        else:
            requests[miss.nearest] = _recorded(miss.request, told)
    gone = {name for name, _ in verdict.missing} - requests.keys()
    reordered = {call.interaction for call in verdict.calls}
    return tuple(
        msgspec.structs.replace(
            call,
            request=requests.get(call.id, call.request),
            after=() if call.id in reordered else tuple(a for a in call.after if a not in gone),
        )
        for call in case.calls
        if call.id not in gone
    )


def _recorded(value: Value, told: dict[str, Scalar]) -> Value:
    """`value` with the live values of this run as they are called in the recording."""
    if isinstance(value, dict):
        return {key: _recorded(child, told) for key, child in value.items()}
    if isinstance(value, list):
        return [_recorded(child, told) for child in value]
    if not isinstance(value, str):
        return value
    if value in told:
        return told[value]
    for live, recorded in told.items():
        if len(live) >= _TOLD_FROM:
            value = value.replace(live, str(recorded))
    return value
