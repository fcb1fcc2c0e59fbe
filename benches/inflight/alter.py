"""Every small change that can be made to a message, by a name that finds it again in another run. Pure.

A message is given as it is on the wire's own level: `Http`, the words of a Redis command, or one PostgreSQL message.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

from benches.inflight.wire import Http

FRAMING = frozenset(
    {"content-length", "transfer-encoding", "connection", "keep-alive", "host", "expect"}
)
"""Changing one of these is another kind of message, or no message at all."""



def other(text: str) -> str:
    """Differs in one character, of the same kind."""
    if not text:
        return "x"
    found = [at for at, char in enumerate(text) if char.isascii() and char.isalnum()]
    at = found[-1] if found else len(text) - 1
    char = text[at]
    if char.isdigit():
        new = str((int(char) + 1) % 10)
    else:
        new = {"x": "y", "X": "Y"}.get(char, "X" if char.isupper() else "x")
    return text[:at] + new + text[at + 1 :]


def response(message: Http) -> Iterator[tuple[str, Http]]:
    version, status, *reason = message.start.split(" ", 2)
    changed = " ".join([version, str(int(status) + 1), *reason])
    yield "status", Http(changed, message.headers, message.body, message.framed)
    yield from _headers(message)
    yield from _body(message)


def request(message: Http) -> Iterator[tuple[str, Http]]:
    method, target, version = message.start.split(" ")
    path, mark, query = target.partition("?")
    starts = {"method": f"{'PUT' if method != 'PUT' else 'POST'} {target} {version}"}
    starts["path"] = f"{method} {other(path)}{mark}{query} {version}"
    for at, pair in enumerate(query.split("&") if query else ()):
        pairs = query.split("&")
        rest = pairs[:at] + pairs[at + 1 :]
        name, _, value = pair.partition("=")
        new = [*pairs[:at], f"{name}={other(unquote(value))}", *pairs[at + 1 :]]
        starts[f"query {name}"] = f"{method} {path}?{'&'.join(new)} {version}"
        starts[f"query-gone {name}"] = f"{method} {path}?{'&'.join(rest)} {version}"
    for name, start in starts.items():
        yield name, Http(start, message.headers, message.body, message.framed)
    yield from _headers(message)
    yield from _body(message)


def _headers(message: Http) -> Iterator[tuple[str, Http]]:
    def made(headers: list[tuple[str, str]]) -> Http:
        return Http(message.start, tuple(headers), message.body, message.framed)

    all_of = list(message.headers)
    for at, (name, value) in enumerate(all_of):
        if name.lower() in FRAMING:
            continue
        yield f"header-gone {name.lower()}", made(all_of[:at] + all_of[at + 1 :])
        changed = [*all_of[:at], (name, other(value)), *all_of[at + 1 :]]
        yield f"header {name.lower()}", made(changed)
    yield "header-new", made([*all_of, ("X-New", "1")])


def _body(message: Http) -> Iterator[tuple[str, Http]]:
    if not message.body:
        return
    try:
        tree = json.loads(message.body, parse_float=Decimal)
    except ValueError:
        yield from _lines(message)
        return
    for name, changed in json_changes(tree):
        yield name, message.with_body(json.dumps(changed, default=_number).encode())


def _number(value: Any) -> Any:
    assert isinstance(value, Decimal), value
    return float(value)


def _lines(message: Http) -> Iterator[tuple[str, Http]]:
    lines = message.body.decode("latin-1").splitlines(keepends=True)
    for at, line in enumerate(lines):
        for name, new in (("line", [other(line)]), ("line-gone", []), ("line-twice", [line, line])):
            text = "".join([*lines[:at], *new, *lines[at + 1 :]])
            yield f"{name} {at}", message.with_body(text.encode("latin-1"))


def json_changes(tree: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    """Names are paths: `field /total`, `field-gone /items/0/sku`, `element-twice /items/1` ..."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            for name, new in json_changes(value, f"{at}/{key}"):
                yield name, {**tree, key: new}
            yield f"field-gone {at}/{key}", {k: v for k, v in tree.items() if k != key}
        yield f"field-new {at}/", {**tree, "added": 1}
    elif isinstance(tree, list):
        for n, value in enumerate(tree):
            for name, new in json_changes(value, f"{at}/{n}"):
                yield name, [*tree[:n], new, *tree[n + 1 :]]
            yield f"element-gone {at}/{n}", tree[:n] + tree[n + 1 :]
            yield f"element-twice {at}/{n}", [*tree[: n + 1], *tree[n:]]
            if n and tree[n] != tree[n - 1]:
                yield (
                    f"element-before {at}/{n}",
                    [*tree[: n - 1], tree[n], tree[n - 1], *tree[n + 1 :]],
                )
    else:
        yield f"field {at}", _other_scalar(tree)
        if tree is not None:
            yield f"field-null {at}", None


