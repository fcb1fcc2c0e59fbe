"""An OpenAI-shaped API for litellm to call: answers are a function of the request alone.

`upstream.py PORT`. The model `flaky` is always rate limited; `stream` answers with server-sent
events, each in a chunk of its own.
"""

from __future__ import annotations

import hashlib
import http.server
import json
import sys
from typing import Any

CREATED = 1_700_000_000


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
        digest = hashlib.md5(json.dumps(asked, sort_keys=True).encode()).hexdigest()
        if asked.get("model") == "flaky":
            error = {"message": "slow down", "type": "rate_limit"}
            self._answer(429, {"error": error})
        elif "embeddings" in self.path:
            self._answer(200, embeddings(asked, digest))
        elif asked.get("stream"):
            self._stream(asked, digest)
        else:
            self._answer(200, completion(asked, digest))

    def log_message(self, format: str, *args: object) -> None:
        pass

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _stream(self, asked: dict[str, Any], digest: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for word in [*said(asked).split(), None]:
            delta = {"content": f"{word} "} if word else {}
            choice = {"index": 0, "delta": delta, "finish_reason": None if word else "stop"}
            self._chunk(json.dumps(envelope("chat.completion.chunk", digest, choice)))
        self._chunk("[DONE]")
        self.wfile.write(b"0\r\n\r\n")

    def _chunk(self, data: str) -> None:
        event = f"data: {data}\n\n".encode()
        self.wfile.write(b"%x\r\n%s\r\n" % (len(event), event))


def said(asked: dict[str, Any]) -> str:
    return f"echo {asked['messages'][-1]['content']}"


def envelope(kind: str, digest: str, choice: dict[str, Any]) -> dict[str, Any]:
    about = {"id": f"chatcmpl-{digest[:8]}", "object": kind, "created": CREATED}
    return {**about, "model": "gpt-test", "choices": [choice]}


def completion(asked: dict[str, Any], digest: str) -> dict[str, Any]:
    message = {"role": "assistant", "content": said(asked)}
    choice = {"index": 0, "finish_reason": "stop", "message": message}
    usage = {"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8}
    return {**envelope("chat.completion", digest, choice), "usage": usage}


def embeddings(asked: dict[str, Any], digest: str) -> dict[str, Any]:
    vector = [int(digit, 16) / 16 for digit in digest[:8]]
    count = len(asked["input"]) if isinstance(asked["input"], list) else 1
    data = [{"object": "embedding", "index": i, "embedding": vector} for i in range(count)]
    usage = {"prompt_tokens": 3, "total_tokens": 3}
    return {"object": "list", "model": "emb", "data": data, "usage": usage}


if __name__ == "__main__":
    address = ("127.0.0.1", int(sys.argv[1]))
    http.server.ThreadingHTTPServer(address, Handler).serve_forever()
