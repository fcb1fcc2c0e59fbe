"""Files beside a suite that stay on this machine: the recording, the last report, the log, and
what tests made use of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reenact.lint import Usage

LOCAL = ".local"


def local(suite: Path) -> Path:
    """The folder for them, made if need be; git is told to leave it alone."""
    folder = suite / LOCAL
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    ignore = folder / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n")
    return folder


def capture(suite: Path) -> Path:
    return local(suite) / "recording.capture"


def new_capture(suite: Path) -> Path:
    """Where a recording is made while an older one is there: it takes its place once it has something
    in it. A killed recorder leaves it behind."""
    return local(suite) / "recording.new.capture"


def appended_capture(suite: Path) -> Path:
    """Of `record --append`: the recording that the suite was made of stays."""
    return local(suite) / "appended.capture"


def service_log(suite: Path) -> Path:
    return local(suite) / "service.log"


def last_report(suite: Path) -> Path:
    return local(suite) / "report.json"


def read_last_report(suite: Path) -> dict[str, Any]:  # Any: JSON
    """Empty when there is none, or it is none of ours."""
    try:
        found = json.loads((suite / LOCAL / "report.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def last_run(report: dict[str, Any]) -> dict[str, Any]:
    """Of a report: how it was run, with every value as it was then."""
    found = report.get("run", {})
    return found if isinstance(found, dict) else {}


def read_usage(suite: Path) -> Usage:
    """What was counted; nothing when there is no such file, or it is none of ours."""
    import msgspec

    from reenact.lint import Usage

    try:
        return msgspec.json.decode((suite / LOCAL / "usage.json").read_bytes(), type=Usage)
    except (OSError, msgspec.DecodeError):
        return Usage()


def write_usage(suite: Path, usage: Usage) -> None:
    import msgspec

    (local(suite) / "usage.json").write_bytes(msgspec.json.encode(usage) + b"\n")
