"""libfaketime, where the sandbox's own clock cannot be had and the library is installed.

It reaches programs that call the C library for the time: not Go, no static programs, and none
that clears LD_PRELOAD. The offset is read from a file at each call, so that it can be moved.

Elapsed time is left alone, so two of its ways have to be avoided (0.9.10): CPython's `time.sleep`
would fail with EINVAL in its clock_nanosleep, and waits for a condition by the monotonic clock
(all of Java's) would end at once without FAKETIME_FORCE_MONOTONIC_FIX=0.
"""

from __future__ import annotations

import glob
import os
import struct
from collections.abc import Mapping
from pathlib import Path

_PLACES = (
    "/usr/lib/*/faketime/libfaketimeMT.so.1",
    "/usr/lib/faketime/libfaketimeMT.so.1",
    "/usr/lib64/faketime/libfaketimeMT.so.1",
    "/usr/local/lib/faketime/libfaketimeMT.so.1",
)
_LEFT_ALONE = b"clock_nanosleep"

_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
_SEGMENT = struct.Struct("<IIQQQQQQ")
_PT_LOAD, _PT_DYNAMIC = 1, 2
_DT_STRTAB, _DT_STRSZ = 5, 10


def library() -> str | None:
    """The installed library's path."""
    return next((found for place in _PLACES for found in sorted(glob.glob(place))), None)


def environment(
    env: Mapping[str, str], library: str, folder: Path, offset_file: Path
) -> dict[str, str]:
    """`env` for a service that shall take its offset from `offset_file`. A copy of the library,
    without what must be left alone, is put into `folder`; the service must see both."""
    ours = folder / "libfaketime.so"
    ours.write_bytes(without(Path(library).read_bytes(), _LEFT_ALONE))
    ours.chmod(0o755)
    loaded = " ".join(filter(None, (str(ours), env.get("LD_PRELOAD", ""))))
    return {
        **env,
        "LD_PRELOAD": loaded,
        "FAKETIME_TIMESTAMP_FILE": str(offset_file),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_FORCE_MONOTONIC_FIX": "0",
        "NO_FAKE_STAT": "1",
    }


def without(image: bytes, function: bytes) -> bytes:
    """A shared library in which no program finds that function: its name is another. As it is,
    when it has none, or is of another kind than 64-bit ELF (System V gABI, chapters 4 and 5)."""
    names = _names(image) if image[:6] == b"\x7fELF\2\1" else None
    if names is None:
        return image
    at = image.find(b"\0" + function + b"\0", *names)
    if at < 0:
        return image
    other = b"\0not" + function[3:]
    return image[:at] + other + image[at + len(other) :]


def _names(image: bytes) -> tuple[int, int] | None:
    """From where to where the dynamic symbols' names lie in the file."""
    header = _HEADER.unpack_from(image)
    segments = [_SEGMENT.unpack_from(image, header[5] + n * header[9]) for n in range(header[10])]
    dynamic: dict[int, int] = {}
    for kind, _, offset, _, _, size, _, _ in segments:
        if kind == _PT_DYNAMIC:
            whole = image[offset : offset + size // 16 * 16]
            dynamic.update(struct.iter_unpack("<qQ", whole))
    begin = dynamic.get(_DT_STRTAB, 0)
    for kind, _, offset, address, _, size, _, _ in segments:
        if kind == _PT_LOAD and address <= begin < address + size:
            place = begin - address + offset
            return place, place + dynamic.get(_DT_STRSZ, 0)
    return None


def write_offset(offset_file: Path, offset_ns: int) -> None:
    """In one step, so that nobody reads half a number."""
    fresh = offset_file.with_suffix(".new")
    fresh.write_text(f"{offset_ns / 10**9:+.6f}\n", encoding="ascii")
    fresh.chmod(0o644)
    os.replace(fresh, offset_file)
