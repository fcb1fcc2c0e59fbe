"""Signals that end us, and what must not be left behind by one of them."""

from __future__ import annotations

import contextlib
import signal
import tempfile
from collections.abc import Iterator


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Signals wait until the end of the block (not on Windows, which has no such thing)."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ending())
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def let_through() -> None:
    """Signals wait no longer, in a process that was forked within such a block."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ending())


def _ending() -> tuple[signal.Signals, ...]:
    return signal.SIGINT, signal.SIGTERM, signal.SIGHUP  # Windows has no such names


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
