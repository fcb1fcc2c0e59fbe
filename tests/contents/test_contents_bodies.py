"""Bodies as people read them, as bytes again, and as they are compared."""

from __future__ import annotations

import gzip
import json
import zlib
from decimal import Decimal

import brotli
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from reenact import contents
from reenact.model.value import Value


def typed(kind: str, coding: str = "") -> list[Value]:
    lines: list[Value] = [["Content-Type", kind]]
    return [*lines, ["Content-Encoding", coding]] if coding else lines


JSON = typed("application/json")
FORM = typed("application/x-www-form-urlencoded")

# -- json ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "style"),
    [
        ('{"a":[1,2],"b":null}', None),
        ('{"a": [1, 2], "b": null}', "spaced"),
        ('{\n  "a": [\n    1\n  ],\n  "b": {},\n  "c": []\n}\n', "indent-2 newline"),
        ('{\n\t"a": 1\n}', "tab-1"),
        ('{"a" : 1, "b" : 2}', "wide"),
        ('{"a": "\\u00e9"}', "spaced ascii"),
        ('{"a":"é"}', None),
        ('{"a":"\\u003cb\\u003e"}', "compact go"),
        ('{"a":"x\\/y"}', "compact slash"),
        ('{"a":1e-07}', "compact python"),
        ('{"a":0.0000001}', "compact plain"),
        ('{"a":1E-7}', "compact capital"),
        ("1.10", None),
        ('"text"', None),
        ("[]\r\n", "compact crlf"),
    ],
)
def test_json_is_shown_as_a_tree_with_the_style_that_gives_its_bytes(
    text: str, style: str | None
) -> None:
    body = contents.show(text.encode(), JSON)
    assert "json" in body
    assert body.get("style") == style
    assert contents.render(body) == text.encode()


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1,  "b":2}',
        '{ "a":1}',
        '{"a":1.0e5}',
        '{"a":"\\u0061"}',
        "{broken",
        "NaN",
        '{"a":"\\ud800"}',
        "[" * 200 + "]" * 200,
        "[" * 100_000,
        "9" * 5000,
        "[1e999999999999999999999]",
    ],
)
def test_json_in_no_known_style_stays_text_to_the_byte(text: str) -> None:
    assert contents.show(text.encode(), JSON) == {"text": text}


def test_json_numbers_lose_nothing() -> None:
    text = b'{"big":123456789012345678901234567890,"money":1.10,"tiny":1e-400,"zero":-0}'
    body = contents.show(text, JSON)
    assert body["json"] == {
        "big": 123456789012345678901234567890,
        "money": Decimal("1.10"),
        "tiny": Decimal("1e-400"),
        "zero": Decimal("-0"),
    }
    assert contents.render(body) == text


def test_duplicate_keys_are_kept_in_order() -> None:
    text = b'{"a":1,"a":{"$pairs":2}}'
    body = contents.show(text, JSON)
    assert body == {"json": {"$pairs": [["a", 1], ["a", {"$pairs": [["$pairs", 2]]}]]}}
    assert contents.render(body) == text


def test_edited_json_is_written_in_its_style() -> None:
    body = contents.show(b'{"id": 1, "price": 1.10}\n', JSON)
    assert isinstance(body["json"], dict)
    body["json"]["id"] = "0b8e"
    assert contents.render(body) == b'{"id": "0b8e", "price": 1.10}\n'


TREES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(TREES, st.sampled_from([None, 1, 2, 4]), st.booleans(), st.booleans())
def test_whatever_python_dumps_is_read_with_its_style(
    tree: object, indent: int | None, ascii_only: bool, compact: bool
) -> None:
    separators = (",", ":") if compact and indent is None else None
    data = json.dumps(tree, indent=indent, ensure_ascii=ascii_only, separators=separators).encode()
    body = contents.show(data, JSON)
    assert "json" in body
    assert contents.render(body) == data


