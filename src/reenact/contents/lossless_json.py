"""JSON without loss: numbers keep their text, duplicate keys are kept, and the style is known."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any, cast

from reenact.model.value import Value

PAIRS = "$pairs"
"""An object with duplicate keys (RFC 8259, 4: "should be unique") is `{"$pairs": [[key, value], ...]}`."""

_STYLES: dict[str, dict[str, Any]] = {  # Any: keyword arguments of json.dumps
    "compact": {"separators": (",", ":")},
    "spaced": {"separators": (", ", ": ")},
    "indent 2": {"indent": 2},
    "indent 4": {"indent": 4},
    "indent 1": {"indent": 1},
    "tab": {"indent": "\t"},
}


def loads(text: str) -> Value:
    """Raises ValueError. Integers of any size are int, other numbers Decimal with their text."""
    tree = json.loads(
        text, parse_float=Decimal, parse_constant=_no_constant, object_pairs_hook=_pairs
    )
    return cast(Value, tree)


def _no_constant(name: str) -> Value:
    raise ValueError(f"{name} is no JSON")


def _pairs(pairs: list[tuple[str, Value]]) -> Value:
    out: dict[str, Value] = dict(pairs)
    if len(out) == len(pairs):
        return out
    return {PAIRS: [[key, value] for key, value in pairs]}


def style_of(text: str, tree: Value) -> str | None:
    """The style in which `dumps(tree, style)` is exactly `text`; None when there is none."""
    newline = "\n" if text.endswith("\n") else ""
    body = text[: len(text) - len(newline)]
    tail = " newline" if newline else ""
    for name in _likely(body):
        for escaped in ("", " ascii"):
            style = name + escaped + tail
            if dumps(tree, style) == text:
                return style
            if body.isascii() and "\\u" not in body:
                break
    return None


def _likely(body: str) -> list[str]:
    head = body[:200]
    if "\n" in head:
        return [name for name in _STYLES if name.startswith(("indent", "tab"))]
    return ["spaced", "compact"] if '": ' in head or ", " in head else ["compact", "spaced"]


def dumps(tree: Value, style: str) -> str:
    """The tree in a named style: its name, then " ascii" and " newline" where they apply."""
    name = style.removesuffix(" newline").removesuffix(" ascii")
    keywords = _STYLES[name]
    marked = _mark(tree)
    text = json.dumps(marked, ensure_ascii=" ascii" in style, **keywords)
    if marked is not tree:
        text = _MARKED.sub(lambda m: m[1], text)
    return text + ("\n" if style.endswith(" newline") else "")


_MARKED = re.compile(r'"\\u0000#([^"]*)"')


def _mark(tree: Value) -> Any:  # Any: what json.dumps takes
    """Decimals as marked strings (json has no way to write a number as given); the same object
    back when there is nothing to mark."""
    if isinstance(tree, Decimal):
        return f"\0#{tree}"
    if isinstance(tree, list):
        items = [_mark(item) for item in tree]
        return items if any(a is not b for a, b in zip(items, tree, strict=True)) else tree
    if isinstance(tree, dict):
        if set(tree) == {PAIRS}:
            return _Object([(key, _mark(value)) for key, value in cast(Any, tree[PAIRS])])
        values = {key: _mark(value) for key, value in tree.items()}
        return values if any(values[k] is not tree[k] for k in tree) else tree
    return tree


class _Object(dict[str, Any]):  # Any: marked values
    """A dict for json.dumps whose items may repeat a key."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__({"": ""} if pairs else {})
        self._pairs = pairs

    def items(self) -> Any:
        return self._pairs
