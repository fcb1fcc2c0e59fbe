"""Trees of values as YAML for people: one fixed way to write each value.

What a plain scalar means is YAML 1.2's core schema, with one twist: a number with a point or
an exponent is the Decimal exactly as written, since that is what JSON bodies hold; a binary
float says `!float`. Text that YAML 1.1 would take for something else is quoted too, so that
other tools read the same text. `yaml_read` is the inverse.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import cast

from reenact.base.errors import StoreError
from reenact.model.value import Scalar, Value
from reenact.store.bodies import BYTES_INLINE_MAX, TEXT_INLINE_MAX, BodySink

DEPTH_MAX = 200
WIDTH = 100
SIMPLE_KEY_MAX = 200
"""libyaml refuses an unmarked key from 1,024 bytes on; long ones read better marked anyway."""

DECIMAL = re.compile(r"[-+]?[0-9]+(\.[0-9]*([eE][-+]?[0-9]+)?|[eE][-+]?[0-9]+)")
_RESERVED = re.compile(r"(?i:y|n|yes|no|on|off|true|false|null|nan|inf)")
_PLAIN_FLOW = re.compile(r"[^\W\d](?:[\w./@+=;()$%^&*~!|<>-]| (?=[\w(/=<>$+-]))*")
_PLAIN_BLOCK = re.compile(
    r"(?:[^\W\d]|/)(?:[\w./@+=;()$%^&*~!|<>?,'\"\[\]{}\\-]|:(?=[\w/])| (?=[\w(/=<>$+'\"*,;-]))*"
)
# Left out on purpose: control characters, line breaks of YAML 1.1, and characters that make a
# reviewer see something else than what is there (zero width, text direction, BOM, unassigned).
_SHOWN = r"\x20-\x7e\xa0-\xac\xae-\u200a\u2010-\u2027\u202f-\u205f\u2070-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0001f9ff\U00020000-\U0002ffff"
_ONE_LINE = re.compile(f"[{_SHOWN}]*")
_MANY_LINES = re.compile(f"[{_SHOWN}\t\n]*")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_MARKS = re.compile(f'[^{_SHOWN}]|["\\\\]')
_INT_DIGITS_MAX = 4000
"""CPython refuses to convert longer ones to or from decimal digits (int_max_str_digits)."""


class Inline(dict[str, Value]):
    """A mapping that stays on one line wherever it stands."""


def write(tree: dict[str, Value], bodies: BodySink) -> str:
    return "\n".join(_mapping(tree, 0, bodies)) + "\n"


def _mapping(tree: dict[str, Value], at: int, bodies: BodySink) -> Iterator[str]:
    _check_depth(at)
    pad = " " * at
    for key, value in tree.items():
        name = _text(key, flow=False)
        mark = f"{pad}{name}:" if len(name) <= SIMPLE_KEY_MAX else f"{pad}? {name}\n{pad}:"
        yield mark + _after_mark(value, at + 2, bodies, in_list=False)


def _sequence(items: list[Value], at: int, bodies: BodySink) -> Iterator[str]:
    _check_depth(at)
    pad = " " * at
    for item in items:
        yield f"{pad}-" + _after_mark(item, at + 2, bodies, in_list=True)


def _check_depth(at: int) -> None:
    if at > 2 * DEPTH_MAX:
        raise StoreError(
            f"a value is nested deeper than {DEPTH_MAX} levels; a suite cannot hold it"
        )


def _after_mark(value: Value, at: int, bodies: BodySink, *, in_list: bool) -> str:
    """What follows `key:` or `-`; `at` is the column of whatever goes on new lines."""
    if isinstance(value, list | dict):
        flow = _flow(value, bodies, in_list=in_list)
        if flow is not None:
            return " " + flow
        lines = (
            _mapping(value, at, bodies) if isinstance(value, dict) else _sequence(value, at, bodies)
        )
        text = "\n".join(lines)
        return " " + text[at:] if in_list else "\n" + text
    if isinstance(value, str) and len(value) <= TEXT_INLINE_MAX:
        block = _literal(value, at)
        if block is not None:
            return " " + block
    return " " + _scalar(value, bodies, flow=False)


def _flow(value: list[Value] | dict[str, Value], bodies: BodySink, *, in_list: bool) -> str | None:
    """On one line: empty ones, short lists of scalars, short mappings in lists, `Inline`."""
    if not value:
        return "[]" if isinstance(value, list) else "{}"
    children = value if isinstance(value, list) else list(value.values())
    kept = isinstance(value, Inline)
    if isinstance(value, dict) and not (kept or in_list):
        return None
    if not kept and (len(children) > 24 or not all(_short(c) for c in children)):
        return None
    scalars = [_scalar(cast("Scalar", c), bodies, flow=True) for c in children]
    if isinstance(value, list):
        text = "[" + ", ".join(scalars) + "]"
    else:
        names = [_text(key, flow=True) for key in value]
        if max(map(len, names)) > SIMPLE_KEY_MAX:
            return None
        text = "{" + ", ".join(f"{n}: {s}" for n, s in zip(names, scalars, strict=True)) + "}"
    fits = len(text) <= WIDTH or (isinstance(value, list) and len(value) == 2 and len(text) <= 1000)
    return text if kept or fits else None


def _short(value: Value) -> bool:
    if isinstance(value, str):
        return len(value) <= 1000 and "\n" not in value
    return not isinstance(value, list | dict) and not (
        isinstance(value, bytes) and len(value) > 200
    )


def _literal(text: str, at: int) -> str | None:
    """Text of several lines as a block, or None where a block could not hold it exactly."""
    tag = ""
    if "\r" in text and text.count("\r\n") == text.count("\n") == text.count("\r"):
        tag, text = "!crlf ", text.replace("\r\n", "\n")
    if "\n" not in text or not _MANY_LINES.fullmatch(text) or not text.strip():
        return None
    hint = "2" if text[0] in " \n\t" else ""
    chomp = "-" if text[-1] != "\n" else "+" if text.endswith("\n\n") else ""
    body = text if chomp == "-" else text[:-1]
    pad = " " * at
    lines = [pad + line if line else "" for line in body.split("\n")]
    return f"{tag}|{hint}{chomp}\n" + "\n".join(lines)


def _scalar(value: Scalar, bodies: BodySink, *, flow: bool) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value) if value.bit_length() < 3 * _INT_DIGITS_MAX else f"!int {value:#x}"
        case float():
            return f"!float {value!r}"
        case Decimal():
            text = str(value)
            return text if DECIMAL.fullmatch(text) else f"!dec {text}"
        case bytes():
            return _bytes(value, bodies, flow=flow)
        case _:
            return _string(value, bodies, flow=flow)


def _string(value: str, bodies: BodySink, *, flow: bool) -> str:
    if len(value) > TEXT_INLINE_MAX:
        return "!text " + bodies.put(value.encode("utf-8", "surrogatepass"))
    return _text(value, flow=flow)


def _bytes(value: bytes, bodies: BodySink, *, flow: bool) -> str:
    if len(value) > BYTES_INLINE_MAX:
        return "!body " + bodies.put(value)
    try:
        text = value.decode()
    except UnicodeDecodeError:
        text = "\0"
    if _MANY_LINES.fullmatch(text.replace("\r\n", "\n")):
        return "!bytes " + _text(text, flow=flow)
    return "!!binary " + (base64.b64encode(value).decode() or '""')


def _text(value: str, *, flow: bool) -> str:
    """On one line: plain if it can only be this text, else quoted, else escaped."""
    plain = _PLAIN_FLOW if flow else _PLAIN_BLOCK
    if plain.fullmatch(value) and _ONE_LINE.fullmatch(value) and not _RESERVED.fullmatch(value):
        return value
    if _LONE_SURROGATE.search(value):  # no escape of YAML can say it
        return "!escaped '" + json.dumps(value)[1:-1].replace("'", "''") + "'"
    if ('"' in value or "\\" in value) and _ONE_LINE.fullmatch(value):
        return "'" + value.replace("'", "''") + "'"
    return '"' + _MARKS.sub(_escape, value) + '"'


_SHORT_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\0"}


def _escape(found: re.Match[str]) -> str:
    char = found[0]
    if char in _SHORT_ESCAPES:
        return _SHORT_ESCAPES[char]
    code = ord(char)
    return (
        f"\\x{code:02X}"
        if code < 0x100
        else f"\\u{code:04X}"
        if code < 0x10000
        else f"\\U{code:08X}"
    )
