"""Bytes that are text, in whatever charset."""

from __future__ import annotations

import codecs
import re

from reenact.contents.mediatype import MediaType

CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def read(data: bytes, kind: MediaType) -> tuple[str, str] | None:
    """The text and its charset, when encoding gives exactly `data` again; else None.

    Announced text may hold anything; what is not announced as text must look like it.
    """
    for charset in filter(None, (kind.charset, "utf-8")):
        text = _decode(data, charset)
        if text is not None and (kind.is_text or not CONTROL.search(text)):
            return text, charset
    if kind.essence.startswith("text/") and not kind.charset:
        # RFC 2616 section 3.7.1 made Latin-1 the default of text/*; old servers still rely on it.
        text = data.decode("latin-1")
        return None if CONTROL.search(text) else (text, "iso-8859-1")
    return None


def write(text: str, charset: str) -> bytes:
    """Characters the charset lacks (after an edit) become references no reader chokes on."""
    try:
        return text.encode(charset, "xmlcharrefreplace")
    except (LookupError, ValueError):
        return text.encode("utf-8", "surrogatepass")


def _decode(data: bytes, charset: str) -> str | None:
    try:
        if not codecs.lookup(charset)._is_text_encoding:
            return None
        text = data.decode(charset)
        return text if text.encode(charset) == data else None
    except (LookupError, ValueError):  # unknown, or not the bytes of that charset
        return None
