"""Arranges that the files which the service changes are kept (`reenact.sandbox.files`)."""

from __future__ import annotations

import socket

from reenact.sandbox.files import watcher
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
    def __init__(self, plan: dict[str, Any], out: dict[str, Any]) -> None:
        self._plan = plan
        self._out = out

    def none(self, problem: str) -> None:
        """Calls are not told to us."""
        self._out["notes"].append(_NOT_WATCHED + problem)

    def begin(self) -> tuple[watcher.Watcher, int]:
        """Who looks at the calls, and a descriptor for the recorder."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        bounds = Bounds(self._plan["file"], self._plan["total"], tuple(self._plan["ignored"]))
        self._out["watched"] = True
        return watcher.Watcher(bounds, self._plan["spool"], ours), theirs.detach()
