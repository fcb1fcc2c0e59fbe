"""HTTP/1 payloads: whole messages. RFC 9112."""

from __future__ import annotations

from reenact.model.message import Payload

Headers = tuple[tuple[str, str], ...]
"""(name, value) as they came: order, case and duplicates kept, in Latin-1 (RFC 9110, 5.5)."""


class Request(Payload, frozen=True, tag="http1.request"):
    """`framing` is "none", "length" or "chunked"."""

    method: str
    target: str
    version: str
    headers: Headers
    body: bytes = b""
    framing: str = "none"
    trailers: Headers = ()


class Response(Payload, frozen=True, tag="http1.response"):
    """`framing` may also be "close": the body ended with the connection. `head` is True for the
    answer to HEAD, whose Content-Length counts a body that is not there."""

    status: int
    reason: str
    version: str
    headers: Headers
    body: bytes = b""
    framing: str = "none"
    trailers: Headers = ()
    head: bool = False


class Tunnel(Payload, frozen=True, tag="http1.tunnel"):
    """All bytes after an upgrade (101) or a CONNECT: no HTTP any more."""
