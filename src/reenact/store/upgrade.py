"""Suites written by older versions, step by step to today's form."""

from __future__ import annotations

from pathlib import Path

from reenact.base.errors import StoreError
from reenact.model.suite import FORMAT
from reenact.model.value import Value

OLDEST = 1


def upgraded(tree: Value, found: int, path: Path) -> Value:
    """The head of the suite as format FORMAT would have it. Raises StoreError for others."""
    if found > FORMAT:
        raise StoreError(
            f"{path}: suite format {found}, this version of reenact reads {OLDEST} to {FORMAT};"
            " upgrade reenact or record again"
        )
    if found >= OLDEST:
        return tree  # 1 had no files.yaml, nothing else
    raise StoreError(f"{path}: suite format {found} never was; formats are {OLDEST} to {FORMAT}")
