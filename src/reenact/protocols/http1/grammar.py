"""Start lines, header fields and what frames a body. Pure, total on any bytes."""

from __future__ import annotations

import re

from reenact.protocols.framing import BadBytes
from reenact.protocols.http1.messages import Headers

REQUEST_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+) (\S.*?) HTTP/(1\.[01])\s*")
STATUS_LINE = re.compile(rb"HTTP/(1\.[01]) (\d{3})(?: (.*))?")
_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*:[ \t]*(.*?)[ \t]*", re.DOTALL)


def request_line(line: bytes) -> tuple[str, str, str]:
    """(method, target, version). RFC 9112, 3."""
    found = REQUEST_LINE.fullmatch(line)
    if found is None:
        raise BadBytes(f"no request line: {line[:40]!r}")
    method, target, version = found.groups()
    return method.decode("ascii"), target.decode("latin-1"), version.decode("ascii")


def status_line(line: bytes) -> tuple[str, int, str]:
    """(version, status, reason). RFC 9112, 4."""
    found = STATUS_LINE.fullmatch(line)
    if found is None:
        raise BadBytes(f"no status line: {line[:40]!r}")
    version, status, reason = found.groups()
    return version.decode("ascii"), int(status), (reason or b"").decode("latin-1")


def fields(lines: list[bytes]) -> Headers:
    """Header fields; a line that begins with white space continues the one before (obs-fold,
    RFC 9112, 5.2)."""
    joined: list[bytes] = []
    for line in lines:
        if line[:1] in b" \t" and line and joined:
            joined[-1] += b" " + line.strip()
        else:
            joined.append(line)
    out = []
    for line in joined:
        found = _FIELD.fullmatch(line)
        if found is None:
            raise BadBytes(f"no header field: {line[:40]!r}")
        out.append((found[1].decode("ascii"), found[2].decode("latin-1")))
    return tuple(out)


def values(headers: Headers, name: str) -> list[str]:
    """Values of all fields of that (lower-case) name, in order."""
    return [value for key, value in headers if key.lower() == name]


def tokens(headers: Headers, name: str) -> list[str]:
    """Lower-case elements of a comma-separated field."""
    return [
        t.strip().lower() for value in values(headers, name) for t in value.split(",") if t.strip()
    ]


def content_length(headers: Headers) -> int | None:
    """RFC 9112, 6.3: several equal lengths count as one, different ones are malformed."""
    found = {
        part.strip() for value in values(headers, "content-length") for part in value.split(",")
    }
    if not found:
        return None
    if len(found) > 1:
        raise BadBytes("several content lengths")
    text = found.pop()
    if not (text.isascii() and text.isdigit()) or len(text) > 18:
        raise BadBytes(f"content length {text[:20]!r}")
    return int(text)


def request_framing(headers: Headers) -> tuple[str, int]:
    """("none" | "length" | "chunked", length). RFC 9112, 6.3."""
    if "chunked" in tokens(headers, "transfer-encoding"):
        return "chunked", 0
    length = content_length(headers)
    return ("none", 0) if length is None else ("length", length)


def response_framing(headers: Headers, status: int, method: str | None) -> tuple[str, int]:
    """Also "close". `method` is that of the request being answered, None when unknown."""
    if method == "HEAD" or status < 200 or status in (204, 304):
        return "none", 0
    if method == "CONNECT" and status < 300:
        return "none", 0
    if "chunked" in tokens(headers, "transfer-encoding"):
        return "chunked", 0
    length = content_length(headers)
    return ("close", 0) if length is None else ("length", length)


def keeps_alive(version: str, headers: Headers) -> bool:
    """RFC 9112, 9.3."""
    options = tokens(headers, "connection")
    return "close" not in options and (version == "1.1" or "keep-alive" in options)
