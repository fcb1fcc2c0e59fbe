"""The changed files of a recording: how they are written into a capture, and out of it.

Content is written in pieces. In a suite it lies in `files/`, each under the SHA-256 of what it is.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from reenact.base.errors import StoreError
from reenact.model.files import FileBefore, Kind

FOLDER = "files"
PIECE_BYTES = 1024 * 1024

APPENDED, LEFT_OUT, GONE, PROGRAM = "appended", "left out", "gone", "program"
"""What a piece may say beside the kinds of `model.files`: the file was only added to; it is not
here, and why; what was absent is absent at the end too; what was absent is a program then."""


class Piece(msgspec.Struct, frozen=True, array_like=True):
    """One record of a path, or one part of a file's content: `data` stands at `at`, and `size` is
    that of the whole. `text` is where a link leads, or why it was left out."""

    path: str
    what: str
    mode: int = 0
    owner: tuple[int, int] = (0, 0)
    mtime_ns: int = 0
    size: int = 0
    text: str = ""
    whole: bool = False
    at: int = 0
    data: bytes = b""


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """What a capture tells of files. `files` in the order of their first change, `gone` and
    `programs`: see the pieces' `what`. `cut`: files whose content is not whole."""

    files: tuple[FileBefore, ...] = ()
    gone: frozenset[str] = frozenset()
    programs: frozenset[str] = frozenset()
    cut: tuple[str, ...] = ()


def pieces_of(piece: Piece, content: int) -> Iterator[Piece]:
    """`piece` with the content that the descriptor leads to. Raises OSError."""
    at = 0
    while at < piece.size or at == 0:
        data = os.pread(content, min(PIECE_BYTES, piece.size - at), at)
        if len(data) < min(PIECE_BYTES, piece.size - at):
            raise OSError(5, "content is missing")
        yield msgspec.structs.replace(piece, at=at, data=data)
        at += len(data) or 1


def unpack(pieces: Iterable[Piece], folder: Path) -> Changed:
    """Reads the pieces; content goes to `folder`. Raises StoreError when it cannot be written."""
    try:
        return _unpacked(pieces, folder)
    except OSError as error:
        raise StoreError(
            f"{error.filename or folder}: cannot write the files of the suite: {error.strerror}"
        ) from None


def _unpacked(pieces: Iterable[Piece], folder: Path) -> Changed:
    files: dict[str, FileBefore] = {}
    cut: dict[str, None] = {}
    marks: dict[str, set[str]] = {GONE: set(), PROGRAM: set()}
    kinds = {kind.value: kind for kind in Kind}
    with contextlib.ExitStack() as stack:
        content: _Content | None = None
        for piece in pieces:
            if piece.what in marks:
                marks[piece.what].add(piece.path)
            if piece.what not in kinds:
                continue
            kind = kinds[piece.what]
            if kind is Kind.FILE:
                if piece.at == 0:
                    content = stack.enter_context(_Content(folder))
                    cut[piece.path] = None
                if content is None or not content.add(piece):
                    continue
                cut.pop(piece.path, None)
            name = content.keep() if kind is Kind.FILE and content else piece.text
            files.setdefault(piece.path, _before(piece, kind, name))
            if kind is Kind.FILE:
                stack.close()
    return Changed(
        files=tuple(files.values()),
        gone=frozenset(marks[GONE]),
        programs=frozenset(marks[PROGRAM]),
        cut=tuple(cut),
    )


def _before(piece: Piece, kind: Kind, content: str) -> FileBefore:
    return FileBefore(
        path=piece.path,
        kind=kind,
        content=content,
        size=piece.size if kind is Kind.FILE else 0,
        mode=piece.mode,
        mtime_ns=piece.mtime_ns,
        owner=piece.owner,
        whole=piece.whole,
    )


class _Content:
    """A file being written, which gets its name once all of it is there."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        number, name = tempfile.mkstemp(prefix=".writing-", dir=folder)
        self._out: BinaryIO = os.fdopen(number, "wb")
        self._path = Path(name)
        self._folder = folder
        self._sum = hashlib.sha256()
        self._size = 0

    def add(self, piece: Piece) -> bool:
        """Whether the content is whole now."""
        if piece.at != self._size:
            return False
        self._out.write(piece.data)
        self._sum.update(piece.data)
        self._size += len(piece.data)
        return self._size == piece.size

    def keep(self) -> str:
        self._out.close()
        name = self._sum.hexdigest()
        self._path.replace(self._folder / name)
        return name

    def __enter__(self) -> _Content:
        return self

    def __exit__(self, *_: object) -> None:
        self._out.close()
        self._path.unlink(missing_ok=True)
