"""The kinds of generated values, told from their text alone.

A kind says what has to hold of a value in another run. BOUND kinds are renamed one to one;
INSTANTS have to lie where the recorded one lay, relative to their case; the others may vary.
"""

from __future__ import annotations

import re
import string
from collections.abc import Set
from itertools import pairwise
from typing import Final

from reenact.rename.alphabets import (
    URLSAFE,
    base64_of_bytes,
    no_words,
    of_bytes,
    of_one_make,
    varies_in_length,
)

RANDOM: Final = frozenset(
    {"hex", "base64", "nanoid", "prefixed", "token", "ksuid", "objectid", "ulid"}
)
"""Random text of some alphabet: what `token`, the widest of them, may look like by chance."""

BOUND: Final = RANDOM | {"uuid", "snowflake", "trace", "jwt", "signed", "encoded", "hash", "opaque"}
INSTANTS: Final = frozenset({"instant", "epoch"})
VARYING: Final = frozenset({"number", "text", "derived", "not yet"})
"""`derived` is made from other values (a signature over a time): it keeps its form alone. `not yet` is
a time or null: when something of the service's own happened, if it has."""

WEAK: Final = VARYING | {"opaque"}
"""Kinds whose form says little."""

HANDLE: Final = "handle"
"""A name for as long as a connection lives: bound until it is given again."""

DERIVABLE: Final = frozenset(
    {"hex", "base64", "nanoid", "prefixed", "token", "jwt", "signed", "encoded", "hash", "opaque"}
)
STEADY: Final = "steady"
"""Grants nothing: it stayed although the content that it might be a hash of did not."""

SEQUENCE: Final = "sequence"
"""A number that a sequence gave out (`sequences`), and that now gave another in its place."""

KINDS: Final = BOUND | INSTANTS | VARYING | {STEADY, SEQUENCE}

TOKEN_MIN: Final = 8
"""Shorter words are too likely to be equal by chance or to be words of a language."""

NANOID_LENGTH: Final = 21

_UUID = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
JWT: Final = r"eyJ[A-Za-z0-9_-]+\.eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"
_OFFSET = r"(?: ?(?:Z|[+-]\d\d:?\d\d(?!\d)|[+-]\d\d(?!\d)))?"
_ISO = rf"\d{{4}}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{{1,9}})?)?{_OFFSET}"
_BASIC = r"(?<!\d)[12]\d{3}[01]\d[0-3]\dT[0-2]\d[0-5]\d[0-6]\d(?:\.\d{1,9})?(?:Z|[+-]\d{4}(?!\d))?"
_DAYS = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_MAIL_DATE = rf"{_DAYS}, \d\d?[ -][A-Z][a-z]{{2}}[ -]\d{{4}} \d\d:\d\d:\d\d (?:GMT|UTC|[+-]\d{{4}})"
_ASCTIME = rf"{_DAYS} [A-Z][a-z]{{2}} [ \d]\d \d\d:\d\d:\d\d \d{{4}}"
_LOG_DATE = r"\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}"
_DATE = r"(?<![\d-])\d{4}-\d\d-\d\d(?![\d-])"

INSTANT: Final = f"{_ISO}|{_BASIC}|{_MAIL_DATE}|{_ASCTIME}|{_LOG_DATE}|{_DATE}"
STRUCTURED: Final = re.compile(f"(?:{JWT}|{_UUID}|{INSTANT})")
"""Values whose form is sure wherever they stand in a text."""

_WHOLE: Final = (
    ("jwt", re.compile(JWT)),
    ("uuid", re.compile(_UUID)),
    ("instant", re.compile(INSTANT)),
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


def kind_of_pair(recorded: str, live: str, known: Set[str] = frozenset()) -> str | None:
    """The kind that both texts have, None when they don't share one.

    `known` are the kinds that the place is known to hold: text that is random there need not look
    so each time, and may by chance look like a narrower kind.
    """
    a, b = kind_of(recorded), kind_of(live)
    random = bool(known & {"token", "opaque", "derived"})
    if a == b == "uuid":
        return _uuids(recorded, live, random)
    if fitting := next(
        (kind for kind in NARROW if kind in known and fits(kind, recorded, live)), None
    ):
        return fitting
    if "hex" in (a, b) and hexadecimal(recorded) and hexadecimal(live):
        return "hex" if len(recorded) == len(live) else None
    if {a, b} <= {"epoch", "number"}:
        return a if a == b else "number"
    if {a, b} <= {"hex", "token", "epoch", "number", "ulid"} and _long(recorded, live):
        if a != b:
            return "token"  # random text may by chance look like hex or digits
        if a != "token":
            return a
        if not (random or known & RANDOM or looks_random(recorded) or looks_random(live)):
            return None
        return next((kind for kind in NARROW if _sure(kind, recorded, live)), "token")
    return a if a == b != "token" else None


NARROW: Final = ("hex", "nanoid", "prefixed", "base64")
"""Kinds of random text whose length and alphabet hold, the most telling first."""


def fits(kind: str, recorded: str, live: str) -> bool:
    """Whether both can be of that narrow kind, as far as one pair of texts can tell."""
    match kind:
        case "hex":
            return len(recorded) == len(live) and hexadecimal(recorded) and hexadecimal(live)
        case "nanoid":
            both = len(recorded) == len(live) == NANOID_LENGTH
            return both and set(recorded + live) <= URLSAFE and of_one_make(recorded, live)
        case "base64":
            return len(recorded) == len(live) and no_words(recorded) and no_words(live)
        case "prefixed":
            return _prefixed(recorded, live)
    return False


def _sure(kind: str, recorded: str, live: str) -> bool:
    """Whether both are of that kind and of no wider one."""
    if not fits(kind, recorded, live):
        return False
    if kind == "base64":
        sure = base64_of_bytes(recorded) or base64_of_bytes(live)
        return sure and of_bytes(recorded) and of_bytes(live)
    return kind != "nanoid" or all(_mixed(text) for text in (recorded, live))


def _mixed(text: str) -> bool:
    return any(map(str.islower, text)) and any(map(str.isupper, text))


_PREFIX = re.compile(r"(?:[A-Za-z][A-Za-z0-9]{0,15}[_-])+")
_WORD_FIRST = re.compile(r"[a-z]{3,}[_-]")


def shared_prefix(recorded: str, live: str) -> str:
    """The words that both begin with, separators included: `sk_live_` of two keys."""
    pairs = zip(recorded, live, strict=False)
    length = next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(recorded), len(live)))
    found = _PREFIX.match(recorded[:length])
    return found[0] if found else ""


def _prefixed(recorded: str, live: str) -> bool:
    """The same words in front, and the rest of one length and alphabet."""
    start = shared_prefix(recorded, live)
    a, b = recorded[len(start) :], live[len(start) :]
    if not start or len(a) != len(b) or len(a) < 6 or not {*a, *b} <= URLSAFE:
        return False
    if _WORD_FIRST.match(a) and _WORD_FIRST.match(b):
        return False  # sk_live_ became sk_test_
    return of_one_make(a, b) and not varies_in_length(a)


def _uuids(recorded: str, live: str, random: bool) -> str | None:
    """Of one version and of the variant that RFC 9562 gives (sections 4.1, 4.2); else hash digits
    that are only written like UUIDs."""
    proper = [text[14] in "12345678" and text[19] in "89abAB" for text in (recorded, live)]
    if all(proper):
        return "uuid" if recorded[14] == live[14] else "token" if random else None
    return None if any(proper) and not random else "token"


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
