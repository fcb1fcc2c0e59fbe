"""Several jobs side by side, each in a process that ends with ours, however ours ends."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Generator, Iterator, Sequence
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from typing import Any, TypeAlias, cast

from reenact.base.errors import MachineError, ReenactError
from reenact.base.interrupts import Waiting, uninterrupted
from reenact.sandbox.inside.kernel import die_with_parent

Tell: TypeAlias = Callable[[object], None]
Job: TypeAlias = Callable[[Tell], None]

STOP_S = 10.0
"""What a worker gets to stop its service when we are interrupted."""


def side_by_side(jobs: Sequence[Job]) -> Generator[Any, None, None]:
    """What the jobs tell, as it comes. Close it to end them early.

    Raises a job's ReenactError once all have ended; MachineError when a process died.
    """
    context = multiprocessing.get_context("fork")
    running: dict[Any, BaseProcess] = {}  # Any: Connection, which is generic only for mypy
    try:
        for job in jobs:
            ours, theirs = context.Pipe(duplex=False)
            with uninterrupted() as waiting:  # a worker started and not in `running` would stay
                worker: BaseProcess = context.Process(
                    target=_work, args=(theirs, job, os.getpid(), waiting), daemon=True
                )
                worker.start()
                running[ours] = worker
            theirs.close()
        yield from _told(running)
    finally:
        for left in running.values():
            left.terminate()
        for left in running.values():
            left.join(STOP_S)
            left.kill()
            left.join()


def _told(running: dict[Any, BaseProcess]) -> Iterator[Any]:
    """Workers that have ended are taken out of `running`."""
    failure: ReenactError | None = None
    while running:
        for end in cast(list[Any], wait(list(running))):
            try:
                kind, told = end.recv()
            except EOFError:
                kind, told = "error", _died(running[end])
            if kind == "told":
                yield told
                continue
            failure = failure or told
            running.pop(end).join()
            end.close()
    if failure is not None:
        raise failure


def _died(worker: BaseProcess) -> MachineError:
    worker.join()
    code = worker.exitcode or 0
    how = signal.strsignal(-code) if code < 0 else f"exit code {code}"
    return MachineError(f"a process that ran cases died ({how}); its cases have no verdict")


def _work(end: Any, job: Job, parent: int, waiting: Waiting) -> None:
    """Last it tells ("end", its error or None)."""
    die_with_parent()
    if os.getppid() != parent:
        return
    error: ReenactError | None = None
    try:
        waiting.let_through()  # since we were forked
        signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
        job(lambda what: end.send(("told", what)))
    except ReenactError as failed:
        error = failed
    except KeyboardInterrupt:
        return
    end.send(("end", error))
