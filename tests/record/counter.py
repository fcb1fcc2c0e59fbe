"""A small service: counts visits in Redis, asks a provider over HTTPS. Standard library only.

python counter.py PORT REDIS_PORT PROVIDER_PORT; with BUG in the environment it counts by twos.
"""

from __future__ import annotations

import http.client
import os
import socket
import ssl
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT, REDIS, PROVIDER = map(int, sys.argv[1:4])
STEP = "2" if os.environ.get("BUG") else "1"


def count(name: str) -> bytes:
    words = [b"INCRBY", name.encode(), STEP.encode()]
    with (
        socket.create_connection(("127.0.0.1", REDIS)) as connection,
        connection.makefile("rb") as reply,
    ):
        connection.sendall(b"*3\r\n" + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words))
        return reply.readline()[1:-2]


def ask() -> bytes:
    trusting = ssl.create_default_context()
    connection = http.client.HTTPSConnection("localhost", PROVIDER, context=trusting)
    try:
        connection.request("GET", "/status")
        return connection.getresponse().read()
    finally:
        connection.close()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path.startswith("/visits/"):
            body = b"visits: " + count(self.path.removeprefix("/visits/"))
        elif self.path == "/provider":
            body = ask()
        else:
            body = b"here\n"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


try:
    ThreadingHTTPServer(("127.0.0.1", PORT), Handler).serve_forever()
except KeyboardInterrupt:
    sys.exit(0)
