"""The overlay: what the service writes lands in scratch space and vanishes with it.

A folder below which something else is mounted cannot be a lower layer for an unprivileged user
(the kernel would have to show what the mount hides), so it is split: its folders get overlays of
their own, and what lies directly in it becomes read-only. Files are covered or refused, they
never leak.

In a user namespace only one user and one group have a name, and overlayfs refuses to copy a
folder up whose owner has none (EOVERFLOW), so nothing could be written below a folder of root's,
/tmp included. Such folders on the way to what this user may write are therefore made in the
upper layer beforehand: overlayfs merges them with those below, whoever owns them.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

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


def cover_everything(scratch: Scratch, used: Iterable[str], *, rootless: bool) -> list[str]:
    """Put an overlay over every folder of the writable world; returns what could not be covered.

    `used`: folders in which the service surely writes (its current one, home, temporary ones).
    """
    notes: list[str] = []
    split: list[str] = []
    covered: list[str] = []
    for point, kind in scratch.mounts.items():
        if kind in _VIRTUAL or not os.path.isdir(point) or _below_virtual(point, scratch.mounts):
            continue
        covered += _coverable(point, scratch.mounts, split)
    for folder in covered:
        _make_layers(folder, scratch)
    if rootless:
        _make_ways(covered, used, scratch)
    for folder in covered:
        notes += _overlay(folder, scratch, rootless=rootless)
    for folder in split:
        notes += _read_only(folder, scratch.mounts)
    if os.path.isdir("/dev/shm"):
        kernel.mount("tmpfs", "/dev/shm", "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "mode=1777")
    return notes


def _below_virtual(point: str, mounts: dict[str, str]) -> bool:
    return any(kind in _VIRTUAL and point.startswith(f"{other}/") for other, kind in mounts.items())


def _coverable(folder: str, mounts: dict[str, str], split: list[str]) -> list[str]:
    """The highest folders of this mount with nothing mounted below them."""
    prefix = folder.rstrip("/") + "/"
    if not any(point.startswith(prefix) for point in mounts if point != folder):
        return [folder]
    split.append(folder)
    out: list[str] = []
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return []
    for entry in entries:
        if entry.path not in mounts and entry.is_dir(follow_symlinks=False):
            out += _coverable(entry.path, mounts, split)
    return out


def _make_layers(folder: str, scratch: Scratch) -> None:
    upper = upper_of(folder)
    os.makedirs(scratch.path(upper + ".work"))
    _make_like(folder, scratch.path(upper))


def _overlay(folder: str, scratch: Scratch, *, rootless: bool) -> list[str]:
    """Cover one folder; returns what went wrong."""
    upper, work = upper_of(folder), upper_of(folder) + ".work"
    lower = folder.replace("\\", "\\\\").replace(":", "\\:").replace(",", "\\,")
    options = f"lowerdir={lower},upperdir={scratch.path(upper)},workdir={scratch.path(work)}"
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
    status = os.stat(folder)
    mode = status.st_mode & 0o7777
    os.mkdir(upper)
    try:
        os.chown(upper, status.st_uid, status.st_gid)
    except OSError:  # its owner has no name in our user namespace: the copy is ours, not writable
        mode = mode if os.access(folder, os.W_OK) else mode & ~0o222
    os.chmod(upper, mode)


def _make_ways(covered: list[str], used: Iterable[str], scratch: Scratch) -> None:
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


def _writable_below(covered: list[str]) -> Iterator[str]:
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
        level = [folder for folder in below if not _is_ours(os.stat(folder))]


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


def _read_only(folder: str, mounts: dict[str, str]) -> list[str]:
    """A split folder that is a mount point; the others become read-only with theirs."""
    if folder not in mounts:
        return []
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
