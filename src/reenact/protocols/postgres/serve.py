"""Recorded responses as bytes of the server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reenact.model.message import Payload
from reenact.model.value import Value
from reenact.protocols.postgres import messages as m
from reenact.protocols.postgres import wire
from reenact.protocols.postgres.trees import (
    Tree,
    column_message,
    column_oids,
    copy_bytes,
    encode_row,
    error_fields,
    spread,
)


def join(payloads: Iterator[Payload] | Sequence[Payload]) -> bytes:
    return b"".join(map(wire.encode, payloads))


def error(code: str, message: str, severity: str = "ERROR") -> m.ErrorResponse:
    return error_message(
        {"severity": severity, "severity_code": severity, "code": code, "message": message}
    )


def error_message(tree: Value) -> m.ErrorResponse:
    return m.ErrorResponse(fields=error_fields(tree))


def notices(result: Tree) -> Iterator[Payload]:
    for notice in _list(result.get("notices")):
        yield m.NoticeResponse(fields=error_fields(notice))


def parameters(response: Tree) -> Iterator[Payload]:
    found = response.get("parameters")
    if isinstance(found, dict):
        for name, value in found.items():
            yield m.ParameterStatus(name=name.encode(), value=str(value).encode())


def described(columns: Value, formats: Sequence[int] = ()) -> Payload:
    """RowDescription, or NoData for a statement without rows."""
    if not isinstance(columns, list):
        return m.NoData()
    fmts = spread(formats, len(columns))
    return m.RowDescription(columns=[column_message(c, fmts[i]) for i, c in enumerate(columns)])


def rows(result: Tree, formats: Sequence[int], start: int, end: int) -> Iterator[Payload]:
    """Raises `Unservable` when a value can't be written in its format."""
    oids = column_oids(result.get("columns"))
    for row in _list(result.get("rows"))[start:end]:
        yield encode_row(row, oids, formats)


def row_count(result: Tree) -> int:
    return len(_list(result.get("rows")))


def copy_out(result: Tree) -> Iterator[Payload]:
    if not isinstance(result.get("copy"), list):
        return
    yield copy_start(b"H", result)
    for chunk in _list(result["copy"]):
        yield m.CopyData(data=copy_bytes(chunk))
    if "error" not in result:
        yield m.CopyDone()


def copy_start(way: bytes, result: Tree) -> m.CopyStart:
    fmt = int(result.get("copy_format") == "binary")
    count = result.get("copy_columns")
    return m.CopyStart(
        way=way, format=fmt, columns=[fmt] * (count if isinstance(count, int) else 0)
    )


def ending(result: Tree) -> Iterator[Payload]:
    """How the statement ended; nothing when it was cut."""
    if "error" in result:
        yield error_message(result["error"])
    elif "empty" in result:
        yield m.EmptyQuery()
    elif "tag" in result:
        yield m.CommandComplete(command=str(result["tag"]).encode())


def simple(result: Tree) -> Iterator[Payload]:
    """One statement of a simple query, in text format."""
    yield from notices(result)
    if "columns" in result:
        yield described(result["columns"])
    yield from rows(result, (), 0, row_count(result))
    yield from copy_out(result)
    yield from ending(result)


def results(response: Tree) -> list[Tree]:
    several = response.get("results")
    if isinstance(several, list):
        return [r for r in several if isinstance(r, dict)]
    return [response] if response else []


def _list(value: Value) -> list[Value]:
    return value if isinstance(value, list) else []
