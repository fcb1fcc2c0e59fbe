"""Inline commands: words between blanks, with quotes (redis, sds.c: sdssplitargs)."""

from __future__ import annotations

import re

from reenact.protocols.framing import BadBytes

_BLANKS = b" \t\r\n\v\f\0"
_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"a": b"\a"}
_ESCAPE = re.compile(rb"\\(x[0-9a-fA-F]{2}|.)", re.DOTALL)
_DOUBLE = re.compile(rb'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_SINGLE = re.compile(rb"'((?:[^'\\]|\\.)*)'", re.DOTALL)
_BARE = re.compile(rb"[^ \t\r\n\v\f\0\"']+")


def split_inline(line: bytes) -> list[bytes]:
    """Raises BadBytes for quotes that don't close, or close inside a word, as redis does."""
    words: list[bytes] = []
    at = 0
    while at < len(line):
        if line[at] in _BLANKS:
            at += 1
            continue
        word, at = _word(line, at)
        words.append(word)
    return words


def _word(line: bytes, at: int) -> tuple[bytes, int]:
    word = b""
    while at < len(line) and line[at] not in _BLANKS:
        if found := _BARE.match(line, at):
            word, at = word + found[0], found.end()
            continue
        if found := _DOUBLE.match(line, at):
            word += _ESCAPE.sub(lambda m: _escaped(m[1]), found[1])
        elif found := _SINGLE.match(line, at):
            word += found[1].replace(b"\\'", b"'")
        else:
            raise BadBytes("unbalanced quotes in an inline command")
        at = found.end()
        if at < len(line) and line[at] not in _BLANKS:
            raise BadBytes("unbalanced quotes in an inline command")
    return word, at


def _escaped(what: bytes) -> bytes:
    if len(what) == 3:
        return bytes([int(what[1:], 16)])
    return _ESCAPES.get(what, what)
