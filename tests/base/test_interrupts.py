"""Nothing of ours is left behind, whenever the signal comes that ends us."""

from __future__ import annotations

import os
import signal
import tempfile
import threading
from pathlib import Path

import pytest

from reenact.base.interrupts import temporary_folder, uninterrupted


def test_a_folder_is_gone_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with temporary_folder() as name:
        assert Path(name).parent == tmp_path
        assert Path(name).stat().st_mode & 0o777 == 0o700
    assert list(tmp_path.iterdir()) == []


def test_a_signal_that_comes_when_the_folder_was_just_made_leaves_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = tempfile.mkdtemp

    def interrupted(*args: str | None) -> str:
        name = make(*args)
        os.kill(os.getpid(), signal.SIGINT)
        return name

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(tempfile, "mkdtemp", interrupted)
    with pytest.raises(KeyboardInterrupt), temporary_folder():
        pytest.fail("it goes on")
    assert list(tmp_path.iterdir()) == []


def test_a_signal_that_another_thread_is_given_waits_too() -> None:
    reached: list[str] = []

    def block() -> None:
        with uninterrupted():
            thread = threading.Thread(target=signal.raise_signal, args=[signal.SIGINT])
            thread.start()
            thread.join()  # the handler is run by this one
            reached.append("the end of the block")

    with pytest.raises(KeyboardInterrupt):
        block()
    assert reached


def test_handlers_are_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        handlers = [signal.getsignal(number) for number in numbers]
        with uninterrupted():
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN, "as under nohup"
        assert [signal.getsignal(number) for number in numbers] == handlers
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_process_forked_meanwhile_lets_them_through() -> None:
    with uninterrupted() as waiting:
        child = os.fork()
        if child == 0:
            signal.raise_signal(signal.SIGINT)
            try:
                waiting.let_through()
            except KeyboardInterrupt:
                os._exit(7)
            os._exit(1)
        _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 7
