"""The private mount namespace: /proc, files bound over others, the overlay.

Nothing is ever changed on the host: all of this is seen inside only, and gone with the last
process. Scratch space is a tmpfs mounted over a folder of ours for a moment and detached once
its files are bound where they belong, so not even a kill -9 leaves a trace.
"""

from __future__ import annotations

import os

from reenact.sandbox.inside import kernel

_SCRATCH_PLACES = ("/sys", "/mnt", "/tmp")
"""Any folder will do, since only init runs while it is hidden; /sys needs no overlay."""
_VIRTUAL = frozenset(
    (
        *("proc", "sysfs", "devtmpfs", "devpts", "mqueue", "hugetlbfs", "binfmt_misc"),
        *("cgroup", "cgroup2", "debugfs", "tracefs", "securityfs", "selinuxfs", "bpf"),
        *("pstore", "configfs", "efivarfs", "fusectl", "autofs", "rpc_pipefs", "nsfs"),
    )
)
_HIDDEN_RESOLVERS = (
    "/run/systemd/resolve/io.systemd.Resolve",  # nss-resolve
    "/run/nscd/socket",
    "/var/run/nscd/socket",
    "/run/avahi-daemon/socket",  # nss-mdns
)
"""Sockets through which the C library asks a process outside to resolve a name."""


def isolate() -> None:
    """What is mounted here stays here; what the host mounts later still arrives."""
    kernel.mount("none", "/", flags=kernel.MS_REC | kernel.MS_SLAVE)


def fresh_proc() -> str:
    """Returns "" or why /proc stays the host's (a container that masks parts of /proc)."""
    flags = kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC
    try:
        kernel.mount("proc", "/proc", "proc", flags)
    except OSError as error:
        return f"/proc stays the one of the machine: {error.strerror}"
    return ""


class Scratch:
    """A tmpfs that no path leads to once `detach` was called; `fd` keeps it reachable."""

    def __init__(self) -> None:
        self.mounts = mount_points()
        """What was mounted before."""
        self._at = next(place for place in _SCRATCH_PLACES if os.path.isdir(place))
        kernel.mount("tmpfs", self._at, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "mode=755")
        self.fd = os.open(self._at, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def detach(self) -> None:
        kernel.detach(self._at)

    def path(self, name: str) -> str:
        return f"/proc/self/fd/{self.fd}/{name}"

    def file(self, name: str, content: bytes) -> int:
        """A descriptor (O_PATH) of a new read-only file."""
        with open(self.path(name), "wb") as out:
            out.write(content)
        os.chmod(self.path(name), 0o444)
        return os.open(self.path(name), os.O_PATH | os.O_CLOEXEC)


def open_sources(binds: list[tuple[str, str]]) -> list[tuple[int, str]]:
    """Descriptors of what is to be bound, taken while the paths still mean the host's files."""
    return [(os.open(source, os.O_PATH | os.O_CLOEXEC), target) for source, target in binds]


def bind(source: int, target: str) -> None:
    """`target` must exist; a symbolic link is followed."""
    kernel.mount(f"/proc/self/fd/{source}", target, flags=kernel.MS_BIND)


def resolver_files(scratch: Scratch) -> list[tuple[int, str]]:
    """resolv.conf naming an address that is redirected to us; other ways to resolve hidden."""
    out = []
    if os.path.exists("/etc/resolv.conf"):
        out.append((scratch.file("resolv.conf", resolv_conf()), "/etc/resolv.conf"))
    hidden = [path for path in _HIDDEN_RESOLVERS if os.path.exists(path)]
    if hidden:
        nobody = scratch.file("nobody-listens", b"")
        out += [(nobody, path) for path in hidden]
    return out


def resolv_conf() -> bytes:
    """The host's search list and options with one name server, whichever: all lead to us."""
    with open("/etc/resolv.conf", "rb") as lines:
        kept = [line for line in lines if not line.lstrip().startswith(b"nameserver")]
    return b"".join(kept).rstrip(b"\n") + b"\nnameserver 127.0.0.53\n"


# -- the overlay -----------------------------------------------------------------------------


def overlay_everything(scratch: Scratch, *, rootless: bool) -> list[str]:
    """Put an overlay over every folder of the writable world; returns what could not be covered.

    A folder below which something else is mounted cannot be a lower layer for an unprivileged
    user (the kernel would have to show what the mount hides), so it is split: its folders get
    overlays of their own, and what lies directly in it becomes read-only. Written files
    vanish or are refused, they never leak.
    """
    mounts = scratch.mounts
    notes: list[str] = []
    split: list[str] = []
    for point, kind in mounts.items():
        if kind in _VIRTUAL or not os.path.isdir(point) or _below_virtual(point, mounts):
            continue
        for folder in _coverable(point, mounts, split):
            note = _overlay(folder, scratch, rootless=rootless)
            notes += [note] if note else []
    for folder in split:
        notes += _read_only(folder, mounts)
    if os.path.isdir("/dev/shm"):
        kernel.mount("tmpfs", "/dev/shm", "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "mode=1777")
    return notes


def mount_points() -> dict[str, str]:
    """Path -> file system type of what is mounted on top there (proc(5), mountinfo)."""
    out: dict[str, str] = {}
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as lines:
        for line in lines:
            left, _, right = line.partition(" - ")
            path = left.split(" ")[4]
            out[_unescaped(path)] = right.split(" ")[0]
    return out


def _unescaped(path: str) -> str:
    for code, char in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        path = path.replace(code, char)
    return path


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


def _overlay(folder: str, scratch: Scratch, *, rootless: bool) -> str:
    """Cover one folder; returns "" or what went wrong."""
    upper, work = upper_of(folder), upper_of(folder) + ".work"
    for name in (upper, work):
        os.makedirs(scratch.path(name))
    _same_owner(folder, scratch.path(upper))
    lower = folder.replace("\\", "\\\\").replace(":", "\\:").replace(",", "\\,")
    options = f"lowerdir={lower},upperdir={scratch.path(upper)},workdir={scratch.path(work)}"
    try:
        kernel.mount("overlay", folder, "overlay", 0, options + (",userxattr" if rootless else ""))
    except OSError as error:
        return f"{folder} is not covered by the overlay: {error.strerror}"
    return ""


def upper_of(folder: str) -> str:
    """The folder, relative to the scratch, that receives what is written below `folder`."""
    return "upper/" + folder.strip("/").replace("%", "%25").replace("/", "%2F")


def _same_owner(folder: str, upper: str) -> None:
    """The root of an overlay has the owner and mode of its upper layer."""
    status = os.stat(folder)
    mode = status.st_mode & 0o7777
    try:
        os.chown(upper, status.st_uid, status.st_gid)
    except OSError:  # its owner has no name in our user namespace: the copy is ours, not writable
        mode = mode if os.access(folder, os.W_OK) else mode & ~0o222
    os.chmod(upper, mode)


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
