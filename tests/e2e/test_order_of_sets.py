"""CPython orders the sets of each process anew; a test orders them as the recording did."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from reenact.store.suite import load_suite
from tests.servers import reenact
from tests.servers.process import free_port

pytestmark = [pytest.mark.e2e, pytest.mark.sandbox]

PROGRAM = Path(__file__).with_name("walking.py")


def test_a_service_that_walks_a_set_answers_as_it_did_when_it_was_recorded(tmp_path: Path) -> None:
    env = {name: value for name, value in os.environ.items() if name != "PYTHONHASHSEED"}
    port = free_port()
    command = [sys.executable, str(PROGRAM), str(port)]
    done = reenact.record(
        command,
        lambda: reenact.answers(port),
        lambda: reenact.answers(port),
        cwd=tmp_path,
        env=env,
        log=tmp_path / "record.txt",
        options=["--no-rehearse"],
    )
    assert done.returncode == 0, done.output
    assert load_suite(tmp_path / "reenact").hash_seed
    done = reenact.replay(command, cwd=tmp_path, env=env, log=tmp_path / "test.txt")
    assert done.returncode == 0, done.output
