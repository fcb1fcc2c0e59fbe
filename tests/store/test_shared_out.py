"""Work that several processes share gives what one of them would have given."""

from __future__ import annotations

import os
import signal
import sys

import pytest

from reenact.store.shared_out import PER_PROCESS, shared_out

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="shared out on Linux only")


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, 1000])
@pytest.mark.parametrize("processes", [1, 2, 3])
def test_the_results_are_in_order(count: int, processes: int) -> None:
    found = shared_out(lambda n: (n * n, "x" * n), range(count), processes)
    assert found == [(n * n, "x" * n) for n in range(count)]


def test_other_processes_take_part() -> None:
    here = os.getpid()
    pids = shared_out(lambda _: os.getpid(), range(30), 3)
    assert pids[0] == here
    assert len(set(pids)) == 3


def test_few_items_are_not_shared_out() -> None:
    assert set(shared_out(lambda _: os.getpid(), range(PER_PROCESS))) == {os.getpid()}


def test_what_fails_elsewhere_raises_here_and_the_first_one_first() -> None:
    def work(n: int) -> int:
        if n in (7, 9):
            raise ValueError(f"item {n}")
        return n

    with pytest.raises(ValueError, match="item 7"):
        shared_out(work, range(10), 2)


def test_what_a_killed_process_did_not_tell_is_done_here() -> None:
    here = os.getpid()

    def work(n: int) -> int:
        if os.getpid() != here and n == 8:
            os.kill(os.getpid(), signal.SIGKILL)
        return n

    assert shared_out(work, range(10), 2) == list(range(10))


def test_no_process_is_left_behind() -> None:
    for pid in set(shared_out(lambda _: os.getpid(), range(9), 3)) - {os.getpid()}:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
