"""Every small change that can be made to a message, by a name that finds it again in another run. Pure.

A message is given on the wire's own level: `Http`, the words of a Redis command, one PostgreSQL message.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

from benches.inflight.wire import Http


@dataclass(frozen=True)
class Change:
    """`name` is OPERATION or OPERATION PLACE. `was` is the value that is replaced, "" when something is
    added, removed or moved: a value that differs between equal runs was made up. `make` gives the changed
    message."""

    name: str
    was: str
    make: Callable[[], Any]

    @property
    def operation(self) -> str:
        return self.name.partition(" ")[0]


VALUE, FORM = "value", "form"
"""Operations that end so: another value of the same form, or one that isn't of that form."""

FRAMING = frozenset(
    {"content-length", "transfer-encoding", "content-encoding", "connection", "keep-alive", "host"}
    | {"expect"}
)
"""Changing one of these makes another kind of message, or none at all."""

Changes = Iterator[Change]


def other(text: str) -> str:
    """Differs in one character, of the same kind."""
    found = [at for at, char in enumerate(text) if char.isascii() and char.isalnum()]
    if not found:
        return text + "x"
    at = found[-1]
    char = text[at]
    if char.isdigit():
        new = str((int(char) + 1) % 10)
    elif char.lower() in "abcde":
        new = chr(ord(char) + 1)
    else:
        new = {"x": "y", "X": "Y"}.get(char, "X" if char.isupper() else "x")
    return text[:at] + new + text[at + 1 :]


def texts(text: str, put: Callable[[str], Any], at: str = "") -> Changes:
    """Of a value that is a text on the wire; JSON in it is opened. `put` gives the message with another."""
    tree = _opened(text)
    if tree is not None:
        for change in jsons(tree, lambda new: put(encoded(new)), at):
            yield replace(change, name=f"json-{change.name}")
        return
    yield Change(f"{VALUE} {at}", text, lambda: put(other(text)))
    yield Change(f"{FORM} {at}", text, lambda: put(text + "x"))


def _opened(text: str) -> Any:
    if text[:1] not in ("{", "["):
        return None
    try:
        return json.loads(text, parse_float=Decimal)
    except ValueError:
        return None


# -- HTTP ----------------------------------------------------------------------------------


def response(message: Http) -> Changes:
    version, status, *reason = message.start.split(" ", 2)
    changed = " ".join([version, str(int(status) + 1), *reason])
    yield Change("status", "", lambda: replace(message, start=changed))
    yield from _headers(message)
    yield from _body(message)


def request(message: Http) -> Changes:
    method, target, version = message.start.split(" ")
    path, mark, query = target.partition("?")

    def start(method: str, path: str, query: str = mark + query) -> Http:
        return replace(message, start=f"{method} {path}{query} {version}")

    yield Change("method", "", lambda: start("PUT" if method != "PUT" else "POST", path))
    segments = path.split("/")
    for n, segment in enumerate(segments):
        if segment:
            for change in texts(segment, lambda new, n=n: _with(segments, n, [new]), str(n)):
                made = change.make
                yield Change(
                    f"path-{change.name}",
                    change.was,
                    lambda made=made: start(method, "/".join(made())),
                )
    pairs = query.split("&") if query else []
    for n, pair in enumerate(pairs):
        name, _, value = pair.partition("=")
        gone = _with(pairs, n, [])
        yield Change(f"query-gone {name}", "", lambda gone=gone: start(method, path, _query(gone)))
        for make, operation in ((other, VALUE), (lambda text: text + "x", FORM)):
            new = _with(pairs, n, [f"{name}={make(unquote(value))}"])
            yield Change(
                f"query-{operation} {name}", value, lambda new=new: start(method, path, _query(new))
            )
    yield from _headers(message)
    yield from _body(message)


def _query(pairs: list[str]) -> str:
    return "?" + "&".join(pairs) if pairs else ""


def _with(items: list[Any], n: int, new: list[Any]) -> list[Any]:
    return [*items[:n], *new, *items[n + 1 :]]


def _headers(message: Http) -> Changes:
    lines = list(message.headers)

    def made(headers: list[tuple[str, str]]) -> Http:
        return replace(message, headers=tuple(headers))

    for n, (name, value) in enumerate(lines):
        if name.lower() in FRAMING:
            continue
        at = name.lower()
        gone = _with(lines, n, [])
        yield Change(f"header-gone {at}", "", lambda gone=gone: made(gone))
        for new, operation in ((other(value), VALUE), (value + "x", FORM)):
            changed = _with(lines, n, [(name, new)])
            yield Change(f"header-{operation} {at}", value, lambda changed=changed: made(changed))
    yield Change("header-new", "", lambda: made([*lines, ("X-New", "1")]))


