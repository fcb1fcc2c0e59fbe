"""The framing of a capture file: a magic, then blocks. Pure.

A block is `size u32 | kind u8 | crc32 u32` (little-endian), then `size` bytes of zstd. The checksum covers kind and
bytes. A file that ends inside a block is torn: what precedes is whole.
"""

from __future__ import annotations

import enum
import struct
import zlib
from collections.abc import Iterator

import zstandard

MAGIC = b"REENACT\x1a"
VERSION = 1
_HEAD = struct.Struct("<IBI")
BLOCK_MAX = 256 * 1024 * 1024
"""Decompressed; a larger claim is damage."""


class Kind(enum.IntEnum):
    META = 1  # once, first: who recorded what
    FLOWS = 2  # a list of flows; a later one of the same id replaces the earlier
    SEGMENTS = 3  # a list of segments, in order of seq
    END = 4  # the accounting; absent when the recorder was killed


def start() -> bytes:
    return MAGIC + bytes([VERSION])


def block(kind: Kind, data: bytes, level: int = 3) -> bytes:
    packed = zstandard.ZstdCompressor(level=level).compress(data)
    return _HEAD.pack(len(packed), kind, _sum(kind, packed)) + packed


def _sum(kind: int, packed: bytes) -> int:
    return zlib.crc32(packed, kind)


class Torn(Exception):
    """The file ends inside a block, or a block is damaged; `at` is where the good part ends."""

    def __init__(self, at: int, why: str) -> None:
        super().__init__(why)
        self.at = at


def read_blocks(data: bytes, at: int) -> Iterator[tuple[Kind, bytes]]:
    """Blocks from offset `at` on. Raises Torn where the first bad one begins."""
    while at < len(data):
        if at + _HEAD.size > len(data):
            raise Torn(at, "the file ends inside a block's head")
        size, kind, checksum = _HEAD.unpack_from(data, at)
        body = at + _HEAD.size
        if body + size > len(data):
            raise Torn(at, "the file ends inside a block")
        packed = bytes(data[body : body + size])
        if _sum(kind, packed) != checksum or kind not in Kind._value2member_map_:
            raise Torn(at, "a block's checksum does not hold")
        try:
            out = zstandard.ZstdDecompressor().decompress(packed, max_output_size=BLOCK_MAX)
        except zstandard.ZstdError as bad:
            raise Torn(at, f"a block cannot be decompressed: {bad}") from bad
        yield Kind(kind), out
        at = body + size