# -- forms, parts, texts -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "fields", "style"),
    [
        ("a=1&b=x+y%26", [["a", "1"], ["b", "x y&"]], None),
        ("a=%7E*", [["a", "~*"]], "browser"),
        ("a=x%20y", [["a", "x y"]], "percent"),
        ("flag&a=", [["flag", None], ["a", ""]], None),
        ("a=%C3%A9&a=2", [["a", "é"], ["a", "2"]], None),
        ("time=10:30", [["time", "10:30"]], "plain"),
    ],
)
def test_forms_are_lists_of_pairs(text: str, fields: Value, style: str | None) -> None:
    body = contents.show(text.encode(), FORM)
    assert body["form"] == fields
    assert body.get("style") == style
    assert contents.render(body) == text.encode()
    assert contents.open(body, FORM) == fields


def test_a_form_in_no_known_style_stays_text_and_opens_all_the_same() -> None:
    body = contents.show(b"a=%c3%a9+%20", FORM)
    assert body == {"text": "a=%c3%a9+%20"}
    assert contents.open(body, FORM) == [["a", "é  "]]


PARTS = (
    b'--XX\r\nContent-Disposition: form-data; name="note"\r\n\r\nhi\r\n'
    b'--XX\r\nContent-Disposition: form-data; name="f"; filename="a.json"\r\n'
    b'Content-Type: application/json\r\n\r\n{"n":1}\r\n'
    b'--XX\r\nContent-Disposition: form-data; name="b"\r\n'
    b"Content-Type: application/octet-stream\r\n\r\n\x00\xff\r\n--XX--\r\n"
)


def test_parts_are_shown_and_compared_without_their_boundary() -> None:
    headers = typed("multipart/form-data; boundary=XX")
    body = contents.show(PARTS, headers)
    assert contents.render(body) == PARTS
    other = contents.show(
        PARTS.replace(b"XX", b"YYY"), typed('multipart/form-data; boundary="YYY"')
    )
    assert contents.open(other, headers) == contents.open(body, headers)
    assert contents.open(body, headers) == [
        {"name": "note", "headers": {}, "body": "hi"},
        {
            "name": "f",
            "filename": "a.json",
            "headers": {"content-type": "application/json"},
            "body": {"n": 1},
        },
        {
            "name": "b",
            "headers": {"content-type": "application/octet-stream"},
            "body": b"\x00\xff",
        },
    ]


def test_parts_that_do_not_follow_their_rules_stay_as_they_came() -> None:
    headers = typed("multipart/form-data; boundary=XX")
    for data in (b"", b"--XX", b"preamble\r\n" + PARTS, PARTS[:-6], b"\xff\x00"):
        assert contents.render(contents.show(data, headers)) == data


@pytest.mark.parametrize("charset", ["iso-8859-1", "shift_jis", "utf-16", "windows-1252"])
def test_text_in_any_charset_is_shown_as_text(charset: str) -> None:
    text = "prix: 5" if charset != "shift_jis" else "日本"
    data = text.encode(charset)
    body = contents.show(data, typed(f"text/plain; charset={charset}"))
    assert body == {"text": text, "charset": charset}
    assert contents.render(body) == data


def test_a_charset_that_lies_or_is_unknown_changes_no_byte() -> None:
    for data in (b"caf\xe9", "café".encode()):
        for charset in ("utf-8", "nonsense", "base64", "idna"):
            body = contents.show(data, typed(f"text/plain; charset={charset}"))
            assert contents.render(body) == data


def test_binary_is_bytes_and_text_without_a_type_is_text() -> None:
    assert contents.show(b"\x89PNG\r\n", typed("image/png")) == {"bytes": b"\x89PNG\r\n"}
    assert contents.show(b"plain", []) == {"text": "plain"}
    assert contents.show(b'{"a":1}', []) == {"json": {"a": 1}}
    assert contents.show(b"a\x00b", []) == {"bytes": b"a\x00b"}


def test_events_and_json_lines_open_to_their_json() -> None:
    events = b': hi\n\nevent: add\ndata: {"n":\ndata: 1.0}\nid: 7\n\ndata: [DONE]\n\n'
    body = contents.show(events, typed("text/event-stream"))
    assert body == {"text": events.decode()}
    assert contents.open(body, typed("text/event-stream; charset=utf-8")) == [
        {"comment": "hi"},
        {"event": "add", "data": {"n": Decimal("1.0")}, "id": "7"},
        {"data": "[DONE]"},
    ]
    lines = contents.show(b'{"a":1}\n{"a":2}\n', typed("application/x-ndjson"))
    assert contents.open(lines, typed("application/x-ndjson")) == [{"a": 1}, {"a": 2}]