def _body(message: Http) -> Changes:
    zipped = message.header("content-encoding") == "gzip"
    body = gzip.decompress(message.body) if zipped else message.body
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = ""
    if not text or message.header("content-encoding") not in ("", "gzip"):
        return

    def put(text: str) -> Http:
        new = text.encode()
        return replace(message, body=gzip.compress(new, mtime=0) if zipped else new)

    tree = _opened(text)
    if tree is not None:
        yield from jsons(tree, lambda new: put(encoded(new)))
    else:
        yield from _lines(text.splitlines(keepends=True), put)


def _lines(lines: list[str], put: Callable[[str], Http]) -> Changes:
    def changed(n: int, new: list[str]) -> Callable[[], Http]:
        return lambda: put("".join(_with(lines, n, new)))

    for n, line in enumerate(lines):
        bare = line.rstrip("\r\n")
        end = line[len(bare) :]
        yield Change(f"line-{VALUE} {n}", line, changed(n, [other(bare) + end]))
        yield Change(f"line-{FORM} {n}", line, changed(n, [f"{bare}x{end}"]))
        yield Change(f"line-gone {n}", "", changed(n, []))
        yield Change(f"line-twice {n}", "", changed(n, [bare + (end or "\n"), line]))


def jsons(tree: Any, put: Callable[[Any], Any], at: str = "") -> Changes:
    """Places are paths. `put` gives the message with another tree."""
    if isinstance(tree, dict):
        for key, child in tree.items():
            yield from jsons(child, lambda new, key=key: put({**tree, key: new}), f"{at}/{key}")
            without = {k: v for k, v in tree.items() if k != key}
            yield Change(f"field-gone {at}/{key}", "", lambda without=without: put(without))
        yield Change(f"field-new {at}/", "", lambda: put({**tree, "added": 1}))
    elif isinstance(tree, list):
        yield from _elements(tree, put, at)
    else:
        shown = encoded(tree)
        yield Change(f"field-{VALUE} {at}", shown, lambda: put(_other_scalar(tree)))
        yield Change(f"field-{FORM} {at}", shown, lambda: put(_other_form(tree)))
        if tree is not None:
            yield Change(f"field-null {at}", "", lambda: put(None))


def _elements(tree: list[Any], put: Callable[[Any], Any], at: str) -> Changes:
    for n, child in enumerate(tree):
        yield from jsons(child, lambda new, n=n: put(_with(tree, n, [new])), f"{at}/{n}")
        yield Change(f"element-gone {at}/{n}", "", lambda n=n: put(_with(tree, n, [])))
        twice = _with(tree, n, [child, child])
        yield Change(f"element-twice {at}/{n}", "", lambda twice=twice: put(twice))
        if n and child != tree[n - 1]:
            swapped = [*tree[: n - 1], child, tree[n - 1], *tree[n + 1 :]]
            yield Change(f"element-before {at}/{n}", "", lambda swapped=swapped: put(swapped))


