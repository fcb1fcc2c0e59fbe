"""Messages to the very bytes they came from."""

from __future__ import annotations

from reenact.model.message import Payload
from reenact.protocols.http1.payloads import HttpMessage, Tunnel


class HttpEncoder:
    """`Malformed` and `Gap` hold no bytes and give none."""

    def encode(self, payload: Payload, stream: int | str = 0) -> bytes:
        if isinstance(payload, Tunnel):
            return payload.data
        if not isinstance(payload, HttpMessage):
            return b""
        if payload.framing != "chunked":
            return payload.head + payload.body + payload.rest
        out = bytearray(payload.head)
        at = 0
        for n, line in enumerate(payload.chunks):
            size = int(line.split(b";")[0], 16)
            out += line + payload.body[at : at + size]
            at += size
            if n + 1 < len(payload.chunks):
                out += b"\r\n"
        return bytes(out + payload.trailer + payload.rest)
