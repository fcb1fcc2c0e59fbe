"""Runs inside a Python service, as its `sitecustomize`: notes which of its own lines ran, and when.

Nothing of reenact can be imported there. Each line is written when it runs for the first time within a
millisecond, as `<monotonic ns> <line> <file>`, to a file for each process: services are killed, so
nothing is left for the end.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time  # noqa: TID251 (this is not our process)
from types import FrameType
from typing import Any

ROOT = os.environ.get("REENACT_LINES_ROOT", "")
FOLDER = os.environ.get("REENACT_LINES", "")
TICK_NS = 1_000_000

_last: dict[tuple[str, int], int] = {}
_own: dict[str, bool] = {}
_file: list[int] = []


def _opened() -> int:
    os.makedirs(FOLDER, exist_ok=True)
    path = os.path.join(FOLDER, f"{os.getpid()}-{time.monotonic_ns()}.txt")
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def _is_own(name: str) -> bool:
    found = _own.get(name)
    if found is None:
        path = os.path.abspath(name)
        inside = path.startswith(ROOT + os.sep) and "site-packages" not in path
        found = inside and not name.startswith("<")  # <frozen codecs>, <string>
        _own[name] = found
    return found


def _called(frame: FrameType, event: str, arg: Any) -> Any:
    """Whether lines of this call are looked at: None is no."""
    return _ran if _is_own(frame.f_code.co_filename) else None


def _ran(frame: FrameType, event: str, arg: Any) -> Any:
    if event == "line":
        now_ns = time.monotonic_ns()
        key = (frame.f_code.co_filename, frame.f_lineno)
        if _last.get(key) != now_ns // TICK_NS:
            _last[key] = now_ns // TICK_NS
            if not _file:
                _file.append(_opened())
            os.write(_file[0], f"{now_ns} {key[1]} {os.path.abspath(key[0])}\n".encode())
    return _ran


def _forked() -> None:
    _file.clear()


def _the_services_own() -> None:
    """The `sitecustomize` that we stand in front of."""
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [path for path in sys.path if os.path.abspath(path) != here]
    sys.modules.pop("sitecustomize", None)
    with contextlib.suppress(ImportError):
        import sitecustomize  # type: ignore[import-not-found]  # noqa: F401


if FOLDER and __name__ == "sitecustomize":
    os.register_at_fork(after_in_child=_forked)
    threading.settrace(_called)
    sys.settrace(_called)
    _the_services_own()
