"""Replies and commands as trees, and back to the very same bytes."""

from __future__ import annotations

import pytest

from reenact.base.errors import UserError
from reenact.protocols.framing import BadBytes
from reenact.protocols.redis.inline import split_inline
from reenact.protocols.redis.messages import command, encode_command, encode_reply, reply
from tests.protocols.redis.samples import said

EITHER = [
    (b"+OK\r\n", {"simple": "OK"}),
    (b"-ERR x\r\n", {"error": "ERR x"}),
    (b":-1\r\n", -1),
    (b"$2\r\nOK\r\n", "OK"),
    (b"$0\r\n\r\n", ""),
    (b"$1\r\n\xff\r\n", b"\xff"),
    (b"*0\r\n", []),
    (b"*2\r\n:1\r\n*1\r\n$1\r\na\r\n", [1, ["a"]]),
]
RESP2 = [(b"$-1\r\n", None), (b"*-1\r\n", {"null": "array"})]
RESP3 = [
    (b"_\r\n", None),
    (b"#t\r\n", True),
    (b"#f\r\n", False),
    (b",1.50\r\n", {"double": "1.50"}),
    (b",-inf\r\n", {"double": "-inf"}),
    (b"(12345678901234567890123\r\n", {"big": "12345678901234567890123"}),
    (b"!5\r\nERR x\r\n", {"error": "ERR x", "bulk": True}),
    (b"=6\r\ntxt:ab\r\n", {"verbatim": "txt:ab"}),
    (b"%1\r\n+a\r\n:1\r\n", {"map": [[{"simple": "a"}, 1]]}),
    (b"~2\r\n:1\r\n:2\r\n", {"set": [1, 2]}),
    (b">2\r\n$1\r\na\r\n:2\r\n", {"push": ["a", 2]}),
    (b"|1\r\n+k\r\n:1\r\n$1\r\nv\r\n", {"attributes": [[{"simple": "k"}, 1]], "value": "v"}),
]


@pytest.mark.parametrize(("data", "tree"), EITHER + RESP2)
def test_a_reply_of_resp2_is_its_tree(data, tree):
    assert reply(data) == tree
    assert encode_reply(tree, resp3=False) == data


@pytest.mark.parametrize(("data", "tree"), EITHER + RESP3)
def test_a_reply_of_resp3_is_its_tree(data, tree):
    assert reply(data) == tree
    assert encode_reply(tree, resp3=True) == data


def test_resp3_has_one_null():
    assert encode_reply({"null": "array"}, resp3=True) == b"_\r\n"


@pytest.mark.parametrize(
    "data",
    [b"#x\r\n", b",abc\r\n", b"(1.5\r\n", b"_x\r\n", b"~-1\r\n", b"%-1\r\n", b"?1\r\n", b":\r\n"],
)
def test_what_is_no_value_is_not_read_as_one(data):
    with pytest.raises(BadBytes):
        reply(data)


def test_a_line_that_was_edited_or_retold_stays_one_line():
    assert encode_reply({"error": "ERR a\r\nb"}, resp3=False) == b"-ERR a  b\r\n"


@pytest.mark.parametrize("tree", [{}, {"simpel": "OK"}, {"map": ["a"]}, {"set": 1}])
def test_an_edited_tree_that_is_no_reply_is_the_users_mistake(tree):
    with pytest.raises(UserError):
        encode_reply(tree, resp3=True)


def test_words_are_text_where_they_are_utf8():
    assert command(said("SET", "caf\u00e9", b"\xff")) == ["SET", "caf\u00e9", b"\xff"]
    assert encode_command(["SET", "caf\u00e9", b"\xff"]) == said("SET", "caf\u00e9", b"\xff")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"GET k\r\n", [b"GET", b"k"]),
        (b"  SET\tk  v \n", [b"SET", b"k", b"v"]),
        (b'SET k "a \\"b\\" \\x41\\n"\r\n', [b"SET", b"k", b'a "b" A\n']),
        (b"SET k 'it\\'s'\r\n", [b"SET", b"k", b"it's"]),
        (b'SET k ""\r\n', [b"SET", b"k", b""]),
        (b"\r\n", []),
    ],
)
def test_inline_commands_are_split_as_redis_does(line, words):
    assert split_inline(line) == words


@pytest.mark.parametrize("line", [b'SET k "a', b"SET k 'a", b'SET k "a"b'])
def test_quotes_that_do_not_close_are_no_command(line):
    with pytest.raises(BadBytes):
        split_inline(line)
