"""Nothing of ours is left behind, whenever the signal comes that ends us."""

from __future__ import annotations

import os
import signal
import tempfile
from pathlib import Path

import pytest

from reenact.base.interrupts import temporary_folder


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
