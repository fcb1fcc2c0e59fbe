"""Unix sockets of the host behind which a dependency may listen: to be bound over."""

from __future__ import annotations

import fnmatch
import os
import stat
from collections.abc import Iterable
from pathlib import Path

_LISTENS = 0x10000
"""__SO_ACCEPTCON in the flags column of /proc/net/unix."""
_STREAM = 1

_NOT_DEPENDENCIES = (
    "/tmp/.X11-unix/*",
    "/tmp/.ICE-unix/*",
    "/run/systemd/*",
    "/run/dbus/*",
    "/run/user/*/bus",
    "/run/user/*/systemd/*",
    "/run/user/*/pulse/*",
    "/run/user/*/pipewire-*",
    "/run/user/*/wayland-*",
    "/run/user/*/gnupg/*",
    "/run/user/*/keyring/*",
    "/run/udev/*",
    "/run/nscd/*",
    "/run/avahi-daemon/*",
    "/run/cups/*",
    "/run/acpid.socket",
    "/run/uuidd/*",
    "/run/lvm/*",
    "/run/snapd*",
    "*/ssh-*/agent.*",
    "*/tmux-*/*",
    "*/screen/*",
    "*/.vscode*",
    "*/.cache/*",
)
"""What belongs to the desktop, the shell or the operating system (paths after resolving links)."""


def to_intercept(extra: Iterable[str] = (), never: Iterable[str] = ()) -> list[str]:
    """Paths of stream sockets on which something listens now, and `extra` ones that exist.

    `never` takes patterns as in a shell. Call it before the service starts: what it creates
    itself is then not among them. The same file is listed once, by its real path: a bind
    mount there is seen under every name that leads to it through symbolic links.
    """
    table = Path("/proc/net/unix").read_text(encoding="utf-8", errors="surrogateescape")
    found = [path for path in listening_paths(table) if not is_of_the_system(path)]
    wanted = {os.path.realpath(path) for path in (*found, *extra)}
    patterns = tuple(never)
    return sorted(
        path
        for path in wanted
        if is_reachable(path) and not any(fnmatch.fnmatchcase(path, one) for one in patterns)
    )


def listening_paths(table: str) -> list[str]:
    """Paths in the file system (no abstract names) from the text of /proc/net/unix."""
    out = []
    for line in table.splitlines()[1:]:
        fields = line.split(None, 7)
        if len(fields) < 8 or not fields[7].startswith("/"):
            continue
        if int(fields[3], 16) & _LISTENS and int(fields[4], 16) == _STREAM:
            out.append(fields[7])
    return out


def is_of_the_system(path: str) -> bool:
    real = os.path.realpath(path)
    return any(fnmatch.fnmatchcase(real, pattern) for pattern in _NOT_DEPENDENCIES)


def is_reachable(path: str) -> bool:
    """Whether it is a socket file that this user may connect to."""
    try:
        return stat.S_ISSOCK(os.stat(path).st_mode) and os.access(path, os.W_OK)
    except OSError:
        return False
