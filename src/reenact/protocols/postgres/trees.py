"""Pieces of exchange trees <-> pieces of messages: columns, rows, errors, COPY data."""

from __future__ import annotations

from collections.abc import Sequence

from reenact.model.value import Value
from reenact.protocols.postgres import messages as m
from reenact.protocols.postgres.values import Unservable, decode, encode
from reenact.protocols.postgres.values.oids import type_name, type_oid, type_size

Tree = dict[str, Value]

FIELDS = {
    "S": "severity",
    "V": "severity_code",
    "C": "code",
    "M": "message",
    "D": "detail",
    "H": "hint",
    "P": "position",
    "p": "internal_position",
    "q": "internal_query",
    "W": "where",
    "s": "schema",
    "t": "table",
    "c": "column",
    "d": "data_type",
    "n": "constraint",
    "F": "file",
    "L": "line",
    "R": "routine",
}
"""PostgreSQL docs, "Error and Notice Message Fields", in the order the server writes them."""

_LETTERS = {name: letter for letter, name in FIELDS.items()}


def text_of(raw: bytes) -> str:
    """For names, SQL and messages; bytes that are no UTF-8 stay visible as \\xNN."""
    return raw.decode("utf-8", "backslashreplace")


# -- errors and notices ---------------------------------------------------------------------


def error_tree(fields: Sequence[tuple[bytes, bytes]]) -> Tree:
    return {FIELDS.get(text_of(code), text_of(code)): text_of(value) for code, value in fields}


def error_fields(tree: Value) -> list[tuple[bytes, bytes]]:
    if not isinstance(tree, dict):
        raise Unservable("an error is a mapping of its fields")
    order = list(_LETTERS)
    names = sorted(tree, key=lambda n: order.index(n) if n in _LETTERS else len(order))
    return [(_LETTERS.get(n, n[:1]).encode(), str(tree[n]).encode()) for n in names]


# -- columns --------------------------------------------------------------------------------


def column_tree(column: m.Column) -> Tree:
    """What can be derived is left out: no table, the type's own size, no modifier."""
    out: Tree = {"name": text_of(column.name), "type": type_name(column.type)}
    if column.table:
        out["table"] = column.table
    if column.attnum:
        out["attnum"] = column.attnum
    if column.size != type_size(column.type):
        out["size"] = column.size
    if column.typmod != -1:
        out["typmod"] = column.typmod
    return out


def column_message(tree: Value, fmt: int) -> m.Column:
    if not isinstance(tree, dict):
        raise Unservable("a column is a mapping with a name and a type")
    oid = type_oid(tree.get("type"))
    return m.Column(
        name=str(tree.get("name", "")).encode(),
        table=_int(tree.get("table"), 0),
        attnum=_int(tree.get("attnum"), 0),
        type=oid,
        size=_int(tree.get("size"), type_size(oid)),
        typmod=_int(tree.get("typmod"), -1),
        format=fmt,
    )


def column_oids(columns: Value) -> list[int]:
    if not isinstance(columns, list):
        return []
    return [type_oid(c.get("type")) for c in columns if isinstance(c, dict)]


def _int(value: Value, default: int) -> int:
    return value if isinstance(value, int) else default


# -- rows and parameters --------------------------------------------------------------------


def spread(formats: Sequence[int], count: int) -> list[int]:
    """Format codes for `count` values from a list of none, one or all ("Bind")."""
    if len(formats) == 1:
        return [formats[0]] * count
    return [formats[i] if i < len(formats) else 0 for i in range(count)]


def decode_values(
    values: Sequence[bytes | None], oids: Sequence[int], formats: Sequence[int]
) -> list[Value]:
    fmts = spread(formats, len(values))
    return [decode(oids[i] if i < len(oids) else 0, fmts[i], raw) for i, raw in enumerate(values)]


def decode_params(
    values: Sequence[bytes | None],
    named: Sequence[int],
    told: Sequence[int],
    formats: Sequence[int],
) -> list[Value]:
    """`named` are the types that the client gave (0: none), `told` those that the server told.

    A driver that writes binary has to know what the server told it. One that writes text need not,
    and whether it asked depends on its caches: so text is read by the client's own types only.
    """
    fmts = spread(formats, len(values))
    oids = [
        (named[i] if i < len(named) else 0) or (told[i] if fmts[i] and i < len(told) else 0)
        for i in range(len(values))
    ]
    return [decode(oid, fmt, raw) for oid, fmt, raw in zip(oids, fmts, values, strict=True)]


def encode_row(row: Value, oids: Sequence[int], formats: Sequence[int]) -> m.DataRow:
    """Raises `Unservable`."""
    if not isinstance(row, list):
        raise Unservable("a row is a list of values")
    fmts = spread(formats, len(row))
    return m.DataRow(
        values=[
            encode(oids[i] if i < len(oids) else 0, fmts[i], value) for i, value in enumerate(row)
        ]
    )


# -- COPY -----------------------------------------------------------------------------------


def copy_value(data: bytes, fmt: int) -> Value:
    """Text when the format is text and it reads as UTF-8, bytes otherwise."""
    if fmt:
        return data
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data


def copy_bytes(value: Value) -> bytes:
    if isinstance(value, bytes):
        return value
    return value.encode() if isinstance(value, str) else b""
