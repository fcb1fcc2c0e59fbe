"""What of a request and of a response is compared."""

from __future__ import annotations

import pytest

from reenact.model.protocol import Confidence
from reenact.model.value import Value
from reenact.protocols.http1 import PLUGIN, ignored
from tests.protocols.http1.http1_kit import FLOW

MATCHER = PLUGIN.matcher


def request(
    target: str = "/", *headers: tuple[str, str], method: str = "GET", **rest: Value
) -> Value:
    return {"method": method, "target": target, "headers": [list(line) for line in headers], **rest}


def normal(target: str = "/", *headers: tuple[str, str], **rest: Value) -> dict[str, Value]:
    found = MATCHER.normal(request(target, *headers, **rest))
    assert isinstance(found, dict)
    return found


def answered(*headers: tuple[str, str], **rest: Value) -> dict[str, Value]:
    lines: list[Value] = [list(line) for line in headers]
    found = MATCHER.normal_response({"status": 200, "headers": lines, **rest})
    assert isinstance(found, dict)
    return found


def test_a_target_is_compared_by_its_segments_and_fields() -> None:
    found = normal("/orders/a%2Fb/?x=1&y=%20z&flag&x=2")
    assert found["path"] == ["orders", "a/b", ""]
    assert found["query"] == [["x", "1"], ["y", " z"], ["flag", None], ["x", "2"]]


def test_a_key_knows_nothing_that_could_be_renamed() -> None:
    one, other = request("/orders/17?a=1"), request("/orders/0b8e%2F1?b=2&c=3")
    assert MATCHER.key(one) == MATCHER.key(other) == "GET 2"
    assert MATCHER.key(request("http://a/orders/17")) == "GET 2"
    assert MATCHER.key(request("/orders")) != MATCHER.key(one)
    assert MATCHER.key(request("/orders/17", method="PUT")) != MATCHER.key(one)


def test_headers_are_compared_by_name_and_repeated_ones_in_order() -> None:
    found = normal("/", ("X-A", "1"), ("x-a", "2"), ("Accept", "*/*"))
    assert found["headers"] == {"x-a": ["1", "2"], "accept": "*/*"}


@pytest.mark.parametrize("name", ignored.REQUEST)
def test_request_headers_that_say_nothing_are_left_out(name: str) -> None:
    assert normal("/", (name.title(), "x"))["headers"] == {}


@pytest.mark.parametrize("name", ignored.RESPONSE)
def test_response_headers_that_say_nothing_are_left_out(name: str) -> None:
    assert answered((name.title(), "x"))["headers"] == {}


@pytest.mark.parametrize(
    "date",
    [
        "Mon, 23 Nov 2026 11:30:30 GMT",
        "Mon, 23 Nov 2026 11:30:30 +0000",
        "Monday, 23-Nov-26 11:30:30 GMT",
        "Mon Nov  3 11:30:30 2026",
    ],
)
def test_of_a_date_it_is_compared_that_it_is_there_and_is_one(date: str) -> None:
    said = answered(("Date", date))
    assert said == answered(("date", "Tue, 24 Nov 2026 00:00:00 GMT"))
    assert said == answered(("Date", date), ("Date", date))
    assert said != answered()
    assert said != answered(("Date", f"{date}x"))
    assert said != answered(("Date", "0"))


def test_of_the_name_of_a_library_it_is_compared_that_there_is_one() -> None:
    said = normal("/", ("User-Agent", "python-requests/2.34.2"))
    assert said == normal("/", ("user-agent", "httpx/0.28"))
    assert said != normal("/")
    assert said != normal("/", ("User-Agent", ""))


@pytest.mark.parametrize(
    ("target", "host", "told"),
    [
        ("/", "API.example:8443", "api.example:8443"),
        ("/", "127.0.0.1:9000", None),
        ("/", "[::1]:9000", None),
        ("/", "localhost:9000", None),
        ("http://api.example/x", "proxy", "api.example"),
    ],
)
def test_a_host_is_compared_when_it_is_a_name(target: str, host: str, told: str | None) -> None:
    headers = normal(target, ("Host", host))["headers"]
    assert isinstance(headers, dict)
    assert headers.get("host") == told


