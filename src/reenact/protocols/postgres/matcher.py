"""What is compared of an exchange, and what the rest of the house has to know of it."""

from __future__ import annotations

import re
from functools import lru_cache

from reenact.model.protocol import Traits
from reenact.model.value import Value
from reenact.protocols.postgres import parser, sqltext
from reenact.protocols.postgres.copydata import copy_rows
from reenact.protocols.postgres.trees import Tree

LABEL = 100

_KINDS = (
    *("query", "prepare", "describe", "startup", "function"),
    *("bind", "close", "sync", "flush", "terminate", "cancel"),
)
_SQL = frozenset(("query", "prepare", "describe", "bind"))
_MECHANICS = frozenset(("bind", "close", "sync", "flush", "terminate", "cancel"))


class PostgresMatcher:
    def key(self, request: Value) -> str:
        kind, sql = _kind(request)
        if kind in _SQL:
            return f"{kind}:{sqltext.read(sql).fingerprint}"
        return f"function:{sql}" if kind == "function" else kind

    def normal(self, request: Value) -> Value:
        kind, sql = _kind(request)
        if not isinstance(request, dict):
            return request
        if kind == "startup":
            return {"startup": _pick(request["startup"], ("user", "database"))}
        if kind not in _SQL:
            return request
        return _normal_sql(kind, sql) | _normal_data(kind, request)

    def normal_response(self, response: Value) -> Value:
        if not isinstance(response, dict):
            return response
        if isinstance(response.get("results"), list):
            return {"results": [self.normal_response(r) for r in _list(response["results"])]}
        out: Tree = {}
        if "columns" in response:
            out["columns"] = [_pick(c, ("name", "type")) for c in _list(response["columns"])]
        if "error" in response:
            out["error"] = _pick(response["error"], ("code", "message"))
        for name in _COMPARED:
            if name in response:
                out[name] = response[name]
        return out

    def label(self, request: Value) -> str:
        kind, sql = _kind(request)
        if kind == "startup" and isinstance(request, dict):
            return _connect_label(request["startup"])
        text = sqltext.collapse(sql) if kind in _SQL else sql
        if kind != "query":
            text = f"{kind} {text}".strip()
        text = text or "(empty query)"
        return text if len(text) <= LABEL else text[: LABEL - 3] + "..."

    def traits(self, request: Value, response: Value) -> Traits:
        kind, sql = _kind(request)
        failed = isinstance(response, dict) and "error" in response
        if kind in ("prepare", "describe"):
            return Traits(housekeeping=not failed, reads=True)
        if kind == "query":
            idle = _idle_end(sql, response) or _is_setup(response)
            keeps = idle or (_housekeeping(sql) and not failed)
            first = sql.split(None, 1)[0].upper().rstrip(";") if sql.strip() else ""
            return Traits(
                housekeeping=keeps,
                reads=_reads(sql),
                opens=first in ("BEGIN", "START"),
                closes=first in ("COMMIT", "ROLLBACK", "END", "ABORT")
                and " TO " not in sql.upper(),
            )
        return Traits(housekeeping=kind == "startup" or kind in _MECHANICS)


_COMPARED = ("rows", "copy", "tag", "empty", "suspended", "result", "notify", "payload")


def _kind(request: Value) -> tuple[str, str]:
    """Which of the README's shapes it is, and its SQL where there is one."""
    if not isinstance(request, dict):
        return "push", ""
    kind = next((name for name in _KINDS if name in request), "unknown")
    value = request.get(kind)
    return kind, str(value) if isinstance(value, str | int) and value is not True else ""


def _normal_sql(kind: str, sql: str) -> Tree:
    found = sqltext.read(sql)
    out: Tree = {kind: found.shape, "literals": list(found.literals)}
    if found.names:
        out["gives" if _GIVES.match(found.shape) else "names"] = list(found.names)
    return out


_GIVES = re.compile(r"(?:SAVEPOINT|DECLARE|PREPARE) \?name\b", re.IGNORECASE)
"""Statements that give something a name of their own; others use the name."""


def _normal_data(kind: str, request: Tree) -> Tree:
    if kind != "query":
        return {}
    out: Tree = {"params": request.get("params", [])}
    if "copy" in request:
        out["copy"] = copy_rows(request["copy"])
    if "copy_failed" in request:
        out["copy_failed"] = request["copy_failed"]
    return out


def _pick(tree: Value, names: tuple[str, ...]) -> Value:
    return {n: tree[n] for n in names if n in tree} if isinstance(tree, dict) else tree


def _connect_label(startup: Value) -> str:
    if not isinstance(startup, dict):
        return "connect"
    return f"connect to {startup.get('database')!s} as {startup.get('user')!s}"[:LABEL]


