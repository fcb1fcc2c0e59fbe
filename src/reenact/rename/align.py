"""Which parts of two texts are the same, and which are generated values of the same form."""

from __future__ import annotations

import re
from collections.abc import Set
from dataclasses import dataclass

from reenact.rename.alphabets import base64_of_bytes, of_bytes
from reenact.rename.forms import STRUCTURED, TOKEN_MIN, fits, kind_of_pair, looks_random
from reenact.rename.instants import read
from reenact.rename.sealed import SIGNED, is_signed


@dataclass(frozen=True, slots=True)
class Piece:
    kind: str
    recorded: str
    live: str


_ESCAPED = "%[0-9A-Fa-f]{2}"
"""The letters of percent-encoding belong to no word."""

_RUNS = re.compile(rf"{_ESCAPED}|[A-Za-z0-9]+")
_WORDS = re.compile(rf"{_ESCAPED}|[A-Za-z0-9_-]+={{0,2}}(?![\w=])|[A-Za-z0-9_-]+")
_WIDE_WORDS = re.compile(r"[A-Za-z0-9_+/=.%~$-]+")
_NUMBER = r"\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"
_LONE_NUMBERS = re.compile(rf"(?<![\w.-]){_NUMBER}(?![\w.-])")
_NUMBERS = re.compile(_NUMBER)
_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
"""W3C Trace Context, section 3.2: version, trace, parent, flags."""

_SURE_RUNS = frozenset({"hex", "ulid"})
"""Kinds that a part of a word has by its form alone: `T-9f3a2b1c`, `ord_01H...`."""


def align(recorded: str, live: str, known: Set[str] = frozenset()) -> list[Piece] | None:
    """The pieces in which two texts differ, each a pair of one kind; [] when they are equal.

    `known` are the kinds that may stand here. None: they differ in something that is no generated
    value by its form. Tried from the strictest reading to the widest, so that a UUID in a path is a
    UUID and not a text.
    """
    if recorded == live:
        return []
    if (traced := _traces(recorded, live)) is not None:
        return traced
    if _whole_base64(recorded, live, known):
        return [Piece("base64", recorded, live)]
    for pattern in (SIGNED, STRUCTURED, _LONE_NUMBERS, _RUNS, _WORDS, _WIDE_WORDS, _NUMBERS):
        pieces = _by(pattern, recorded, live, known)
        if pieces is not None:
            return pieces
    if ":" in recorded and recorded.count(":") == live.count(":"):
        return _by_segment(recorded, live, known)
    random = bool(known & {"token", "opaque", "derived"})
    if min(len(recorded), len(live)) >= 2 * TOKEN_MIN and (random or _both_random(recorded, live)):
        return [Piece("opaque", recorded, live)]
    return None


def _traces(recorded: str, live: str) -> list[Piece] | None:
    a, b = _TRACEPARENT.fullmatch(recorded), _TRACEPARENT.fullmatch(live)
    if a is None or b is None:
        return None
    if a[1] != b[1] or not int(b[2], 16) or not int(b[3], 16):
        return None  # all zeros are invalid: sections 3.2.2.3 and 3.2.2.4
    if a[4] != b[4]:  # sampled or not is often drawn by lot
        return [Piece("trace", recorded, live)]
    return [Piece("trace", a[n], b[n]) for n in (2, 3) if a[n] != b[n]]


def _whole_base64(recorded: str, live: str, known: Set[str]) -> bool:
    """Base64 with "+" or "/" in it. What begins alike may be a path with an id in it."""
    if not set("+/") & set(recorded + live) or recorded[:3] == live[:3]:
        return False
    sure = base64_of_bytes(recorded) or base64_of_bytes(live)
    both = of_bytes(recorded) and of_bytes(live)
    return ((sure and both) or "base64" in known) and fits("base64", recorded, live)


def _both_random(recorded: str, live: str) -> bool:
    return " " not in recorded + live and looks_random(recorded) and looks_random(live)


def _by_segment(recorded: str, live: str, known: Set[str]) -> list[Piece] | None:
    """As programs join names: `<id>:orders:2026` and `<id>:carts:2026` are two names, however random the id
    makes them look."""
    out: list[Piece] = []
    for a, b in zip(recorded.split(":"), live.split(":"), strict=True):
        pieces = align(a, b, known)
        if pieces is None:
            return None
        out += pieces
    return out


_NUMERIC = (_LONE_NUMBERS, _NUMBERS)


def _number(a: str, b: str) -> str:
    """A time since the epoch where both numbers can be one; else a number that may vary."""
    return "epoch" if read(a) and read(b) else "number"


def _kind(pattern: re.Pattern[str], a: str, b: str, known: Set[str]) -> str | None:
    if pattern in _NUMERIC:
        return _number(a, b)
    if pattern is SIGNED:
        return "signed" if is_signed(a) and is_signed(b) else None
    kind = kind_of_pair(a, b, known)
    return None if pattern is _RUNS and kind not in _SURE_RUNS else kind


def _by(pattern: re.Pattern[str], recorded: str, live: str, known: Set[str]) -> list[Piece] | None:
    if pattern.split(recorded) != pattern.split(live):
        return None
    pieces = []
    for a, b in zip(pattern.findall(recorded), pattern.findall(live), strict=True):
        if a == b:
            continue
        kind = _kind(pattern, a, b, known)
        if kind is None:
            strict = pattern in (STRUCTURED, SIGNED, _RUNS)
            inner = None if strict else _by(STRUCTURED, a, b, known)
            if not inner:
                return None
            pieces += inner
        else:
            pieces.append(Piece(kind, a, b))
    return pieces
