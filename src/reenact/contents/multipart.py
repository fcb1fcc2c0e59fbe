"""multipart/* (RFC 2046 section 5.1, RFC 7578): parts with their headers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """`headers` in order, as they were (Latin-1)."""

    headers: list[tuple[str, str]]
    data: bytes


def split(data: bytes, boundary: str) -> list[Part] | None:
    """The parts; None unless `join` gives exactly `data` again."""
    if not boundary:
        return None
    mark = b"\r\n--" + boundary.encode("latin-1", "replace")
    pieces = (b"\r\n" + data).split(mark)
    if len(pieces) < 2 or pieces[0] or pieces[-1] not in (b"--\r\n", b"--"):
        return None
    parts = [_part(piece) for piece in pieces[1:-1]]
    found = [part for part in parts if part is not None]
    end = pieces[-1] == b"--\r\n"
    return found if join(found, boundary, end=end) == data else None


def ends_with_newline(data: bytes) -> bool:
    return data.endswith(b"--\r\n")


def join(parts: list[Part], boundary: str, *, end: bool = True) -> bytes:
    """`end`: a line break after the last boundary (nearly everyone writes one)."""
    mark = b"--" + boundary.encode("latin-1", "replace")
    out = bytearray()
    for part in parts:
        out += mark + b"\r\n"
        for name, value in part.headers:
            out += f"{name}: {value}\r\n".encode("latin-1", "replace")
        out += b"\r\n" + part.data + b"\r\n"
    return bytes(out + mark + b"--" + (b"\r\n" if end else b""))


def _part(piece: bytes) -> Part | None:
    if not piece.startswith(b"\r\n"):
        return None
    if piece.startswith(b"\r\n\r\n"):
        return Part([], piece[4:])
    head, blank, data = piece[2:].partition(b"\r\n\r\n")
    if not blank:
        return None
    headers = []
    for line in head.decode("latin-1").split("\r\n"):
        name, _, value = line.partition(":")
        headers.append((name, value.strip(" \t")))
    return Part(headers, data)
