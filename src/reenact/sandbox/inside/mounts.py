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


def mount_points() -> dict[str, str]:
    """Path -> file system type of what is mounted on top there (proc(5), mountinfo)."""
    out: dict[str, str] = {}
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as lines:
        for line in lines:
            left, _, right = line.partition(" - ")
            path = left.split(" ")[4]
            out[unescaped(path)] = right.split(" ")[0]
    return out


def unescaped(path: str) -> str:
    for code, char in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        path = path.replace(code, char)
    return path
