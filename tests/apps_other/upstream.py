"""The API that the shops call, over HTTPS: exchange rates, and payments with ids of their own."""

from __future__ import annotations

import gzip
import json
import sys
import uuid
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

sys.path.insert(0, str(Path(__file__).parents[2] / "examples" / "orders"))

import payments

RATES = {"USD": "1.08", "GBP": "0.86"}


class Api(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        where = urlsplit(self.path)
        currency = parse_qs(where.query).get("currency", [""])[0]
        if where.path != "/rates":
            return self._say(404, {"error": "no such thing"})
        if currency not in RATES:
            return self._say(422, {"error": "unknown currency", "currency": currency})
        self._say(200, {"currency": currency, "rate": RATES[currency]})

    def do_POST(self) -> None:
        sent = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        self._say(201, {"id": f"pay_{uuid.uuid4().hex}", "amount": sent["amount"]})

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


if __name__ == "__main__":
    port, folder = sys.argv[1:]
    payments.Handler = Api  # type: ignore[misc,assignment]
    payments.Server(int(port), payments.make_certificates(Path(folder))).serve_forever()
