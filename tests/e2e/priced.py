"""A service that asks another for prices. `VERSION` in its environment: 2 rounds, 3 asks for taxes too, 4 says
more in every fifth of its lives, which it counts in the file `lives`.

    python priced.py PORT PRICES_PORT
"""

from __future__ import annotations

import json
import os
import sys
import urllib.request
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PORT, PRICES = int(sys.argv[1]), int(sys.argv[2])
VERSION = os.environ.get("VERSION", "1")


LIVES = 0
if VERSION == "4":
    counter = Path("lives")
    LIVES = 1 + (int(counter.read_text()) if counter.exists() else 0)
    counter.write_text(str(LIVES))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        answer = {"id": str(uuid.uuid4()), "price": asked(self.path)["price"]}
        if self.path.endswith("/2"):
            answer["price"] += 0
        if VERSION == "2":
            answer["price"] = round(answer["price"])
        if VERSION == "3":
            answer["tax"] = asked("/tax")["price"]
        if VERSION == "4" and self.path == "/tea" and LIVES % 5 == 0:
            answer["hurry"] = True
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *said: object) -> None:
        pass


def asked(path: str) -> dict[str, float]:
    with urllib.request.urlopen(f"http://127.0.0.1:{PRICES}{path}") as answer:
        found: dict[str, float] = json.load(answer)
        return found


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", PORT), Handler).serve_forever()
