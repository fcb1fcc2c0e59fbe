"""What a run wrote, copied out of the overlay's upper layers."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

DELETED = "deleted.txt"
NOT_KEPT = "not-kept.txt"


def copy_written(scratch: int, folder: str) -> None:
    """Copy the tree of written files below `folder`, as it was below `/`. The paths of deleted
    ones go to `deleted.txt`, those we may not read to `not-kept.txt`, with the reason.

    `scratch` is a descriptor of the sandbox's scratch space. OSError when `folder` cannot be
    written.
    """
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    deleted: list[str] = []
    not_kept: list[str] = []
    root = Path(f"/proc/self/fd/{scratch}/upper")
    for upper in sorted(root.iterdir()):
        if upper.suffix == ".work":
            continue
        below = upper.name.replace("%2F", "/").replace("%25", "%")
        _copy(upper, target, below, deleted, not_kept)
    if deleted:
        (target / DELETED).write_text("".join(f"/{path}\n" for path in sorted(deleted)))
    if not_kept:
        (target / NOT_KEPT).write_text("".join(f"/{line}\n" for line in sorted(not_kept)))


def _copy(source: Path, target: Path, path: str, deleted: list[str], not_kept: list[str]) -> None:
    status = source.lstat()
    if stat.S_ISCHR(status.st_mode) and status.st_rdev == 0:  # overlayfs' mark: a whiteout
        deleted.append(path)
        return
    if not stat.S_ISLNK(status.st_mode) and not os.access(source, os.R_OK):
        if not _is_as_on_the_machine(status, path):
            not_kept.append(f"{path}: not readable")
        return
    if stat.S_ISDIR(status.st_mode):
        for name in sorted(os.listdir(source)):
            _copy(source / name, target, f"{path}/{name}".lstrip("/"), deleted, not_kept)
    elif _is_as_on_the_machine(status, path):
        return  # only copied, because the folder it lies in could not be covered
    elif stat.S_ISREG(status.st_mode) or stat.S_ISLNK(status.st_mode):
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target / path, follow_symlinks=False)


def _is_as_on_the_machine(status: os.stat_result, path: str) -> bool:
    try:
        there = os.lstat(f"/{path}")
    except OSError:
        return False
    if stat.S_ISLNK(status.st_mode):
        return stat.S_ISLNK(there.st_mode)
    return (there.st_size, there.st_mtime_ns) == (status.st_size, status.st_mtime_ns)
