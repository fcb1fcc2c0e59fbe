"""One thing that a machine has or lacks."""

from __future__ import annotations

import msgspec

EXPLICIT = "`--mode explicit` works without"


class Check(msgspec.Struct, frozen=True):
    """`required`: without it there is no sandbox; else something smaller is missing, see `detail`."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""
    required: bool = True