def _other_scalar(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if value is None:
        return 0
    if isinstance(value, int | Decimal):
        return value + 1
    return other(str(value))


def _other_form(value: Any) -> Any:
    return f"{value}x" if isinstance(value, str) else encoded(value)


def encoded(tree: Any) -> str:
    """JSON in which a Decimal keeps its digits: 1.10 stays 1.10."""
    if isinstance(tree, dict):
        return "{" + ",".join(f"{json.dumps(k)}:{encoded(v)}" for k, v in tree.items()) + "}"
    if isinstance(tree, list):
        return "[" + ",".join(map(encoded, tree)) + "]"
    return str(tree) if isinstance(tree, Decimal) else json.dumps(tree)


# -- Redis ---------------------------------------------------------------------------------


def redis(words: list[bytes]) -> Changes:
    yield Change("argument-new", "", lambda: [*words, b"x"])
    for n, word in enumerate(words[1:], 1):
        text = word.decode("latin-1")

        def put(new: str, n: int = n) -> list[bytes]:
            return _with(words, n, [new.encode("latin-1")])

        for change in texts(text, put, str(n)):
            yield replace(change, name=f"argument-{change.name}")
        yield Change(f"argument-gone {n}", "", lambda n=n: _with(words, n, []))


# -- PostgreSQL ----------------------------------------------------------------------------

TOKEN = re.compile(
    r"(?P<comment>--[^\n]*)|(?P<literal>'(?:[^']|'')*')|(?P<parameter>\$\d+)|(?P<number>\b\d+(?:\.\d+)?\b)"
    r'|(?P<name>"[^"]+"|[A-Za-z_]\w*)|(?P<sign><>|<=|>=|=|<|>|\+|-)'
)
SIGNS = {"=": "<>", "<>": "=", "<": ">", ">": "<", "<=": "<", ">=": ">", "+": "-", "-": "+"}
_WORDS = """
    select from where and or not in is null insert into values update set delete returning order
    by group having limit offset as on join left right inner outer full cross using with recursive
    for share key of case when then else end distinct all union exists between like ilike begin
    commit rollback savepoint release to any true false conflict do nothing lateral over partition
    cast at time zone if table create drop show nulls array row
"""
KEYWORDS = frozenset(_WORDS.split())
"""Another word in place of one of these is no SQL, which anybody would notice."""


def sql(text: str) -> Changes:
    """Names and literals are replaced; ASC, DESC and the like are taken out too."""
    for n, found in enumerate(TOKEN.finditer(text)):
        kind, was = str(found.lastgroup), found[0]
        before, after = text[: found.start()], text[found.end() :]
        if kind in ("parameter", "comment") or (kind == "name" and was.lower() in KEYWORDS):
            continue
        new = SIGNS[was] if kind == "sign" else other(was)
        whole = before + new + after
        yield Change(f"{kind} {n}", "", lambda whole=whole: whole)
        if kind == "name" and was.lower() in ("desc", "distinct", "limit"):
            yield Change(f"{kind}-gone {n}", "", lambda cut=before + after: cut)


def postgres(kind: bytes, body: bytes) -> Changes:
    """Of Query, Parse and Bind; others have none."""
    if kind == b"Q":
        for change in sql(body[:-1].decode()):
            yield _sql_change(change, lambda text: text.encode() + b"\0")
    elif kind == b"P":
        name, text, rest = body.split(b"\0", 2)
        for change in sql(text.decode()):
            yield _sql_change(change, lambda new: b"\0".join((name, new.encode(), rest)))
    elif kind == b"B":
        yield from _bind(body)


def _sql_change(change: Change, put: Callable[[str], bytes]) -> Change:
    return Change(f"sql-{change.name}", change.was, lambda: put(change.make()))


def _bind(body: bytes) -> Changes:
    at = body.index(b"\0", body.index(b"\0") + 1) + 1
    at += 2 + 2 * int.from_bytes(body[at : at + 2], "big")
    count = int.from_bytes(body[at : at + 2], "big")
    at += 2
    for n in range(count):
        size = int.from_bytes(body[at : at + 4], "big", signed=True)
        end = at + 4 + max(size, 0)
        before, value, after = body[:at], body[at + 4 : end], body[end:]
        if size >= 0:
            null = before + b"\xff\xff\xff\xff" + after
            yield Change(f"parameter-null {n}", "", lambda null=null: null)
        if size > 0:
            for change in _parameter(value, str(n)):
                made = change.make
                yield Change(
                    f"parameter-{change.name}",
                    change.was,
                    lambda made=made, b=before, a=after: (
                        b + len(made()).to_bytes(4, "big") + made() + a
                    ),
                )
        at = end


def _parameter(value: bytes, at: str) -> Changes:
    """Text is anything printable; the rest is in PostgreSQL's binary forms."""
    start = value[:1] if value[:1] == b"\1" and value[1:2] in (b"{", b"[") else b""  # jsonb
    text = value[len(start) :]
    if all(byte >= 32 for byte in text):
        try:
            yield from texts(text.decode(), lambda new: start + new.encode(), at)
            return
        except UnicodeDecodeError:
            pass
    yield Change(f"{VALUE} {at}", value.hex(), lambda: value[:-1] + bytes([value[-1] ^ 1]))


def called(changes: Changes, message: Any) -> Changes:
    """Of a call: also not made, and made twice (which the relay does)."""
    yield from changes
    yield Change("drop", "", lambda: message)
    yield Change("double", "", lambda: message)