def test_json_in_a_text_is_compared_as_json() -> None:
    body = contents.show(b'[1, {"a":2}]', typed("text/html"))
    assert body == {"text": '[1, {"a":2}]'}
    assert contents.open(body, typed("text/html")) == [1, {"a": 2}]


def test_a_text_of_several_lines_is_compared_line_by_line() -> None:
    assert contents.open({"text": "a\nb\n"}, typed("text/plain")) == ["a", "b", ""]
    assert contents.open({"text": "a"}, typed("text/plain")) == "a"
    assert contents.open({"text": "{\n"}, JSON) == ["{", ""]


# -- codings -----------------------------------------------------------------------------------

PLAIN = b'{"a":1}'
RAW = zlib.compressobj(6, zlib.DEFLATED, -15)
CODED = {
    "gzip": gzip.compress(PLAIN),
    "deflate": zlib.compress(PLAIN),
    "br": brotli.compress(PLAIN),
    "zstd": zstandard.compress(PLAIN),
}


@pytest.mark.parametrize("coding", CODED)
def test_coded_bodies_are_shown_decoded_and_coded_again(coding: str) -> None:
    headers = typed("application/json", coding)
    body = contents.show(CODED[coding], headers)
    assert body == {"json": {"a": 1}, "encoding": coding}
    assert contents.show(contents.render(body), headers) == body


def test_deflate_without_its_wrapper_is_told_apart() -> None:
    data = RAW.compress(PLAIN) + RAW.flush()
    body = contents.show(data, typed("application/json", "deflate"))
    assert body == {"json": {"a": 1}, "encoding": "raw-deflate"}
    assert zlib.decompress(contents.render(body), -15) == PLAIN


def test_codings_on_top_of_each_other_and_members_in_a_row_are_undone() -> None:
    twice = brotli.compress(gzip.compress(b"ab") + gzip.compress(b"cd"))
    body = contents.show(twice, typed("text/plain", "gzip, identity, br"))
    assert body == {"text": "abcd", "encoding": "gzip, br"}
    assert gzip.decompress(brotli.decompress(contents.render(body))) == b"abcd"


def test_a_stream_of_zstd_frames_without_sizes_is_read() -> None:
    packer = zstandard.ZstdCompressor(write_content_size=False).compressobj()
    data = packer.compress(b"x" * 3_000_000) + packer.flush()
    body = contents.show(data + zstandard.compress(b"y"), typed("text/plain", "zstd"))
    assert body == {"text": "x" * 3_000_000 + "y", "encoding": "zstd"}


@pytest.mark.parametrize("coding", [*CODED, "compress", "aws-chunked"])
def test_bytes_that_are_not_what_their_coding_says_stay_as_they_came(coding: str) -> None:
    whole = CODED.get(coding, b"abc")
    for data in (whole[:-2], b"\x00junk", whole + b"tail", b"\x1f\x8b"):
        body = contents.show(data, typed("application/octet-stream", coding))
        assert contents.render(body) == data, body


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(
    st.binary(max_size=80) | st.text(max_size=40).map(str.encode),
    st.sampled_from(
        [
            "",
            "application/json",
            "text/html; charset=utf-16",
            "text/plain; charset=hz",
            "application/x-www-form-urlencoded",
            "multipart/mixed; boundary=a",
            "text/event-stream",
            "application/x-ndjson",
            ";;;=",
        ]
    ),
    st.sampled_from(["", "gzip", "br", "zstd", "deflate", "x, gzip"]),
)
def test_no_body_raises_and_every_undecoded_one_comes_back(
    data: bytes, kind: str, coding: str
) -> None:
    body = contents.show(data, typed(kind, coding))
    contents.open(body, typed(kind, coding))
    if "encoding" not in body:
        assert contents.render(body) == data


def test_what_people_write_by_hand_is_rendered_sensibly() -> None:
    assert contents.render("just text") == b"just text"
    assert contents.render(None) == b""
    assert contents.render({"text": "é €", "charset": "iso-8859-1"}) == b"\xe9 &#8364;"
    assert contents.render({"text": "x", "encoding": "nonsense"}) == b"x"
    assert contents.render({"json": {"a": 1.5, "b": b"x"}, "style": "??"}) == b'{"a":1.5,"b":"x"}'
