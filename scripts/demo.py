"""`./demo`: the whole loop on the example service, on a fresh machine."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

import setup

sys.path.insert(0, str(setup.ROOT))

from benches.killrate.mutations import by_name
from tests.servers import orders, reenact
from tests.servers.orders import Deployment

FOLDER = setup.WORK / "demo"
BUG = "tax-rounded-down"
"""Of benches/killrate/mutations.py."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=1, help="customers at once while recording")
    parser.add_argument("--bug", default=BUG, help="a name from benches/killrate/mutations.py")
    arguments = parser.parse_args()
    python = setup.demo()
    if Path(sys.prefix) != setup.VENV:
        # From here on with the installed packages, and gunicorn and reenact on PATH.
        path = os.pathsep.join([str(setup.VENV / "bin"), os.environ["PATH"]])
        return subprocess.run([python, *sys.argv], env={**os.environ, "PATH": path}).returncode
    return show(arguments.clients, arguments.bug)


def show(clients: int, bug: str) -> int:
    shutil.rmtree(FOLDER, ignore_errors=True)
    service = FOLDER / "orders"
    shutil.copytree(orders.EXAMPLE, service, ignore=shutil.ignore_patterns("__pycache__"))
    with orders.dependencies(FOLDER) as deployment:
        say("PostgreSQL, Redis and the payment provider run", "reenact record -- gunicorn app:app")
        traffic = [sys.executable, "traffic.py", deployment.base, "--clients", str(clients)]
        recorded = reenact.record(
            ["gunicorn", "app:app"],
            lambda: subprocess.run(traffic, cwd=service, check=True),
            lambda: reenact.answers(deployment.port, "/healthz"),
            cwd=service,
            env=deployment.environment,
        )
    if recorded.returncode != 0:
        return fail(f"record ended with {recorded.returncode}")
    say("every dependency is stopped; the same build again", "reenact test -- gunicorn app:app")
    if (green := test(service, deployment)) != 0:
        return fail(f"the recorded build should pass, but test ended with {green}")
    planted = by_name(bug)
    say(f"a build with a bug: {planted.breaks}\n{planted.shown(service)}")
    planted.apply(service)
    say("the build with the bug", "reenact test -- gunicorn app:app")
    if (red := test(service, deployment)) != 1:
        return fail(f"the bug should be found (1), but test ended with {red}")
    print(f"\nThe bug was found. The suite is in {service / 'reenact'}")
    return 0


def test(service: Path, deployment: Deployment) -> int:
    done = reenact.replay(["gunicorn", "app:app"], cwd=service, env=deployment.environment)
    return done.returncode


def say(what: str, command: str = "") -> None:
    print(f"\n== {what}" + (f"\n   $ {command}" if command else ""), flush=True)


def fail(reason: str) -> int:
    print(f"\nThe demo failed: {reason}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except setup.SetupFailed as failure:
        print(failure, file=sys.stderr)
        sys.exit(4)
