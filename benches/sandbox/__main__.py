"""`python -m benches.sandbox [--times 20]`

Milliseconds from the call that starts a sandbox to the service running in it (`sleep`, which does
nothing), and of its close, with what a recording and a test ask for. Kinds take turns.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
from pathlib import Path
from typing import Any

from reenact.base.clock import SystemClock
from reenact.sandbox.process import start
from reenact.sandbox.spec import SandboxSpec, Watch

SEED = 1
YEAR_AGO_NS = -365 * 86400 * 10**9


def kinds(spool: str) -> dict[str, dict[str, Any]]:  # Any: fields of SandboxSpec
    watch = Watch(spool=spool, file_bytes=1 << 20, total_bytes=1 << 20)
    clock = {"clock": True, "clock_needed": True, "clock_offset_ns": YEAR_AGO_NS}
    return {
        "plain": {},
        "files watched (record)": {"watch": watch},
        "overlay (test)": {"overlay": True},
        "clock": clock,
        "overlay, clock": {"overlay": True, **clock},
        "overlay, clock, seed": {"overlay": True, **clock, "seed": SEED},
    }


def measure(cwd: str, options: dict[str, Any]) -> tuple[float, float]:
    """Milliseconds of the start and of the close."""
    spec = SandboxSpec(command=("sleep", "600"), cwd=cwd, env=dict(os.environ), **options)
    clock = SystemClock()
    began = clock.now_ns()
    box = start(spec)
    started = clock.now_ns()
    box.close()
    return (started - began) / 1e6, (clock.now_ns() - started) / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=20)
    times = parser.parse_args().times
    with tempfile.TemporaryDirectory() as name:
        service, spool = Path(name) / "service", Path(name) / "spool"
        service.mkdir()
        spool.mkdir()
        asked = kinds(str(spool))
        found: dict[str, list[tuple[float, float]]] = {kind: [] for kind in asked}
        for _ in range(times):
            for kind, options in asked.items():
                found[kind].append(measure(str(service), options))
    print(f"{'median ms':24} {'start':>8} {'close':>8}")
    for kind, pairs in found.items():
        starts, closes = zip(*pairs, strict=True)
        print(f"{kind:24} {statistics.median(starts):8.1f} {statistics.median(closes):8.1f}")


if __name__ == "__main__":
    main()
