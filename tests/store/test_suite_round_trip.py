"""What is written is what is read: every value, every suite, the same bytes each time."""

from __future__ import annotations

import tempfile
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from reenact.base.errors import StoreError
from reenact.model.value import path_text, text_path
from reenact.store import bodies, yaml_read, yaml_write
from reenact.store.suite import load_suite, save_suite, suite_files
from tests.store.values import identical, paths, suites, texts, values


class Memory(bodies.BodySource):
    def __init__(self, sink: bodies.BodySink) -> None:
        self._files = sink.files

    def get(self, reference: str) -> bytes:
        return self._files[reference.removeprefix("sha256:")]


def there_and_back(value):
    sink = bodies.BodySink()
    text = yaml_write.write({"in a mapping": value, "in a list": [value]}, sink)
    tree = yaml_read.read(text, Memory(sink))
    assert identical(tree["in a mapping"], tree["in a list"][0])
    return tree["in a mapping"]


@given(values)
@settings(deadline=None, max_examples=60)
def test_every_value_comes_back_as_it_was(value):
    assert identical(there_and_back(value), value)


@pytest.mark.slow
@given(values)
@settings(deadline=None, max_examples=3000)
def test_every_value_comes_back_as_it_was_at_length(value):
    assert identical(there_and_back(value), value)


@pytest.mark.slow
@given(suites)
@settings(deadline=None, max_examples=150)
def test_every_suite_comes_back_as_it_was(suite):
    with tempfile.TemporaryDirectory() as folder:
        save_suite(suite, Path(folder) / "reenact")
        assert identical(load_suite(Path(folder) / "reenact"), suite)


@given(suites)
@settings(deadline=None, max_examples=10)
def test_the_same_suite_gives_the_same_bytes(suite):
    assert suite_files(suite) == suite_files(suite)


@given(paths)
@settings(deadline=None)
def test_a_path_as_text_keeps_keys_and_indexes_apart(path):
    assert text_path(path_text(path)) == path


@given(st.dictionaries(texts, texts, max_size=3))
@settings(deadline=None, max_examples=60)
def test_other_yaml_tools_read_the_same_texts(tree):
    text = yaml_write.write({"v": tree}, bodies.BodySink())
    if "!" not in text:  # our own tags are for what YAML has no word for
        assert yaml.safe_load(text)["v"] == tree


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("1.10"), "1.10"),
        ("1.10", '"1.10"'),
        (Decimal("1"), "!dec 1"),
        (1.1, "!float 1.1"),
        (float("inf"), "!float inf"),
        ("yes", '"yes"'),
        (b"GET", "!bytes GET"),
        (b"\x00\xff", "!!binary AP8="),
        ("\ud800", r"!escaped '\ud800'"),
        ("\x1b[0m", r'"\x1B[0m"'),
        ("user\u202eexe", r'"user\u202Eexe"'),
        ([["Set-Cookie", "a"], ["Set-Cookie", "b"]], "\n  - [Set-Cookie, a]\n  - [Set-Cookie, b]"),
        ("SELECT 1\n  FROM t", "|-\n  SELECT 1\n    FROM t"),
        ("a\r\nb\r\n", "!crlf |\n  a\n  b"),
    ],
)
def test_each_kind_of_value_has_one_readable_form(value, text):
    written = yaml_write.write({"v": value}, bodies.BodySink())
    assert written.removeprefix("v:").strip(" ") == text + "\n"


def test_an_integer_of_ten_thousand_digits_survives():
    assert there_and_back(10**10000 + 7) == 10**10000 + 7


def test_large_bytes_and_long_texts_stand_beside_the_case():
    sink = bodies.BodySink()
    text = yaml_write.write({"b": b"\0" * 5000, "t": "x" * 40000}, sink)
    assert [line[:14] for line in text.splitlines()] == ["b: !body sha25", "t: !text sha25"]
    assert sorted(map(len, sink.files.values())) == [5000, 40000]
    assert yaml_read.read(text, Memory(sink)) == {"b": b"\0" * 5000, "t": "x" * 40000}


def test_a_value_too_deep_for_a_file_is_refused_when_writing():
    value = []
    for _ in range(yaml_write.DEPTH_MAX + 1):
        value = [value]
    with pytest.raises(StoreError, match="nested deeper"):
        yaml_write.write({"v": value}, bodies.BodySink())