def test_authorization_is_opened() -> None:
    def said(value: str) -> Value:
        headers = normal("/", ("Authorization", value))["headers"]
        assert isinstance(headers, dict)
        return headers["authorization"]

    assert said("Bearer t.o.k") == {"scheme": "Bearer", "token": "t.o.k"}
    assert said("Basic YTpiOmM=") == {"scheme": "Basic", "user": "a", "password": "b:c"}
    assert said("Basic ***") == {"scheme": "Basic", "token": "***"}


def test_cookies_are_opened_on_both_sides() -> None:
    found = normal("/", ("Cookie", "a=1; b=x=y"), ("Cookie", "a=2"))
    assert found["cookies"] == {"a": ["1", "2"], "b": "x=y"}
    assert answered(("Set-Cookie", "s=1; Path=/; HttpOnly"), ("Set-Cookie", "t="))[
        "set-cookie"
    ] == [
        {"name": "s", "value": "1", "attributes": {"path": "/", "httponly": True}},
        {"name": "t", "value": "", "attributes": {}},
    ]


def test_vary_is_a_set_of_names() -> None:
    said = answered(("Vary", "User-Agent, Accept"))
    assert (
        said
        == answered(("vary", "accept,User-Agent"))
        == answered(("Vary", "Accept"), ("Vary", "user-agent"))
    )
    assert said != answered(("Vary", "Accept"))


def test_a_boundary_is_not_compared() -> None:
    headers = normal("/", ("Content-Type", "Multipart/Form-Data; boundary=x1"))["headers"]
    assert headers == {"content-type": "multipart/form-data"}


def test_bodies_are_opened_and_their_coding_told() -> None:
    json = ("Content-Type", "application/json")
    assert normal("/", json, body={"json": {"a": 1}})["body"] == {"a": 1}
    assert normal("/", json, body={"text": '{"a" :1}'})["body"] == {"a": 1}
    assert "body" not in normal("/", json)
    assert answered(("Content-Encoding", "br"))["headers"] == {"content-encoding": "br"}


def test_a_response_is_compared_by_status_not_by_reason() -> None:
    early: Value = [{"status": 100, "headers": []}, {"status": 103, "headers": []}]
    assert answered(reason="Fine", informational=early, cut="x") == {
        "status": 200,
        "headers": {},
        "cut": "x",
        "informational": [103],
    }
    assert MATCHER.normal_response(None) is None


def test_safe_methods_are_reads() -> None:
    assert MATCHER.traits(request(), None).reads
    assert not MATCHER.traits(request(method="POST"), None).reads


def test_a_label_is_one_short_line() -> None:
    assert MATCHER.label(request("/orders?x=1", method="POST")) == "POST /orders?x=1"
    assert len(MATCHER.label(request("/" + "x" * 500))) == 100


# -- detection ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("client", "server", "confidence"),
    [
        (b"", b"", Confidence.WAIT),
        (b"GE", b"", Confidence.WAIT),
        (b"GET /", b"", Confidence.WAIT),
        (b"GET / HTTP/1.1\r\n", b"", Confidence.SURE),
        (b"\r\nBREW /pot HTTP/1.0\r\n", b"", Confidence.SURE),
        (b"GET /" + b"x" * 4091, b"", Confidence.LIKELY),
        (b"GET /x", b"HTTP/1.1 400 Bad Request\r\n", Confidence.SURE),
        (b"", b"HTTP/1.1 408 Request Timeout\r\n", Confidence.SURE),
        (b"\x16\x03\x01", b"HTTP/1.1 400 Bad Request\r\n", Confidence.LIKELY),
        (b"\x16\x03\x01", b"", Confidence.NO),
        (b"GET key\r\n", b"", Confidence.NO),
        (b"PRI * HTTP/2.0\r\n\r\n", b"", Confidence.NO),
        (b"*1\r\n$4\r\nPING\r\n", b"+PONG\r\n", Confidence.NO),
        (b"", b"220 mail ESMTP\r\n", Confidence.NO),
        (b"", b"+OK", Confidence.NO),
    ],
)
def test_http_is_told_from_the_first_bytes(
    client: bytes, server: bytes, confidence: Confidence
) -> None:
    assert PLUGIN.detect(FLOW, client, server) is confidence
