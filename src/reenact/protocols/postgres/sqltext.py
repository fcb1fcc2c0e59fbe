"""SQL as the parser writes it again, apart from its literals."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from reenact.model.value import Scalar
from reenact.protocols.postgres import parser


class Statement(NamedTuple):
    """`shape` is the text with `?` for each literal and `?name` for each name that lives no
    longer than its session (savepoints, cursors, prepared statements); `literals` and `names`
    are those, in order. `fingerprint` also ignores how long lists of values are."""

    shape: str
    literals: tuple[Scalar, ...]
    names: tuple[str, ...]
    fingerprint: str


@lru_cache(maxsize=16384)
def read(sql: str) -> Statement:
    """White space, comments, case of keywords and redundant parentheses make no difference."""
    text = parser.deparse(sql)
    spoken = collapse(sql) if text is None else text
    spoken, names = _take_names(spoken)
    shape, literals = _take_literals(spoken)
    return Statement(shape, literals, names, parser.fingerprint(sql) or shape)


def verbs(sql: str) -> list[str]:
    """The first word of each statement, upper case."""
    return [words[0].upper() for part in read(sql).shape.split(";") if (words := part.split())]


@lru_cache(maxsize=16384)
def collapse(sql: str) -> str:
    """Without comments, with single spaces; what is quoted stays as it is."""
    return "".join(_uncommented(sql)).strip().rstrip("; ")


_TOKEN = re.compile(
    r"""
    (?P<dollar>\$(?:[A-Za-z_\u0080-\U0010ffff]\w*)?\$)
  | (?P<escaped>[eE]'(?:[^'\\]|\\.|'')*')
  | (?P<string>(?:[xXbBnN]|[uU]&)?'(?:[^']|'')*')
  | (?P<quoted>"(?:[^"]|"")*")
  | (?P<comment>--[^\n]*)
  | (?P<block>/\*)
  | (?P<space>\s+)
  | (?P<param>\$\d+)
  | (?P<number>(?<![\w"])(?:(?<=[\s(\[,=])-)?(?:\d[\d_]*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]))
  | (?P<word>[\w$]+)
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)


def _tokens(sql: str) -> list[tuple[str, str]]:
    """(kind, text) pairs that cover the whole text; comments nest as PostgreSQL's do."""
    out: list[tuple[str, str]] = []
    at = 0
    while at < len(sql):
        found = _TOKEN.match(sql, at)
        assert found is not None and found.lastgroup is not None
        kind, end = found.lastgroup, found.end()
        if kind == "block":
            end = _block_end(sql, at)
        elif kind == "dollar":
            close = sql.find(found[0], end)
            kind, end = ("other", end) if close < 0 else (kind, close + len(found[0]))
        out.append((kind, sql[at:end]))
        at = end
    return out


_BLOCK_EDGE = re.compile(r"/\*|\*/")


def _block_end(sql: str, at: int) -> int:
    depth = 0
    for edge in _BLOCK_EDGE.finditer(sql, at):
        depth += 1 if edge[0] == "/*" else -1
        if not depth:
            return edge.end()
    return len(sql)


def _uncommented(sql: str) -> list[str]:
    out = [""]
    for kind, text in _tokens(sql):
        if kind not in ("comment", "block", "space"):
            out.append(text)
        elif out[-1] != " ":
            out.append(" ")
    return out


def _take_literals(text: str) -> tuple[str, tuple[Scalar, ...]]:
    shape: list[str] = []
    literals: list[Scalar] = []
    for kind, token in _tokens(text):
        if kind in ("string", "escaped", "dollar", "number"):
            literals.append(_literal(kind, token))
            token = "?"
        shape.append(token)
    return "".join(shape), tuple(literals)


_ESCAPE = re.compile(
    r"\\(x[0-9a-fA-F]{1,2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{1,3}|.)", re.DOTALL
)
_CONTROL = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def _literal(kind: str, token: str) -> Scalar:
    if kind == "number":
        plain = token.replace("_", "")
        return int(plain) if plain.lstrip("-").isdigit() else Decimal(plain)
    if kind == "dollar":
        mark = token[: token.index("$", 1) + 1]
        return token[len(mark) : -len(mark)]
    prefix, _, body = token.partition("'")
    body = body[:-1].replace("''", "'")
    if kind == "escaped":
        return _ESCAPE.sub(_unescape, body)
    return body if not prefix else prefix.lower() + "'" + body + "'"


def _unescape(found: re.Match[str]) -> str:
    code = found[1]
    if code[0] in "xuU" and len(code) > 1:
        return _char(int(code[1:], 16), found[0])
    if code[0] in "01234567":
        return _char(int(code, 8), found[0])
    return _CONTROL.get(code, code)


def _char(code: int, text: str) -> str:
    return chr(code) if code < 0x110000 else text


_NAME = r'("(?:[^"]|"")*"|[A-Za-z_\u0080-\U0010ffff][\w$]*)'
_NAMED = re.compile(
    r"^((?:SAVEPOINT|RELEASE(?: SAVEPOINT)?|ROLLBACK TO(?: SAVEPOINT)?|CLOSE|DECLARE|DEALLOCATE"
    r"|PREPARE(?! TRANSACTION)|EXECUTE|(?:FETCH|MOVE)(?: [A-Z]+| -?\d+)*(?: FROM| IN)?) )" + _NAME,
    re.IGNORECASE,
)


def _take_names(text: str) -> tuple[str, tuple[str, ...]]:
    """Only where one statement stands alone: that is how drivers and frameworks send these."""
    found = _NAMED.match(text)
    if not found or found[2].upper() == "ALL":
        return text, ()
    return f"{found[1]}?name{text[found.end() :]}", (found[2].removeprefix('"').removesuffix('"'),)


def cursor_name(declare: str) -> str:
    """The name in a DECLARE; "" when there is none."""
    names = read(declare).names
    return names[0].replace('""', '"') if names else ""


def parameter_count(sql: str) -> int:
    """The highest $n in the text."""
    found: Sequence[str] = [text for kind, text in _tokens(sql) if kind == "param"]
    return max((int(text[1:]) for text in found), default=0)
