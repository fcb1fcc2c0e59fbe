"""A service that tags its queries: `python service.py threads|async PORT DATABASE_URL`.

Every statement ends in a comment with the request's X-Request-Id; what attribution makes of the
calls is held against it. Fifty requests at once share a pool of eight connections.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

ADD = "INSERT INTO items (id, owner, note) VALUES (%s, %s, %s)"
READ = "SELECT owner, note FROM items WHERE id = %s"
COUNT = "SELECT count(*) FROM items WHERE owner = %s"
TOUCH = "UPDATE items SET note = note || '!' WHERE id = %s"
ALL = "SELECT count(*) FROM items"
Step = tuple[str, tuple[Any, ...]]


def plan(method: str, path: str, body: bytes) -> tuple[list[Step], dict[str, str]]:
    """The statements of one transaction, and what is answered beside their results."""
    if method == "POST" and path == "/items":
        asked, id = json.loads(body), str(uuid4())
        return [(ALL, ()), (ADD, (id, asked["owner"], asked["note"])), (READ, (id,))], {"id": id}
    name = path.split("/")[2]
    if method == "POST":
        return [(READ, (name,)), (TOUCH, (name,)), (READ, (name,))], {"id": name}
    if path.startswith("/owners/"):
        return [(COUNT, (name,)), (ALL, ())], {}
    return [(READ, (name,))], {"id": name}


def threads(port: int, url: str) -> None:
    from psycopg_pool import ConnectionPool

    pool = ConnectionPool(url, min_size=8, max_size=8, open=True)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            steps, said = plan(self.command, self.path, body)
            tag = f" /* {self.headers.get('X-Request-Id', '-')} */"
            rows = []
            with pool.connection() as connection:
                for sql, values in steps:
                    cursor = connection.execute(sql + tag, values)
                    rows.append(cursor.fetchall() if cursor.description else [])
            self.reply(json.dumps({**said, "rows": rows}).encode())

        do_POST = do_GET  # noqa: N815

        def reply(self, data: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        request_queue_size = 256

    Server(("127.0.0.1", port), Handler).serve_forever()


def numbered(sql: str) -> str:
    parts = sql.split("%s")
    marks: Iterator[str] = (f"${n}" for n in range(1, len(parts)))
    return parts[0] + "".join(mark + part for mark, part in zip(marks, parts[1:], strict=True))


async def tasks(port: int, url: str) -> None:
    import asyncpg

    pool = await asyncpg.create_pool(url, min_size=8, max_size=8)

    async def answer(method: str, path: str, tag: str, body: bytes) -> bytes:
        steps, said = plan(method, path, body)
        rows = []
        async with pool.acquire() as connection, connection.transaction():
            for sql, values in steps:
                found = await connection.fetch(f"{numbered(sql)} /* {tag} */", *values)
                rows.append([list(map(str, row)) for row in found])
        return json.dumps({**said, "rows": rows}).encode()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            try:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            except asyncio.IncompleteReadError:
                break
            method, path, _ = head[0].split()
            pairs = (line.partition(": ") for line in head[1:])
            headers = {name.lower(): value for name, _, value in pairs}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            data = await answer(method, path, headers.get("x-request-id", "-"), body)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
            writer.write(b"Content-Length: %d\r\n\r\n" % len(data) + data)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", port, backlog=256)
    await server.serve_forever()


if __name__ == "__main__":
    kind, port, url = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    try:
        threads(port, url) if kind == "threads" else asyncio.run(tasks(port, url))
    except KeyboardInterrupt:
        sys.exit(0)
