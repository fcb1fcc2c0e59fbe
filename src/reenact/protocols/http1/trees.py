"""Payloads <-> the trees of exchanges. The README shows the shapes."""

from __future__ import annotations

from typing import cast

from reenact.contents import describe, render
from reenact.model.value import Value
from reenact.protocols.http1.grammar import content_length, values
from reenact.protocols.http1.messages import Headers, Request, Response


def request_tree(request: Request) -> dict[str, Value]:
    out: dict[str, Value] = {"method": request.method, "target": request.target}
    if request.version != "1.1":
        out["version"] = request.version
    return {**out, **_rest(request)}


def response_tree(response: Response, informational: list[Response]) -> dict[str, Value]:
    out: dict[str, Value] = {"status": response.status, "reason": response.reason}
    if response.version != "1.1":
        out["version"] = response.version
    if informational:
        out["informational"] = [_informational(r) for r in informational]
    return {**out, **_rest(response)}


def _informational(response: Response) -> Value:
    return {
        "status": response.status,
        "reason": response.reason,
        "headers": _pairs(response.headers),
    }


def _rest(payload: Request | Response) -> dict[str, Value]:
    out: dict[str, Value] = {"headers": _pairs(payload.headers)}
    if payload.framing == "chunked" or payload.framing == "close":
        out["framing"] = payload.framing
    if payload.body:
        kind = ", ".join(values(payload.headers, "content-type"))
        encoding = ", ".join(values(payload.headers, "content-encoding"))
        out["body"] = describe(payload.body, kind, encoding)
    if payload.trailers:
        out["trailers"] = _pairs(payload.trailers)
    return out


def _pairs(headers: Headers) -> list[Value]:
    return [[name, value] for name, value in headers]


def to_request(tree: Value) -> Request:
    """Raises ValueError or KeyError for a tree that is no request."""
    fields = cast("dict[str, Value]", tree)
    headers = _headers(fields.get("headers"))
    body = render(fields["body"]) if fields.get("body") is not None else b""
    return Request(
        method=str(fields["method"]),
        target=str(fields["target"]),
        version=str(fields.get("version", "1.1")),
        headers=headers,
        body=body,
        framing=_framing(fields, headers, body),
        trailers=_headers(fields.get("trailers")),
    )


def to_response(tree: Value, *, head: bool = False) -> Response:
    fields = cast("dict[str, Value]", tree)
    headers = _headers(fields.get("headers"))
    body = render(fields["body"]) if fields.get("body") is not None and not head else b""
    status = int(cast(int, fields["status"]))
    bodiless = head or status < 200 or status in (204, 304)
    return Response(
        status=status,
        reason=str(fields.get("reason", "")),
        version=str(fields.get("version", "1.1")),
        headers=headers,
        body=b"" if bodiless else body,
        framing="none" if bodiless else _framing(fields, headers, body),
        trailers=_headers(fields.get("trailers")),
        head=head,
    )


def _framing(fields: dict[str, Value], headers: Headers, body: bytes) -> str:
    if "framing" in fields:
        return str(fields["framing"])
    return "length" if body or content_length(headers) is not None else "none"


def _headers(pairs: Value) -> Headers:
    return tuple((str(name), str(value)) for name, value in cast("list[list[Value]]", pairs or []))
