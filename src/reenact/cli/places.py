"""Files beside a suite that stay on this machine: the recording, the last report, the log."""

from __future__ import annotations

from pathlib import Path

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


def service_log(suite: Path) -> Path:
    return local(suite) / "service.log"


def last_report(suite: Path) -> Path:
    return local(suite) / "report.json"
