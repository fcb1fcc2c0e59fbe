"""What stood at a path before the service changed it for the first time.

Each path is told once, when the first call that changes it waits: its file with the content, its
link, its folder, or that there was nothing. What is made below a folder that was not there needs
no telling: it goes with the folder.
"""

from __future__ import annotations

import marshal
import os
import stat
from collections.abc import Callable
from typing import NamedTuple

from reenact.sandbox.files.calls import Change, Way

INLINE_MAX = 64 * 1024
"""Larger content goes through a file of its own: a message holds about 200 KiB (net.core.wmem)."""

NAMES_MAX = 200_000
"""Paths remembered: 40 MB of memory. Those that come later are left out."""

TREE_MAX = 20_000
"""Files and folders below one that is renamed."""

_SYSTEM = (b"/proc", b"/sys", b"/dev")
PROGRAMS = (b"\x7fELF", b"#!")

ABSENT, FILE, LINK, FOLDER, APPENDED, LEFT_OUT = range(6)
"""What a message tells of."""

TOO_LARGE, TOO_MUCH, TOO_MANY = "a file too large", "too much in all", "too many paths"


class Bounds(NamedTuple):
    """In bytes. `ignored`: paths (begin with "/"), names, or endings of names ("*.pyc")."""

    file: int
    total: int
    ignored: tuple[bytes, ...] = ()


class Told(NamedTuple):
    """One message, as marshalled. `text` is the content of a file, if it came with the message,
    where a link leads, or why something is left out. `whole`: a folder in which nothing else was."""

    kind: int
    path: bytes
    mode: int = 0
    owner: tuple[int, int] = (0, 0)
    mtime_ns: int = 0
    size: int = 0
    text: bytes = b""
    whole: bool = False


def read(message: bytes) -> Told:
    return Told(*marshal.loads(message))


Tell = Callable[[bytes, "int | None"], None]
"""(a marshalled `Told`, a descriptor with the content or None)"""


