"""Reading whole messages from streams: HTTP/1, PostgreSQL 3.0, RESP. Nothing here is of Reenact."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

Reader = asyncio.StreamReader


@dataclass(frozen=True)
class Http:
    """One message; `body` is without chunking, and `framed` says how its end is told."""

    start: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""
    framed: str = ""

    def header(self, name: str) -> str:
        return next((v for n, v in self.headers if n.lower() == name), "")

    def with_body(self, body: bytes) -> Http:
        return replace(self, body=body)

    def encode(self) -> bytes:
        headers = [
            (n, str(len(self.body)) if n.lower() == "content-length" and self.framed else v)
            for n, v in self.headers
        ]
        head = "".join(f"{n}: {v}\r\n" for n, v in headers)
        return f"{self.start}\r\n{head}\r\n".encode("latin-1") + self._framed()

    def _framed(self) -> bytes:
        if self.framed != "chunked":
            return self.body
        chunk = b"%x\r\n%s\r\n" % (len(self.body), self.body) if self.body else b""
        return chunk + b"0\r\n\r\n"


async def read_http(reader: Reader, method: str = "") -> Http | None:
    """A request, or the response to `method`; None at the end of the stream."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    start, *lines = head[:-4].split("\r\n")
    headers = tuple((n, v.strip()) for n, _, v in (line.partition(":") for line in lines))
    message = Http(start, headers)
    status = int(start.split()[1]) if method else 0
    if method == "HEAD" or status in (204, 304) or 100 <= status < 200:
        return message
    if "chunked" in message.header("transfer-encoding"):
        return replace(message, body=await _chunks(reader), framed="chunked")
    length = message.header("content-length")
    if length:
        return replace(message, body=await reader.readexactly(int(length)), framed="length")
    return replace(message, body=await reader.read(), framed="close") if method else message


async def _chunks(reader: Reader) -> bytes:
    body = b""
    while True:
        size = int((await reader.readuntil(b"\r\n")).split(b";")[0], 16)
        if size == 0:
            while await reader.readuntil(b"\r\n") != b"\r\n":
                pass
            return body
        body += (await reader.readexactly(size + 2))[:-2]


async def read_pg(reader: Reader) -> tuple[bytes, bytes]:
    """Type and body of a typed message."""
    head = await reader.readexactly(5)
    return head[:1], await reader.readexactly(int.from_bytes(head[1:], "big") - 4)


async def read_pg_start(reader: Reader) -> bytes:
    """An untyped message at the beginning (StartupMessage, SSLRequest ...), whole."""
    size = await reader.readexactly(4)
    return size + await reader.readexactly(int.from_bytes(size, "big") - 4)


def pg(kind: bytes, body: bytes) -> bytes:
    return kind + (len(body) + 4).to_bytes(4, "big") + body


def pg_messages(data: bytes) -> list[tuple[bytes, bytes]]:
    """`data` is nothing but whole typed messages."""
    found = []
    while data:
        end = int.from_bytes(data[1:5], "big") + 1
        found.append((data[:1], data[5:end]))
        data = data[end:]
    return found


async def read_resp(reader: Reader) -> bytes:
    """One RESP value, whole, as it came."""
    line = await reader.readuntil(b"\r\n")
    kind, count = line[:1], line[1:-2]
    if kind in b"$=!":
        return line + (await reader.readexactly(int(count) + 2) if int(count) >= 0 else b"")
    if kind in b"*~>%|":
        for _ in range(max(int(count), 0) * (2 if kind in b"%|" else 1)):
            line += await read_resp(reader)
    return line


def resp_words(command: bytes) -> list[bytes]:
    """Of an array of bulk strings."""
    words, rest = [], command[command.index(b"\r\n") + 2 :]
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        words.append(rest[: int(size[1:])])
        rest = rest[int(size[1:]) + 2 :]
    return words


def resp_command(words: list[bytes]) -> bytes:
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words)


PG_VERSION, PG_ENCRYPT, PG_CANCEL = 196608, 80877103, 80877102
"""What an untyped message asks for: a session of version 3.0, TLS, the end of a query."""


def pg_code(start: bytes) -> int:
    return int.from_bytes(start[4:8], "big")


def pg_start(code: int) -> bytes:
    return (8).to_bytes(4, "big") + code.to_bytes(4, "big")
