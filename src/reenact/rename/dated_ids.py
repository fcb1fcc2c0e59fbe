"""Identifiers that carry the time they were made at. Pure.

Such an id is told from random text of the same letters by that time: it lies where its case does,
which is chance once in some hundred millions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from reenact.rename.instants import SLACK_NS, Moment, moves_along

_S, _MS = 10**9, 10**6

NEAR_NS = 36 * 3600 * _S
"""An id that a service hands out was made by it, or shortly before it by another."""


def _uuid(text: str) -> int | None:
    """Versions 1, 6 and 7; the others hold no time. RFC 9562, sections 5.1, 5.6 and 5.7."""
    digits = text.replace("-", "")
    if len(digits) != 32:
        return None
    since_1582 = {
        "1": digits[13:16] + digits[8:12] + digits[:8],
        "6": digits[:12] + digits[13:16],
    }.get(digits[12])
    if since_1582 is not None:
        return (int(since_1582, 16) - 0x01B21DD213814000) * 100
    return int(digits[:12], 16) * _MS if digits[12] == "7" else None


_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
KSUID_EPOCH_S: Final = 1_400_000_000


def _ulid(text: str) -> int | None:
    return _in_base(text[:10].upper(), _CROCKFORD) * _MS if _ULID.fullmatch(text) else None


def _ksuid(text: str) -> int | None:
    if not _KSUID.fullmatch(text):
        return None
    number = _in_base(text, _BASE62)
    return ((number >> 128) + KSUID_EPOCH_S) * _S if number < 2**160 else None


def _objectid(text: str) -> int | None:
    """Four bytes of seconds, five of the process, a counter of three. MongoDB's manual."""
    return int(text[:8], 16) * _S if _OBJECTID.fullmatch(text) else None


def _in_base(text: str, digits: str) -> int:
    number = 0
    for c in text:
        number = number * len(digits) + digits.index(c)
    return number


_ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}|[0-7][0-9a-hjkmnp-tv-z]{25}")
_KSUID = re.compile(r"[0-9A-Za-z]{27}")
_OBJECTID = re.compile(r"[0-9a-f]{24}")
_SNOWFLAKE = re.compile(r"[1-9]\d{14,18}")

_MADE_AT: Final[dict[str, Callable[[str], int | None]]] = {
    "uuid": _uuid,
    "ulid": _ulid,
    "ksuid": _ksuid,
    "objectid": _objectid,
}
_LAYOUTS: Final = ((22, _MS), (23, _MS), (16, _MS), (24, 10 * _MS))
"""Bits below the time, and its unit: Twitter and Discord, Instagram, Mastodon, Sonyflake. Each counts
from another year, so only the time between two of them is read."""

DATED: Final = frozenset({*_MADE_AT, "snowflake"})


def dated_kinds(recorded: str, live: str, moment: Moment | None) -> Iterator[str]:
    """The kinds (besides uuid) of dated ids that both are, as their times tell."""
    if moment is None:
        return
    for kind in ("ulid", "ksuid", "objectid"):
        a, b = _MADE_AT[kind](recorded), _MADE_AT[kind](live)
        if a is None or b is None or abs(a - moment.recorded_ns) > NEAR_NS:
            continue
        if moves_along(a, b, moment, _S):
            yield kind
    if _snowflakes(recorded, live, moment):
        yield "snowflake"


def keeps_time(kind: str, recorded: str, live: str, moment: Moment | None) -> bool:
    """Whether an id that was made within its case when it was recorded is so now."""
    if moment is None or kind not in DATED:
        return True
    if kind == "snowflake":
        return _snowflakes(recorded, live, moment)
    a, b = _MADE_AT[kind](recorded), _MADE_AT[kind](live)
    if a is None or b is None:
        return (a is None) == (b is None)
    within = abs(a - moment.recorded_ns) <= SLACK_NS + moment.took_ns + _S
    return not within or moves_along(a, b, moment, _S)


def _snowflakes(recorded: str, live: str, moment: Moment) -> bool:
    if not (_SNOWFLAKE.fullmatch(recorded) and _SNOWFLAKE.fullmatch(live)):
        return False
    a, b = int(recorded), int(live)
    return any(
        moves_along(0, ((b >> bits) - (a >> bits)) * unit, moment, _S) for bits, unit in _LAYOUTS
    )