class Before:
    def __init__(self, bounds: Bounds, spool: str, tell: Tell) -> None:
        self._bounds = bounds
        self._spool = spool
        self._tell = tell
        self._total = 0
        self._known: set[bytes] = set()
        self._closed: set[bytes] = set()  # whatever comes to be below these is new
        self._appended: dict[bytes, int] = {}
        self._left_out: set[bytes] = set()

    def keep(self, change: Change, path: bytes) -> None:
        """The call that makes this change waits; `path` is canonical but for its last part."""
        if path in self._known or self._is_new(path) or self._is_ignored(path):
            return
        if len(self._known) >= NAMES_MAX:
            self._leave_out(path, TOO_MANY)
            return
        try:
            status = os.lstat(path)
        except FileNotFoundError:
            if change.makes and change.way is not Way.GO:
                self._know(path)
                self._closed.add(path)
                self._say(Told(ABSENT, path))
            return
        except NotADirectoryError:
            return
        if change.way is not Way.MAKE:
            self._keep(path, status, change.way)

    def failed(self, path: bytes, why: str) -> None:
        self._leave_out(path, why)

    def _is_new(self, path: bytes) -> bool:
        """Whether a folder on its way was made since the start, or all that was in it is told."""
        at = path.rfind(b"/")
        while at > 0:
            if path[:at] in self._closed:
                return True
            at = path.rfind(b"/", 0, at)
        return False

    def _is_ignored(self, path: bytes) -> bool:
        if path.startswith(_SYSTEM) and path.split(b"/", 2)[1] in (b"proc", b"sys", b"dev"):
            return True
        for pattern in self._bounds.ignored:
            if pattern[:1] == b"/":
                if path == pattern or path.startswith(pattern + b"/"):
                    return True
            elif pattern[:1] == b"*":
                if path.endswith(pattern[1:]):
                    return True
            elif pattern in path.split(b"/"):
                return True
        return False

    def _keep(self, path: bytes, status: os.stat_result, way: Way) -> None:
        if stat.S_ISREG(status.st_mode):
            if way is Way.APPEND:
                self._append(path, status)
            else:
                self._keep_file(path, status)
        elif stat.S_ISLNK(status.st_mode):
            self._know(path)
            self._say(_told(LINK, path, status, text=os.readlink(path)))
        elif stat.S_ISDIR(status.st_mode) and way in (Way.GO, Way.MOVE):
            self._keep_tree(path, status)

    def _append(self, path: bytes, status: os.stat_result) -> None:
        if path not in self._appended:
            self._appended[path] = status.st_size
            self._say(_told(APPENDED, path, status))

    def _keep_tree(self, top: bytes, status: os.stat_result) -> None:
        """All that is below, and that nothing else is."""
        folders = [(top, status)]
        waiting = [top]
        seen = 0
        while waiting:
            for entry in os.scandir(waiting.pop()):
                seen += 1
                if seen > TREE_MAX:
                    self._leave_out(top, TOO_MANY)
                    return
                if entry.path in self._known or self._is_ignored(entry.path):
                    continue
                of_entry = entry.stat(follow_symlinks=False)
                if stat.S_ISDIR(of_entry.st_mode):
                    folders.append((entry.path, of_entry))
                    waiting.append(entry.path)
                else:
                    self._keep(entry.path, of_entry, Way.MOVE)
        for folder, of_folder in folders:
            self._know(folder)
            whole = not any(path.startswith(folder + b"/") for path in self._left_out)
            if whole:
                self._closed.add(folder)
            self._say(_told(FOLDER, folder, of_folder, whole=whole))

    def _keep_file(self, path: bytes, status: os.stat_result) -> None:
        """Of a file that was only appended to until now, what was there at first."""
        size = min(status.st_size, self._appended.pop(path, status.st_size))
        source = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            if status.st_mode & 0o111 and os.pread(source, 4, 0).startswith(PROGRAMS):
                self._know(path)  # it is what is tested, not what it keeps
            elif size > self._bounds.file:
                self._leave_out(path, TOO_LARGE, size)
            elif self._total + size > self._bounds.total:
                self._leave_out(path, TOO_MUCH, size)
            else:
                self._send_file(path, status, size, source)
        finally:
            os.close(source)

    def _send_file(self, path: bytes, status: os.stat_result, size: int, source: int) -> None:
        told = _told(FILE, path, status)._replace(size=size)
        if size <= INLINE_MAX:
            content = os.pread(source, size, 0)
            told = told._replace(size=len(content), text=content)
            self._know(path)
            self._say(told)
            self._total += size
            return
        copy = self._copied(source, size)
        try:
            self._know(path)
            self._say(told, copy)
            self._total += size
        finally:
            os.close(copy)

    def _copied(self, source: int, size: int) -> int:
        """A file without a name, so that nothing of it is left whatever happens."""
        try:
            out = os.open(self._spool, os.O_RDWR | os.O_TMPFILE | os.O_CLOEXEC, 0o600)
        except OSError:  # the file system cannot do it
            out = os.memfd_create("before")
        try:
            _copy(source, out, size)
        except BaseException:
            os.close(out)
            raise
        return out

    def _know(self, path: bytes) -> None:
        self._known.add(path)

    def _leave_out(self, path: bytes, why: str, size: int = 0) -> None:
        if path in self._left_out:
            return
        if len(self._left_out) < NAMES_MAX:
            self._left_out.add(path)
            self._known.add(path)
        self._say(Told(LEFT_OUT, path, size=size, text=why.encode()))

    def _say(self, told: Told, content: int | None = None) -> None:
        self._tell(marshal.dumps(tuple(told)), content)


def _told(
    kind: int, path: bytes, status: os.stat_result, *, text: bytes = b"", whole: bool = False
) -> Told:
    mode = stat.S_IMODE(status.st_mode)
    owner = (status.st_uid, status.st_gid)
    return Told(kind, path, mode, owner, status.st_mtime_ns, status.st_size, text, whole)


def _copy(source: int, target: int, size: int) -> None:
    at = 0
    while at < size:
        try:  # shares the blocks where the file system can
            done = os.copy_file_range(source, target, size - at, at, at)
        except OSError:  # between two file systems, before Linux 5.3 and for some after
            os.lseek(target, at, os.SEEK_SET)
            done = os.sendfile(target, source, at, size - at)
        if done == 0:
            raise OSError(5, "the file was cut while it was copied")
        at += done
