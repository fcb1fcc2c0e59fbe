"""The framing of a capture file: a magic, a version, then blocks. Pure.

A block is `size u32 | kind u8 | crc32 u32` (little-endian), then `size` bytes of zstd. The
checksum covers kind and bytes; a wrong size shows in it too. A file that ends inside a block is
torn: what precedes is whole.
"""

from __future__ import annotations

import enum
import struct
import zlib
from collections.abc import Iterator

import zstandard

MAGIC = b"REENACT\x1a"
VERSION = 2
"""1 had no files. What is older than this can be read, down to OLDEST."""
OLDEST = 1
_HEAD = struct.Struct("<IBI")
BLOCK_MAX = 256 * 1024 * 1024
"""Decompressed; a larger claim is damage. Writers end a block soon after 1 MiB."""


class Kind(enum.IntEnum):
    META = 1  # once, first: who recorded what
    FLOWS = 2  # a list of flows; a later one of the same id replaces the earlier
    SEGMENTS = 3  # a list of segments, in order of seq
    END = 4  # the accounting, last; absent when the recorder was killed
    INDEX = 5  # before END: which flows each block of segments tells of
    FILES = 6  # a list of pieces of files that the service changed, as they were before


def start() -> bytes:
    return MAGIC + bytes([VERSION])


def block(kind: Kind, data: bytes, level: int = 3) -> bytes:
    packed = zstandard.ZstdCompressor(level=level).compress(data)
    return _HEAD.pack(len(packed), kind, _sum(kind, packed)) + packed


def _sum(kind: int, packed: bytes | memoryview) -> int:
    return zlib.crc32(packed, kind)


class Torn(Exception):
    """The file ends inside a block, or a block is damaged; `at` is where the good part ends."""

    def __init__(self, at: int, why: str) -> None:
        super().__init__(why)
        self.at = at


def scan(data: memoryview, at: int) -> Iterator[tuple[Kind, int, memoryview]]:
    """(kind, offset, packed bytes) of each block from offset `at` on, checksums checked.

    Raises Torn where the first bad one begins.
    """
    while at < len(data):
        body = at + _HEAD.size
        if body > len(data):
            raise Torn(at, "the file ends inside a block's head")
        size, kind, checksum = _HEAD.unpack_from(data, at)
        if body + size > len(data):
            raise Torn(at, "the file ends inside a block")
        packed = data[body : body + size]
        if _sum(kind, packed) != checksum or kind not in Kind._value2member_map_:
            raise Torn(at, "a block's checksum does not hold")
        yield Kind(kind), at, packed
        at = body + size


def unpack(packed: bytes | memoryview) -> bytes:
    """The content of a block; ValueError when it is no zstd or larger than any block."""
    try:
        if zstandard.frame_content_size(packed) > BLOCK_MAX:
            raise ValueError("a block claims to be larger than any is")
        return zstandard.ZstdDecompressor().decompress(packed, max_output_size=BLOCK_MAX)
    except zstandard.ZstdError as bad:
        raise ValueError(f"a block cannot be decompressed: {bad}") from bad
