"""Sees every call that changes the file tree, in a thread of PID 1, and lets all of them go on.

Its end would be that of PID 1 and therefore of everything inside: no call ever waits for nobody.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import struct

from reenact.sandbox.files import calls, notify, seccomp
from reenact.sandbox.files.before import Before, Bounds

_HIDDEN = "it lies in a file system that only the service sees"


def impossible() -> str:
    """Why files cannot be watched here, or "". For PID 1, with /proc in place."""
    machine = os.uname().machine
    if not seccomp.supported(machine):
        return f"not supported on {machine} yet"
    if not notify.supported():
        return "Linux 5.5 or later is needed"
    if os.readlink("/proc/self") != str(os.getpid()):
        return "/proc is the machine's, not the sandbox's"
    return ""


class Watcher:
    """`to_recorder`: a socket (SOCK_SEQPACKET) that takes what `Before` tells. `look` is given
    every call, one at a time, before it goes on."""

    def __init__(self, bounds: Bounds, spool: str, to_recorder: socket.socket) -> None:
        self._to_recorder = to_recorder
        self._before = Before(bounds, spool, self._tell)
        self._names = calls.names()

    def look(self, call: notify.Call) -> None:
        """Whatever happens here, the service goes on; what is lost for it is told."""
        path = b""
        try:
            with contextlib.closing(_Memory(call.thread)) as memory:
                changes = calls.changes(self._names[call.number], call.args, memory.read)
            for change in changes:
                path = change.path
                found = _place(call.thread, change)
                if found:
                    path = found
                    self._before.keep(change, found)
        except (OSError, struct.error) as error:
            if isinstance(error, OSError) and error.errno not in _CALL_FAILS:
                self._fail(path, os.strerror(error.errno or errno.EIO))
        except _Hidden:
            self._fail(path, _HIDDEN)
        except Exception as error:  # noqa: BLE001  ours: told, and no harm to the service
            self._fail(path, f"{type(error).__name__}: {error}")

    def _fail(self, path: bytes, why: str) -> None:
        with contextlib.suppress(Exception):
            self._before.failed(path, why)

    def _tell(self, message: bytes, content: int | None) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionError):  # the recorder is gone
            if content is None:
                self._to_recorder.send(message)
            else:
                socket.send_fds(self._to_recorder, [message], [content])


_CALL_FAILS = frozenset((errno.ENOENT, errno.ENOTDIR, errno.ESRCH, errno.ELOOP, errno.EIO))
"""The call itself will fail for that, or its process is gone (EIO: of its memory)."""


class _Memory:
    def __init__(self, thread: int) -> None:
        self._file = os.open(f"/proc/{thread}/mem", os.O_RDONLY | os.O_CLOEXEC)

    def read(self, address: int, size: int) -> bytes:
        return os.pread(self._file, size, address)

    def close(self) -> None:
        os.close(self._file)


class _Hidden(Exception):
    pass


def _place(thread: int, change: calls.Change) -> bytes | None:
    """The canonical path, as PID 1 sees it; None when the call will fail."""
    path = change.path
    if not path:
        return None
    start = b"/proc/%d/" % thread
    if path[:1] == b"/":
        start += b"root"
    else:
        start += b"cwd" if change.folder is None else b"fd/%d" % change.folder
    head, _, name = path.rstrip(b"/").rpartition(b"/")
    if name in (b"", b".", b".."):
        return _canonical(start + b"/" + path)
    folder = _canonical(start + b"/" + head)
    found = folder.rstrip(b"/") + b"/" + name
    if change.follow and os.path.islink(found):
        return os.path.realpath(found)
    return found


def _canonical(folder: bytes) -> bytes:
    opened = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        path = os.readlink(b"/proc/self/fd/%d" % opened)
        if not _is_seen(path, os.fstat(opened)):
            raise _Hidden
        return path
    finally:
        os.close(opened)


def _is_seen(path: bytes, status: os.stat_result) -> bool:
    try:
        here = os.stat(path)
    except OSError:
        return False
    return (here.st_dev, here.st_ino) == (status.st_dev, status.st_ino)
