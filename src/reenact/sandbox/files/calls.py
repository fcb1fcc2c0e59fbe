"""Which paths a call that changes the file tree is about, and in which way."""

from __future__ import annotations

import enum
import os
import struct
from collections.abc import Callable, Sequence
from typing import NamedTuple

from reenact.sandbox.files.seccomp import MACHINES

_PATH_MAX = 4096
_PAGE = 4096
_AT_FDCWD = -100
_AT_SYMLINK_FOLLOW = 0x400
_FORMAT = 0o170000


class Way(enum.IntEnum):
    """What happens to a path."""

    WRITE = 0  # its content changes
    APPEND = 1  # something is added at its end, and it cannot be read
    MAKE = 2  # it comes into being, unless it is there
    GO = 3  # it ends: a file, a link, an empty folder
    MOVE = 4  # it ends, and with it all that is below


class Change(NamedTuple):
    """`folder` is what a relative path begins at: a descriptor of the process, or None for its
    current folder. `follow`: a symbolic link stands for what it leads to. `makes`: the path comes
    into being when it is not there."""

    way: Way
    path: bytes
    folder: int | None = None
    follow: bool = False
    makes: bool = True


Read = Callable[[int, int], bytes]


def names() -> dict[int, str]:
    """The calls that the filter stops on this machine, by number."""
    return {number: name for name, number in MACHINES[os.uname().machine].numbers.items()}


def changes(name: str, args: Sequence[int], read: Read) -> list[Change]:
    """`read(address, size)` gives the memory of the process, up to the end of what is mapped.

    Raises OSError and struct.error when it points to nowhere: the call will fail.
    """
    return _READERS[name](args, read)


def text_at(read: Read, address: int) -> bytes:
    """The bytes up to a zero. Read to the end of the page first: the next may not be mapped."""
    out = b""
    while len(out) < _PATH_MAX:
        part = read(address + len(out), _PAGE - (address + len(out)) % _PAGE)
        text, zero, _ = part.partition(b"\0")
        out += text
        if zero or not part:
            break
    return out


def _opened(path: bytes, folder: int | None, flags: int) -> list[Change]:
    if flags & os.O_TMPFILE == os.O_TMPFILE or flags & os.O_PATH:
        return []  # a file without a name, or none is opened
    follow = not flags & os.O_NOFOLLOW
    access = flags & os.O_ACCMODE
    makes = bool(flags & os.O_CREAT)
    if flags & os.O_CREAT and flags & os.O_EXCL:
        return [Change(Way.MAKE, path, folder)]
    if access == os.O_WRONLY and flags & os.O_APPEND and not flags & os.O_TRUNC:
        return [Change(Way.APPEND, path, folder, follow, makes)]
    if access == os.O_RDONLY and not flags & (os.O_TRUNC | os.O_CREAT):
        return []
    if access == os.O_RDONLY and not flags & os.O_TRUNC:
        return [Change(Way.MAKE, path, folder, follow)]
    return [Change(Way.WRITE, path, folder, follow, makes)]


def _folder(argument: int) -> int | None:
    value: int = struct.unpack("=i", struct.pack("=I", argument & 0xFFFFFFFF))[0]
    return None if value == _AT_FDCWD else value


def _open(args: Sequence[int], read: Read) -> list[Change]:
    return _opened(text_at(read, args[0]), None, args[1])


def _openat(args: Sequence[int], read: Read) -> list[Change]:
    return _opened(text_at(read, args[1]), _folder(args[0]), args[2])


def _openat2(args: Sequence[int], read: Read) -> list[Change]:
    (flags,) = struct.unpack("=Q", read(args[2], 8))  # struct open_how
    return _opened(text_at(read, args[1]), _folder(args[0]), flags)


def _creat(args: Sequence[int], read: Read) -> list[Change]:
    return [Change(Way.WRITE, text_at(read, args[0]), None, True)]


def _truncate(args: Sequence[int], read: Read) -> list[Change]:
    return [Change(Way.WRITE, text_at(read, args[0]), None, follow=True, makes=False)]


def _one(way: Way) -> Callable[[Sequence[int], Read], list[Change]]:
    return lambda args, read: [Change(way, text_at(read, args[0]))]


def _one_at(way: Way) -> Callable[[Sequence[int], Read], list[Change]]:
    return lambda args, read: [Change(way, text_at(read, args[1]), _folder(args[0]))]


def _rename(args: Sequence[int], read: Read) -> list[Change]:
    return [Change(Way.MOVE, text_at(read, args[n])) for n in (0, 1)]


def _renameat(args: Sequence[int], read: Read) -> list[Change]:
    return [Change(Way.MOVE, text_at(read, args[n + 1]), _folder(args[n])) for n in (0, 2)]


def _link(args: Sequence[int], read: Read) -> list[Change]:
    return _linked(text_at(read, args[0]), None, text_at(read, args[1]), None, follow=False)


def _linkat(args: Sequence[int], read: Read) -> list[Change]:
    old, new = text_at(read, args[1]), text_at(read, args[3])
    follow = bool(args[4] & _AT_SYMLINK_FOLLOW)
    return _linked(old, _folder(args[0]), new, _folder(args[2]), follow=follow)


def _linked(
    old: bytes, old_folder: int | None, new: bytes, new_folder: int | None, *, follow: bool
) -> list[Change]:
    """What is written through the new name changes the file of the old one."""
    made = Change(Way.MAKE, new, new_folder)
    return [Change(Way.WRITE, old, old_folder, follow, makes=False), made] if old else [made]


def _symlink(args: Sequence[int], read: Read) -> list[Change]:
    return [Change(Way.MAKE, text_at(read, args[1]))]


def _symlinkat(args: Sequence[int], read: Read) -> list[Change]:
    return [Change(Way.MAKE, text_at(read, args[2]), _folder(args[1]))]


def _mknod(args: Sequence[int], read: Read) -> list[Change]:
    regular = args[1] & _FORMAT in (0, 0o100000)
    return [Change(Way.MAKE, text_at(read, args[0]))] if regular else []


def _mknodat(args: Sequence[int], read: Read) -> list[Change]:
    regular = args[2] & _FORMAT in (0, 0o100000)
    return [Change(Way.MAKE, text_at(read, args[1]), _folder(args[0]))] if regular else []


_READERS: dict[str, Callable[[Sequence[int], Read], list[Change]]] = {
    "open": _open,
    "openat": _openat,
    "openat2": _openat2,
    "creat": _creat,
    "truncate": _truncate,
    "rename": _rename,
    "renameat": _renameat,
    "renameat2": _renameat,
    "unlink": _one(Way.GO),
    "unlinkat": _one_at(Way.GO),
    "rmdir": _one(Way.GO),
    "mkdir": _one(Way.MAKE),
    "mkdirat": _one_at(Way.MAKE),
    "link": _link,
    "linkat": _linkat,
    "symlink": _symlink,
    "symlinkat": _symlinkat,
    "mknod": _mknod,
    "mknodat": _mknodat,
}
