"""The command: see the folder's docstring, and `--help`."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from dataclasses import asdict
from pathlib import Path

from benches.aa.count import HEAD, Row, alarms, row
from benches.aa.services import SERVICES
from reenact.store.suite import load_suite

FOLDER = Path(__file__).parents[2] / ".work" / "aa"


def main() -> int:
    arguments = _arguments()
    rows = [_service(name, arguments.runs) for name in arguments.services or SERVICES]
    print("\n".join([HEAD, *map(str, rows)]))
    (FOLDER / "result.json").write_text(json.dumps([asdict(one) for one in rows], indent=1) + "\n")
    return 0 if all(one.good for one in rows) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benches.aa", description=__doc__)
    parser.add_argument("--runs", type=int, default=10, help="of each untouched build")
    parser.add_argument("--services", nargs="*", default=[], choices=SERVICES, metavar="NAME")
    return parser.parse_args()


def _service(name: str, runs: int) -> Row:
    folder = FOLDER / name.replace(" ", "-")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    recorded = SERVICES[name](folder)
    codes = []
    for run in range(1, runs + 1):
        done = recorded.test(f"run-{run}")
        codes.append(done.returncode)
        print(f"  {name} {run}: exit {done.returncode}", flush=True)
        if done.returncode:
            report = json.loads((recorded.suite / ".local" / "report.json").read_text())
            print("".join(f"    {line}\n" for line in alarms(report)), end="", flush=True)
    found = row(name, load_suite(recorded.suite), codes)
    print(found, flush=True)
    return found


if __name__ == "__main__":
    sys.exit(main())
