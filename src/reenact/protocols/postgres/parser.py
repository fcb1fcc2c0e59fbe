"""PostgreSQL's own parser (libpg_query), behind two functions.

`postgast` is the only one of its bindings with a liberal licence, wheels for every platform and
the deparser, which makes one text of `CAST(a AS int)` and `a::int`, `!=` and `<>`.
"""

from __future__ import annotations

import postgast
from google.protobuf.message import DecodeError
from postgast import pg_query_pb2 as pb

_UNREADABLE = (postgast.PgQueryError, DecodeError, UnicodeError, ValueError)
"""DecodeError: the tree is nested deeper than protobuf reads (about 50 subqueries)."""


def deparse(sql: str) -> str | None:
    """The statement written in the parser's own style; None when it isn't SQL as the parser
    knows it (an extension's syntax, a proxy's console, text that is cut)."""
    if "\0" in sql:
        return None
    try:
        return str(postgast.deparse(postgast.parse(sql)))
    except _UNREADABLE:
        return None


def fingerprint(sql: str) -> str | None:
    """A hash of the statement's structure; values and the lengths of lists don't count."""
    if "\0" in sql:
        return None
    try:
        return str(postgast.fingerprint(sql).hex)
    except _UNREADABLE:
        return None


def tables(sql: str) -> frozenset[str]:
    """Names (without schema) of all relations the statement names, its own CTEs left out."""
    try:
        tree = postgast.parse(sql)
        ctes = {cte.ctename for cte in postgast.find_nodes(tree, pb.CommonTableExpr)}
        return frozenset(r.relname for r in postgast.find_nodes(tree, pb.RangeVar)) - ctes
    except _UNREADABLE:
        return frozenset()
