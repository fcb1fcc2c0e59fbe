"""The changes that the bench of messages in flight makes: each is one, and the message stays one."""

from __future__ import annotations

import gzip
import json

import pytest
from benches.inflight import alter, wire
from benches.inflight.alter import Changes
from benches.inflight.wire import Http


def made(changes: Changes) -> dict[str, object]:
    return {change.name: change.make() for change in changes}


def test_a_response_is_changed_in_its_status_its_headers_and_its_body() -> None:
    body = b'{"total": 1.10, "items": ["a", "b"], "paid": true}'
    response = Http("HTTP/1.1 200 OK", (("ETag", '"v1"'), ("Content-Length", "9")), body, "length")
    found = made(alter.response(response))

    def changed(name: str) -> Http:
        one = found[name]
        assert isinstance(one, Http)
        return one

    assert changed("status").start == "HTTP/1.1 201 OK"
    assert changed("header-gone etag").headers == (("Content-Length", "9"),)
    assert changed("header-value etag").header("etag") == '"v2"'
    assert changed("header-form etag").header("etag") == '"v1"x'
    assert "header-gone content-length" not in found
    assert b'"total":2.10' in changed("field-value /total").body
    assert b'"total":"1.10"' in changed("field-form /total").body
    assert json.loads(changed("field-gone /paid").body) == {"total": 1.1, "items": ["a", "b"]}
    assert json.loads(changed("element-before /items/1").body)["items"] == ["b", "a"]
    assert json.loads(changed("element-twice /items/0").body)["items"] == ["a", "a", "b"]


def test_a_number_keeps_its_digits_where_something_else_changes() -> None:
    found = made(alter.jsons(alter._opened('{"price":1.10,"n":1}'), alter.encoded))
    assert found["field-value /n"] == '{"price":1.10,"n":2}'


def test_a_page_of_text_is_changed_line_by_line_also_when_it_is_compressed() -> None:
    zipped = gzip.compress(b"up 1\ndown 0\n")
    page = Http("HTTP/1.1 200 OK", (("Content-Encoding", "gzip"),), zipped, "length")
    found = made(alter.response(page))
    for name, body in {
        "line-value 0": b"up 2\ndown 0\n",
        "line-gone 1": b"up 1\n",
        "line-twice 1": b"up 1\ndown 0\ndown 0\n",
    }.items():
        one = found[name]
        assert isinstance(one, Http) and gzip.decompress(one.body) == body


def test_a_request_is_changed_in_its_method_path_and_query() -> None:
    found = made(alter.request(Http("GET /v1/charges?page=2&all= HTTP/1.1", ())))
    starts = {name: one.start for name, one in found.items() if isinstance(one, Http)}
    assert starts["method"] == "PUT /v1/charges?page=2&all= HTTP/1.1"
    assert starts["path-value 2"] == "GET /v1/chargex?page=2&all= HTTP/1.1"
    assert starts["query-value page"] == "GET /v1/charges?page=3&all= HTTP/1.1"
    assert starts["query-gone all"] == "GET /v1/charges?page=2 HTTP/1.1"


def test_the_arguments_of_a_redis_command_are_changed_also_inside_json() -> None:
    found = made(alter.redis([b"SET", b"user:1", b'{"n": 1}', b"EX", b"10"]))
    assert found["argument-value 1"] == [b"SET", b"user:2", b'{"n": 1}', b"EX", b"10"]
    assert found["argument-gone 4"] == [b"SET", b"user:1", b'{"n": 1}', b"EX"]
    assert found["argument-json-field-value 2/n"] == [b"SET", b"user:1", b'{"n":2}', b"EX", b"10"]


def test_names_literals_and_signs_of_a_statement_are_changed_and_keywords_are_not() -> None:
    found = made(alter.sql("SELECT id FROM t WHERE a = 'x1' AND n < $1 ORDER BY id DESC"))
    assert "SELECT ix FROM t WHERE a = 'x1' AND n < $1 ORDER BY id DESC" not in found.values()
    assert "SELECT ie FROM t WHERE a = 'x1' AND n < $1 ORDER BY id DESC" in found.values()
    assert "SELECT id FROM t WHERE a <> 'x1' AND n < $1 ORDER BY id DESC" in found.values()
    assert "SELECT id FROM t WHERE a = 'x2' AND n < $1 ORDER BY id DESC" in found.values()
    assert "SELECT id FROM t WHERE a = 'x1' AND n < $1 ORDER BY id " in found.values()
    assert not any("SELECX" in str(text) for text in found.values())
    assert made(alter.sql("BEGIN -- of a day that's 1 of many")) == {}


BIND = b"\0s1\0" + b"\0\1\0\0" + b"\0\3" + b"\0\0\0\2ab" + b"\xff\xff\xff\xff" + b"\0\0\0\2\0\7"


def test_the_parameters_of_a_statement_are_changed_one_at_a_time() -> None:
    found = made(alter.postgres(b"B", BIND + b"\0\0"))
    assert found == {
        "parameter-null 0": BIND.replace(b"\0\0\0\2ab", b"\xff\xff\xff\xff") + b"\0\0",
        "parameter-value 0": BIND.replace(b"ab", b"ac") + b"\0\0",
        "parameter-form 0": BIND.replace(b"\0\0\0\2ab", b"\0\0\0\3abx") + b"\0\0",
        "parameter-null 2": BIND.replace(b"\0\0\0\2\0\7", b"\xff\xff\xff\xff") + b"\0\0",
        "parameter-value 2": BIND.replace(b"\0\7", b"\0\6") + b"\0\0",
    }


@pytest.mark.parametrize("words", [[b"PING"], [b"SET", b"k", b"a\r\nb"]])
def test_a_redis_command_is_read_as_it_is_written(words: list[bytes]) -> None:
    assert wire.resp_words(wire.resp_command(words)) == words
