"""A RESP frame, and the trees it tells."""

from __future__ import annotations

import re

from reenact.base.buffer import ByteReader, Short
from reenact.base.errors import UserError
from reenact.model.message import Payload
from reenact.model.segment import Side
from reenact.model.value import Value
from reenact.protocols.framing import BadBytes
from reenact.protocols.redis.frame import CRLF, number
from reenact.protocols.redis.inline import split_inline

_DOUBLE = re.compile(rb"[+-]?(\d+(\.\d*)?([eE][+-]?\d+)?|inf|nan)", re.ASCII)
_BIG = re.compile(rb"[+-]?\d+", re.ASCII)

DEPTH_MAX = 128
"""Nested aggregates; a module may send a few levels, nobody this many."""


class Frame(Payload, frozen=True, tag="redis.frame"):
    """One command or one reply, as it was on the wire; it has been read once, so it is whole."""

    data: bytes


class FrameEncoder:
    def encode(self, payload: Payload, stream: int | str = 0) -> bytes:
        assert isinstance(payload, Frame)
        return payload.data


def parse(side: Side, data: bytes) -> Payload:
    """Raises BadBytes for a frame that lies about itself."""
    try:
        command(data) if side is Side.CLIENT else reply(data)
    except Short as short:
        raise BadBytes(str(short)) from short
    return Frame(data=data)


def command(data: bytes) -> list[Value]:
    """The words of a command; text where they are UTF-8, else bytes."""
    if data[:1] != b"*":
        return [_text(word) for word in split_inline(data)]
    r = ByteReader(data)
    count = number(r.until(CRLF)[1:])
    words = []
    for _ in range(max(count, 0)):
        size = r.until(CRLF)
        if size[:1] != b"$":
            raise BadBytes("an argument that is no bulk string")
        words.append(_text(_sized(r, number(size[1:]))))
    return words


def _sized(r: ByteReader, size: int) -> bytes:
    data = r.take(size)
    if r.take(2) != CRLF:
        raise BadBytes("a string that does not end where it says")
    return data


def reply(data: bytes) -> Value:
    r = ByteReader(data)
    tree = _value(r, 0)
    if len(r):
        raise BadBytes("a frame longer than its content")
    return tree


def _value(r: ByteReader, depth: int) -> Value:
    """The tree of one value; the README's table. `(` and `,` keep their text."""
    if depth > DEPTH_MAX:
        raise BadBytes("nested too deep")
    line = r.until(CRLF)
    kind, text = line[:1], line[1:]
    match kind:
        case b"+":
            return {"simple": _text(text)}
        case b"-":
            return {"error": _text(text)}
        case b":":
            return number(text)
        case b"$":
            size = number(text)
            return None if size == -1 else _text(_sized(r, size))
        case b"*":
            count = number(text)
            return {"null": "array"} if count == -1 else _items(r, count, depth)
        case b"_" if not text:
            return None
        case b"#" if text in (b"t", b"f"):
            return text == b"t"
        case b"," if _DOUBLE.fullmatch(text):
            return {"double": text.decode()}
        case b"(" if _BIG.fullmatch(text):
            return {"big": text.decode()}
        case b"!":
            return {"error": _text(_sized(r, number(text))), "bulk": True}
        case b"=":
            return {"verbatim": _text(_sized(r, number(text)))}
        case b"~":
            return {"set": _items(r, number(text), depth)}
        case b">":
            return {"push": _items(r, number(text), depth)}
        case b"%":
            return {"map": _pairs(r, number(text), depth)}
        case b"|":
            attributes = _pairs(r, number(text), depth)
            return {"attributes": attributes, "value": _value(r, depth + 1)}
        case _:
            raise BadBytes(f"no value: {line[:20]!r}")


def _items(r: ByteReader, count: int, depth: int) -> list[Value]:
    if not 0 <= count <= len(r):
        raise BadBytes(f"an aggregate of {count}")
    return [_value(r, depth + 1) for _ in range(count)]


def _pairs(r: ByteReader, count: int, depth: int) -> list[Value]:
    flat = _items(r, 2 * count, depth)
    return [[flat[i], flat[i + 1]] for i in range(0, len(flat), 2)]


def _text(data: bytes) -> Value:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data


# -- trees -> bytes ------------------------------------------------------------------------------


def encode_command(words: list[Value]) -> bytes:
    parts = [b"*%d\r\n" % len(words)]
    parts += [b"$%d\r\n%b\r\n" % (len(data), data) for data in map(_bytes, words)]
    return b"".join(parts)


def encode_reply(tree: Value, *, resp3: bool) -> bytes:
    """`resp3` decides how nulls are written: `_`, or `$-1` and `*-1` as before RESP3.

    Raises UserError for a tree that is no reply (a case file was edited).
    """
    match tree:
        case None:
            return b"_\r\n" if resp3 else b"$-1\r\n"
        case bool():
            return b"#t\r\n" if tree else b"#f\r\n"
        case int():
            return b":%d\r\n" % tree
        case list():
            return b"*%d\r\n" % len(tree) + b"".join(encode_reply(t, resp3=resp3) for t in tree)
        case dict():
            return _tagged(tree, resp3)
        case _:
            return _bulk(b"$", _bytes(tree))


_LINE_TAGS = {"simple": b"+", "double": b",", "big": b"("}
_LIST_TAGS = {"set": b"~", "push": b">"}


def _tagged(tree: dict[str, Value], resp3: bool) -> bytes:
    match tree:
        case {"attributes": list(pairs), "value": value}:
            return _pairs_bytes(b"|", pairs, resp3) + encode_reply(value, resp3=resp3)
        case {"error": text, "bulk": True}:
            return _bulk(b"!", _bytes(text))
        case {"error": text}:
            return b"-" + _line(text)
        case {"null": _}:
            return b"_\r\n" if resp3 else b"*-1\r\n"
        case {"verbatim": text}:
            return _bulk(b"=", _bytes(text))
        case {"map": list(pairs)}:
            return _pairs_bytes(b"%", pairs, resp3)
    [(tag, value)] = tree.items() if len(tree) == 1 else [("", None)]
    if tag in _LINE_TAGS:
        return _LINE_TAGS[tag] + _line(value)
    if tag in _LIST_TAGS and isinstance(value, list):
        head = b"%b%d\r\n" % (_LIST_TAGS[tag], len(value))
        return head + b"".join(encode_reply(t, resp3=resp3) for t in value)
    raise UserError(
        f"a redis reply has {sorted(tree)}, which is no reply; "
        "src/reenact/protocols/redis/README.md lists those that there are"
    )


def _pairs_bytes(kind: bytes, pairs: list[Value], resp3: bool) -> bytes:
    flat = [tree for pair in pairs if isinstance(pair, list) for tree in pair]
    if len(flat) != 2 * len(pairs):
        raise UserError("a map in a redis reply has to be a list of [key, value] pairs")
    head = b"%b%d\r\n" % (kind, len(pairs))
    return head + b"".join(encode_reply(tree, resp3=resp3) for tree in flat)


def _bulk(kind: bytes, data: bytes) -> bytes:
    return b"%b%d\r\n%b\r\n" % (kind, len(data), data)


def _line(value: Value) -> bytes:
    """A line holds no line end; redis' own addReplyError turns them into spaces too."""
    return _bytes(value).replace(b"\r", b" ").replace(b"\n", b" ") + CRLF


def _bytes(value: Value) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()
