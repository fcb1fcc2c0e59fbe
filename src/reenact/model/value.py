"""Protocol-independent trees: what diffing, matching, renaming and people look at."""

from __future__ import annotations

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


def path_text(path: Path) -> str:
    """`("body", "items", 0, "a/b")` as `body/items/0/a~1b` (escapes of RFC 6901)."""
    return "/".join(str(step).replace("~", "~0").replace("/", "~1") for step in path)
