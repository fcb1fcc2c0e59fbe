"""application/x-www-form-urlencoded, and what follows the `?` of a target."""

from __future__ import annotations

from urllib.parse import quote, quote_plus, unquote_to_bytes

from reenact.model.value import Value

STYLES = ("plus", "browser", "percent", "plain")
"""How producers escape: `plus` as Python and Go, `browser` as WHATWG and Java, `percent` with
%20 for a space, `plain` not at all."""


def pairs(text: str) -> list[Value]:
    """`[[name, value], ...]` in order; a field without "=" has None for its value."""
    out: list[Value] = []
    for field in text.split("&") if text else []:
        name, equals, value = field.partition("=")
        out.append([_plain(name), _plain(value) if equals else None])
    return out


def encode(fields: list[Value], style: str) -> str:
    written = []
    for field in fields:
        name, value = (*field, None, None)[:2] if isinstance(field, list) else (field, None)
        text = _escape(_text(name), style)
        written.append(text if value is None else f"{text}={_escape(_text(value), style)}")
    return "&".join(written)


def styled(text: str) -> tuple[list[Value], str] | None:
    """The fields and the style that give exactly `text`; None when no style does."""
    fields = pairs(text)
    for style in STYLES:
        if encode(fields, style) == text:
            return fields, style
    return None


def decoded(text: str) -> str:
    """Percent-escapes undone: as UTF-8 where it is that, as Latin-1 where it is not."""
    if "%" not in text:
        return text
    data = unquote_to_bytes(text.encode("utf-8", "surrogateescape"))
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _plain(text: str) -> str:
    return decoded(text.replace("+", " "))


def _text(value: Value) -> str:
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _escape(text: str, style: str) -> str:
    if style == "plain":
        return text
    if style == "percent":
        return quote(text, safe="")
    if style == "browser":
        return quote_plus(text, safe="*").replace("~", "%7E")
    return quote_plus(text)
