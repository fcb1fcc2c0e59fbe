"""Which of the files that a service changed belong to its suite. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from posixpath import relpath

import msgspec

from reenact.model.files import FileBefore, Kind


def kept(
    files: Iterable[FileBefore],
    *,
    gone: Collection[str],
    programs: Collection[str],
    cwd: str,
    owner: tuple[int, int] | None,
) -> tuple[FileBefore, ...]:
    """In order of their paths, those below `cwd` relative to it.

    What was not there before and is not there at the end (`gone`) was passing, like a temporary
    file, and goes; except beside a file that is kept, where it may belong to it and be found there
    at another time, as a database's journal. `programs` that came into being while it was recorded
    were built, and are what is tested.
    """
    told = [one for one in files if not (one.kind is Kind.ABSENT and one.path in programs)]
    lasting = {one.path for one in told if one.kind is not Kind.ABSENT or one.path not in gone}
    out = [one for one in told if one.path in lasting or _belongs(one.path, lasting)]
    return tuple(_told(one, cwd, owner) for one in sorted(out, key=lambda one: one.path))


def _belongs(path: str, lasting: Collection[str]) -> bool:
    """Whether its name is that of a kept file with a few letters added: `app.db-journal`."""
    folder, _, name = path.rpartition("/")
    ends = (at for at in range(len(name) - 1, 0, -1) if not name[at].isalnum())
    return any(f"{folder}/{name[:at]}" in lasting and name[at + 1 :].isalpha() for at in ends)


def _told(one: FileBefore, cwd: str, owner: tuple[int, int] | None) -> FileBefore:
    below = cwd not in ("", "/") and one.path.startswith(cwd + "/")
    return msgspec.structs.replace(
        one,
        path=relpath(one.path, cwd) if below else one.path,
        owner=None if one.owner == owner or one.kind is Kind.ABSENT else one.owner,
    )
