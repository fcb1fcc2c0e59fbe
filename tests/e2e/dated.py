"""A service that tells the day, and draws lots: `dated.py PORT UPSTREAM`."""

from __future__ import annotations

import json
import random  # noqa: TID251  a service is no part of ours
import subprocess
import sys
import time  # noqa: TID251
import urllib.request
import uuid
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def day() -> dict[str, object]:
    time.sleep(0.01)
    child = subprocess.check_output(["date", "-u", "+%Y-%m-%d"], text=True)
    return {"day": datetime.now(UTC).strftime("%Y-%m-%d"), "of its child": child.strip()}


def lot() -> dict[str, object]:
    variant = random.choice("ABCDEFGHIJKLMNOP")
    said = urllib.request.urlopen(f"http://127.0.0.1:{sys.argv[2]}/{variant}").read().decode()
    return {"variant": variant, "said": said, "id": str(uuid.uuid4())}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = json.dumps(lot() if self.path == "/lot" else day()).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
