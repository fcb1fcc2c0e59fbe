"""The conformance kit's laws, on conversations as real clients and servers have them."""

from __future__ import annotations

import gzip

import pytest

from reenact.protocols.http1 import PLUGIN
from reenact.testing import check_all, conformance
from tests.protocols.http1.http1_kit import CLIENT, SERVER, Turns

PACKED = gzip.compress(b'{"a": 1.10}')
GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

SAMPLES: dict[str, Turns] = {
    "100-continue, codings, chunks": [
        (CLIENT, b"POST /o/1?x=1&y HTTP/1.1\r\nHost: api.x\r\nContent-Type: application/json\r\n"),
        (CLIENT, b"Content-Length: 9\r\nExpect: 100-continue\r\n\r\n"),
        (SERVER, b"HTTP/1.1 100 Continue\r\n\r\n"),
        (CLIENT, b'{"a":1.5}'),
        (
            SERVER,
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n",
        ),
        (SERVER, b"Content-Length: %d\r\nSet-Cookie: a=b; Path=/\r\n\r\n" % len(PACKED) + PACKED),
        (CLIENT, GET),
        (SERVER, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX:  y\r\n\r\n"),
        (SERVER, b"3;a=b\r\nabc\r\n0\r\nT: v\r\n\r\n"),
    ],
    "pipelined, without bodies": [
        (CLIENT, GET + b"HEAD /x HTTP/1.1\r\n\r\n"),
        (CLIENT, b"PUT /y HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"),
        (SERVER, b"HTTP/1.1 204 No\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"),
        (SERVER, b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"),
    ],
    "until the connection closes": [
        (CLIENT, b"GET / HTTP/1.0\r\n\r\n"),
        (SERVER, b"HTTP/1.0 200 OK\r\n\r\nuntil the end"),
    ],
    "an upgrade not taken up": [
        (CLIENT, b"GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"),
        (SERVER, OK),
        (CLIENT, GET),
        (SERVER, OK),
    ],
    "unreadable and answered": [
        (CLIENT, GET + b"rubbish\r\n"),
        (SERVER, OK + b"HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n"),
    ],
    "cut on both sides": [
        (CLIENT, b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nab"),
        (SERVER, b"HTTP/1.1 408 T\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"),
    ],
}
TUNNELS: dict[str, Turns] = {
    "a websocket": [
        (CLIENT, b"GET /ws HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"),
        (SERVER, b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\r\n\x81\x02hi"),
        (CLIENT, b"\x81\x82xxxxyy"),
    ],
    "a CONNECT": [
        (CLIENT, b"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n"),
        (SERVER, b"HTTP/1.1 200 OK\r\n\r\n"),
        (CLIENT, b"\x16\x03"),
        (SERVER, b"\x16\x03\x03"),
    ],
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SAMPLES)
def test_laws_hold(name: str) -> None:
    check_all(PLUGIN, SAMPLES[name])


@pytest.mark.slow
@pytest.mark.parametrize("name", TUNNELS)
def test_laws_of_reading_hold_for_tunnels(name: str) -> None:
    """What is spoken in a tunnel is not played, so the responder's law is not theirs."""
    turns = TUNNELS[name]
    conformance.check_tiling(PLUGIN, turns)
    conformance.check_pairing(PLUGIN, turns)
    conformance.check_matcher(PLUGIN, turns)
    conformance.check_round_trip(PLUGIN, turns)
    conformance.check_totality(PLUGIN, turns)
    conformance.check_chunking(PLUGIN, turns)
    conformance.check_truncation(PLUGIN, turns)
    conformance.check_gap(PLUGIN, turns)
    conformance.check_linearity(PLUGIN, lambda times: [*turns] * times)
