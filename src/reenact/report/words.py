"""Values as text that is safe on any terminal and short enough to compare by eye."""

from __future__ import annotations

import json
import re
from decimal import Decimal

from msgspec import UNSET, UnsetType

from reenact.model.suite import Case, Trials
from reenact.model.value import Value

SHORT = 72
_CONTEXT = 16
"""Characters of what both sides share that stay before the first one that differs."""

_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)


def value_text(value: Value | UnsetType) -> str:
    """In full, on one line."""
    match value:
        case UnsetType():
            return "nothing"
        case str():
            return safe(json.dumps(value, ensure_ascii=False))
        case bytes():
            return _bytes_text(value)
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value) if value.bit_length() < 12_000 else hex(value)
        case float() | Decimal():
            return str(value)
        case list():
            return "[" + ", ".join(map(value_text, value)) + "]"
        case dict():
            items = (f"{value_text(key)}: {value_text(child)}" for key, child in value.items())
            return "{" + ", ".join(items) + "}"


def safe(text: str) -> str:
    """`text` with everything that could move a cursor or hide something made visible."""
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def pair_text(recorded: Value | UnsetType, live: Value | UnsetType) -> tuple[str, str]:
    """Both, shortened so that the first place where they differ is in sight."""
    a, b = value_text(recorded), value_text(live)
    if len(a) <= SHORT and len(b) <= SHORT:
        return a, b
    if recorded is UNSET or live is UNSET:
        return short(a), short(b)
    start = max(0, _shared(a, b) - _CONTEXT)
    start = 0 if start <= _CONTEXT else start
    return short(a, start), short(b, start)


def _shared(a: str, b: str) -> int:
    """How many characters both begin with."""
    pairs = enumerate(zip(a, b, strict=False))
    return next((i for i, (x, y) in pairs if x != y), min(len(a), len(b)))


def short(text: str, start: int = 0, width: int = SHORT) -> str:
    """At most about `width` characters from `start`, saying what was left out."""
    left = f"[{start}...]" if start else ""
    kept = text[start : start + width]
    rest = len(text) - start - len(kept)
    return left + kept + (f"[...{rest} more]" if rest > 0 else "")


def kind_text(value: Value | UnsetType) -> str:
    match value:
        case UnsetType():
            return "nothing"
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | float() | Decimal():
            return "a number"
        case str():
            return "text"
        case bytes():
            return "bytes"
        case list():
            return "a list"
        case dict():
            return "a mapping"


def duration_text(ns: int) -> str:
    if ns < 1_000_000_000:
        return f"{ns / 1e6:.0f} ms"
    return (
        f"{ns / 1e9:.1f} s"
        if ns < 60_000_000_000
        else f"{ns // 60_000_000_000} min {ns // 1_000_000_000 % 60} s"
    )


def trials_text(trials: Trials) -> str:
    """`failed 2 of 5 tests; response/body/total varied`"""
    varied = ", ".join(trials.varied)
    places = f"; {varied} varied" if varied else ""
    return f"failed {trials.failures} of {plural(trials.runs, 'test')}{places}"


def aside_text(case: Case) -> str:
    """Why a case is set aside, and how often it did not reproduce."""
    return case.aside if case.trials is None else f"{case.aside} ({trials_text(case.trials)})"


def plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _bytes_text(value: bytes) -> str:
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return f"0x{value.hex()}"
    return "b" + safe(json.dumps(text, ensure_ascii=False))
