"""Times of one recording, told as those of another. Pure.

Only points in time near a given moment are moved: what the service or its dependency made then. A date
without a time of day stays, and so does what lies far off (a birthday, an expiry in ten years).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

from reenact.model.value import Scalar, Value
from reenact.rename.forms import STRUCTURED, epoch_scale
from reenact.rename.instants import read

NEAR_NS = 36 * 3600 * 10**9
"""A session or token usually lives for a day, and clocks may be in any zone."""

_ISO = re.compile(
    r"(\d{4}-\d\d-\d\d)([T ])(\d\d:\d\d)(:\d\d)?(?:([.,])(\d{1,9}))?( ?)(Z|[+-]\d\d(?::?\d\d)?)?"
)
_HTTP_DATE = re.compile(r"[A-Z][a-z]{2}, \d\d([ -])[A-Z][a-z]{2}[ -]\d{4} \d\d:\d\d:\d\d GMT")


def moved(tree: Value, by_ns: int, around_ns: int) -> Value:
    """The tree with every time near `around_ns` (since the epoch) moved by `by_ns`."""
    if isinstance(tree, dict):
        return {key: moved(child, by_ns, around_ns) for key, child in tree.items()}
    if isinstance(tree, list):
        return [moved(child, by_ns, around_ns) for child in tree]
    if isinstance(tree, str):
        if _near(tree, around_ns) and tree.isdigit():
            return str(_number(int(tree), by_ns))
        return STRUCTURED.sub(lambda found: _text(found[0], by_ns, around_ns), tree)
    if isinstance(tree, int | float | Decimal) and not isinstance(tree, bool):
        return _number(tree, by_ns) if _near(tree, around_ns) else tree
    return tree


def _near(value: Scalar, around_ns: int) -> bool:
    found = read(value)
    return found is not None and abs(found[0] - around_ns) <= NEAR_NS


def _number(value: int | float | Decimal, by_ns: int) -> int | float | Decimal:
    scale = epoch_scale(int(value))
    assert scale is not None, value
    if isinstance(value, int):
        return value + by_ns // scale
    by = Decimal(by_ns // 1000 * 1000) / scale
    return value + by if isinstance(value, Decimal) else value + float(by)


def _text(text: str, by_ns: int, around_ns: int) -> str:
    found = read(text)
    if found is None or abs(found[0] - around_ns) > NEAR_NS:
        return text
    if http := _HTTP_DATE.fullmatch(text):
        at = datetime.fromtimestamp((found[0] + by_ns) // 10**9, UTC)
        mark = http[1]
        return at.strftime(f"%a, %d{mark}%b{mark}%Y %H:%M:%S GMT")
    iso = _ISO.fullmatch(text)
    return _other(text, by_ns) if iso is None else _iso(iso, by_ns)


_OTHERS = (
    *("%Y%m%dT%H%M%SZ", "%Y%m%dT%H%M%S", "%Y%m%dT%H%M%S%z", "%d/%b/%Y:%H:%M:%S %z"),
    *("%a, %d %b %Y %H:%M:%S %z", "%a, %d %b %Y %H:%M:%S UTC", "%a %b %d %H:%M:%S %Y"),
)


def _other(text: str, by_ns: int) -> str:
    """In a writing that has its own name for each part; a text that none gives back stays."""
    for writing in _OTHERS:
        try:
            at = datetime.strptime(text, writing)  # noqa: DTZ007 (told in the same zone, or in none)
        except ValueError:
            continue
        if at.strftime(writing) == text:
            return (at + timedelta(seconds=by_ns // 10**9)).strftime(writing)
    return text


def _iso(parts: re.Match[str], by_ns: int) -> str:
    """In the same zone, with as many digits."""
    day, mark, minute, second, point, digits, space, zone = parts.groups()
    at = datetime.fromisoformat(f"{day}T{minute}{second or ':00'}").replace(tzinfo=_zone(zone))
    ns = int((digits or "0").ljust(9, "0")) + by_ns % 10**9
    at += timedelta(seconds=by_ns // 10**9 + ns // 10**9)
    said = at.strftime(f"%Y-%m-%d{mark}%H:%M") + (at.strftime(":%S") if second else "")
    fraction = f"{point}{ns % 10**9:09}"[: len(digits) + 1] if digits else ""
    return f"{said}{fraction}{space}{zone or ''}"


def _zone(text: str | None) -> timezone:
    if not text or text == "Z":
        return UTC
    hours, minutes = int(text[1:3]), int(text[-2:]) if len(text) > 3 else 0
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if text[0] == "-" else offset)
