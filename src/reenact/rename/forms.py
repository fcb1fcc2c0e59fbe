"""The kinds of generated values, told from their text alone.

A kind says what has to hold of a value in another run. BOUND kinds are renamed one to one;
INSTANTS have to lie where the recorded one lay, relative to their case; the others may vary.
"""

from __future__ import annotations

import re
import string
from itertools import pairwise
from typing import Final

BOUND: Final = frozenset({"uuid", "ulid", "hex", "jwt", "token", "opaque"})
INSTANTS: Final = frozenset({"instant", "epoch"})
VARYING: Final = frozenset({"number", "text", "derived", "not yet"})
"""`derived` is made from other values (a signature over a time): it keeps its form alone. `not yet` is
a time or null: when something of the service's own happened, if it has."""

WEAK: Final = VARYING | {"opaque"}
"""Kinds whose form says little."""

HANDLE: Final = "handle"
"""A name for as long as a connection lives: bound until it is given again."""

DERIVABLE: Final = frozenset({"hex", "token", "jwt", "opaque"})
KINDS: Final = BOUND | INSTANTS | VARYING

TOKEN_MIN: Final = 8
"""Shorter words are too likely to be equal by chance or to be words of a language."""

_UUID = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
_JWT = r"eyJ[A-Za-z0-9_-]+\.eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"
_ISO = (
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?"
    r"(?: ?(?:Z|[+-]\d\d:?\d\d(?!\d)|[+-]\d\d(?!\d)))?"
)
_HTTP_DATE = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d[ -][A-Z][a-z]{2}[ -]\d{4} \d\d:\d\d:\d\d GMT"
_DATE = r"(?<![\d-])\d{4}-\d\d-\d\d(?![\d-])"

STRUCTURED: Final = re.compile(f"(?:{_JWT}|{_UUID}|{_ISO}|{_HTTP_DATE}|{_DATE})")
"""Values whose form is sure wherever they stand in a text."""

_WHOLE: Final = (
    ("jwt", re.compile(_JWT)),
    ("uuid", re.compile(_UUID)),
    ("instant", re.compile(f"{_ISO}|{_HTTP_DATE}|{_DATE}")),
    ("ulid", re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")),
)
_HEX = frozenset("0123456789abcdef")
_WORD = frozenset(string.ascii_letters + string.digits + "_-+/=.%~$")


def kind_of(text: str) -> str | None:
    """The kind of a whole text by its form, None when it has none of its own."""
    for kind, pattern in _WHOLE:
        if pattern.fullmatch(text):
            return kind
    if text.isascii() and text.isdigit():
        return "epoch" if epoch_scale(int(text)) and text[0] != "0" else "number"
    if hexadecimal(text):
        return "hex"
    if len(text) >= TOKEN_MIN and set(text) <= _WORD:
        return "token"
    return None


def kind_of_pair(recorded: str, live: str, *, known: bool = False) -> str | None:
    """The kind that both texts have, None when they don't share one.

    `known`: the place is known to hold random text, so that it need not look random each time.
    """
    a, b = kind_of(recorded), kind_of(live)
    if a == b == "uuid":
        return "uuid" if recorded[14] == live[14] else None  # the version digit, RFC 9562, 4.2
    if "hex" in (a, b) and hexadecimal(recorded) and hexadecimal(live):
        return "hex" if len(recorded) == len(live) else None
    if {a, b} <= {"epoch", "number"}:
        return a if a == b else "number"
    if {a, b} <= {"hex", "token", "epoch", "number", "ulid"} and _long(recorded, live):
        if a == b != "token":
            return a
        random = known or looks_random(recorded) or looks_random(live)
        return "token" if random else None  # random text may by chance look like hex or digits
    return a if a == b != "token" else None


def hexadecimal(text: str) -> bool:
    """Whether it may be hex; one in forty identifiers of eight hex digits has no letter in it."""
    return len(text) >= TOKEN_MIN and set(text.lower()) <= _HEX


def looks_random(text: str) -> bool:
    """Letters and digits together, or capitals within words: what words of a language lack."""
    if any(c.isdigit() for c in text) and any(c.isalpha() for c in text):
        return True
    return sum(a.islower() and b.isupper() for a, b in pairwise(text)) >= 2


def _long(recorded: str, live: str) -> bool:
    return min(len(recorded), len(live)) >= TOKEN_MIN


def epoch_scale(number: int) -> int | None:
    """Nanoseconds per unit when the number is a time between 2001 and 2096 in seconds,
    milliseconds, microseconds or nanoseconds; None when it is not."""
    for digits, scale in ((10, 10**9), (13, 10**6), (16, 10**3), (19, 1)):
        if 10 ** (digits - 1) <= number < 4 * 10 ** (digits - 1):
            return scale
    return None
