"""One thing that `reenact lint` says."""

from __future__ import annotations

import msgspec

from reenact.model.value import Path


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """`case` is "" for the session's calls; `place` is a path in the file. `sure` problems are to be mended;
    the others are worth a look."""

    case: str
    place: Path
    text: str
    sure: bool = True
