"""Reading many files, shared out among the cores."""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import struct
import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")

PER_PROCESS = 100
"""Fewer items are not worth a process."""

PROCESSES_MAX = 4
_SIZE = struct.Struct("=Q")


def shared_out(work: Callable[[T], R], items: Sequence[T], processes: int | None = None) -> list[R]:
    """`[work(item) for item in items]`, in several processes where that pays and can be had: on Linux,
    with no threads about. What fails in another process is done again in this one, and raises here.
    """
    share = -(-len(items) // (processes or _processes(len(items)))) or 1
    shares = [items[at : at + share] for at in range(0, len(items), share)]
    helpers = [_Helper(work, own) for own in shares[1:]]
    try:
        out = [work(item) for own in shares[:1] for item in own]
        for helper in helpers:
            out += helper.result()
        return out
    finally:
        for helper in helpers:
            helper.end()


def _processes(count: int) -> int:
    if not hasattr(os, "sched_getaffinity") or threading.active_count() > 1:
        return 1
    return max(1, min(PROCESSES_MAX, len(os.sched_getaffinity(0)), count // PER_PROCESS))


class _Helper(Generic[T, R]):
    """A forked process that does its share and tells us the results, pickled, through a pipe that
    nobody else can write to."""

    def __init__(self, work: Callable[[T], R], items: Sequence[T]) -> None:
        self._work, self._items = work, items
        self._told, tell = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            os.close(self._told)
            _tell(tell, work, items)
        os.close(tell)

    def result(self) -> list[R]:
        with os.fdopen(os.dup(self._told), "rb") as pipe:
            size, told = pipe.read(_SIZE.size), pipe.read()
        if len(size) < _SIZE.size or _SIZE.unpack(size)[0] != len(told):  # it failed, or was killed
            return [self._work(item) for item in self._items]
        found: list[R] = pickle.loads(told)
        return found

    def end(self) -> None:
        os.close(self._told)
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)


def _tell(pipe: int, work: Callable[[T], R], items: Sequence[T]) -> None:
    """Never returns: all that is above us on the stack is the other process's."""
    try:
        with os.fdopen(pipe, "wb") as out:
            told = pickle.dumps([work(item) for item in items], pickle.HIGHEST_PROTOCOL)
            out.write(_SIZE.pack(len(told)) + told)
    finally:
        os._exit(0)
