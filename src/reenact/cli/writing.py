"""Changes of a suite: written, and shown as git would."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from reenact.model.suite import Suite


def today() -> str:
    from reenact.base.clock import SystemClock
    from reenact.base.clock import today as date

    return date(SystemClock())


def write(before: Suite, after: Suite, folder: Path) -> None:
    """Save what changed, and show it as git would."""
    from reenact.report.words import safe
    from reenact.store.suite import save_changes, suite_files

    old = {
        name: (folder / name).read_bytes() if (folder / name).exists() else b""
        for name in {*suite_files(before), *suite_files(after)}
    }
    for name in save_changes(before, after, folder):
        path = folder / name
        if path.suffix != ".yaml":
            continue
        now = path.read_text("utf-8") if path.exists() else ""
        for line in _diff(old[name].decode("utf-8", "replace"), now, str(path)):
            typer.echo(safe(line))


def _diff(before: str, after: str, name: str) -> Iterator[str]:
    return difflib.unified_diff(
        before.splitlines(), after.splitlines(), name, name, n=1, lineterm=""
    )
