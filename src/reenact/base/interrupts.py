"""Signals that end us, and what must not be left behind by one of them."""

from __future__ import annotations

import contextlib
import signal
import tempfile
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any


class Waiting:
    """Signals that were caught and wait. They are caught, not blocked: a signal to a process goes to
    any thread that has not blocked it, and its handler is then run by the main one all the same
    (signal(7), "Signal mask and pending signals")."""

    def __init__(self) -> None:
        self._before: dict[signal.Signals, Any] = {}  # Any: a handler as `signal.signal` takes it
        self._came: list[int] = []

    def catch(self) -> None:
        """Only the main thread runs handlers: others have nothing to wait for."""
        if threading.current_thread() is not threading.main_thread():
            return
        for number in _ending():
            handler = signal.getsignal(number)
            if handler in (signal.SIG_IGN, None):  # None: not set by Python, so it does not raise
                continue
            self._before[number] = handler
            signal.signal(number, self._note)

    def let_through(self) -> None:
        """They wait no longer; also in a process that was forked meanwhile. SIGINT comes last, for
        the handlers of others raise that."""
        for number, handler in reversed(self._before.items()):
            signal.signal(number, handler)
        for came in self._came:
            signal.raise_signal(came)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self._came.append(number)


def _ending() -> list[signal.Signals]:
    """SIGINT first. Windows has not all of them."""
    names = ("SIGINT", "SIGTERM", "SIGHUP")
    return [signal.Signals[name] for name in names if name in signal.Signals.__members__]


@contextlib.contextmanager
def uninterrupted() -> Iterator[Waiting]:
    """Signals wait until the end of the block."""
    waiting = Waiting()
    waiting.catch()
    try:
        yield waiting
    finally:
        waiting.let_through()


@contextlib.contextmanager
def temporary_folder() -> Iterator[str]:
    """A folder of our own (0700) that is gone at the end of the block, also where a signal comes just when
    it has been made."""
    made: tempfile.TemporaryDirectory[str] | None = None
    try:
        with uninterrupted():
            made = tempfile.TemporaryDirectory(prefix="reenact-")
        yield made.name
    finally:
        if made is not None:
            made.cleanup()
