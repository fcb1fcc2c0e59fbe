"""The files that a service changed while it was recorded, as they were before."""

from __future__ import annotations

import enum

import msgspec


class Kind(enum.Enum):
    ABSENT = "absent"  # nothing was there: what is there today is taken away
    FILE = "file"
    LINK = "link"
    FOLDER = "folder"


class FileBefore(msgspec.Struct, frozen=True, kw_only=True):
    """What stood at `path` when the recording began.

    `path` is relative to the service's folder when it lies below it, else absolute. `content`: the
    SHA-256 of a file's, in hex; where a link leads. `mode` are the permission bits. `mtime_ns` is
    since the epoch. `owner` is (uid, gid), None for the user who recorded. `whole`: a folder
    that held nothing but what is told of here.
    """

    path: str
    kind: Kind
    content: str = ""
    size: int = 0
    mode: int = 0
    mtime_ns: int = 0
    owner: tuple[int, int] | None = None
    whole: bool = False
