"""The API that the applications call: prices, and notifications that get an id of their own."""

from __future__ import annotations

import gzip
import json
import ssl
import sys
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

RATES = {"EUR": "1.00", "USD": "1.08", "GBP": "0.86"}


class Api(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        where = urlsplit(self.path)
        asked = parse_qs(where.query)
        if where.path != "/rates":
            return self._say(404, {"error": "no such thing"})
        currency = asked.get("currency", [""])[0]
        if currency not in RATES:
            return self._say(422, {"error": "unknown currency", "currency": currency})
        self._say(200, {"currency": currency, "rate": RATES[currency]})

    def do_POST(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._say(202, {"id": str(uuid.uuid4()), "bytes": len(sent)})

    def _say(self, status: int, body: object) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        if "gzip" in self.headers.get("Accept-Encoding", ""):
            data = gzip.compress(data)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Quiet."""


def main() -> None:
    port, *certificate = sys.argv[1:]
    server = ThreadingHTTPServer(("127.0.0.1", int(port)), Api)
    if certificate:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
