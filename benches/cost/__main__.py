"""`python -m benches.cost [--seconds 5] [--rounds 3]`

What a recording costs a real Python service: requests a second of the example (gunicorn, PostgreSQL,
Redis) as wrk asks it for one page, directly and under `reenact record`, by turns. Needs wrk.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

from tests.servers import orders
from tests.servers.process import free_port

from benches.relay.__main__ import load, running


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    found: dict[str, list[tuple[float, float, float]]] = {"direct": [], "reenact record": []}
    with tempfile.TemporaryDirectory() as name, orders.dependencies(Path(name)) as deployment:
        folder, other = Path(name), free_port()
        record = [sys.executable, "-m", "reenact", "record", "--no-rehearse", "--suite"]
        record += [str(folder / "suite"), "--", *orders.COMMAND]
        env = deployment.environment
        theirs = {**env, "ORDERS_LISTEN": f"127.0.0.1:{other}"}
        here = orders.EXAMPLE
        with (
            running(orders.COMMAND, deployment.port, folder, env=env, cwd=here),
            running(record, other, folder, env=theirs, cwd=here),
        ):
            for _ in range(asked.rounds):
                found["direct"].append(load(deployment.port, asked.seconds, "/healthz"))
                found["reenact record"].append(load(other, asked.seconds, "/healthz"))
    base = statistics.median(rate for rate, _, _ in found["direct"])
    print(f"{'':16} {'requests/s':>10} {'of direct':>10} {'p50 ms':>8} {'p99 ms':>8}")
    for name, rounds in found.items():
        rate, p50, p99 = (statistics.median(column) for column in zip(*rounds, strict=True))
        print(f"{name:16} {rate:10.0f} {rate / base:10.2f} {p50:8.2f} {p99:8.2f}")


if __name__ == "__main__":
    main()
