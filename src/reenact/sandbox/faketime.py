"""libfaketime, where the sandbox's own clock cannot be had and the library is installed.

It reaches programs that call the C library for the time: not Go, no static programs, and none
that clears LD_PRELOAD. The offset is read from a file at each call, so that it can be moved.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Mapping
from pathlib import Path

_PLACES = (
    "/usr/lib/*/faketime/libfaketimeMT.so.1",
    "/usr/lib/faketime/libfaketimeMT.so.1",
    "/usr/lib64/faketime/libfaketimeMT.so.1",
    "/usr/local/lib/faketime/libfaketimeMT.so.1",
)


def library() -> str | None:
    """The installed library's path."""
    return next((found for place in _PLACES for found in sorted(glob.glob(place))), None)


def environment(env: Mapping[str, str], library: str, offset_file: Path) -> dict[str, str]:
    """`env` for a service that shall take its offset from `offset_file`."""
    loaded = " ".join(filter(None, (library, env.get("LD_PRELOAD", ""))))
    return {
        **env,
        "LD_PRELOAD": loaded,
        "FAKETIME_TIMESTAMP_FILE": str(offset_file),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "NO_FAKE_STAT": "1",
    }


def write_offset(offset_file: Path, offset_ns: int) -> None:
    """In one step, so that nobody reads half a number."""
    fresh = offset_file.with_suffix(".new")
    fresh.write_text(f"{offset_ns / 10**9:+.6f}\n", encoding="ascii")
    fresh.chmod(0o644)
    os.replace(fresh, offset_file)
