"""COPY data opened into rows of fields, for comparing."""

from __future__ import annotations

import struct

from reenact.model.value import Value

_SIGNATURE = b"PGCOPY\n\xff\r\n\0"


def copy_rows(data: Value) -> Value:
    """Lists of fields: split at tabs for text (CSV lines stay whole), bytes for binary. Data
    that is neither is left as it is."""
    if isinstance(data, str):
        lines: list[Value] = []
        for line in data.removesuffix("\n").split("\n") if data else []:
            fields: list[Value] = list(line.split("\t"))
            lines.append(fields)
        return lines
    if isinstance(data, bytes) and data.startswith(_SIGNATURE):
        return _binary_rows(data)
    return data


def _binary_rows(data: bytes) -> Value:
    """Header, then a field count and lengths for each tuple, -1 at the end (COPY, "Binary
    Format")."""
    rows: list[Value] = []
    try:
        (extension,) = struct.unpack_from("!I", data, 15)
        at = 19 + extension
        while (count := struct.unpack_from("!h", data, at)[0]) >= 0:
            row: list[Value] = []
            at += 2
            for _ in range(count):
                (size,) = struct.unpack_from("!i", data, at)
                at += 4
                row.append(None if size < 0 else data[at : at + size])
                at += max(size, 0)
            rows.append(row)
    except struct.error:
        return data
    return rows
