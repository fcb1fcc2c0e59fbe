"""The overlay: what the service writes lands in scratch space and vanishes with it.

A folder below which something else is mounted cannot be a lower layer for an unprivileged user
(the kernel would have to show what the mount hides), so it is split: a copy of it in scratch space
takes its place, whose folders get overlays of their own or the mounts that were there. Only for
`/` nothing can take its place: it becomes read-only. Files are covered or refused, never leaked.

In a user namespace only one user and one group have a name, and overlayfs refuses to copy a
folder up whose owner has none (EOVERFLOW), so nothing could be written below a folder of root's,
/tmp included. Such folders on the way to what this user may write are therefore made in the
upper layer beforehand: overlayfs merges them with those below, whoever owns them.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Iterable, Iterator

from reenact.sandbox.inside import kernel
from reenact.sandbox.inside.mounts import Scratch

_VIRTUAL = frozenset(
    (
        *("proc", "sysfs", "devtmpfs", "devpts", "mqueue", "hugetlbfs", "binfmt_misc"),
        *("cgroup", "cgroup2", "debugfs", "tracefs", "securityfs", "selinuxfs", "bpf"),
        *("pstore", "configfs", "efivarfs", "fusectl", "autofs", "rpc_pipefs", "nsfs"),
    )
)

_SYSTEM = ("/usr", "/etc", "/boot", "/bin", "/sbin", "/lib", "/lib64", "/lib32", "/libx32")
"""Not searched for folders that this user may write."""

_SEARCH_DEPTH = 3
_SEARCH_FOLDERS = 1000
"""Bounds of that search, about 10 ms; the folders the service is known to use are not searched."""


def cover_everything(
    scratch: Scratch, used: Iterable[str], *, rootless: bool
) -> tuple[list[str], set[int]]:
    """Put an overlay over every folder of the writable world; returns what could not be covered,
    and the device numbers of what could.

    `used`: folders in which the service surely writes (its current one, home, temporary ones).
    """
    plan = _Plan(scratch)
    for folder in plan.covered & plan.originals.keys():
        _make_layers(folder, plan.originals[folder], scratch)
    if rootless:
        _make_ways(plan.covered, used, scratch)
    notes: list[str] = []
    devices = {os.fstat(scratch.fd).st_dev}
    for folder in sorted(plan.originals):  # parents first
        if folder in plan.split:
            _stand_in(folder, plan.originals[folder], scratch)
        elif folder in plan.covered:
            if not os.path.isdir(folder):
                continue  # it went meanwhile
            problem = _overlay(folder, plan.originals[folder], scratch, rootless=rootless)
            notes += problem
            devices |= set() if problem else {os.stat(folder).st_dev}
        else:
            mount_again(plan.originals[folder], folder)
    notes += _read_only("/")
    if os.path.isdir("/dev/shm"):
        kernel.mount("tmpfs", "/dev/shm", "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "mode=1777")
    for descriptor in plan.originals.values():
        os.close(descriptor)
    return notes, devices


class _Plan:
    """`covered`: folders to get an overlay; `split`: to get a stand-in. `originals`: for each of
    them, and each mount below a stand-in, what is there now (O_PATH), before it is hidden."""

    def __init__(self, scratch: Scratch) -> None:
        mounts = scratch.mounts
        split: list[str] = []
        covered: list[str] = []
        for point, kind in mounts.items():
            real = kind not in _VIRTUAL and not _below_virtual(point, mounts)
            if real and _writable_mount(point):
                covered += _coverable(point, mounts, split)
        self.covered = frozenset(covered)
        self.split = frozenset(folder for folder in split if folder != "/")
        hidden = [point for point in mounts if any(_is_below(point, top) for top in self.split)]
        wanted = {*self.covered, *self.split, *hidden}
        self.originals = {path: fd for path in wanted if (fd := _opened(path)) is not None}


def _opened(path: str) -> int | None:
    try:
        return os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:  # not ours to look at: then it is nowhere in a stand-in either
        return None


def mount_again(original: int, path: str) -> None:
    """Show a mount, and those below it, where a stand-in hid it."""
    if os.path.exists(path):
        kernel.mount(f"/proc/self/fd/{original}", path, flags=kernel.MS_BIND | kernel.MS_REC)


_COPIED_BYTES = 1 << 20
"""Larger files directly in a split folder are shown as they are, read-only."""


def _stand_in(folder: str, original: int, scratch: Scratch) -> None:
    """Put a copy of the folder in its place: empty folders (what belongs there is mounted next),
    links, and files."""
    there = f"/proc/self/fd/{original}"
    here = scratch.path(upper_of(folder))
    _make_like(there, here)
    large = copied_entries(there, here)
    kernel.mount(here, folder, flags=kernel.MS_BIND)
    for name in large:
        with contextlib.suppress(FileNotFoundError):  # it went meanwhile
            _show_read_only(f"{there}/{name}", f"{folder}/{name}")


def copied_entries(there: str, here: str) -> list[str]:
    """Copy what is directly in a folder; returns the names of files too large for that. Others use the
    folder, too (it may be /tmp): what is gone by the time it is looked at is left out."""
    large: list[str] = []
    for entry in os.scandir(there):
        target = f"{here}/{entry.name}"
        try:
            if not _stands_for(entry, target):
                large.append(entry.name)
        except FileNotFoundError:
            _remove(target)
    return large


def _stands_for(entry: os.DirEntry[str], target: str) -> bool:
    """False: the original has to be shown in its place."""
    if entry.is_symlink():
        os.symlink(os.readlink(entry.path), target)
    elif entry.is_dir():
        _make_like(entry.path, target)
    elif not entry.is_file():
        _place_for_a_bind(entry, target)
    else:
        return _copied(entry, target)
    return True


def _remove(target: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        (os.rmdir if os.path.isdir(target) else os.unlink)(target)


def _place_for_a_bind(entry: os.DirEntry[str], target: str) -> None:
    """A socket or pipe leads outside, so it is left out; ours may be shown in its place."""
    os.close(os.open(target, os.O_CREAT, 0))
    status = entry.stat()
    os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))


def _copied(entry: os.DirEntry[str], target: str) -> bool:
    """Copy a file, or leave one of its size and age to be hidden by the original (then False).

    What this user may not read is not copied either, and stays unreadable.
    """
    status = entry.stat()
    small = status.st_size <= _COPIED_BYTES
    readable = os.access(entry.path, os.R_OK)
    with open(target, "wb") as out:
        if small and readable:
            with open(entry.path, "rb") as source:
                out.write(source.read())
        out.truncate(status.st_size)
    _give(
        target, status, mode_mask=0o7777 if readable else 0, writable=os.access(entry.path, os.W_OK)
    )
    os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))
    return small or not readable


def _show_read_only(source: str, target: str) -> None:
    kernel.mount(source, target, flags=kernel.MS_BIND)
    flags = kernel.MS_REMOUNT | kernel.MS_BIND | kernel.MS_RDONLY | _locked_flags(target)
    kernel.mount("none", target, flags=flags)


def _below_virtual(point: str, mounts: dict[str, str]) -> bool:
    return any(kind in _VIRTUAL and point.startswith(f"{top}/") for top, kind in mounts.items())


def _writable_mount(point: str) -> bool:
    """A folder we may look at, not mounted read-only (as every snap is)."""
    return os.path.isdir(point) and not os.statvfs(point).f_flag & os.ST_RDONLY


def _coverable(folder: str, mounts: dict[str, str], split: list[str]) -> list[str]:
    """The highest folders of this mount with nothing mounted below them."""
    prefix = folder.rstrip("/") + "/"
    if not any(point.startswith(prefix) for point in mounts if point != folder):
        return [folder]
    try:
        entries = list(os.scandir(folder))
    except OSError:  # not ours to read, and what is below no more
        return []
    split.append(folder)
    out: list[str] = []
    for entry in entries:
        if entry.path not in mounts and entry.is_dir(follow_symlinks=False):
            out += _coverable(entry.path, mounts, split)
    return out


def _make_layers(folder: str, original: int, scratch: Scratch) -> None:
    upper = upper_of(folder)
    os.makedirs(scratch.path(upper + ".work"))
    _make_like(f"/proc/self/fd/{original}", scratch.path(upper))


def _overlay(folder: str, original: int, scratch: Scratch, *, rootless: bool) -> list[str]:
    """Cover one folder; returns what went wrong."""
    upper, work = upper_of(folder), upper_of(folder) + ".work"
    options = f"lowerdir=/proc/self/fd/{original},upperdir={scratch.path(upper)},workdir={scratch.path(work)}"
    try:
        kernel.mount("overlay", folder, "overlay", 0, options + (",userxattr" if rootless else ""))
    except OSError as error:
        return [f"{folder} is not covered by the overlay: {error.strerror}"]
    return []


def upper_of(folder: str) -> str:
    """The folder, relative to the scratch, that receives what is written below `folder`."""
    return "upper/" + folder.strip("/").replace("%", "%25").replace("/", "%2F")


def _make_like(folder: str, upper: str) -> None:
    """Make `upper` with the owner and mode of `folder`, as near as can be."""
    os.mkdir(upper)
    _give(upper, os.stat(folder), mode_mask=0o7777, writable=os.access(folder, os.W_OK))


def _give(path: str, status: os.stat_result, *, mode_mask: int, writable: bool) -> None:
    mode = status.st_mode & mode_mask
    try:
        os.chown(path, status.st_uid, status.st_gid)
    except OSError:  # its owner has no name in our user namespace: ours, then, but no more writable
        mode = mode if writable else mode & ~0o222
    os.chmod(path, mode)


def _make_ways(covered: Collection[str], used: Iterable[str], scratch: Scratch) -> None:
    """Make, in the upper layers, folders of others that lead to what this user may write."""
    for folder in (*used, *_writable_below(covered)):
        root = max((c for c in covered if _is_below(folder, c)), key=len, default=None)
        if root is not None and os.path.isdir(folder):
            _make_way(root, folder, scratch.path(upper_of(root)))


def _make_way(root: str, folder: str, upper: str) -> None:
    at = root
    for name in os.path.relpath(folder, root).split("/"):
        at, upper = os.path.join(at, name), f"{upper}/{name}"
        if name == "." or _is_ours(os.stat(at)):
            return  # overlayfs can copy it up by itself, and all that is ours below
        if not os.path.exists(upper):
            _make_like(at, upper)


def _writable_below(covered: Collection[str]) -> Iterator[str]:
    """Folders that this user may write although they, or their parents, are of others."""
    level = [folder for folder in covered if not folder.startswith(_SYSTEM)]
    seen = 0
    for _ in range(_SEARCH_DEPTH):
        below: list[str] = []
        for folder in level:
            seen += 1
            if seen > _SEARCH_FOLDERS:
                return
            below += _subfolders(folder)
        yield from (folder for folder in below if os.access(folder, os.W_OK))
        level = [
            folder for folder in below if os.path.isdir(folder) and not _is_ours(os.stat(folder))
        ]


def _subfolders(folder: str) -> list[str]:
    try:
        return [e.path for e in os.scandir(folder) if e.is_dir(follow_symlinks=False)]
    except OSError:  # not ours to read
        return []


_NAMELESS = 65534
"""What the kernel shows for an owner without a name in our namespace (kernel.overflowuid)."""


def _is_ours(status: os.stat_result) -> bool:
    """False also when we are that very user (nobody) and therefore cannot tell."""
    owner = (status.st_uid, status.st_gid)
    return owner == (os.geteuid(), os.getegid()) and _NAMELESS not in owner


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _read_only(folder: str) -> list[str]:
    flags = kernel.MS_REMOUNT | kernel.MS_BIND | kernel.MS_RDONLY | _locked_flags(folder)
    try:
        kernel.mount("none", folder, flags=flags)
    except OSError as error:
        return [f"files directly in {folder} are not covered: {error.strerror}"]
    return []


def _locked_flags(folder: str) -> int:
    """Flags of the mount that an unprivileged remount has to repeat."""
    status = os.statvfs(folder)
    pairs = (
        (os.ST_NOSUID, kernel.MS_NOSUID),
        (os.ST_NODEV, kernel.MS_NODEV),
        (os.ST_NOEXEC, kernel.MS_NOEXEC),
        (os.ST_NOATIME, 1024),
        (os.ST_NODIRATIME, 2048),
        (os.ST_RELATIME, 1 << 21),
    )
    return sum(flag for seen, flag in pairs if status.f_flag & seen)