def _other_scalar(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if value is None:
        return 0
    if isinstance(value, int | Decimal):
        return value + 1
    return other(str(value))


def redis(words: list[bytes]) -> Iterator[tuple[str, list[bytes]]]:
    yield "argument-new", [*words, b"x"]
    for at, word in enumerate(words):
        changed = other(word.decode("latin-1")).encode("latin-1")
        yield f"argument {at}", [*words[:at], changed, *words[at + 1 :]]
        if at:
            yield f"argument-gone {at}", words[:at] + words[at + 1 :]


TOKEN = re.compile(
    r"(?P<text>'(?:[^']|'')*')|(?P<param>\$\d+)|(?P<number>\b\d+(?:\.\d+)?\b)"
    r'|(?P<word>"[^"]+"|[A-Za-z_]\w*)|(?P<sign><>|<=|>=|=|<|>|\+|-)'
)
SIGNS = {"=": "<>", "<>": "=", "<": ">", ">": "<", "<=": "<", ">=": ">", "+": "-", "-": "+"}


def sql(text: str) -> Iterator[tuple[str, str]]:
    for n, found in enumerate(TOKEN.finditer(text)):
        kind, was = str(found.lastgroup), found[0]
        before, after = text[: found.start()], text[found.end() :]
        if kind != "param":
            new = SIGNS[was] if kind == "sign" else other(was)
            yield f"{kind} {n}", before + new + after
        if kind == "word":
            yield f"word-gone {n}", before + after


def postgres(kind: bytes, body: bytes) -> Iterator[tuple[str, bytes]]:
    """Of Query, Parse and Bind; others have none."""
    if kind == b"Q":
        for name, text in sql(body[:-1].decode()):
            yield f"sql {name}", text.encode() + b"\0"
    elif kind == b"P":
        name_of, text_of, rest = body.split(b"\0", 2)
        for name, text in sql(text_of.decode()):
            yield f"sql {name}", name_of + b"\0" + text.encode() + b"\0" + rest
    elif kind == b"B":
        yield from _bind(body)


def _bind(body: bytes) -> Iterator[tuple[str, bytes]]:
    at = body.index(b"\0", body.index(b"\0") + 1) + 1
    formats = int.from_bytes(body[at : at + 2], "big")
    at += 2 + 2 * formats
    count = int.from_bytes(body[at : at + 2], "big")
    at += 2
    for n in range(count):
        size = int.from_bytes(body[at : at + 4], "big", signed=True)
        end = at + 4 + max(size, 0)
        value = body[at + 4 : end]
        if size >= 0:
            yield f"parameter-null {n}", body[:at] + b"\xff\xff\xff\xff" + body[end:]
        if size > 0:
            yield f"parameter {n}", body[: at + 4] + _other_bytes(value) + body[end:]
        at = end


def _other_bytes(value: bytes) -> bytes:
    if all(32 <= byte < 127 for byte in value):
        return other(value.decode()).encode()
    return value[:-1] + bytes([value[-1] ^ 1])


def chosen(changes: Callable[[], Iterator[tuple[str, Any]]], name: str) -> Any:
    """The changed message, or None when there is no change of this name."""
    return next((new for found, new in changes() if found == name), None)
