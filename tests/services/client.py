"""A small HTTP client for the traffic of foreign services; standard library only."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

BOUNDARY = "----traffic-boundary"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """One keep-alive connection. `headers` go out with every request; `statuses` came back."""

    def __init__(self, base: str, headers: dict[str, str] | None = None) -> None:
        where = urlsplit(base)
        self._connection = http.client.HTTPConnection(where.netloc, timeout=120)
        self.headers = {"Accept": "*/*", "User-Agent": "traffic/1", **(headers or {})}
        self.statuses: list[int] = []

    def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        expect: int | tuple[int, ...] = 200,
        headers: dict[str, str] | None = None,
        parts: dict[str, str | tuple[str, bytes]] | None = None,
    ) -> Answer:
        """`body` goes as JSON, `parts` as multipart: text, or a file's name and content."""
        sent = {**self.headers, **(headers or {})}
        data = None
        if parts is not None:
            data = _multipart(parts)
            sent["Content-Type"] = f"multipart/form-data; boundary={BOUNDARY}"
        elif body is not None:
            data = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        answer = self._send(method, path, data, sent)
        self.statuses.append(answer.status)
        wanted = (expect,) if isinstance(expect, int) else expect
        assert answer.status in wanted, f"{method} {path}: {answer.status}, {answer.body[:300]!r}"
        return answer

    def get(self, path: str, **options: Any) -> Answer:
        return self("GET", path, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> Answer:
        return self("POST", path, body, **options)

    def _send(self, method: str, path: str, data: bytes | None, headers: dict[str, str]) -> Answer:
        self._connection.request(method, path, data, headers)
        response = self._connection.getresponse()
        body = response.read()
        names = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, names, body)


def _multipart(parts: dict[str, str | tuple[str, bytes]]) -> bytes:
    out = b""
    for name, part in parts.items():
        file, content = part if isinstance(part, tuple) else ("", part.encode())
        about = f'; filename="{file}"\r\nContent-Type: application/octet-stream' if file else ""
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{about}\r\n\r\n'
        out += head.encode() + content + b"\r\n"
    return out + f"--{BOUNDARY}--\r\n".encode()
