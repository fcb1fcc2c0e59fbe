"""What is compared of a body: its structure, however it was written down."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

from reenact.contents.body import render
from reenact.contents.lossless_json import loads
from reenact.model.value import Value


def opened(body: Value, content_type: str = "") -> Value:
    """JSON as its tree, a form as pairs, events and parts as lists, text by lines, else bytes."""
    if not isinstance(body, dict):
        return body
    if "json" in body:
        return body["json"]
    if "form" in body:
        return body["form"]
    kind = content_type.split(";")[0].strip().lower()
    if kind.startswith("multipart/"):
        parts = _multipart(render({k: v for k, v in body.items() if k != "encoding"}), content_type)
        if parts is not None:
            return parts
    text = body.get("text")
    if not isinstance(text, str):
        return body.get("bytes")
    return _text(text, kind)


def _text(text: str, kind: str) -> Value:
    if kind == "text/event-stream":
        return [_event(block) for block in re.split(r"\r?\n\r?\n", text) if block]
    if kind == "application/x-www-form-urlencoded":
        return [[name, value] for name, value in parse_qsl(text, keep_blank_values=True)]
    if kind in ("application/x-ndjson", "application/jsonl"):
        return [_maybe_json(line) for line in text.splitlines()]
    if "json" in kind or text[:1] in ("{", "["):
        return _maybe_json(text)
    lines: list[Value] = [*text.split("\n")]
    return lines if len(lines) > 1 else text


def _maybe_json(text: str) -> Value:
    try:
        return loads(text)
    except (ValueError, RecursionError):
        return text


def _event(block: str) -> Value:
    """One server-sent event (WHATWG HTML, 9.2.6), its data opened when it is JSON."""
    out: dict[str, Value] = {}
    for line in block.splitlines():
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        held = out.get(name or "comment")
        out[name or "comment"] = value if held is None else str(held) + "\n" + value
    data = out.get("data")
    if isinstance(data, str) and data[:1] in ("{", "["):
        out["data"] = _maybe_json(data)
    return out


def _multipart(data: bytes, content_type: str) -> Value | None:
    """Parts with headers and content (RFC 7578); the boundary is not compared."""
    found = re.search(r'boundary="?([^";]+)"?', content_type)
    if found is None:
        return None
    mark = b"--" + found[1].encode("latin-1")
    pieces = data.split(mark)
    if len(pieces) < 3 or not pieces[-1].startswith(b"--"):
        return None
    parts: list[Value] = []
    for piece in pieces[1:-1]:
        head, split, content = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        if not split:
            return None
        parts.append(
            {"headers": _part_headers(head), "content": _content(content.removesuffix(b"\r\n"))}
        )
    return parts


def _part_headers(head: bytes) -> Value:
    out: dict[str, Value] = {}
    for line in head.decode("latin-1").split("\r\n"):
        name, _, value = line.partition(":")
        out[name.strip().lower()] = value.strip()
    return out


def _content(data: bytes) -> Value:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return data
    return _text(text, "")
