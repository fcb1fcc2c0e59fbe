"""Records a shop, tests the untouched build and every planted bug, and prints the results.

python -m tests.apps_other go [users [at-once]]
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.apps_other.recorded import Recorded, record
from tests.apps_other.shops import SHOPS

TIMES = 5


def main(name: str, users: str = "1", at_once: str = "1") -> None:
    shop = next(shop for shop in SHOPS if shop.name == name)
    with tempfile.TemporaryDirectory(prefix="reenact-shop-") as folder:
        recorded = record(shop, Path(folder), int(users), int(at_once))
        print("\n".join(line for line in recorded.said.splitlines() if "reenact:" in line))
        green = [recorded.test(f"green-{n}").returncode == 0 for n in range(TIMES)]
        print(f"the untouched build: green {sum(green)} of {TIMES}")
        _bugs(recorded)


def _bugs(recorded: Recorded) -> None:
    for mutation in recorded.shop.mutations:
        done = recorded.test("bug", mutation)
        print("red  " if done.returncode == 1 else "GREEN", mutation.what)


if __name__ == "__main__":
    main(*sys.argv[1:])
