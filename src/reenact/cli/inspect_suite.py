"""What a suite holds, as lines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reenact.base.errors import UserError
from reenact.cli import places
from reenact.cli.labels import case_labels
from reenact.cli.select import selected
from reenact.model.suite import Suite
from reenact.report.words import aside_text, plural, safe
from reenact.store.fields import nearest
from reenact.store.suite import case_files, load_suite


def inspect_suite(folder: Path, name: str | None, select: str | None) -> Iterator[str]:
    suite = load_suite(folder)
    return _list(suite, select) if name is None else _case(suite, folder, name)


def _list(suite: Suite, select: str | None) -> Iterator[str]:
    labels = case_labels(suite)
    chosen = set(selected(select, labels)) if labels else set()
    width = max((len(name) for name in chosen), default=0)
    for case in suite.cases:
        if case.id in chosen:
            aside = f"  (set aside: {aside_text(case)})" if case.aside else ""
            calls = plural(len(case.calls), "call")
            yield safe(f"{case.id:<{width}}  {calls:>9}  {labels[case.id]}{aside}")
    aside_count = sum(bool(case.aside) for case in suite.cases)
    yield (
        f"{plural(len(suite.cases), 'case')}, {aside_count} set aside,"
        f" {plural(len(suite.session), 'session call')}, rehearsed {plural(suite.rehearsed, 'time')}"
    )


def _case(suite: Suite, folder: Path, name: str) -> Iterator[str]:
    """The case's file as it is, then everything the last test found about it."""
    for case, file in zip(suite.cases, case_files(suite), strict=True):
        if case.id == name:
            path = folder / file
            yield f"# {path}"
            yield from map(safe, path.read_text("utf-8").splitlines()) if path.exists() else ()
            yield from _last(folder, name)
            return
    hint = nearest(name, [case.id for case in suite.cases])
    raise UserError(f"{folder}: there is no case {name!r}{hint}; see reenact inspect {folder}")


def _last(folder: Path, name: str) -> Iterator[str]:
    for case in places.last_run(places.read_last_report(folder)).get("cases", []):
        if case["id"] == name and case["status"] != "pass":
            yield ""
            yield f"# the last test: {case['status']}; in full:"
            yield from _in_full(case)


def _in_full(case: dict[str, Any]) -> Iterator[str]:
    """`case` is of the JSON report."""
    for finding in case["findings"]:
        yield safe(f"- {finding}")
    calls = [d for call in case["calls"] for d in call["differences"]]
    misses = [d for miss in case["misses"] for d in miss["why_not"]]
    for difference in (*misses, *calls, *case["differences"]):
        yield safe(f"  {difference['change']} at {difference['at']}")
        for side in ("recorded", "live"):
            if side in difference:
                yield safe(f"    {side:<8} {json.dumps(difference[side], ensure_ascii=False)}")
    for miss in case["misses"]:
        yield safe(f"  asked {miss['label']}: {json.dumps(miss['request'], ensure_ascii=False)}")
