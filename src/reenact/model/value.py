"""Protocol-independent trees: what diffing, matching, renaming and people look at."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import TypeAlias, Union

Scalar: TypeAlias = Union[bool, int, float, Decimal, str, bytes, None]  # noqa: UP007
Value: TypeAlias = Union[Scalar, "list[Value]", "dict[str, Value]"]
Path: TypeAlias = tuple[str | int, ...]


def same(a: Scalar, b: Scalar) -> bool:
    """Equality that keeps True, 1 and 1.0 apart, Decimal("1.10") from Decimal("1.1"), and NaN
    equal to itself."""
    if type(a) is not type(b):
        return False
    if isinstance(a, Decimal):
        return str(a) == str(b)
    return a == b or (a != a and b != b)


def leaves(value: Value, at: Path = ()) -> Iterator[tuple[Path, Scalar]]:
    """Every scalar with its path, in document order. Empty lists and dicts have none."""
    if isinstance(value, dict):
        for key, child in value.items():
            yield from leaves(child, (*at, key))
    elif isinstance(value, list):
        for i, child in enumerate(value):
            yield from leaves(child, (*at, i))
    else:
        yield at, value


_INDEX = re.compile(r"0|-?[1-9][0-9]{0,17}")


def path_text(path: Path) -> str:
    """`("body", "items", 0, "a/b")` as `body/items/0/a~1b` (escapes of RFC 6901), losslessly.

    A key that reads as an index, is empty, or begins with a quote stands in single quotes, so that
    `items/0` (an index) and `items/'0'` (a key) differ. `text_path` is the inverse.
    """
    return "/".join(map(_step_text, path))


def text_path(text: str) -> Path:
    return tuple(map(_step, text.split("/"))) if text else ()


def _step_text(step: str | int) -> str:
    if isinstance(step, int):
        return str(step)
    text = step.replace("~", "~0").replace("/", "~1")
    return f"'{text}'" if not text or text[0] == "'" or _INDEX.fullmatch(text) else text


def _step(text: str) -> str | int:
    if _INDEX.fullmatch(text):
        return int(text)
    if len(text) >= 2 and text[0] == text[-1] == "'":
        text = text[1:-1]
    return text.replace("~1", "/").replace("~0", "~")
