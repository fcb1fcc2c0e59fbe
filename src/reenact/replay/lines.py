"""Which lines of a Python service each case reaches."""

from __future__ import annotations

import os
import tempfile
from bisect import bisect_right
from collections.abc import Iterable
from pathlib import Path

import msgspec

from reenact.base.clock import SystemClock
from reenact.base.errors import UserError
from reenact.model.suite import Suite
from reenact.model.verdict import Verdict
from reenact.replay import lines_hook
from reenact.replay.options import RunOptions
from reenact.replay.run import run_suite

Line = tuple[str, int]
"""File and number."""


class Span(msgspec.Struct, frozen=True):
    """When a case ran, on the monotonic clock, which the service shares."""

    case: str
    began_ns: int
    ended_ns: int


def lines_reached(suite: Suite, options: RunOptions) -> dict[str, frozenset[Line]]:
    """By case. The suite is tested once, in a sandbox, with a tracer in the service.

    Raises UserError when no line of a Python file below the working folder ran.
    """
    clock = SystemClock()
    spans: list[Span] = []

    def done(verdict: Verdict) -> None:
        now_ns = clock.now_ns()
        spans.append(Span(verdict.case, now_ns - verdict.took_ns, now_ns))

    with tempfile.TemporaryDirectory(prefix="reenact-lines-") as name:
        hook = Path(name) / "hook"
        hook.mkdir()
        Path(name).chmod(0o755)
        (hook / "sitecustomize.py").write_text(Path(lines_hook.__file__).read_text("utf-8"))
        out = Path(name) / "out"
        traced = msgspec.structs.replace(
            options,
            env=_environment(options, hook, out),
            keep_files=Path(name) / "kept",
            explicit=False,
            jobs=1,
        )
        run_suite(suite, traced, done)
        written = sorted((Path(name) / "kept" / str(out).lstrip("/")).glob("*.txt"))
        text = "".join(path.read_text("utf-8", "replace") for path in written)
    found = by_case(spans, text.splitlines())
    if not any(found.values()):
        raise UserError(
            f"--coverage: no line of a Python file below {options.cwd} ran while cases did; "
            "it is for services in Python, started in their own folder"
        )
    return found


def _environment(options: RunOptions, hook: Path, out: Path) -> dict[str, str]:
    paths = [str(hook), *filter(None, [options.env.get("PYTHONPATH")])]
    return {
        **options.env,
        "PYTHONPATH": os.pathsep.join(paths),
        "REENACT_LINES_ROOT": str(options.cwd),
        "REENACT_LINES": str(out),
    }


def by_case(spans: Iterable[Span], notes: Iterable[str]) -> dict[str, frozenset[Line]]:
    """`notes` are lines of the hook; what ran between cases belongs to none."""
    ordered = sorted(spans, key=lambda span: span.began_ns)
    began = [span.began_ns for span in ordered]
    found: dict[str, set[Line]] = {span.case: set() for span in ordered}
    for note in notes:
        at, _, rest = note.partition(" ")
        number, _, file = rest.partition(" ")
        if not (at.isdigit() and number.isdigit() and file):
            continue  # the service was killed while it wrote
        n = bisect_right(began, int(at)) - 1
        if n >= 0 and int(at) <= ordered[n].ended_ns:
            found[ordered[n].case].add((file, int(number)))
    return {case: frozenset(lines) for case, lines in found.items()}
