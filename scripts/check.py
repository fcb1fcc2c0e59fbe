"""`./check`: everything that has to hold. `./check STEP...` runs only those; `--list` names them."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime

import setup

PYTEST = ["-m", "pytest", "-q"]
ALONE = "live or e2e or sandbox"
"""Tests that start servers, namespaces or whole services: one at a time, since they share the
machine's two cores and each has deadlines of its own."""

STEPS: dict[str, list[str]] = {
    "lint": ["-m", "ruff", "check", "."],
    "format": ["-m", "ruff", "format", "--check", "."],
    "types": ["-m", "mypy"],
    "imports": ["-c", "from importlinter.cli import lint_imports_command as run; run()"],
    "fast": [*PYTEST, "-n", "2", "-m", f"not ({ALONE})"],
    "live": [*PYTEST, "-m", f"({ALONE}) and not e2e and not open_issue"],
    "e2e": [*PYTEST, "-m", "e2e and not open_issue"],
}


def main(arguments: list[str]) -> int:
    if "--list" in arguments:
        print(*STEPS, sep="\n")
        return 0
    unknown = [name for name in arguments if name not in STEPS]
    if unknown:
        print(f"no step {', '.join(unknown)}; there are: {', '.join(STEPS)}", file=sys.stderr)
        return 3
    python = str(setup.check())
    failed = [name for name in arguments or STEPS if not passes(name, python)]
    print("\nfailed: " + ", ".join(failed) if failed else "\nall checks passed", flush=True)
    return 1 if failed else 0


def passes(name: str, python: str) -> bool:
    print(f"\n== {name}", flush=True)
    began = datetime.now(UTC)
    path = os.pathsep.join([str(setup.VENV / "bin"), os.environ["PATH"]])
    env = {**os.environ, "PATH": path, "NODE_PATH": str(setup.NODE / "node_modules")}
    done = subprocess.run([python, *STEPS[name]], cwd=setup.ROOT, env=env)
    took = (datetime.now(UTC) - began).total_seconds()
    print(f"== {name}: {'ok' if done.returncode == 0 else 'FAILED'} in {took:.0f} s", flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except setup.SetupFailed as failure:
        print(failure, file=sys.stderr)
        sys.exit(4)
