"""The first bytes of a TLS client, as a pure function: real hellos, whole, in pieces, damaged."""

from __future__ import annotations

import ssl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reenact.intercept.hello import ClientHello, Need, client_hello


def hello(name: str | None, alpn: tuple[str, ...] = ()) -> bytes:
    """What OpenSSL sends."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = name is not None
    if alpn:
        context.set_alpn_protocols(list(alpn))
    out = ssl.MemoryBIO()
    with pytest.raises(ssl.SSLWantReadError):
        context.wrap_bio(ssl.MemoryBIO(), out, server_hostname=name).do_handshake()
    return out.read()


WHOLE = hello("a.example", ("h2", "http/1.1"))


def test_name_and_protocols_are_read():
    assert client_hello(WHOLE) == ClientHello("a.example", ("h2", "http/1.1"))
    assert client_hello(hello(None)) == ClientHello(None, ())


def test_every_piece_of_one_wants_more():
    for size in range(len(WHOLE)):
        assert client_hello(WHOLE[:size]) is Need.MORE


def test_it_may_be_split_over_records_and_followed_by_anything():
    body, split = WHOLE[5:], 77
    records = b"".join(
        b"\x16\x03\x01" + len(part).to_bytes(2) + part for part in (body[:split], body[split:])
    )
    assert client_hello(records + b"early data") == ClientHello("a.example", ("h2", "http/1.1"))


@pytest.mark.parametrize("data", [b"GET / HTTP/1.1", b"*1\r\n", b"\x16\x04\x01", b"\x15\x03\x01"])
def test_other_protocols_are_none(data):
    assert client_hello(data) is None


@given(st.binary(max_size=200), st.integers(0, len(WHOLE)))
def test_no_bytes_raise(data, keep):
    client_hello(data)
    client_hello(WHOLE[:keep] + data)
    client_hello(b"\x16\x03\x01" + data)