def _list(value: Value) -> list[Value]:
    return value if isinstance(value, list) else []


# -- traits ---------------------------------------------------------------------------------

_PINGS = frozenset(("", "select 1", "select 1 as one", "select true", "values (1)"))
_PONGS: dict[str, tuple[str, Value] | None] = {
    "": None,
    "select 1": ("?column?", 1),
    "select 1 as one": ("one", 1),
    "values (1)": ("column1", 1),
}
"""Name and value of what a ping gives; None: no result. What `SELECT true` calls its column depends on
the server."""

_SESSION_VERBS = frozenset(("SHOW", "RESET", "DISCARD", "DEALLOCATE", "UNLISTEN"))
_SET = re.compile(r"SET (?!LOCAL\b|TRANSACTION\b|CONSTRAINTS\b)", re.IGNORECASE)
_SET_CONFIG = r"(?:pg_catalog\.)?set_config\([^(),]+, [^(),]+, false\)"
_ABOUT = re.compile(
    r"SELECT (?:pg_catalog\.)?(?:version\(\)|\"?current_schema\"?(?:\(\))?|current_database\(\)"
    r"|pg_advisory_unlock_all\(\)|pg_backend_pid\(\)|pg_is_in_recovery\(\)"
    rf"|{_SET_CONFIG}(?:, {_SET_CONFIG})*)",
    re.IGNORECASE,
)
_TYPE_TABLES = frozenset(
    ("pg_type", "pg_namespace", "pg_range", "pg_enum", "pg_attribute", "pg_class", "pg_collation")
)


@lru_cache(maxsize=16384)
def _housekeeping(sql: str) -> bool:
    """See the table in README.md."""
    if sqltext.collapse(sql).lower() in _PINGS:
        return True
    parts = [part.strip() for part in sqltext.read(sql).shape.split(";")]
    if all(_session_statement(part) for part in parts):
        return True
    used = parser.tables(sql) if "pg_type" in sql else frozenset()
    return "pg_type" in used and used <= _TYPE_TABLES and _reads(sql)


def always(request: Value) -> Value:
    """What any server answers to a ping, or to its preparation."""
    tree = request if isinstance(request, dict) else {}
    sql = tree.get("query", tree.get("prepare"))
    ping = sqltext.collapse(sql).lower() if isinstance(sql, str) and len(sql) <= LABEL else None
    if ping not in _PONGS or "params" in tree:
        return None
    pong = _PONGS[ping]
    columns: Value = [{"name": pong[0], "type": "int4"}] if pong else []
    if "prepare" in tree:
        return {"parameters": [], "columns": columns} if pong else {"parameters": []}
    if pong is None:
        return {"empty": True, "status": "I"}
    return {"columns": columns, "rows": [[pong[1]]], "tag": "SELECT 1", "status": "I"}


def _session_statement(shape: str) -> bool:
    verb = shape.split(" ", 1)[0].upper()
    about = _ABOUT.fullmatch(shape) or shape.upper() == "CLOSE ALL"
    return bool(verb in _SESSION_VERBS or _SET.match(shape) or about)


def _is_setup(response: Value) -> bool:
    """BEGIN or its end around nothing but housekeeping (setup.py)."""
    return isinstance(response, dict) and response.get("setup") is True


def _idle_end(sql: str, response: Value) -> bool:
    """ROLLBACK or COMMIT when no transaction was open, as pools send on return: the server
    warns with 25P01 (no_active_sql_transaction)."""
    if not isinstance(response, dict) or sqltext.verbs(sql) not in (["ROLLBACK"], ["COMMIT"]):
        return False
    notices = _list(response.get("notices"))
    return any(isinstance(n, dict) and n.get("code") == "25P01" for n in notices)


_COPY_OUT = re.compile(r"\bTO STDOUT\b", re.IGNORECASE)
_WRITES = re.compile(
    r"\b(?:INSERT|UPDATE|DELETE|MERGE|INTO|ANALYZE|nextval|setval|set_config|pg_notify"
    r"|pg_(?:try_)?advisory\w*|lo_\w+|pg_terminate_backend|pg_cancel_backend|dblink\w*)\b"
    r"|\bFOR (?:NO KEY )?(?:UPDATE|SHARE|KEY SHARE)\b",
    re.IGNORECASE,
)


@lru_cache(maxsize=16384)
def _reads(sql: str) -> bool:
    """By the text: a function with side effects of its own can't be seen."""
    words = sqltext.verbs(sql)
    if words == ["COPY"] and _COPY_OUT.search(sqltext.read(sql).shape):
        words = []
    reading = all(
        word.lstrip("(") in ("SELECT", "SHOW", "VALUES", "WITH", "EXPLAIN") for word in words
    )
    return reading and not _WRITES.search(sqltext.read(sql).shape)
