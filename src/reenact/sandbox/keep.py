"""What a run wrote, copied out of the overlay's upper layers."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

DELETED = "deleted.txt"


def copy_written(scratch: int, folder: str) -> None:
    """Copy the tree of written files below `folder`, as it was below `/`; the paths of deleted
    ones go to `deleted.txt`. `scratch` is a descriptor of the sandbox's scratch space."""
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    deleted: list[str] = []
    root = Path(f"/proc/self/fd/{scratch}/upper")
    for upper in sorted(root.iterdir()):
        if upper.suffix == ".work":
            continue
        below = upper.name.replace("%2F", "/").replace("%25", "%")
        _copy(upper, target, below, deleted)
    if deleted:
        (target / DELETED).write_text("".join(f"/{path}\n" for path in sorted(deleted)))


def _copy(source: Path, target: Path, path: str, deleted: list[str]) -> None:
    status = source.lstat()
    if stat.S_ISDIR(status.st_mode):
        for name in sorted(os.listdir(source)):
            _copy(source / name, target, f"{path}/{name}".lstrip("/"), deleted)
    elif stat.S_ISCHR(status.st_mode) and status.st_rdev == 0:  # overlayfs' mark: a whiteout
        deleted.append(path)
    elif stat.S_ISREG(status.st_mode) or stat.S_ISLNK(status.st_mode):
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target / path, follow_symlinks=False)
