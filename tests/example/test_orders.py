"""The example service by itself: its traffic runs without a recorder."""

from __future__ import annotations

import functools
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import orders
from tests.servers.process import listens, running


@pytest.mark.live
@pytest.mark.parametrize("clients", [1, 20])
def test_the_traffic_sees_only_what_it_expects(tmp_path: Path, clients: int) -> None:
    with orders.dependencies(tmp_path) as deployment:
        ready = functools.partial(listens, deployment.port)
        env = deployment.environment
        with running(orders.COMMAND, tmp_path / "log", ready, env=env, cwd=orders.EXAMPLE):
            done = subprocess.run(
                [sys.executable, "traffic.py", deployment.base, "--clients", str(clients)],
                cwd=orders.EXAMPLE,
                capture_output=True,
                text=True,
            )
    assert done.returncode == 0, done.stdout + done.stderr + (tmp_path / "log").read_text()
