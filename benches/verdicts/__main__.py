"""The command: see the folder's docstring, and `--help`."""

from __future__ import annotations

import argparse
import contextlib
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from benches import verdicts
from benches.killrate.mutation import Mutation
from benches.killrate.mutations import by_name
from benches.killrate.run import GREEN, RED, Bench
from reenact.base.clock import SystemClock

FOLDER = Path(__file__).parents[2] / ".work" / "verdicts"
BUSY = 2
"""As many loops as the machines have cores that this is measured on."""


def main() -> int:
    arguments = _arguments()
    bench = Bench(FOLDER, arguments.clients)
    bench.record()
    builds = [None, *map(by_name, arguments.bug)]
    jobs = [int(text) for text in arguments.jobs.split(",")]
    with _load() if arguments.load else contextlib.nullcontext():
        whole = [_build(bench, build, jobs, arguments.runs) for build in builds]
    return 0 if all(whole) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benches.verdicts", description=verdicts.__doc__
    )
    parser.add_argument("--runs", type=int, default=50, help="of each build with each of --jobs")
    parser.add_argument("--jobs", default="1,4")
    parser.add_argument("--clients", type=int, default=1, help="customers at once while recording")
    parser.add_argument("--load", action="store_true", help="busy loops beside it")
    parser.add_argument("--bug", nargs="*", default=["tax-rounded-down"], help="names of mutations")
    return parser.parse_args()


def _build(bench: Bench, bug: Mutation | None, jobs: list[int], runs: int) -> bool:
    """Prints a line for each number of jobs; whether all was one verdict, and the right one."""
    name = "untouched" if bug is None else bug.name
    clock = SystemClock()
    every: Counter[str] = Counter()
    right = True
    for many in jobs:
        found: Counter[str] = Counter()
        began = clock.now_ns()
        for n in range(runs):
            label = f"{name}-jobs-{many}-{n}"
            outcome = bench.test(label, bug, options=["--jobs", str(many), *_verdict(label)])
            right &= outcome.code == (GREEN if bug is None else RED)
            found[_digest(label, name)] += 1
        every += found
        seconds = (clock.now_ns() - began) / 10**9 / runs
        counts = ", ".join(map(str, sorted(found.values(), reverse=True)))
        print(f"{name:24} jobs {many}: {len(found)} verdicts in {runs} runs ({counts}); {seconds:.1f} s a run", flush=True)  # fmt: skip
    print(
        f"{name:24} together: {len(every)} verdicts; all {'right' if right else 'NOT right'}",
        flush=True,
    )
    return right and len(every) == 1


def _verdict(label: str) -> list[str]:
    return ["--verdict", str(FOLDER / f"{label}.json")]


def _digest(label: str, name: str) -> str:
    """Of the run's document, which is kept once under its digest."""
    path = FOLDER / f"{label}.json"
    digest = sha256(path.read_bytes()).hexdigest()[:12] if path.exists() else "none"
    if path.exists():
        path.replace(FOLDER / f"{name}-{digest}.json")
    return digest


@contextlib.contextmanager
def _load() -> Iterator[None]:
    loop = "import os; ours = os.getppid()\nwhile os.getppid() == ours: pass"
    line = [sys.executable, "-c", loop]
    loops = [subprocess.Popen(line) for _ in range(BUSY)]
    try:
        yield
    finally:
        for one in loops:
            one.kill()
            one.wait()


if __name__ == "__main__":
    sys.exit(main())
