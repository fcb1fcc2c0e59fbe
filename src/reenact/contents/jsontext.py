"""JSON without loss: integers of any size, decimals as written, duplicate keys, key order.

An object is a dict, unless a key comes twice (or is called "$pairs"): then it is
`{"$pairs": [[key, value], ...]}`. A `Style` says how the text was written, so that dumping the
tree gives the very same text; `styled` finds it, and checks by dumping that it did.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from json.encoder import encode_basestring, encode_basestring_ascii

from reenact.model.value import Value

PAIRS = "$pairs"
DEPTH_LIMIT = 100
"""Nesting beyond which JSON stays text: trees are walked recursively everywhere above."""

MINUS_ZERO = re.compile(r"-0(?![0-9.eE])")
FIRST_KEY = re.compile(r'\{"(?:[^"\\]|\\.)*"(\s*:\s*)')
SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
GO_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028"}
GO_ESCAPES["\u2029"] = "\\u2029"


class NotJson(Exception):
    """Not JSON, or not JSON that a tree can hold."""


@dataclass(frozen=True, slots=True)
class Style:
    """How a text was written. `item` and `key` are the separators of one-line text; with
    `indent` ("  ", "\\t") each member has a line of its own. `escapes`: "" only what must be,
    "ascii" all beyond ASCII, "go" as Go's encoding/json; `slash`: "/" written as PHP does.
    `numbers`: how decimals are written, see NUMBERS. `end` is what follows the value."""

    item: str = ","
    key: str = ":"
    indent: str = ""
    escapes: str = ""
    slash: bool = False
    numbers: str = "short"
    end: str = ""

    def name(self) -> str:
        """As it stands in a case file: words, in one order, defaults left out."""
        layout = LAYOUTS.get((self.item, self.key), "compact")
        if self.indent:
            tabs = self.indent[0] == "\t"
            layout = f"{'tab' if tabs else 'indent'}-{len(self.indent)}"
        words = [layout, self.escapes, "slash" if self.slash else ""]
        words += ["" if self.numbers == "short" else self.numbers, ENDS.get(self.end, "")]
        return " ".join(word for word in words if word)


LAYOUTS = {(",", ":"): "compact", (", ", ": "): "spaced", (",", ": "): "colon-spaced"}
LAYOUTS |= {(", ", ":"): "comma-spaced", (", ", " : "): "wide"}
ENDS = {"\n": "newline", "\r\n": "crlf"}


def style_named(name: str) -> Style:
    """The inverse of `Style.name`; words it does not know mean nothing."""
    words = name.split()
    item, key, indent = ",", ":", ""
    for word in words:
        for separators, layout in LAYOUTS.items():
            if word == layout:
                item, key = separators
        if found := re.fullmatch(r"(indent|tab)-(\d{1,2})", word):
            indent, key = (" " if found[1] == "indent" else "\t") * int(found[2]), ": "
    return Style(
        item=item,
        key=key,
        indent=indent,
        escapes=next((word for word in words if word in ESCAPERS), ""),
        slash="slash" in words,
        numbers=next((word for word in words if word in NUMBERS), "short"),
        end=next((end for end, word in ENDS.items() if word in words), ""),
    )


# -- reading -------------------------------------------------------------------------------


def parse(text: str) -> Value:
    """Raises NotJson; also for NaN and Infinity, half surrogates and very deep nesting."""
    try:
        tree: Value = json.loads(
            text,
            parse_float=Decimal,
            parse_int=_integer if MINUS_ZERO.search(text) else None,
            parse_constant=_no_constant,
            object_pairs_hook=_object,
        )
    except (ValueError, RecursionError, ArithmeticError) as bad:
        raise NotJson(str(bad)) from None
    if text.count("[") + text.count("{") > DEPTH_LIMIT and _deeper(tree, DEPTH_LIMIT):
        raise NotJson("nested too deep")
    if SURROGATE.search(text):
        _whole_characters(tree)
    return tree


def _object(pairs: list[tuple[str, Value]]) -> Value:
    members = dict(pairs)
    if len(members) != len(pairs) or PAIRS in members:
        return {PAIRS: [[key, value] for key, value in pairs]}
    return members


def _integer(text: str) -> Value:
    return Decimal("-0") if text == "-0" else int(text)


def _no_constant(name: str) -> Value:
    raise NotJson(name)


def _deeper(tree: Value, limit: int) -> bool:
    level: list[Value] = [tree]
    for _ in range(limit):
        level = [child for value in level for child in _children(value)]
        if not level:
            return False
    return True


def _children(value: Value) -> list[Value]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _whole_characters(tree: Value) -> None:
    try:
        dump(tree, Style()).encode()
    except UnicodeEncodeError:
        raise NotJson("half a surrogate pair") from None


# -- writing -------------------------------------------------------------------------------


def dump(tree: Value, style: Style) -> str:
    """Trees that JSON cannot say (bytes put there by hand) are written as their text."""
    write_string, write_decimal = _string_writer(style), NUMBERS[style.numbers]
    parts: list[str] = []
    put = parts.append

    def walk(value: Value, margin: str) -> None:
        if isinstance(value, str):
            put(write_string(value))
        elif value is None or isinstance(value, bool):
            put({None: "null", True: "true", False: "false"}[value])
        elif isinstance(value, int):
            put(int.__repr__(value))
        elif isinstance(value, Decimal):
            put(write_decimal(value))
        elif isinstance(value, dict):
            members(value, margin)
        elif isinstance(value, list):
            elements(value, margin)
        else:
            put(repr(value) if isinstance(value, float) else write_string(value.decode("latin-1")))

    def members(value: dict[str, Value], margin: str) -> None:
        pairs = _pairs(value)
        if not pairs:
            put("{}")
            return
        deeper, between, last = _breaks(style, margin)
        put("{" + deeper)
        for n, (key, child) in enumerate(pairs):
            put((between if n else "") + write_string(key) + style.key)
            walk(child, margin + style.indent)
        put(last + "}")

    def elements(value: list[Value], margin: str) -> None:
        if not value:
            put("[]")
            return
        deeper, between, last = _breaks(style, margin)
        put("[" + deeper)
        for n, child in enumerate(value):
            if n:
                put(between)
            walk(child, margin + style.indent)
        put(last + "]")

    walk(tree, "")
    put(style.end)
    return "".join(parts)


def _pairs(value: dict[str, Value]) -> list[tuple[str, Value]]:
    listed = value.get(PAIRS)
    if len(value) == 1 and isinstance(listed, list):
        two = [pair for pair in listed if isinstance(pair, list) and len(pair) == 2]
        if len(two) == len(listed):
            return [(str(pair[0]), pair[1]) for pair in two]
    return list(value.items())


def _breaks(style: Style, margin: str) -> tuple[str, str, str]:
    """What stands after the opening bracket, between members, before the closing one."""
    if not style.indent:
        return "", style.item, ""
    inner = "\n" + margin + style.indent
    return inner, "," + inner, "\n" + margin


def _string_writer(style: Style) -> Callable[[str], str]:
    write = ESCAPERS[style.escapes]
    if not style.slash:
        return write
    return lambda text: write(text).replace("/", "\\/")


def _like_go(text: str) -> str:
    out: str = encode_basestring(text).replace("\\b", "\\u0008").replace("\\f", "\\u000c")
    for plain, escaped in GO_ESCAPES.items():
        out = out.replace(plain, escaped)
    return out


def _like_python(number: Decimal) -> str:
    text = repr(float(number))
    return text if str(Decimal(text)) == str(number) else _short(number)


def _plain(number: Decimal) -> str:
    """Not for exponents that nobody writes out: the zeros would fill the memory."""
    return format(number, "f") if abs(number.adjusted()) < 400 else _short(number)


def _short(number: Decimal) -> str:
    return str(number).replace("E", "e")


ESCAPERS: dict[str, Callable[[str], str]] = {
    "": encode_basestring,
    "ascii": encode_basestring_ascii,
    "go": _like_go,
}
NUMBERS: dict[str, Callable[[Decimal], str]] = {
    "short": _short,  # 1e-7, as JavaScript
    "python": _like_python,  # 1e-07
    "plain": _plain,  # 0.0000001
    "capital": str,  # 1E-7, as Java
}

# -- finding the style ---------------------------------------------------------------------


def styled(text: str) -> tuple[Value, Style] | None:
    """The tree and the style that give exactly `text`; None when no style does.

    Raises NotJson. A handful of dumps at most, each linear in the text.
    """
    tree = parse(text)
    for style in _candidates(text):
        if dump(tree, style) == text:
            return tree, style
    return None


def _candidates(text: str) -> list[Style]:
    body = text.rstrip("\r\n")
    end = text[len(body) :]
    if end not in ("", *ENDS):
        return []
    numbers = ["short"]
    if re.search(r"\d[eE]|0\.00000", body):
        numbers = list(NUMBERS)
    indent = _indent(body)
    layouts = [(",", ": ")] if indent else _layouts(body)
    return [
        Style(item, key, indent, escapes, "\\/" in body, written, end)
        for item, key in layouts
        for escapes in _escapes(body)
        for written in numbers
    ]


def _indent(body: str) -> str:
    found = re.match(r"[\[{]\n([ \t]+)", body)
    return found[1] if found else ""


def _layouts(body: str) -> list[tuple[str, str]]:
    """Those that agree with the first key. With a blank after it, one after commas comes first
    unless no comma has one."""
    found = FIRST_KEY.search(body)
    fitting = [layout for layout in LAYOUTS if found is None or layout[1] == found[1]]
    blank = ", " in body or (found is not None and found[1] != ":" and "," not in body)
    return sorted(fitting, key=lambda layout: (layout[0] == ", ") != blank)


def _escapes(body: str) -> list[str]:
    if not body.isascii():
        return ["", "go"] if "\\u" in body else [""]
    return ["ascii", "go", ""] if "\\u" in body else [""]
