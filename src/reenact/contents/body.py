"""A body as a case file shows it, and back to bytes.

`{"json": tree, "style": ...}`, `{"form": [[name, value], ...]}`, `{"text": str, "charset": ...}` or `{"bytes": ...}`,
and "encoding" when it was compressed. A form is chosen only if rendering it gives the exact bytes again.
"""

from __future__ import annotations

import codecs
from typing import cast
from urllib.parse import parse_qsl, urlencode

from reenact.contents.encodings import decoded, encoded
from reenact.contents.lossless_json import dumps, loads, style_of
from reenact.model.value import Value


def describe(data: bytes, content_type: str = "", encoding: str = "") -> dict[str, Value]:
    """`content_type` and `encoding` as the headers say; both may lie, the bytes decide."""
    encoding = encoding.strip().lower()
    if encoding and encoding != "identity":
        inner = decoded(encoding, data)
        if inner is None:
            return {"bytes": data}
        return {**describe(inner, content_type), "encoding": encoding}
    charset = charset_of(content_type)
    try:
        text = data.decode(charset)
    except (UnicodeDecodeError, LookupError):
        return {"bytes": data}
    if not _printable(text) or text.encode(charset) != data:
        return {"bytes": data}
    if charset == "utf-8":
        structured = _json(text) or (
            _form(text) if "x-www-form-urlencoded" in content_type else None
        )
        if structured is not None:
            return structured
        return {"text": text}
    return {"text": text, "charset": charset}


def _json(text: str) -> dict[str, Value] | None:
    if text[:1] not in "{[" or not text:
        return None
    try:
        tree = loads(text)
    except (ValueError, RecursionError):
        return None
    style = style_of(text, tree)
    return None if style is None else {"json": tree, "style": style}


def _form(text: str) -> dict[str, Value] | None:
    try:
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=True)
    except ValueError:
        return None
    if urlencode(pairs) != text:
        return None
    return {"form": [[name, value] for name, value in pairs]}


def render(body: Value) -> bytes:
    """The bytes of a body, edited or not. Raises ValueError for what is no body."""
    if not isinstance(body, dict):
        raise ValueError(f"a body is a mapping, found {type(body).__name__}")
    data = _rendered(body)
    encoding = body.get("encoding")
    return encoded(str(encoding), data) if encoding else data


def _rendered(body: dict[str, Value]) -> bytes:
    if "json" in body:
        return dumps(body["json"], str(body.get("style", "compact"))).encode()
    if "form" in body:
        return urlencode(cast(list[tuple[str, str]], body["form"])).encode()
    if "text" in body:
        return str(body["text"]).encode(str(body.get("charset", "utf-8")), "surrogatepass")
    data = body.get("bytes", b"")
    return data if isinstance(data, bytes) else str(data).encode()


def charset_of(content_type: str) -> str:
    """The charset parameter, canonical; UTF-8 when there is none or none we know."""
    for part in content_type.split(";")[1:]:
        name, _, value = part.partition("=")
        if name.strip().lower() == "charset":
            try:
                return codecs.lookup(value.strip().strip("\"'")).name
            except LookupError:
                return "utf-8"
    return "utf-8"


def _printable(text: str) -> bool:
    """Whether a person can read it: no control characters but white space."""
    head = text[:4096]
    return not any(ord(c) < 32 and c not in "\t\n\r\f" for c in head) and "\0" not in text
