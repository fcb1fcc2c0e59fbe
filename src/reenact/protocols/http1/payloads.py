"""What the codec makes of the bytes: whole requests and responses, and what follows an upgrade."""

from __future__ import annotations

from typing import Literal

from reenact.model.message import Payload

Framing = Literal["none", "length", "chunked", "close"]


class HttpMessage(Payload, frozen=True, kw_only=True):
    """Holds every byte of the message, once.

    `head` runs to the blank line, which is included; empty lines before the start line too.
    `body` is without chunk framing and still content-coded. `chunks` are the chunk-size lines
    as they came, line breaks and extensions included, that of the last chunk too; `trailer` is
    what followed it. `cut` says why the message is not whole, "" when it is; `rest` are then
    the bytes of framing that were being read.
    """

    head: bytes
    framing: Framing
    body: bytes = b""
    chunks: tuple[bytes, ...] = ()
    trailer: bytes = b""
    cut: str = ""
    rest: bytes = b""


class Request(HttpMessage, frozen=True, kw_only=True, tag="http1.request"):
    pass


class Response(HttpMessage, frozen=True, kw_only=True, tag="http1.response"):
    """Informational ones (1xx) are messages of their own."""


class Tunnel(Payload, frozen=True, kw_only=True, tag="http1.tunnel"):
    """Bytes after an upgrade or a CONNECT, which are no HTTP."""

    data: bytes
