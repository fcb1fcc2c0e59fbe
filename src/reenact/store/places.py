"""From a place in what is compared to the place in what the files show.

The compared tree leaves wrappers out (`body/total` is written `body: {json: {total: ...}}`) and
names headers by lower-case name where the file lists pairs. A place with no such counterpart is
not found, rather than guessed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from reenact.model.value import Path, Value

WRAPPERS = ("json", "form")
"""Keys that say how a body is written; see the protocols' READMEs."""

Holder: TypeAlias = "list[Value] | dict[str, Value]"


@dataclass(frozen=True, slots=True)
class Place:
    """`holder[key]`, which need not exist yet. `pair`: a [name, value] header in a list."""

    holder: Holder
    key: str | int
    pair: bool = False


def find(tree: Value, path: Path) -> Place | None:
    """The place of `path` in `tree`, None when it has no counterpart there."""
    place: Place | None = None
    for step in path:
        if place is not None:
            tree = _value(place)
        place = _step(tree, step)
        if place is None:
            return None
    return place


def _value(place: Place) -> Value:
    if isinstance(place.holder, dict):
        return place.holder.get(str(place.key))
    key = place.key
    value = place.holder[key] if isinstance(key, int) and key < len(place.holder) else None
    return value[1] if place.pair and isinstance(value, list) else value


def _step(tree: Value, step: str | int) -> Place | None:
    if isinstance(tree, list):
        return Place(tree, step) if isinstance(step, int) else _header(tree, step)
    if not isinstance(tree, dict):
        return None
    inner = [child for key, child in tree.items() if key in WRAPPERS]
    if len(inner) == 1 and step not in tree:
        return _step(inner[0], step)
    return Place(tree, step) if isinstance(step, str) else None


def _header(pairs: list[Value], name: str) -> Place | None:
    """The one header of that name; the end of the list when there is none."""
    found = [
        i
        for i, pair in enumerate(pairs)
        if isinstance(pair, list) and len(pair) == 2 and str(pair[0]).lower() == name
    ]
    if len(found) > 1:
        return None
    return Place(pairs, found[0] if found else len(pairs), pair=True)
