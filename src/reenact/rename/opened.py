"""Larger values that are written as one text or as bytes, opened to trees. Pure.

What is stable inside has to stay, and what is generated is judged by itself: the expiry of a token is a
time, its `jti` an id. A path goes on inside: `body/token/jwt/payload/exp`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from reenact.contents import jsontext
from reenact.model.value import Path, Scalar, Value, leaves
from reenact.rename import objects, protobuf, sealed
from reenact.rename.alphabets import decoded, readable

LARGEST: Final = 1 << 20
"""Characters or bytes. Larger ones are compared as they are."""

_ENCODED_MIN: Final = 12
"""Bytes of readable text that base64 has to hold: fewer may be chance."""


class Opened(NamedTuple):
    """`how` it was written, which is the step of a path that leads into `tree`; `style` are details
    of writing that have to be the same, `signature` what is made from the rest and a key."""

    how: str
    tree: Value
    style: object = None
    signature: str = ""


def opened(leaf: Scalar) -> Opened | None:
    """A leaf that as a whole is JSON, or bytes that are compressed, JSON, protobuf, or an object that Ruby
    or Python wrote down."""
    if not isinstance(leaf, str | bytes) or not 2 <= len(leaf) <= LARGEST:
        return None
    if isinstance(leaf, bytes):
        return _bytes(leaf)
    return (
        _object(leaf.encode("utf-8", "surrogatepass")) if leaf[0] in objects.FIRST else _json(leaf)
    )


def opened_word(word: str) -> Opened | None:
    """A word of a text: a JWT, a signed value, or base64 of a readable text."""
    if not 16 <= len(word) <= LARGEST:
        return None
    if found := sealed.jwt(word):
        return Opened("jwt", found.tree, None, found.signature)
    if found := sealed.signed(word):
        return Opened("signed", found.tree, None, found.signature)
    data = decoded(word)
    if data is None or len(data) < _ENCODED_MIN or not readable(data):
        return None
    text = data.decode()
    inner = _json(text)
    return Opened("base64", text) if inner is None else Opened("base64", inner.tree, inner.style)


def _json(text: str) -> Opened | None:
    if text[0] not in "{[":
        return None
    try:
        found = jsontext.styled(text)
    except jsontext.NotJson:
        return None
    if found is None or not isinstance(found[0], dict | list):
        return None
    return Opened("json", found[0], found[1])


def _bytes(data: bytes) -> Opened | None:
    plain = sealed.inflated(data)
    if plain is not None:
        how = "gzip" if data[:1] == b"\x1f" else "zlib"
        inner = _plain(plain)
        return Opened(how, plain) if inner is None else Opened(how, inner.tree, inner.style)
    return _plain(data)


def _plain(data: bytes) -> Opened | None:
    if readable(data):
        text = data.decode()
        return _json(text) or Opened("text", text)
    if found := _object(data):
        return found
    tree = protobuf.tree(data)
    return None if tree is None else Opened("protobuf", tree)


def _object(data: bytes) -> Opened | None:
    found = objects.read(data)
    return None if found is None else Opened(found.how, found.tree)


def inside(leaf: Scalar) -> dict[str, Value]:
    """The trees within a leaf, by how they were written: the steps of paths that lead into it."""
    found = [opened(leaf)]
    if isinstance(leaf, str):
        found += map(opened_word, leaf.split())
    return {one.how: one.tree for one in reversed(found) if one is not None}


def deep_leaves(tree: Value, at: Path = ()) -> Iterator[tuple[Path, Scalar]]:
    """Every leaf, and those within leaves."""
    for path, leaf in leaves(tree, at):
        yield path, leaf
        for how, inner in inside(leaf).items():
            yield from deep_leaves(inner, (*path, how))
