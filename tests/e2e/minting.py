"""A service that makes values up. `BUILD` in its environment says what is wrong with it: `reuse` gives every
session one token, `lost` tells another id than it keeps, `admin` writes another claim, `stale` an old time into its
ids, `etag` the same for any content, `version` another version of UUID.

    python minting.py PORT
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
import sys
import time  # noqa: TID251 (a service reads the clock)
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BUILD = os.environ.get("BUILD", "")
KEY = b"a key of this service alone"
SESSIONS: dict[str, dict[str, object]] = {}


def coded(tree: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(tree).encode()).decode().rstrip("=")


def jwt(user: str, now: float) -> str:
    claims = {"sub": user, "role": "admin" if BUILD == "admin" else "user", "iat": int(now)}
    told = f"{coded({'alg': 'HS256', 'typ': 'JWT'})}.{coded({**claims, 'jti': uuid.uuid4().hex})}"
    signature = hmac.digest(KEY, told.encode(), "sha256")
    return f"{told}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


def objectid(now: float) -> str:
    at = int(now) - (86400 if BUILD == "stale" else 0)
    return at.to_bytes(4, "big").hex() + secrets.token_hex(8)


ONE = "sk_live_" + secrets.token_hex(12)


def session(user: str) -> dict[str, object]:
    now = time.time()
    token = ONE if BUILD == "reuse" else "sk_live_" + secrets.token_hex(12)
    id = str(uuid.uuid1() if BUILD == "version" else uuid.uuid4())
    made: dict[str, object] = {"id": id, "token": token, "user": user, "at": int(now * 1000)}
    made |= {"jwt": jwt(user, now), "object": objectid(now)}
    SESSIONS[id] = made
    return made


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.say(201, session(self.path.rpartition("/")[2]))

    def do_GET(self) -> None:
        found = SESSIONS.get(self.path.rpartition("/")[2])
        self.say(200 if found or self.path == "/" else 404, found or {"here": True})

    def say(self, status: int, tree: dict[str, object]) -> None:
        id = tree.get("id", "")
        if BUILD == "lost" and status == 201:
            id = uuid.uuid4()
        body = json.dumps(tree).encode()
        etag = hashlib.sha256(b"" if BUILD == "etag" else body).hexdigest()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", f'"{etag}"')
        self.send_header("Location", f"/sessions/{id}")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *said: object) -> None:
        pass


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
