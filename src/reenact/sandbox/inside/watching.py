"""Arranges that the files which the service changes are kept (`reenact.sandbox.files`)."""

from __future__ import annotations

import os
import socket

from reenact.sandbox.files import seccomp, watcher
from reenact.sandbox.files.before import Bounds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_NOT_WATCHED = (
    "the files that the service changes are not part of the recording, and a test begins with "
    "those of its own time: "
)


def arranged(plan: dict[str, Any], out: dict[str, Any]) -> Watched | None:
    problem = watcher.impossible()
    if problem:
        out["notes"].append(_NOT_WATCHED + problem)
        return None
    return Watched(plan, out)


class Watched:
    """`hand_out` is called in the service's process, everything else in PID 1, in this order."""

    def __init__(self, plan: dict[str, Any], out: dict[str, Any]) -> None:
        self._plan = plan
        self._out = out
        self._listener = -1

    def hand_out(self, theirs: socket.socket) -> None:
        """From here on, calls that change files wait for `begin`."""
        try:
            listener = seccomp.install()
        except OSError as error:
            theirs.send(f"no seccomp filter can be set here: {error.strerror}".encode())
        else:
            socket.send_fds(theirs, [b"l"], [listener])
            os.close(listener)
        theirs.close()

    def take(self, ours: socket.socket) -> None:
        with ours:
            data, descriptors, _, _ = socket.recv_fds(ours, 256, 1)
        if descriptors:
            self._listener = descriptors[0]
        else:
            problem = data.decode() or "the service's process ended"
            self._out["notes"].append(_NOT_WATCHED + problem)

    def begin(self) -> list[int]:
        """Descriptors for the recorder: one, or none when nothing is watched."""
        if self._listener < 0:
            return []
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        bounds = Bounds(self._plan["file"], self._plan["total"], tuple(self._plan["ignored"]))
        watcher.Watcher(self._listener, bounds, self._plan["spool"], ours).start()
        self._out["watched"] = True
        return [theirs.detach()]
