"""A case's verdict out of the report for programs, as far as accepting it needs."""

from __future__ import annotations

import base64
from decimal import Decimal
from typing import Any

from msgspec import UNSET, UnsetType

from reenact.model.difference import Change, Conflict, Difference
from reenact.model.symbol import Binding
from reenact.model.value import Value, text_path
from reenact.model.verdict import CallDifferences, Miss, Status, Verdict

Json = dict[str, Any]  # Any: JSON's own recursion


def verdict_of(case: Json) -> Verdict:
    """`case` is one of the `cases` of the report's `run`: with the values as they were in it."""
    return Verdict(
        case=case["id"],
        status=Status(case["status"]),
        title=case["title"],
        note=case["note"],
        clock=case.get("clock", ""),
        differences=tuple(map(_difference, case["differences"])),
        calls=tuple(
            CallDifferences(
                interaction=call["id"],
                label=call["label"],
                differences=tuple(map(_difference, call["differences"])),
            )
            for call in case["calls"]
        ),
        misses=tuple(map(_miss, case["misses"])),
        missing=tuple((call["id"], call["label"]) for call in case["missing"]),
        bindings=tuple(
            Binding(b["kind"], _scalar(b["recorded"]), _scalar(b["live"])) for b in case["bindings"]
        ),
    )


def _miss(miss: Json) -> Miss:
    return Miss(
        protocol=miss["protocol"],
        destination=miss["destination"],
        label=miss["label"],
        request=value_of(miss["request"]),
        nearest=miss["nearest"],
        repeated=miss["repeated"],
        why_not=tuple(map(_difference, miss["why_not"])),
    )


def _difference(difference: Json) -> Difference:
    return Difference(
        change=Change(difference["change"]),
        at=text_path(difference["at"]),
        recorded=_side(difference, "recorded"),
        live=_side(difference, "live"),
        explained_by=difference.get("explained_by"),
        held=_held(difference["held"]) if "held" in difference else None,
        by_clock=difference.get("by_clock", False),
    )


def _held(held: Json) -> Conflict:
    names = ("recorded", "live", "held_recorded", "held_live")
    return Conflict(kind=held["kind"], **{name: _scalar(held[name]) for name in names})


def _side(difference: Json, side: str) -> Value | UnsetType:
    return value_of(difference[side]) if side in difference else UNSET


def _scalar(tree: Any) -> Any:
    return value_of(tree)


def value_of(tree: Any) -> Value:
    """The inverse of `json_report.plain`."""
    match tree:
        case {"$decimal": str(text)}:
            return Decimal(text)
        case {"$bytes": str(text)}:
            return base64.b64decode(text)
        case {"$float": str(text)}:
            return float(text)
        case {"$int": str(text)}:
            return int(text, 0)
        case {"$mapping": dict(inner)}:
            return {key: value_of(child) for key, child in inner.items()}
        case dict():
            return {key: value_of(child) for key, child in tree.items()}
        case list():
            return [value_of(child) for child in tree]
    assert tree is None or isinstance(tree, str | int | float)
    return tree
