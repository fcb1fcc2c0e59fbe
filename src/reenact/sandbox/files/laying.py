"""Lays files into the overlay, as they were when the recording began."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterable
from typing import NamedTuple

ABSENT, FILE, LINK, FOLDER = "absent", "file", "link", "folder"
"""`reenact.model.files.Kind`, which would bring msgspec in here."""


class Laid(NamedTuple):
    """As `reenact.sandbox.spec.Laid`."""

    path: str
    kind: str
    mode: int
    owner: tuple[int, int] | None
    mtime_ns: int
    source: str
    whole: bool


def lay(
    plan: Iterable[tuple[str, str, int, tuple[int, int] | None, int, str, bool]],
    devices: Collection[int],
) -> list[str]:
    """Returns what could not be laid, with the reasons.

    `devices`: numbers of the overlay's file systems. Elsewhere nothing is touched.
    """
    wanted = sorted((Laid(*row) for row in plan), key=lambda one: one.path)
    failed: list[str] = []
    folders: list[Laid] = []
    for one in wanted:
        try:
            _check_covered(one.path, devices)
            _lay(one)
        except OSError as error:
            failed.append(f"{one.path} ({error.strerror or error})")
        else:
            folders += [one] if one.kind == FOLDER else []
    for folder in reversed(folders):  # what was laid into it has changed its time
        _finish(folder)
    return failed


def _check_covered(path: str, devices: Collection[int]) -> None:
    at = os.path.dirname(path)
    while not os.path.isdir(at):
        at = os.path.dirname(at)
    if os.stat(at).st_dev not in devices:
        raise OSError(0, "not covered by the overlay")


def _lay(one: Laid) -> None:
    there = _status(one.path)
    if one.kind == ABSENT:
        if there is not None:
            _remove(one.path, there)
        return
    if one.kind == FOLDER:
        _lay_folder(one, there)
        return
    if there is not None:
        if one.kind == FILE and _is_as_wanted(one, there):
            return
        _remove(one.path, there)
    os.makedirs(os.path.dirname(one.path), exist_ok=True)
    if one.kind == LINK:
        os.symlink(one.source, one.path)
    else:
        _write(one)


def _lay_folder(one: Laid, there: os.stat_result | None) -> None:
    """A whole one is made anew: overlayfs refuses to rename what lies below it too (EXDEV)."""
    if there is not None and (one.whole or not stat.S_ISDIR(there.st_mode)):
        _remove(one.path, there)
        there = None
    if there is None:
        os.makedirs(one.path)


def _write(one: Laid) -> None:
    target = os.open(one.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        source = os.open(one.source, os.O_RDONLY)
        try:
            while os.sendfile(target, source, None, 1 << 30):
                pass
        finally:
            os.close(source)
    finally:
        os.close(target)
    _finish(one)


def _finish(one: Laid) -> None:
    """Owner before mode: changing it takes the set-user bits away."""
    if one.owner is not None and os.geteuid() == 0:
        os.chown(one.path, *one.owner)
    os.chmod(one.path, one.mode)
    os.utime(one.path, ns=(one.mtime_ns, one.mtime_ns))


def _is_as_wanted(one: Laid, there: os.stat_result) -> bool:
    """Then nothing of it has to be copied."""
    if not stat.S_ISREG(there.st_mode) or there.st_mtime_ns != one.mtime_ns:
        return False
    if stat.S_IMODE(there.st_mode) != one.mode or there.st_size != os.stat(one.source).st_size:
        return False
    with open(one.path, "rb") as ours, open(one.source, "rb") as theirs:
        while part := ours.read(1 << 20):
            if part != theirs.read(len(part)):
                return False
    return True


def _status(path: str) -> os.stat_result | None:
    try:
        return os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None


def _remove(path: str, there: os.stat_result) -> None:
    if not stat.S_ISDIR(there.st_mode):
        os.unlink(path)
        return
    for entry in list(os.scandir(path)):
        _remove(entry.path, entry.stat(follow_symlinks=False))
    os.rmdir(path)
