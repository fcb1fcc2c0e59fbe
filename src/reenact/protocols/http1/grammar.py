"""Start lines, header lines, and where a body ends (RFC 9112)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from reenact.protocols.framing import BadBytes
from reenact.protocols.http1.payloads import Framing

TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
REQUEST_LINE = re.compile(rb"(" + TOKEN + rb") (.+) HTTP/(1\.[0-9])\r?\n", re.DOTALL)
STATUS_LINE = re.compile(rb"HTTP/(1\.[0-9]) ([1-9][0-9][0-9])(?: ([^\r\n]*))?\r?\n")
HEADER_LINE = re.compile(rb"([^\s:][^:\r\n]*):(.*)", re.DOTALL)
LINE = re.compile(rb"[^\n]*\n(?:[ \t][^\n]*\n)*")  # with obs-fold, RFC 9112 section 5.2
CHUNK_LINE = re.compile(rb"([0-9a-fA-F]{1,15})[ \t]*(?:;[^\r\n]*)?\r?\n")
LENGTH = re.compile(r"[0-9]{1,18}")

NO_REQUEST = "not a request line"
NO_RESPONSE = "not a status line"

Headers = tuple[tuple[str, str], ...]

HEADS_KEPT = 16
"""Heads that stay read: the reader, the pairer and the tree of a message ask one after another."""


@dataclass(frozen=True, slots=True)
class RequestHead:
    """Text is Latin-1: one character per byte."""

    method: str
    target: str
    version: str  # "1.1"
    headers: Headers


@dataclass(frozen=True, slots=True)
class ResponseHead:
    """`reason` is None when not even the space before it was there."""

    version: str
    status: int
    reason: str | None
    headers: Headers


@lru_cache(maxsize=HEADS_KEPT)
def request_head(head: bytes) -> RequestHead:
    """Raises BadBytes."""
    text = head.lstrip(b"\r\n")
    line, headers = _cut(text)
    found = REQUEST_LINE.fullmatch(line)
    if found is None or b"\r" in found[2]:
        raise BadBytes(NO_REQUEST)
    method, target, version = (part.decode("latin-1") for part in found.groups())
    return RequestHead(method, target, version, headers_of(headers))


@lru_cache(maxsize=HEADS_KEPT)
def response_head(head: bytes) -> ResponseHead:
    """Raises BadBytes."""
    line, headers = _cut(head.lstrip(b"\r\n"))
    found = STATUS_LINE.fullmatch(line)
    if found is None:
        raise BadBytes(NO_RESPONSE)
    reason = None if found[3] is None else found[3].decode("latin-1")
    return ResponseHead(found[1].decode(), int(found[2]), reason, headers_of(headers))


def _cut(head: bytes) -> tuple[bytes, bytes]:
    end = head.find(b"\n") + 1
    return head[:end], head[end:]


def headers_of(lines: bytes) -> Headers:
    """Of header or trailer lines up to and with the blank one; values without the white space
    around them. Raises BadBytes."""
    return tuple(_header(line) for line in LINE.findall(lines) if line.strip(b"\r\n"))


def _header(line: bytes) -> tuple[str, str]:
    found = HEADER_LINE.fullmatch(line)
    if found is None:
        raise BadBytes("a header line without a name")
    return found[1].decode("latin-1"), found[2].strip(b" \t\r\n").decode("latin-1")


def check_request_start(prefix: bytes) -> None:
    """Gives up on the first bytes of a head that can no longer become a request, without
    waiting for its end. Raises BadBytes in the words that the whole head would."""
    line, end, _ = prefix.partition(b"\n")
    if not (REQUEST_LINE.fullmatch(line + end) if end else START_OF_REQUEST.fullmatch(line)):
        raise BadBytes(NO_REQUEST)


def check_response_start(prefix: bytes) -> None:
    line, end, _ = prefix.partition(b"\n")
    if end and not STATUS_LINE.fullmatch(line + end):
        raise BadBytes(NO_RESPONSE)
    if not prefix.startswith(b"HTTP/1."[: len(prefix)]):
        raise BadBytes(NO_RESPONSE)


START_OF_REQUEST = re.compile(TOKEN + rb"(?: .*)?", re.DOTALL)


# -- framing -------------------------------------------------------------------------------


def values(headers: Headers, name: str) -> list[str]:
    """All values of `name` (lower case), in order."""
    return [value for key, value in headers if key.rstrip(" \t").lower() == name]


def tokens(headers: Headers, name: str) -> list[str]:
    """The members of a comma-separated header in lower case, over all its lines."""
    parts = ",".join(values(headers, name)).lower().split(",")
    return [part.strip() for part in parts if part.strip()]


def length_of(headers: Headers) -> int | None:
    """Content-Length; the same number said twice is fine (RFC 9112 section 6.3), two different
    ones are not: BadBytes."""
    said = {part for value in values(headers, "content-length") for part in _members(value)}
    if not said:
        return None
    if len(said) > 1 or not LENGTH.fullmatch(next(iter(said))):
        raise BadBytes("a Content-Length that is no number")
    return int(said.pop())


def _members(value: str) -> list[str]:
    return [part.strip() for part in value.split(",")]


def request_framing(head: RequestHead) -> tuple[Framing, int]:
    """The framing, and the length when that is it. Raises BadBytes."""
    codings = tokens(head.headers, "transfer-encoding")
    if codings:
        if codings[-1] != "chunked":
            raise BadBytes("a request whose last transfer coding is not chunked")
        return "chunked", 0
    length = length_of(head.headers)
    return ("none", 0) if length is None else ("length", length)


def response_framing(head: ResponseHead, method: str) -> tuple[Framing, int]:
    """RFC 9112 section 6.3. `method` is that of the request, "" when it is not known."""
    if head.status < 200 or head.status in (204, 304) or method == "HEAD":
        return "none", 0
    if method == "CONNECT" and head.status < 300:
        return "none", 0
    codings = tokens(head.headers, "transfer-encoding")
    if codings:
        return ("chunked", 0) if codings[-1] == "chunked" else ("close", 0)
    length = length_of(head.headers)
    return ("close", 0) if length is None else ("length", length)


def wants_tunnel(head: RequestHead) -> bool:
    """Whether what follows the request may turn out to be another protocol."""
    if head.method == "CONNECT":
        return True
    return bool(values(head.headers, "upgrade")) and "upgrade" in tokens(head.headers, "connection")


def gives_tunnel(status: int, method: str) -> bool:
    return status == 101 or (method == "CONNECT" and 200 <= status < 300)


def keeps_alive(version: str, headers: Headers) -> bool:
    """Whether the connection lives on after a message with these headers (RFC 9112 9.3)."""
    options = tokens(headers, "connection")
    if "close" in options:
        return False
    return version != "1.0" or "keep-alive" in options
