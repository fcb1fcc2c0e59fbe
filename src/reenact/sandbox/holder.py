"""Who holds a port of this machine, for the text of an error."""

from __future__ import annotations

import glob
import os
from pathlib import Path

import msgspec

from reenact.sandbox import ports


class Holder(msgspec.Struct, frozen=True):
    pid: int
    command: str

    def __str__(self) -> str:
        return f"process {self.pid} ({self.command})"


def holder_of(port: int) -> Holder | None:
    """The process that listens on this TCP port; None when nobody does, or it is hidden from us
    (another user's, without root)."""
    inodes = {row.inode for row in _listening() if row.port == port}
    for link in glob.glob("/proc/[0-9]*/fd/*") if inodes else ():
        try:
            target = os.readlink(link)
        except OSError:  # it ended, or it is another user's
            continue
        if target.startswith("socket:[") and int(target[8:-1]) in inodes:
            return _described(int(link.split("/")[2]))
    return None


def in_use(port: int, address: str) -> str:
    """One line for an address that could not be opened: who has it, and what to do."""
    holder = holder_of(port)
    whom = str(holder) if holder else "a process that this user may not see"
    return (
        f"the service listens on {address}:{port}, which is held outside by {whom}; "
        "stop that, or give the service another port"
    )


def _listening() -> list[ports.Listening]:
    out = []
    for name in ("tcp", "tcp6"):
        table = Path(f"/proc/net/{name}")
        out += ports.parse(table.read_bytes()) if table.exists() else []
    return out


def _described(pid: int) -> Holder:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        words = []
    command = " ".join(word.decode(errors="replace") for word in words if word)
    return Holder(pid, command[:100] or "?")
