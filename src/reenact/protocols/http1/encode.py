"""Payloads -> bytes."""

from __future__ import annotations

from reenact.model.message import Payload
from reenact.protocols.http1.grammar import values
from reenact.protocols.http1.messages import Headers, Request, Response, Tunnel


class HttpEncoder:
    def encode(self, payload: Payload, stream: int | str = 0) -> bytes:
        match payload:
            case Request():
                start = f"{payload.method} {payload.target} HTTP/{payload.version}"
            case Response():
                start = f"HTTP/{payload.version} {payload.status} {payload.reason}"
            case Tunnel():
                return b""
            case _:
                raise AssertionError(payload)
        return _head(start, _sized(payload)) + _body(payload)


def _head(start: str, headers: Headers) -> bytes:
    lines = [start, *(f"{name}: {value}" for name, value in headers), "", ""]
    return "\r\n".join(lines).encode("latin-1", "replace")


def _sized(payload: Request | Response) -> Headers:
    """The headers with a Content-Length that counts the body there is."""
    if payload.framing != "length":
        return payload.headers
    size = str(len(payload.body))
    if values(payload.headers, "content-length") == [size]:
        return payload.headers
    others = tuple(h for h in payload.headers if h[0].lower() != "content-length")
    return (*others, ("Content-Length", size))


def _body(payload: Request | Response) -> bytes:
    if payload.framing == "none":
        return b""
    if payload.framing != "chunked":
        return payload.body
    chunks = _events(payload) if payload.body else []
    out = [b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks]
    trailers = "".join(f"{name}: {value}\r\n" for name, value in payload.trailers)
    return b"".join((*out, b"0\r\n", trailers.encode("latin-1", "replace"), b"\r\n"))


def _events(payload: Request | Response) -> list[bytes]:
    """A chunk for each server-sent event, as servers write them; else one chunk."""
    kinds = values(payload.headers, "content-type")
    if not (kinds and kinds[0].startswith("text/event-stream")):
        return [payload.body]
    return [event + b"\n\n" for event in payload.body.removesuffix(b"\n\n").split(b"\n\n")]
