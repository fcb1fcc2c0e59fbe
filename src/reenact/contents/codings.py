"""Content codings (RFC 9110 section 8.4): gzip, deflate, br, zstd."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from io import BytesIO

import brotli
import zstandard

DECODED_LIMIT = 1024 * 1024 * 1024
"""Bytes a coded body may grow to; a body that would grow further stays as it came."""

STEP = 1024 * 1024


class Undecodable(Exception):
    """The coding is unknown, or the bytes are not what it says."""


def names_of(value: str | None) -> tuple[str, ...]:
    """Of a Content-Encoding value: codings in the order they were applied, identity left out."""
    names = (name.strip().lower() for name in (value or "").split(","))
    return tuple(name for name in names if name and name != "identity")


def decode(data: bytes, names: tuple[str, ...]) -> tuple[bytes, str]:
    """The decoded bytes, and the codings as `encode` wants them ("gzip", "gzip, br").

    "deflate" that came without the zlib wrapper (old Microsoft servers) is called
    "raw-deflate". Raises Undecodable.
    """
    applied: list[str] = []
    for name in reversed(names):
        data, spelt = _decode_one(data, name)
        applied.insert(0, spelt)
    return data, ", ".join(applied)


def encode(data: bytes, codings: str) -> bytes:
    """Codes `data` anew; the same input always gives the same bytes. Raises Undecodable."""
    for name in names_of(codings):
        if name not in ENCODERS:
            raise Undecodable(f"unknown content coding {name!r}")
        data = ENCODERS[name](data)
    return data


def _decode_one(data: bytes, name: str) -> tuple[bytes, str]:
    name = {"x-gzip": "gzip"}.get(name, name)
    if name not in DECODERS:
        raise Undecodable(f"unknown content coding {name!r}")
    try:
        if name == "deflate" and not _has_zlib_header(data):
            return _inflate(data, -zlib.MAX_WBITS), "raw-deflate"
        return DECODERS[name](data), name
    except (zlib.error, brotli.error, zstandard.ZstdError) as bad:
        raise Undecodable(f"{name}: {bad}") from None


def _has_zlib_header(data: bytes) -> bool:
    """RFC 1950 section 2.2: method 8, and the first two bytes a multiple of 31."""
    return len(data) > 1 and data[0] & 0x0F == 8 and int.from_bytes(data[:2], "big") % 31 == 0


def _inflate(data: bytes, wbits: int) -> bytes:
    """One or more members one after another (RFC 1952 section 2.2 allows it for gzip)."""
    out = bytearray()
    while True:
        unpacker = zlib.decompressobj(wbits)
        rest = data
        while not unpacker.eof:
            piece = unpacker.decompress(rest, STEP)
            rest = unpacker.unconsumed_tail
            _grow(out, piece)
            if not piece and not rest and not unpacker.eof:
                raise Undecodable("ends too early")
        data = unpacker.unused_data
        if not data:
            return bytes(out)


def _grow(out: bytearray, piece: bytes) -> None:
    out += piece
    if len(out) > DECODED_LIMIT:
        raise Undecodable("decodes to more than the limit")


def _unbrotli(data: bytes) -> bytes:
    unpacker = brotli.Decompressor()
    out = bytearray()
    piece = unpacker.process(data, output_buffer_limit=STEP)
    while True:
        _grow(out, piece)
        if unpacker.is_finished():
            return bytes(out)
        if unpacker.can_accept_more_data():
            raise Undecodable("ends too early")
        piece = unpacker.process(b"", output_buffer_limit=STEP)


def _unzstd(data: bytes) -> bytes:
    """All frames; each must be whole."""
    out = bytearray()
    while data:
        unpacker = zstandard.ZstdDecompressor(max_window_size=1 << 27).decompressobj()
        _check_size(data)
        _grow(out, unpacker.decompress(data))
        if not unpacker.eof:
            raise Undecodable("ends too early")
        data = unpacker.unused_data
    return bytes(out)


def _check_size(data: bytes) -> None:
    """Reads a frame once through a bounded window, so that a bomb never lies in memory."""
    reader = zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(BytesIO(data))
    total = 0
    while piece := reader.read(STEP):
        total += len(piece)
        if total > DECODED_LIMIT:
            raise Undecodable("decodes to more than the limit")


def _deflate(wbits: int) -> Callable[[bytes], bytes]:
    def run(data: bytes) -> bytes:
        packer = zlib.compressobj(6, zlib.DEFLATED, wbits)
        return packer.compress(data) + packer.flush()

    return run


DECODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda data: _inflate(data, 16 + zlib.MAX_WBITS),
    "deflate": lambda data: _inflate(data, zlib.MAX_WBITS),
    "br": _unbrotli,
    "zstd": _unzstd,
}
ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": _deflate(16 + zlib.MAX_WBITS),
    "x-gzip": _deflate(16 + zlib.MAX_WBITS),
    "deflate": _deflate(zlib.MAX_WBITS),
    "raw-deflate": _deflate(-zlib.MAX_WBITS),
    "br": lambda data: bytes(brotli.compress(data, quality=5)),
    "zstd": lambda data: bytes(zstandard.ZstdCompressor(level=3).compress(data)),
}
