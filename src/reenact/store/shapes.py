"""Slips in a request or response that a person edited, found before the service is started.

Only what holds for every message with headers, whatever its protocol: that is where people edit.
"""

from __future__ import annotations

from collections.abc import Iterator

from reenact.model.value import Path, Value
from reenact.store.fields import WrongField, shown

_WITH_HEADERS = ({"status", "headers"}, {"method", "target"})
_TEXTS = ("method", "target", "reason")


def check(tree: Value, at: Path) -> None:
    """Raises WrongField for the first slip in the message `tree`."""
    if not isinstance(tree, dict) or not any(keys <= tree.keys() for keys in _WITH_HEADERS):
        return
    for name, reason in _slips(tree):
        raise WrongField((*at, *name), reason)


def _slips(tree: dict[str, Value]) -> Iterator[tuple[Path, str]]:
    status = tree.get("status", 200)
    if type(status) is not int:
        yield ("status",), f"expected a whole number, found {shown(status)}"
    for name in _TEXTS:
        if not isinstance(tree.get(name, ""), str):
            yield (name,), f"expected text, found {shown(tree[name])}"
    headers = tree.get("headers", [])
    if not isinstance(headers, list):
        yield ("headers",), f"expected a list of [name, value], found {shown(headers)}"
        return
    for i, pair in enumerate(headers):
        if not (isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str)):
            yield ("headers", i), f"expected [name, value], found {shown(pair)}"
        elif not isinstance(pair[1], str | bytes):
            yield ("headers", i, 1), f'expected text, found {shown(pair[1])}; put it in "quotes"'
