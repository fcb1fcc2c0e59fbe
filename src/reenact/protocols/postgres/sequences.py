"""Numbers that an answer shows to come from a sequence.

`RETURNING` of a whole-number column of a table (the answer names table and column by their OID and
number) that the INSERT itself does not set; `nextval`, `currval`, `lastval` alone. A default that is always
the same number is told from a sequence by the next row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from reenact.model.value import Value
from reenact.protocols.postgres import sqltext

_INSERT = re.compile(
    r"INSERT INTO \S+ (?:\(([^)]*)\) |DEFAULT VALUES )?.*?\bRETURNING (.*)", re.DOTALL
)
_DRAWN = re.compile(r"SELECT (?:nextval|currval|lastval|pg_catalog\.nextval)\([^)]*\)(?: AS \S+)?")
_WHOLE = ("int2", "int4", "int8")


def drawn(request: Value, response: Value) -> Iterator[tuple[tuple[object, ...], int]]:
    """(which sequence, number) in the order of the answer's rows and columns."""
    if not isinstance(request, dict) or not isinstance(response, dict):
        return
    sql = request.get("query")
    columns, rows = response.get("columns"), response.get("rows")
    if not isinstance(sql, str) or not isinstance(columns, list) or not isinstance(rows, list):
        return
    found = sqltext.read(sql)
    named = [(n, which) for n, c in enumerate(columns) if (which := _which(found.shape, c))]
    if named and _DRAWN.fullmatch(found.shape):
        named = [(0, ("sequence", *found.literals))]
    for row in rows:
        for n, which in named:
            value = row[n] if isinstance(row, list) and n < len(row) else None
            if isinstance(value, int) and not isinstance(value, bool):
                yield which, value


def _which(shape: str, column: Value) -> tuple[object, ...] | None:
    """The sequence behind a column of the answer, None when there is no sign of one."""
    if not isinstance(column, dict) or column.get("type") not in _WHOLE:
        return None
    if _DRAWN.fullmatch(shape):
        return ("sequence",)
    insert = _INSERT.fullmatch(shape)
    if insert is None or " AS " in insert[2] or "table" not in column:
        return None
    set_by_us = {name.strip().strip('"') for name in (insert[1] or "").split(",")}
    if (insert[1] is None and "DEFAULT VALUES" not in shape) or column.get("name") in set_by_us:
        return None
    return ("column", column["table"], column.get("attnum"))
