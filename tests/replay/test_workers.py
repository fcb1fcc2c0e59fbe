"""Jobs side by side: nothing they tell is lost, and none outlives us."""

from __future__ import annotations

import os
import signal

import pytest
from tests.sandbox.running import exists

from reenact.base.errors import MachineError, UserError
from reenact.replay.workers import side_by_side


def test_what_all_jobs_tell_arrives() -> None:
    jobs = [lambda tell, n=n: [tell((n, i)) for i in range(3)] for n in range(3)]
    assert sorted(side_by_side(jobs)) == [(n, i) for n in range(3) for i in range(3)]


def test_an_error_of_a_job_is_raised_after_the_others_have_told() -> None:
    def bad(tell: object) -> None:
        raise UserError("the reason")

    told = []
    with pytest.raises(UserError, match="the reason"):
        told.extend(side_by_side([bad, lambda tell: tell(1)]))


def test_a_process_that_dies_is_no_silence() -> None:
    with pytest.raises(MachineError, match="a process that ran cases died \\(Killed\\)"):
        list(side_by_side([lambda tell: os.kill(os.getpid(), signal.SIGKILL)]))


def test_a_bug_in_a_job_is_no_silence() -> None:
    def bug(tell: object) -> None:
        raise AssertionError

    with pytest.raises(MachineError, match="died \\(exit code 1\\)"):
        list(side_by_side([bug]))


def test_jobs_end_when_nobody_listens_any_more() -> None:
    def endless(tell: object) -> None:
        tell(os.getpid())  # type: ignore[operator]
        signal.pause()

    telling = side_by_side([endless, endless])
    pids = [next(telling), next(telling)]
    telling.close()
    assert not any(map(exists, pids))
