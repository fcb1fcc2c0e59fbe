"""Content encodings (RFC 9110, 8.4): what is compressed is shown decoded."""

from __future__ import annotations

import gzip
import zlib

import brotli
import zstandard

OPENED_MAX = 512 * 1024 * 1024
"""A body that grows beyond this stays as it was: a bomb, or nothing a person reads."""


def decoded(encoding: str, data: bytes) -> bytes | None:
    """None when the bytes are not of that encoding, or it is none we know."""
    try:
        match encoding:
            case "gzip" | "x-gzip":
                return _inflate(data, 16 + zlib.MAX_WBITS)
            case "deflate":
                return _inflate(data, zlib.MAX_WBITS if data[:1] == b"\x78" else -zlib.MAX_WBITS)
            case "br":
                return bytes(brotli.decompress(data))
            case "zstd":
                return zstandard.ZstdDecompressor().decompressobj().decompress(data)
            case _:
                return None
    except (zlib.error, brotli.error, zstandard.ZstdError, EOFError):
        return None


def _inflate(data: bytes, bits: int) -> bytes | None:
    machine = zlib.decompressobj(bits)
    out = machine.decompress(data, OPENED_MAX)
    return out if machine.eof and not machine.unused_data else None


def encoded(encoding: str, data: bytes) -> bytes:
    """The same content compressed again; the same bytes each time."""
    match encoding:
        case "gzip" | "x-gzip":
            return gzip.compress(data, mtime=0)
        case "deflate":
            return zlib.compress(data)
        case "br":
            return bytes(brotli.compress(data))
        case "zstd":
            return zstandard.ZstdCompressor().compress(data)
        case _:
            raise AssertionError(encoding)
