"""Arrays: text form `{1,NULL,"a b"}` <-> binary (`array_out`, `array_send`, arrayfuncs.c)."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import TypeAlias

Tree: TypeAlias = "list[Tree] | str | None"
"""Nested as the array is; leaves are elements in text form."""

_SPECIAL = set('{}",\\ \t\n\r\v\f')
MAX_DIMENSIONS = 6  # MAXDIM, utils/array.h
MAX_ITEMS = 1 << 27  # MaxArraySize, roughly; guards against counts that lie


def array_text(raw: bytes, element: Callable[[bytes], str]) -> str:
    dims, _, _ = struct.unpack_from("!iiI", raw)
    if not 0 <= dims <= MAX_DIMENSIONS:
        raise ValueError(f"{dims} dimensions")
    shape = [struct.unpack_from("!ii", raw, 12 + 8 * i) for i in range(dims)]
    if not dims:
        return "{}"
    items = _items(raw, 12 + 8 * dims, [size for size, _ in shape])
    leaves: list[str] = ["NULL" if item is None else _quote(element(item)) for item in items]
    for size, _ in reversed(shape):
        leaves = ["{" + ",".join(leaves[i : i + size]) + "}" for i in range(0, len(leaves), size)]
    [text] = leaves
    bounds = "".join(f"[{lower}:{lower + size - 1}]" for size, lower in shape)
    return text if all(lower == 1 for _, lower in shape) else f"{bounds}={text}"


def _items(raw: bytes, at: int, sizes: list[int]) -> list[bytes | None]:
    total = 1
    for size in sizes:
        if size <= 0:
            raise ValueError("a dimension without items")
        total *= size
    if total * 4 > len(raw):
        raise ValueError("fewer bytes than items")
    out: list[bytes | None] = []
    for _ in range(total):
        (size,) = struct.unpack_from("!i", raw, at)
        at += 4
        out.append(None if size < 0 else raw[at : at + size])
        at += max(size, 0)
    if at != len(raw):
        raise ValueError("an array of another length")
    return out


def _quote(text: str) -> str:
    if text and text.upper() != "NULL" and not _SPECIAL.intersection(text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def array_binary(text: str, oid: int, element: Callable[[str], bytes]) -> bytes:
    """`oid` is the type of the elements."""
    lowers, tree = read_array(text)
    sizes = _shape(tree)
    lowers = lowers or [1] * len(sizes)
    if len(lowers) != len(sizes):
        raise ValueError("bounds for other dimensions")
    flat = list(_flatten(tree, len(sizes)))
    head = struct.pack("!iiI", len(sizes), any(item is None for item in flat), oid)
    dims = b"".join(struct.pack("!ii", size, low) for size, low in zip(sizes, lowers, strict=True))
    return head + dims + b"".join(_item(item, element) for item in flat)


def _item(item: str | None, element: Callable[[str], bytes]) -> bytes:
    if item is None:
        return b"\xff\xff\xff\xff"
    data = element(item)
    return struct.pack("!i", len(data)) + data


def _shape(tree: Tree) -> list[int]:
    sizes: list[int] = []
    while isinstance(tree, list) and tree:
        sizes.append(len(tree))
        tree = tree[0]
    return sizes


def _flatten(tree: Tree, depth: int) -> Iterator[str | None]:
    if depth == 0:
        if isinstance(tree, list) and tree:
            raise ValueError("a ragged array")
        if not isinstance(tree, list):
            yield tree
        return
    if not isinstance(tree, list):
        raise ValueError("a ragged array")
    for child in tree:
        yield from _flatten(child, depth - 1)


def read_array(text: str) -> tuple[list[int], Tree]:
    """Lower bounds (empty when all are 1) and the nested elements."""
    lowers: list[int] = []
    if text.startswith("["):
        bounds, _, text = text.partition("=")
        lowers = [int(part.partition(":")[0]) for part in bounds.strip("[]").split("][")]
    reader = _Reader(text)
    tree = reader.array()
    if reader.at != len(text):
        raise ValueError("text after the array")
    return lowers, tree


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def array(self) -> Tree:
        stack: list[list[Tree]] = [[]]  # no recursion: depth is the peer's choice
        while True:
            char = self._next()
            if char == "{":
                stack.append([])
            elif char == "}":
                done = stack.pop()
                if not stack:
                    raise ValueError("a brace too many")
                stack[-1].append(list(done))
                if len(stack) == 1:
                    return stack[0][0]
            elif char == ",":
                continue
            elif len(stack) == 1:
                raise ValueError("no brace")
            else:
                self.at -= 1
                stack[-1].append(self._element())

    def _next(self) -> str:
        if self.at >= len(self.text):
            raise ValueError("an array without an end")
        self.at += 1
        return self.text[self.at - 1]

    def _element(self) -> str | None:
        if self.text[self.at] == '"':
            self.at += 1
            return self._quoted()
        start = self.at
        while self.at < len(self.text) and self.text[self.at] not in ",}":
            self.at += 1
        word = self.text[start : self.at]
        return None if word.upper() == "NULL" else word.replace("\\", "")

    def _quoted(self) -> str:
        out: list[str] = []
        while (char := self._next()) != '"':
            out.append(self._next() if char == "\\" else char)
        return "".join(out)
