"""What of a request or response is compared: path, query, headers that matter, opened body."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping

from reenact import contents
from reenact.contents import forms
from reenact.model.protocol import Traits
from reenact.model.value import Value
from reenact.protocols.http1 import ignored
from reenact.protocols.http1.grammar import Headers, tokens
from reenact.protocols.http1.wire import headers as headers_of

READS = ("GET", "HEAD", "OPTIONS", "TRACE")
"""The safe methods of RFC 9110 section 9.2.1."""

LABEL_LENGTH = 100
PRESENT = "(present)"
"""Stands for every value of a header that is only compared for being there."""

ABSOLUTE = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://([^/?#]*)(.*)", re.DOTALL)
ADDRESS = re.compile(r"(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-fA-F:.%]+\]|localhost)(?::\d+)?")

Tree = dict[str, Value]


class HttpMatcher:
    def key(self, request: Value) -> str:
        """Method and number of path segments: an identifier is renamed within its segment."""
        tree = _tree(request)
        path = _target(_said(tree, "target"))[1]
        return f"{_said(tree, 'method')} {path.count('/')}"

    def normal(self, request: Value) -> Value:
        tree = _tree(request)
        lines = headers_of(tree)
        host, path, query = _target(_said(tree, "target"))
        out: Tree = {"method": tree.get("method")}
        out["path"] = [forms.decoded(part) for part in path.removeprefix("/").split("/")]
        out["query"] = list(forms.pairs(query))
        out["headers"] = _headers(lines, ignored.REQUEST, ignored.REQUEST_PRESENCE, host)
        if cookies := _cookies(lines):
            out["cookies"] = cookies
        return {**out, **_body(tree, lines)}

    def normal_response(self, response: Value) -> Value:
        tree = _tree(response)
        if not tree:
            return None
        lines = headers_of(tree)
        headers = _headers(lines, ignored.RESPONSE, ignored.RESPONSE_PRESENCE)
        out: Tree = {"status": tree.get("status"), "headers": headers}
        cookies: list[Value] = [_set_cookie(value) for value in _all(lines, "set-cookie")]
        if cookies:
            out["set-cookie"] = cookies
        if "cut" in tree:
            out["cut"] = tree["cut"]
        if early := _early(tree):
            out["informational"] = early
        return {**out, **_body(tree, lines)}

    def label(self, request: Value) -> str:
        tree = _tree(request)
        text = f"{_said(tree, 'method')} {_said(tree, 'target')}"
        return text if len(text) <= LABEL_LENGTH else text[: LABEL_LENGTH - 3] + "..."

    def traits(self, request: Value, response: Value) -> Traits:
        return Traits(reads=_tree(request).get("method") in READS)


def _tree(value: Value) -> Tree:
    return value if isinstance(value, dict) else {}


def _said(tree: Tree, key: str) -> str:
    return str(tree.get(key, ""))


def _target(target: str) -> tuple[str, str, str]:
    """Host ("" when the target names none), path and query, still escaped."""
    host = ""
    if found := ABSOLUTE.fullmatch(target):
        host, target = found[1], found[2]
    path, _, query = target.partition("?")
    return host, path, query


def _body(tree: Tree, lines: Headers) -> Tree:
    out: Tree = {}
    if "body" in tree:
        out["body"] = contents.open(tree["body"], [[name, value] for name, value in lines])
    if trailers := headers_of({"headers": tree.get("trailers")}):
        out["trailers"] = _grouped(trailers)
    return out


def _early(tree: Tree) -> list[Value]:
    """Status codes of informational responses; 100 answers an Expect and says nothing more."""
    found = tree.get("informational")
    codes = [_tree(one).get("status") for one in found] if isinstance(found, list) else []
    return [code for code in codes if code != 100]


# -- headers -------------------------------------------------------------------------------


def _headers(
    lines: Headers, skip: Mapping[str, str], presence: Mapping[str, re.Pattern[str]], host: str = ""
) -> Tree:
    """By lower-case name: the value, or the list of values when it comes several times."""
    once = (*skip, "cookie", "set-cookie", *_upgrade_offer(lines))
    out = _grouped(tuple(line for line in lines if line[0].strip().lower() not in once))
    said_host = str(out.pop("host", ""))
    named = host or said_host
    if named and not ADDRESS.fullmatch(named):
        out["host"] = named.lower()
    for name, form in presence.items():
        values = _all(lines, name)
        if values and all(map(form.fullmatch, values)):
            out[name] = PRESENT
    for name in ("authorization", "proxy-authorization"):
        if isinstance(said := out.get(name), str):
            out[name] = _authorization(said)
    if isinstance(kind := out.get("content-type"), str):
        out["content-type"] = _content_type(kind)
    if "vary" in out:  # a set of names, whose order says nothing (RFC 9110, 12.5.5)
        out["vary"] = ", ".join(sorted(set(tokens(lines, "vary"))))
    return out


def _grouped(lines: Headers) -> Tree:
    out: dict[str, list[Value]] = {}
    for name, value in lines:
        out.setdefault(name.strip().lower(), []).append(value)
    return {name: found[0] if len(found) == 1 else found for name, found in out.items()}


def _all(lines: Headers, name: str) -> list[str]:
    return [value for key, value in lines if key.strip().lower() == name]


def _upgrade_offer(lines: Headers) -> tuple[str, ...]:
    """An offer of HTTP/2 over plain TCP says what the client's library can do."""
    return ("upgrade",) if tokens(lines, "upgrade") == ["h2c"] else ()


def _content_type(value: str) -> str:
    """Without the boundary, which every request makes up anew."""
    kind = contents.media_type(value)
    kept = (f"{name}={text}" for name, text in kind.parameters.items() if name != "boundary")
    return "; ".join((kind.essence, *kept))


def _authorization(value: str) -> Value:
    scheme, _, token = value.partition(" ")
    if scheme.lower() == "basic" and (pair := _basic(token.strip())):
        return {"scheme": scheme, "user": pair[0], "password": pair[1]}
    return {"scheme": scheme, "token": token.strip()}


def _basic(token: str) -> tuple[str, str] | None:
    """RFC 7617."""
    try:
        user, colon, password = base64.b64decode(token, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return (user, password) if colon else None


def _cookies(lines: Headers) -> Tree:
    """Their order says nothing (RFC 6265 section 4.2.2)."""
    pairs = [
        (name.strip(), value.strip())
        for line in _all(lines, "cookie")
        for name, _, value in (part.partition("=") for part in line.split(";") if part.strip())
    ]
    out: dict[str, list[Value]] = {}
    for name, value in pairs:
        out.setdefault(name, []).append(value)
    return {name: found[0] if len(found) == 1 else found for name, found in out.items()}


def _set_cookie(line: str) -> Value:
    first, *rest = line.split(";")
    name, _, value = first.partition("=")
    attributes: Tree = {}
    for part in rest:
        key, equals, text = part.partition("=")
        if key.strip():
            attributes[key.strip().lower()] = text.strip() if equals else True
    return {"name": name.strip(), "value": value.strip(), "attributes": attributes}
