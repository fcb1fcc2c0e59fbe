"""Written by `python -m tests.protocols.samples.make http1` with curl 7.88.1, http.server."""

from __future__ import annotations

from reenact.model.segment import Side

C, S = Side.CLIENT, Side.SERVER

SAMPLES = {
    "kept alive": [
        (
            C,
            b"GET /a HTTP/1.1\r\nHost: 127.0.0.1:44883\r\nUser-Agent: curl/7.88.1\r\nAcc"
            b"ept: */*\r\n\r\n",
        ),
        (
            S,
            b"HTTP/1.1 200 OK\r\nServer: BaseHTTP/0.6 Python/3.11.7\r\nDate: Mon, 23 Nov 2"
            b"026 02:14:46 GMT\r\nContent-Length: 2\r\n\r\n/a",
        ),
        (
            C,
            b"GET /none HTTP/1.1\r\nHost: 127.0.0.1:44883\r\nUser-Agent: curl/7.88.1\r\n"
            b"Accept: */*\r\n\r\n",
        ),
        (
            S,
            b"HTTP/1.1 204 No Content\r\nServer: BaseHTTP/0.6 Python/3.11.7\r\nDate: Mon, "
            b"23 Nov 2026 02:14:46 GMT\r\n\r\n",
        ),
        (
            C,
            b"GET /missing?x=%20 HTTP/1.1\r\nHost: 127.0.0.1:44883\r\nUser-Agent: curl/7.8"
            b"8.1\r\nAccept: */*\r\n\r\n",
        ),
        (
            S,
            b"HTTP/1.1 200 OK\r\nServer: BaseHTTP/0.6 Python/3.11.7\r\nDate: Mon, 23 Nov 2"
            b"026 02:14:46 GMT\r\nContent-Length: 14\r\n\r\n",
        ),
        (S, b"/missing?x=%20"),
    ],
    "chunked": [
        (
            C,
            b"GET /chunked HTTP/1.1\r\nHost: 127.0.0.1:42531\r\nUser-Agent: curl/7.88.1\r\nA"
            b"ccept: */*\r\n\r\n",
        ),
        (
            S,
            b"HTTP/1.1 200 OK\r\nServer: BaseHTTP/0.6 Python/3.11.7\r\nDate: Mon, 23 Nov 2"
            b"026 02:14:46 GMT\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n5;x=y\r\nd"
            b"efgh\r\n0\r\nX-Sum: 1\r\n\r\n",
        ),
        (
            C,
            b"GET /after HTTP/1.1\r\nHost: 127.0.0.1:42531\r\nUser-Agent: curl/7.88.1\r\nAcc"
            b"ept: */*\r\n\r\n",
        ),
        (
            S,
            b"HTTP/1.1 200 OK\r\nServer: BaseHTTP/0.6 Python/3.11.7\r\nDate: Mon, 23 Nov 2"
            b"026 02:14:46 GMT\r\nContent-Length: 6\r\n\r\n",
        ),
        (S, b"/after"),
    ],
    "HEAD": [
        (
            C,
            b"HEAD /a HTTP/1.1\r\nHost: 127.0.0.1:39107\r\nUser-Agent: curl/7.88.1\r\nAccept: */"
            b"*\r\n\r\n",
        ),
        (
            S,
            b"HTTP/1.1 200 OK\r\nServer: BaseHTTP/0.6 Python/3.11.7\r\nDate: Mon, 23 Nov 2026 "
            b"02:14:46 GMT\r\nContent-Length: 2\r\n\r\n",
        ),
    ],
    "JSON": [
        (
            C,
            b"POST /j HTTP/1.1\r\nHost: 127.0.0.1:42373\r\nUser-Agent: curl/7.88.1\r\nAccept: */"
            b'*\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{"a": 1.10}',
        ),
        (
            S,
            b"HTTP/1.1 201 Created\r\nServer: BaseHTTP/0.6 Python/3.11.7\r\nDate: Mon, 23 Nov "
            b"2026 02:14:46 GMT\r\nContent-Length: 11\r\n\r\n",
        ),
        (S, b'{"a": 1.10}'),
    ],
    "form": [
        (
            C,
            b"POST /f HTTP/1.1\r\nHost: 127.0.0.1:38115\r\nUser-Agent: curl/7.88.1\r\nAccept: */"
            b"*\r\nContent-Length: 12\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            b"\r\na=1&b=%C3%A9",
        ),
        (
            S,
            b"HTTP/1.1 201 Created\r\nServer: BaseHTTP/0.6 Python/3.11.7\r\nDate: Mon, 23 Nov "
            b"2026 02:14:46 GMT\r\nContent-Length: 12\r\n\r\na=1&b=%C3%A9",
        ),
    ],
    "multipart": [
        (
            C,
            b"POST /m HTTP/1.1\r\nHost: 127.0.0.1:37677\r\nUser-Agent: curl/7.88.1\r\nAc"
            b"cept: */*\r\nContent-Length: 291\r\nContent-Type: multipart/form-data; bound"
            b"ary=------------------------7a71797df3b647b6\r\n\r\n",
        ),
        (
            C,
            b"--------------------------7a71797df3b647b6\r\nContent-Disposition: form-da"
            b'ta; name="a"\r\n\r\n1\r\n--------------------------7a71797df3b647b6\r\nConte'
            b'nt-Disposition: form-data; name="f"; filename="hostname"\r\nContent-Type: '
            b"application/octet-stream\r\n\r\nvm\n\r\n--------------------------7a71797df"
            b"3b647b6--\r\n",
        ),
        (
            S,
            b"HTTP/1.1 201 Created\r\nServer: BaseHTTP/0.6 Python/3.11.7\r\nDate: Mon, 23 "
            b"Nov 2026 02:14:47 GMT\r\nContent-Length: 291\r\n\r\n",
        ),
        (
            S,
            b"--------------------------7a71797df3b647b6\r\nContent-Disposition: form-da"
            b'ta; name="a"\r\n\r\n1\r\n--------------------------7a71797df3b647b6\r\nConte'
            b'nt-Disposition: form-data; name="f"; filename="hostname"\r\nContent-Type: '
            b"application/octet-stream\r\n\r\nvm\n\r\n--------------------------7a71797df"
            b"3b647b6--\r\n",
        ),
    ],
    "expects": [
        (
            C,
            b"POST /e HTTP/1.1\r\nHost: 127.0.0.1:36789\r\nUser-Agent: curl/7.88.1\r\nAccept"
            b": */*\r\nExpect: 100-continue\r\nContent-Length: 2000\r\nContent-Type: applica"
            b"tion/x-www-form-urlencoded\r\n\r\n",
        ),
        (S, b"HTTP/1.1 100 Continue\r\n\r\n"),
        (
            C,
            b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            b"xxxxxxxxxxxxxxxxxxxxxxxx",
        ),
        (
            S,
            b"HTTP/1.1 201 Created\r\nServer: BaseHTTP/0.6 Python/3.11.7\r\nDate: Mon, 23 "
            b"Nov 2026 02:14:47 GMT\r\nContent-Length: 2000\r\n\r\n",
        ),
        (
            S,
            b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
            b"xxxxxxxxxxxxxxxxxxxxxxxx",
        ),
    ],
    "until the end": [
        (
            C,
            b"GET /make.py HTTP/1.1\r\nHost: 127.0.0.1:38959\r\nUser-Agent: curl/7.88."
            b"1\r\nAccept: */*\r\n\r\n",
        ),
        (
            S,
            b"HTTP/1.0 200 OK\r\nServer: BaseHTTP/0.6 Python/3.11.7\r\nDate: Mon, 23 N"
            b"ov 2026 02:14:47 GMT\r\n\r\n/make.py",
        ),
    ],
}
