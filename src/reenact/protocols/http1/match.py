"""When two requests are the same, and what of a response is compared."""

from __future__ import annotations

import base64
import binascii
import contextlib
from typing import cast
from urllib.parse import parse_qsl, unquote

from reenact.contents import opened
from reenact.model.protocol import Traits
from reenact.model.value import Value

IGNORED_ALWAYS = frozenset(
    {
        "connection", "keep-alive", "proxy-connection", "te", "trailer",  # of this hop only (RFC 9110, 7.6.1)
        "transfer-encoding", "content-length", "content-encoding",  # how the body travelled; it is compared itself
        "date",  # when the message was made (RFC 9110, 6.6.1)
    }
)  # fmt: skip
IGNORED_IN_REQUESTS = frozenset(
    {
        "user-agent",  # names the client library's version
        "accept-encoding",  # what the library can unpack
        "traceparent", "tracestate", "x-b3-traceid", "x-b3-spanid", "x-b3-sampled",  # tracing of this very run
    }
)  # fmt: skip
IGNORED_IN_RESPONSES = frozenset({"server", "via"})  # name the server's version

READS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""Safe methods: RFC 9110, 9.2.1."""


class HttpMatcher:
    def key(self, request: Value) -> str:
        fields = _dict(request)
        return f"{fields.get('method')!s} {len(_path(str(fields.get('target'))))}"

    def normal(self, request: Value) -> Value:
        fields = _dict(request)
        target = str(fields.get("target"))
        path, _, query = _without_origin(target).partition("?")
        headers = _headers(fields, IGNORED_ALWAYS | IGNORED_IN_REQUESTS)
        kind = str(headers.get("content-type", ""))
        out: dict[str, Value] = {"method": fields.get("method"), "path": _path(path)}
        if query:
            pairs = parse_qsl(query, keep_blank_values=True)
            out["query"] = [[name, value] for name, value in pairs] or query
        if "cookie" in headers:
            out["cookies"] = _cookies(str(headers.pop("cookie")))
        if "authorization" in headers:
            headers["authorization"] = _authorization(headers["authorization"])
        if kind.startswith("multipart/"):
            headers["content-type"] = kind.split(";")[0]  # the boundary is made up each time
        out["headers"] = headers
        return {**out, **_body(fields, kind)}

    def normal_response(self, response: Value) -> Value:
        fields = _dict(response)
        headers = _headers(fields, IGNORED_ALWAYS | IGNORED_IN_RESPONSES)
        out: dict[str, Value] = {"status": fields.get("status")}
        if "set-cookie" in headers:
            held = headers.pop("set-cookie")
            given = held if isinstance(held, list) else [held]
            out["cookies"] = [_set_cookie(str(value)) for value in given]
        out["headers"] = headers
        return {**out, **_body(fields, str(headers.get("content-type", "")))}

    def label(self, request: Value) -> str:
        fields = _dict(request)
        target = str(fields.get("target"))
        return f"{fields.get('method')!s} {target if len(target) <= 90 else target[:87] + '...'}"

    def traits(self, request: Value, response: Value) -> Traits:
        return Traits(reads=_dict(request).get("method") in READS)


def _dict(tree: Value) -> dict[str, Value]:
    return tree if isinstance(tree, dict) else {}


def _without_origin(target: str) -> str:
    """An absolute-form target (RFC 9112, 3.2.2) without scheme and authority."""
    if "://" in target[:10]:
        return "/" + target.split("://", 1)[1].partition("/")[2]
    return target


def _path(target: str) -> list[Value]:
    path = _without_origin(target).partition("?")[0]
    return [unquote(step) for step in path.split("/")[1:]] or [path]


def _headers(fields: dict[str, Value], ignored: frozenset[str]) -> dict[str, Value]:
    """By lower-case name; a list where a field stands more than once."""
    out: dict[str, Value] = {}
    for pair in cast("list[list[Value]]", fields.get("headers") or []):
        name, value = str(pair[0]).lower(), pair[1]
        if name in ignored:
            continue
        held = out.get(name)
        if held is None:
            out[name] = value
        elif isinstance(held, list):
            held.append(value)
        else:
            out[name] = [held, value]
    return out


def _body(fields: dict[str, Value], kind: str) -> dict[str, Value]:
    body = fields.get("body")
    return {} if body is None else {"body": opened(body, kind)}


def _cookies(text: str) -> dict[str, Value]:
    pairs = (part.strip().partition("=") for part in text.split(";"))
    return {name: value for name, _, value in pairs}


def _set_cookie(text: str) -> Value:
    """Name, value and attributes (RFC 6265, 4.1)."""
    first, *rest = (part.strip() for part in text.split(";"))
    name, _, value = first.partition("=")
    out: dict[str, Value] = {"name": name, "value": value}
    for part in rest:
        key, has_value, attribute = part.partition("=")
        out[key.lower()] = attribute if has_value else True
    return out


def _authorization(value: Value) -> Value:
    scheme, _, token = str(value).partition(" ")
    if scheme.lower() == "basic":
        with contextlib.suppress(binascii.Error, UnicodeDecodeError):
            token = base64.b64decode(token, validate=True).decode()
    return {"scheme": scheme, "token": token}
