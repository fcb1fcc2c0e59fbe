"""What of a verdict is the same whenever the same suite meets the same build.

A run makes up values of its own, asks in a slightly different order, and repeats what was refused. In a
settled verdict live values that stand for recorded ones are told as those, values that nothing in the
recording is known to stand for are told by their form (`<uuid>`), and lists stand in an order of their own.
What a renaming or a tolerance explains is no part of it. Pure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from decimal import Decimal
from itertools import pairwise
from typing import TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from reenact.model.difference import Change, Conflict, Difference
from reenact.model.suite import Case
from reenact.model.value import Path, Scalar, Value, leaves, path_text
from reenact.model.verdict import CallDifferences, Miss, Status, Verdict
from reenact.rename.align import align
from reenact.rename.forms import BOUND, INSTANTS, STRUCTURED, epoch_scale, kind_of
from reenact.rename.table import Renaming
from reenact.report.words import value_text

_T = TypeVar("_T")
_SURE = ("uuid", "jwt", "ulid")
_ADDRESS = re.compile(r"\b0x[0-9a-f]{6,16}\b")
"""Where an object lies in memory, as error pages of many languages tell."""

_WORD = re.compile(r"[A-Za-z0-9_-]{16,}|[0-9]{10,19}")
"""Shorter than 16 a word with digits may be a name that people gave."""

TOO_EARLY = "asked before all of these had been answered"


def settled(verdict: Verdict, case: Case | None) -> Verdict:
    """`case` is the one that was tested, None for what belongs to none."""
    if verdict.status is Status.PASS:
        return Verdict(case=verdict.case, status=verdict.status, title=verdict.title)
    telling = _Telling(verdict, case)
    return Verdict(
        case=verdict.case,
        status=verdict.status,
        title=verdict.title,
        note=telling.text(verdict.note),
        clock=verdict.clock,
        differences=_differences(telling, verdict.differences),
        calls=_in_order(_calls(telling, verdict.calls)),
        misses=_in_order(_miss(telling, miss) for miss in verdict.misses),
        missing=tuple(sorted(verdict.missing)),
        conflicts=_in_order(_conflict(telling, conflict) for conflict in verdict.conflicts),
    )


def session_of(verdicts: Sequence[Verdict]) -> Verdict:
    """What several instances asked outside of any case, as if one had."""
    first, notes = verdicts[0], dict.fromkeys(v.note for v in verdicts if v.note)
    return msgspec.structs.replace(
        first,
        misses=_in_order(miss for verdict in verdicts for miss in verdict.misses),
        note="; ".join(sorted(notes)),
    )


def _differences(telling: _Telling, found: Iterable[Difference]) -> tuple[Difference, ...]:
    open_ = (d for d in found if d.explained_by is None)
    return _in_order(map(telling.difference, open_))


def _calls(telling: _Telling, calls: Iterable[CallDifferences]) -> Iterable[CallDifferences]:
    for call in calls:
        if found := _differences(telling, call.differences):
            yield CallDifferences(
                interaction=call.interaction, label=telling.text(call.label), differences=found
            )


def _miss(telling: _Telling, miss: Miss) -> Miss:
    return msgspec.structs.replace(
        miss,
        label=telling.text(miss.label),
        request=telling.value(miss.request),
        why_not=_differences(telling, miss.why_not),
    )


def _conflict(telling: _Telling, conflict: Conflict) -> Conflict:
    return msgspec.structs.replace(
        conflict, live=telling.leaf(conflict.live), held_live=telling.leaf(conflict.held_live)
    )


def _in_order(found: Iterable[_T]) -> tuple[_T, ...]:
    """Each once, by what it says: a refused call may be made again, as often as there is time."""
    by_text = {_text(one): one for one in found}
    return tuple(by_text[text] for text in sorted(by_text))


def _text(one: object) -> str:
    match one:
        case Difference():
            sides = [one.change.value, value_text(one.recorded), value_text(one.live)]
            return json.dumps([path_text(one.at), *sides])
        case CallDifferences():
            return json.dumps([one.interaction, one.label, *map(_text, one.differences)])
        case Miss():
            why = [one.nearest, one.repeated, *map(_text, one.why_not)]
            return json.dumps([one.destination, one.label, value_text(one.request), *why])
        case Conflict():
            return json.dumps(
                [one.kind, *(value_text(v) for v in msgspec.structs.astuple(one)[1:])]
            )
    raise AssertionError(one)


class _Telling:
    """Live values as the recording or their form tells them."""

    def __init__(self, verdict: Verdict, case: Case | None) -> None:
        self._names = Renaming()
        for b in verdict.bindings:
            self._names.bind(b.kind, str(b.recorded), str(b.live))
        bound = {str(b.recorded) for b in verdict.bindings}
        self._recorded = _scalars(case) | bound
        self._made_up: dict[str, str] = {}
        self._note_made_up(verdict, bound)

    def _note_made_up(self, verdict: Verdict, bound: Set[str]) -> None:
        """What stands where the recording has a made-up value is made up, however it may look."""
        for difference in _open_differences(verdict):
            a, b = difference.recorded, difference.live
            if not (isinstance(a, str) and isinstance(b, str)):
                continue
            for piece in align(a, b, frozenset({"token"})) or ():
                kind = kind_of(piece.recorded) or "token"
                random = piece.recorded in bound or _random_kind(piece.recorded) is not None
                if piece.kind in BOUND and random and piece.live not in self._recorded:
                    self._made_up.setdefault(piece.live, f"<{kind}>")

    def difference(self, difference: Difference) -> Difference:
        early = difference.change is Change.ORDER and difference.at == ("order",)
        return msgspec.structs.replace(
            difference,
            at=self._path(difference.at),
            live=TOO_EARLY if early else self._side(difference.live),
            held=None if difference.held is None else _conflict(self, difference.held),
        )

    def _path(self, path: Path) -> Path:
        return tuple(self.text(step) if isinstance(step, str) else step for step in path)

    def _side(self, value: Value | UnsetType) -> Value | UnsetType:
        return UNSET if value is UNSET else self.value(value)

    def value(self, value: Value) -> Value:
        match value:
            case dict():
                told = {self.text(key): self.value(child) for key, child in value.items()}
                return dict(sorted(told.items()))
            case list():
                return [self.value(child) for child in value]
            case _:
                return self.leaf(value)

    def leaf(self, value: Scalar) -> Scalar:
        match value:
            case bool():
                return value
            case str():
                return self.text(value)
            case bytes():
                return self.text(value.decode("latin-1")).encode("latin-1", "replace")
            case int() | float() | Decimal():
                return "<epoch>" if value == value and _is_time(value) else value
        return value

    def text(self, text: str) -> str:
        told = str(self._names.untell(text))
        for live, name in self._made_up.items():
            told = told.replace(live, name)
        kind = kind_of(told)
        if kind in INSTANTS:
            return f"<{kind}>"
        if told in self._recorded:
            return told
        if kind in _SURE:
            return f"<{kind}>"
        told = _ADDRESS.sub("<address>", self._sub(STRUCTURED, told, kind_of))
        return self._sub(_WORD, told, _random_kind)

    def _sub(self, form: re.Pattern[str], text: str, kind: Callable[[str], str | None]) -> str:
        def told(found: re.Match[str]) -> str:
            word = found[0]
            name = kind(word)
            same = word in self._recorded and name not in INSTANTS
            return word if same or name is None else f"<{name}>"

        return form.sub(told, text)


def _open_differences(verdict: Verdict) -> Iterator[Difference]:
    yield from verdict.differences
    for call in verdict.calls:
        yield from call.differences
    for miss in verdict.misses:
        yield from miss.why_not


def _is_time(value: float | Decimal) -> bool:
    return -(2**63) < value < 2**63 and epoch_scale(int(value)) is not None


def _random_kind(word: str) -> str | None:
    """The form of a word nobody would choose: hex, a time, or letters and digits without a break."""
    kind = kind_of(word)
    if kind in ("epoch", "hex"):
        return kind
    changes = sum(a.isdigit() != b.isdigit() for a, b in pairwise(word))
    turns = sum(_sort(a) != _sort(b) for a, b in pairwise(word))
    cases = any(c.isupper() for c in word) and any(c.islower() for c in word)
    numbered = changes >= 3 and (cases or len(word) >= 24)
    return "token" if numbered or (cases and turns > 0.4 * len(word)) else None


def _sort(char: str) -> int:
    return 3 * char.isdigit() + 2 * char.isupper() + char.islower()


def _scalars(case: Case | None) -> frozenset[str]:
    """What the recording itself says in this case: told as it is, unless it is a time, which may be
    the recorded one by chance."""
    if case is None:
        return frozenset()
    trees = [case.request, case.response]
    trees += [tree for call in case.calls for tree in (call.request, call.response)]
    return frozenset(str(leaf) for tree in trees for _, leaf in leaves(tree))
