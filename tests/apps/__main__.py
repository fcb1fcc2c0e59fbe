"""Records an application, tests the untouched build and every planted bug, and prints the results.

python -m tests.apps flask_shop [users [at-once]]
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.apps import APPLICATIONS
from tests.apps.recorded import Recorded, record

TIMES = 5


def main(name: str, users: str = "1", at_once: str = "1") -> None:
    app = next(app for app in APPLICATIONS if app.name == name)
    with tempfile.TemporaryDirectory(prefix="reenact-apps-") as folder:
        recorded = record(app, Path(folder), int(users), int(at_once))
        print("\n".join(line for line in recorded.said.splitlines() if "reenact:" in line))
        green = [recorded.test(f"green-{n}").returncode == 0 for n in range(TIMES)]
        print(f"the untouched build: green {sum(green)} of {TIMES}")
        _bugs(recorded)


def _bugs(recorded: Recorded) -> None:
    for mutation in recorded.app.mutations:
        done = recorded.test("bug", mutation)
        print("red  " if done.returncode == 1 else "GREEN", mutation.what)


if __name__ == "__main__":
    main(*sys.argv[1:])
