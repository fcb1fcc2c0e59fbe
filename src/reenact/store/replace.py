"""Replacing many files of a folder as one step, also when killed halfway.

New contents are first written to `.writing/`; renaming it to `.commit/` is the moment from
which the new state holds. What is in `.commit/` is then moved into place, and whoever opens the
folder next finishes that if the writer could not.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

WRITING = ".writing"
COMMIT = ".commit"
_GONE = "gone"


def replace_files(folder: Path, files: Mapping[str, bytes], gone: Iterable[str]) -> None:
    """Write `files` (path inside `folder` -> content) and remove `gone`. Raises OSError.

    Files whose content already is so are not touched.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    finish(folder)
    writing = folder / WRITING
    shutil.rmtree(writing, ignore_errors=True)
    writing.mkdir(mode=0o700)
    try:
        for name, content in files.items():
            if not _already(folder / name, content):
                _write(writing / "files" / name, content)
        _write(writing / _GONE, "\n".join(sorted(gone)).encode())
        writing.rename(folder / COMMIT)
    except BaseException:  # Ctrl-C and a full disk alike leave the old state
        shutil.rmtree(writing, ignore_errors=True)
        raise
    finish(folder)


def finish(folder: Path) -> None:
    """Move a committed state into place; harmless when there is none."""
    commit = folder / COMMIT
    if not commit.is_dir():
        return
    files = commit / "files"
    for source in sorted(p for p in files.rglob("*") if p.is_file()):
        target = folder / source.relative_to(files)
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        source.replace(target)
    gone = commit / _GONE
    for name in gone.read_text().splitlines() if gone.exists() else ():
        if ".." not in PurePosixPath(name).parts and not name.startswith("/"):
            (folder / name).unlink(missing_ok=True)
    shutil.rmtree(commit)


def _already(path: Path, content: bytes) -> bool:
    try:
        return path.stat().st_size == len(content) and path.read_bytes() == content
    except OSError:
        return False


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
