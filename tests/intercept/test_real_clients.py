"""Programs that people have, through TLS on both sides: what they print is what they always print."""

from __future__ import annotations

import os
import subprocess

import pytest

from reenact.intercept.settings import Settings, Tls
from reenact.model.segment import Endpoint, Side
from tests.intercept.authorities import Foreign
from tests.intercept.relays import relaying, serving

NAME = "localhost"
HERE = Endpoint("127.0.0.1", 443)
NODE = "fetch(process.argv[1]).then(r => r.text()).then(console.log)"

pytestmark = [pytest.mark.live, pytest.mark.slow]


def page(conn):
    asked = b""
    while b"\r\n\r\n" not in asked:
        asked += conn.recv(65536)
    body = b"hello " * 20_000
    conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body))
    conn.sendall(body)


@pytest.fixture(params=["uvloop", "asyncio"])
def through(request, tmp_path):
    foreign = Foreign(tmp_path / "foreign")
    settings = Settings(tls=Tls(trust_files=(str(foreign.file),)))
    plain_asyncio = request.param == "asyncio"
    with (
        serving(page, foreign.server(NAME, ("http/1.1",))) as port,
        relaying(tmp_path, port, settings, meant=HERE, plain_asyncio=plain_asyncio) as relay,
    ):
        yield relay, str(tmp_path / "ca" / "ca.pem")


def told(*command: str, stdin: bytes = b"", **env: str) -> bytes:
    clean = {k: v for k, v in os.environ.items() if "CERT" not in k and "CA_" not in k}
    done = subprocess.run(
        command, input=stdin, capture_output=True, env={**clean, **env}, timeout=60
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_curl(through, version):
    relay, ca = through
    url = f"https://{NAME}:{relay.port}/"
    assert told("curl", "-sS", version, "--noproxy", "*", "--cacert", ca, url) == b"hello " * 20_000
    kept = relay.settled()
    assert kept.flows[1].alpn == "http/1.1"
    assert kept.bytes_of(Side.SERVER).endswith(b"hello " * 20_000)
    assert relay.notes == []


def test_node(through):
    relay, ca = through
    url = f"https://{NAME}:{relay.port}/"
    out = told("node", "-e", NODE, url, NODE_EXTRA_CA_CERTS=ca)
    assert out == b"hello " * 20_000 + b"\n"


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_openssl(through, version):
    relay, ca = through
    where = f"127.0.0.1:{relay.port}"
    trust = ["-CAfile", ca, "-verify_return_error", "-servername", NAME, "-quiet"]
    asked = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    out = told("openssl", "s_client", "-connect", where, *trust, version, stdin=asked)
    assert out.endswith(b"hello " * 20_000)
    assert relay.settled().bytes_of(Side.CLIENT) == asked
