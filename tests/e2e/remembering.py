"""A service that keeps what it was told: rates that it asked for once, and how often it was asked.

Started with its own port and that of the service that has the rates. It tells that one every second that it is
alive, when BEAT is set; SLOW is how many seconds it takes to answer what is not kept.
"""

from __future__ import annotations

import http.client
import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT, RATES = int(sys.argv[1]), int(sys.argv[2])
_kept: dict[str, float] = {}
_tickets: list[str] = []


def rate(currency: str) -> float:
    if currency not in _kept:
        _kept[currency] = asked(f"/rates/{currency}")
    return _kept[currency]


def asked(path: str) -> float:
    connection = http.client.HTTPConnection("127.0.0.1", RATES, timeout=5)
    try:
        connection.request("GET", path)
        return float(json.loads(connection.getresponse().read()))
    finally:
        connection.close()


def beat_for_ever() -> None:
    beats = 0
    while True:
        threading.Event().wait(1)
        beats += 1
        asked(f"/beats/{beats}")


class Remembering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        what, _, name = self.path.lstrip("/").partition("/")
        if what == "rate":
            self._say(rate(name))
        elif what == "fresh":
            threading.Event().wait(float(os.environ.get("SLOW", "0")))
            self._say(asked(f"/rates/{name}"))
        elif what == "ticket":
            _tickets.append(name)
            self._say(len(_tickets))
        else:
            self._say("here")

    def _say(self, answer: object) -> None:
        body = json.dumps(answer).encode()
        self.send_response_only(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    if os.environ.get("BEAT"):
        threading.Thread(target=beat_for_ever, daemon=True).start()
    ThreadingHTTPServer(("127.0.0.1", PORT), Remembering).serve_forever()
