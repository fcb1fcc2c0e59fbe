"""`python -m benches.suite [--rounds 3]`

Wall time of `reenact test` on a suite of some 500 cases of the example service, with one and with two
sandboxes, beside the time in which the service itself answers the same requests when called directly.
Both include the start of the service; rounds take turns.
"""

from __future__ import annotations

import argparse
import functools
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.servers import orders, reenact
from tests.servers.process import listens, running

from reenact.base.clock import SystemClock

TIMES = 7
"""The traffic makes 72 requests."""


def use(base: str, build: Path) -> None:
    for _ in range(TIMES):
        line = [sys.executable, "traffic.py", base, "--clients", "1"]
        subprocess.run(line, cwd=build, check=True, stdout=subprocess.DEVNULL)


def seconds(work: Callable[[], object]) -> float:
    clock = SystemClock()
    began = clock.now_ns()
    work()
    return (clock.now_ns() - began) / 10**9


def directly(build: Path, folder: Path) -> float:
    """Against fresh dependencies, whose own start does not count."""
    with orders.dependencies(folder) as deployment:
        ready = functools.partial(listens, deployment.port)
        env = deployment.environment

        def work() -> None:
            with running(orders.COMMAND, folder / "direct.txt", ready, env=env, cwd=build):
                use(deployment.base, build)

        return seconds(work)


def recorded(build: Path, folder: Path) -> dict[str, str]:
    """The environment in which the suite in `build` is tested."""
    with orders.dependencies(folder) as deployment:
        done = reenact.record(
            orders.COMMAND,
            functools.partial(use, deployment.base, build),
            lambda: reenact.answers(deployment.port, "/healthz"),
            cwd=build,
            env=deployment.environment,
            log=folder / "record.txt",
        )
    print(done.output[-700:], flush=True)
    assert done.returncode == 0
    return deployment.environment


def tested(build: Path, folder: Path, env: dict[str, str], *options: str) -> float:
    def work() -> None:
        done = reenact.replay(
            orders.COMMAND, cwd=build, env=env, log=folder / "test.txt", options=options
        )
        if done.returncode:
            print(done.output[-600:], flush=True)

    return seconds(work)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    found: dict[str, list[float]] = {"direct": [], "reenact test": [], "--jobs 2": []}
    with tempfile.TemporaryDirectory() as name:
        folder, build = Path(name), Path(name) / "build"
        skip = shutil.ignore_patterns("__pycache__", "reenact")
        shutil.copytree(orders.EXAMPLE, build, ignore=skip)
        env = recorded(build, folder)
        for _ in range(rounds):
            found["direct"].append(directly(build, folder))
            found["reenact test"].append(tested(build, folder, env))
            found["--jobs 2"].append(tested(build, folder, env, "--jobs", "2"))
    base = statistics.median(found["direct"])
    print(f"{'':14} {'seconds':>8} {'of direct':>10}")
    for name, times in found.items():
        print(f"{name:14} {statistics.median(times):8.2f} {statistics.median(times) / base:10.2f}")


if __name__ == "__main__":
    main()
