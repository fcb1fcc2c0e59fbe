"""Which parts of two texts are the same, and which are generated values of the same form."""

from __future__ import annotations

import re
from dataclasses import dataclass

from reenact.rename.forms import STRUCTURED, TOKEN_MIN, kind_of_pair, looks_random
from reenact.rename.instants import read


@dataclass(frozen=True, slots=True)
class Piece:
    kind: str
    recorded: str
    live: str


_WORDS = re.compile(r"[A-Za-z0-9_-]+")
_WIDE_WORDS = re.compile(r"[A-Za-z0-9_+/=.%~$-]+")
_NUMBER = r"\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"
_LONE_NUMBERS = re.compile(rf"(?<![\w.-]){_NUMBER}(?![\w.-])")
_NUMBERS = re.compile(_NUMBER)


def align(recorded: str, live: str, *, known: bool = False) -> list[Piece] | None:
    """The pieces in which two texts differ, each a pair of one kind; [] when they are equal.

    `known`: random text is known to stand here. None: they differ in something that is no generated value by its form. Tried from the
    strictest reading to the widest, so that a UUID in a path is a UUID and not a text.
    """
    if recorded == live:
        return []
    for pattern in (STRUCTURED, _LONE_NUMBERS, _WORDS, _WIDE_WORDS, _NUMBERS):
        pieces = _by(pattern, recorded, live, known)
        if pieces is not None:
            return pieces
    if min(len(recorded), len(live)) >= 2 * TOKEN_MIN and (known or _both_random(recorded, live)):
        return [Piece("opaque", recorded, live)]
    return None


def _both_random(recorded: str, live: str) -> bool:
    return " " not in recorded + live and looks_random(recorded) and looks_random(live)


_NUMERIC = (_LONE_NUMBERS, _NUMBERS)


def _number(a: str, b: str) -> str:
    """A time since the epoch where both numbers can be one; else a number that may vary."""
    return "epoch" if read(a) and read(b) else "number"


def _by(pattern: re.Pattern[str], recorded: str, live: str, known: bool) -> list[Piece] | None:
    if pattern.split(recorded) != pattern.split(live):
        return None
    pieces = []
    for a, b in zip(pattern.findall(recorded), pattern.findall(live), strict=True):
        if a == b:
            continue
        kind = _number(a, b) if pattern in _NUMERIC else kind_of_pair(a, b, known=known)
        if kind is None:
            inner = _by(STRUCTURED, a, b, known) if pattern is not STRUCTURED else None
            if not inner:
                return None
            pieces += inner
        else:
            pieces.append(Piece(kind, a, b))
    return pieces
