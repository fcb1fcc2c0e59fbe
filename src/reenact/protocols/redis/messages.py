"""A RESP frame, and the trees it tells."""

from __future__ import annotations

from reenact.base.buffer import ByteReader, Short
from reenact.model.message import Payload
from reenact.model.segment import Side
from reenact.model.value import Value
from reenact.protocols.framing import BadBytes
from reenact.protocols.redis.frame import CRLF, number

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
        return [_text(word) for word in data.split()]
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
        case b"_":
            return None
        case b"#":
            return text == b"t"
        case b",":
            return {"double": _text(text)}
        case b"(":
            return {"big": _text(text)}
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
            raise BadBytes(f"a value of type {kind!r}")


def _items(r: ByteReader, count: int, depth: int) -> list[Value]:
    if count > len(r):
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
    """`resp3` decides how a null is written: `_`, or `$-1` as before RESP3."""
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
            data = _bytes(tree)
            return b"$%d\r\n%b\r\n" % (len(data), data)


_LINE_TAGS = {"simple": b"+", "double": b",", "big": b"("}
_LIST_TAGS = {"set": b"~", "push": b">"}


def _tagged(tree: dict[str, Value], resp3: bool) -> bytes:
    tag = next(iter(tree))
    value = tree[tag]
    if tag in _LINE_TAGS:
        return _LINE_TAGS[tag] + _bytes(value) + CRLF
    if tag == "error":
        data = _bytes(value)
        return b"!%d\r\n%b\r\n" % (len(data), data) if tree.get("bulk") else b"-" + data + CRLF
    if tag == "null":
        return b"*-1\r\n"
    if tag == "verbatim":
        data = _bytes(value)
        return b"=%d\r\n%b\r\n" % (len(data), data)
    items = value if isinstance(value, list) else []
    if tag in _LIST_TAGS:
        head = b"%b%d\r\n" % (_LIST_TAGS[tag], len(items))
        return head + b"".join(encode_reply(t, resp3=resp3) for t in items)
    flat = [t for pair in items if isinstance(pair, list) for t in pair]
    body = b"".join(encode_reply(t, resp3=resp3) for t in flat)
    if tag == "map":
        return b"%%%d\r\n" % len(items) + body
    if tag == "attributes":
        return b"|%d\r\n" % len(items) + body + encode_reply(tree.get("value"), resp3=resp3)
    raise ValueError(f"no redis value: {tag}")


def _bytes(value: Value) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()
