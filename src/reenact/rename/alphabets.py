"""Which characters a random text is made of, and whether two texts are of one make."""

from __future__ import annotations

import base64
import binascii
import re
import string
from typing import Final

_LOWER, _UPPER, _DIGITS = string.ascii_lowercase, string.ascii_uppercase, string.digits
BASE62: Final = frozenset(_LOWER + _UPPER + _DIGITS)
URLSAFE: Final = BASE62 | frozenset("-_")
HEX: Final = frozenset("0123456789abcdef")

_CLASSES: Final = (
    frozenset(_DIGITS),
    HEX,
    frozenset("0123456789ABCDEF"),
    frozenset("0123456789ABCDEFGHJKMNPQRSTVWXYZ"),  # Crockford's base 32
    frozenset(_UPPER + "234567"),  # RFC 4648, section 6
    frozenset(_LOWER + _DIGITS),
    frozenset(_UPPER + _DIGITS),
    BASE62,
    URLSAFE,
    BASE62 | frozenset("+/"),
)
"""From the narrowest to the widest."""

_BY_CHANCE: Final = 1e-6
"""A text of a wide alphabet that is improbable to this degree in a narrow one is not taken for it."""


def of_one_make(recorded: str, live: str) -> bool:
    """Whether both can be random texts of one alphabet: neither is all in a narrow one that the
    other leaves, unless short enough for that to be chance."""
    wide = _narrowest(recorded + live)
    return wide is not None and all(_chance(text, wide) >= _BY_CHANCE for text in (recorded, live))


def _chance(text: str, wide: frozenset[str]) -> float:
    """How probable it is that a random text of this length stays within its own narrowest class."""
    narrow = _narrowest(text)
    assert narrow is not None, text
    return float((len(narrow) / len(wide)) ** len(text)) if len(narrow) < len(wide) else 1.0


def _narrowest(text: str) -> frozenset[str] | None:
    letters = frozenset(text)
    return next((known for known in _CLASSES if letters <= known), None)


def varies_in_length(text: str) -> bool:
    """Whether texts like it are written without leading zeros: the length of a random number in
    base 36 is chance (`Math.random().toString(36)`)."""
    return len(text) < 14 and not frozenset(text) <= HEX and frozenset(text) <= _CLASSES[5]


_BASE64 = re.compile(r"[A-Za-z0-9+/]{16,}={0,2}|[A-Za-z0-9_-]{16,}={0,2}")


def base64_of_bytes(text: str) -> bool:
    """Base64 of 12 bytes or more that are no readable text; only where a sign beyond letters and
    digits says that it is not some other writing (base 58 has no fixed length)."""
    if not _BASE64.fullmatch(text) or not frozenset("+/=_-") & frozenset(text):
        return False
    mixed = (
        any(map(str.islower, text)) and any(map(str.isupper, text)) and any(map(str.isdigit, text))
    )
    return mixed and of_bytes(text)


def of_bytes(text: str) -> bool:
    """Whether it may be base64 that holds no readable text, by its length and what it decodes to."""
    data = decoded(text) if _BASE64.fullmatch(text) else None
    return data is not None and not readable(data)


def no_words(text: str) -> bool:
    """Whether it is of base64's letters, in either alphabet or (a length in front of it, say) in both,
    and holds no readable text."""
    return len(text) >= 16 and frozenset(text) <= _EITHER and (of_bytes(text) or _odd(text))


_EITHER = URLSAFE | frozenset("+/=")


def _odd(text: str) -> bool:
    """No base64 as a whole."""
    return not _BASE64.fullmatch(text) or decoded(text) is None


def decoded(text: str) -> bytes | None:
    """The bytes of base64 in either alphabet, with or without padding."""
    bare = text.rstrip("=")
    if len(bare) % 4 == 1:
        return None
    padded = (bare + "=" * (-len(bare) % 4)).replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(padded, validate=True)
    except (ValueError, binascii.Error):
        return None


def readable(data: bytes) -> bool:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return False
    return all(c.isprintable() or c in "\r\n\t" for c in text)
