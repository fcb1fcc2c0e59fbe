"""The files that a service changes, as they were before: from the sandbox into the recording."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

from reenact.intercept.settings import Files
from reenact.model.files import Kind
from reenact.record.options import RecordOptions
from reenact.sandbox.files import before
from reenact.sandbox.spec import Watch
from reenact.store.files import APPENDED, GONE, LEFT_OUT, PROGRAM, Piece
from reenact.store.writer import CaptureWriter, make_room

_MESSAGE_MAX = 256 * 1024
_NAMED = 3
_MIB = 1024 * 1024
_WHAT = {
    before.ABSENT: Kind.ABSENT.value,
    before.FILE: Kind.FILE.value,
    before.LINK: Kind.LINK.value,
    before.FOLDER: Kind.FOLDER.value,
    before.APPENDED: APPENDED,
    before.LEFT_OUT: LEFT_OUT,
}
_REMEDY = {
    before.TOO_LARGE: "raise file_mib of [files] in reenact.toml, or ignore it there",
    before.TOO_MUCH: "raise total_mib of [files] in reenact.toml, or ignore what is no state",
    before.TOO_MANY: "name in ignore of [files] in reenact.toml what is no state",
}


def watch(options: RecordOptions) -> Watch | None:
    """What the sandbox is told; None when nothing is to be kept."""
    files: Files = options.settings.files
    if not files.keep:
        return None
    make_room(options.capture)
    return Watch(
        spool=str(options.capture.parent.absolute()),
        file_bytes=files.file_mib * _MIB,
        total_bytes=files.total_mib * _MIB,
        ignored=tuple(_absolute(path, options.cwd) for path in files.ignore),
    )


def _absolute(path: str, cwd: Path) -> str:
    return str(cwd / path) if "/" in path else path


class ChangedFiles:
    """Takes what the sandbox tells, and tells people at the end what is missing."""

    def __init__(self, told: socket.socket, writer: CaptureWriter) -> None:
        self._told = told
        self._writer = writer
        self._absent: list[str] = []
        self._appended: dict[str, None] = {}
        self._left_out: dict[str, list[str]] = {}

    def take(self) -> bool:
        """All that waits; False when nothing more will come."""
        while True:
            try:
                data, descriptors, _, _ = socket.recv_fds(self._told, _MESSAGE_MAX, 1)
            except BlockingIOError:
                return True
            except OSError:  # the sandbox was killed
                return False
            if not data:
                return False
            self._keep(before.read(data), descriptors[0] if descriptors else None)

    def _keep(self, told: before.Told, content: int | None) -> None:
        try:
            path = told.path.decode()
        except UnicodeDecodeError:
            path = told.path.decode("utf-8", "backslashreplace")
            told = told._replace(kind=before.LEFT_OUT, text=b"a name that is not UTF-8")
        self._note(path, told)
        kind = told.kind
        piece = Piece(
            path=path,
            what=_WHAT[kind],
            mode=told.mode,
            owner=told.owner,
            mtime_ns=told.mtime_ns,
            size=told.size,
            text="" if kind == before.FILE else told.text.decode("utf-8", "backslashreplace"),
            whole=told.whole,
            data=told.text if kind == before.FILE else b"",
        )
        if kind != before.FILE and content is not None:
            os.close(content)
            content = None
        self._writer.file(piece, content)

    def _note(self, path: str, told: before.Told) -> None:
        if told.kind == before.ABSENT:
            self._absent.append(path)
        elif told.kind == before.APPENDED:
            self._appended[path] = None
        elif told.kind == before.LEFT_OUT:
            self._left_out.setdefault(told.text.decode(), []).append(path)
        elif told.kind == before.FILE:
            self._appended.pop(path, None)

    def finish(self) -> None:
        """The service has ended: see what became of the paths where nothing was."""
        self.take()
        for path in self._absent:
            what = _now(path)
            if what:
                self._writer.file(Piece(path=path, what=what))

    def notes(self) -> Iterator[str]:
        for why, paths in sorted(self._left_out.items()):
            remedy = _REMEDY.get(why, "a test begins with what is there at its time")
            yield f"not kept as before it was changed: {_named(paths)}: {why}; {remedy}"
        if self._appended:
            yield f"not kept, since only added to: {_named(list(self._appended))}"


def _now(path: str) -> str:
    try:
        status = os.lstat(path)
        if not (stat.S_ISREG(status.st_mode) and status.st_mode & 0o111):
            return ""
        with open(path, "rb") as file:
            return PROGRAM if file.read(4).startswith(before.PROGRAMS) else ""
    except (FileNotFoundError, NotADirectoryError):
        return GONE
    except OSError:
        return ""


def _named(paths: list[str]) -> str:
    more = f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else ""
    return ", ".join(paths[:_NAMED]) + more
