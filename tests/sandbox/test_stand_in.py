"""A folder that others use while a copy of it is made."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from reenact.sandbox.inside.overlay import copied_entries


def test_what_goes_while_it_is_copied_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there, here = tmp_path / "there", tmp_path / "here"
    for name in ("folder", "going"):
        (there / name).mkdir(parents=True)
    (there / "file").write_text("kept")
    (there / "gone").write_text("lost")
    (there / "link").symlink_to("file")
    here.mkdir()
    look = os.scandir

    def meanwhile(path: str) -> Iterator[os.DirEntry[str]]:
        entries = list(look(path))
        (there / "going").rmdir()
        (there / "gone").unlink()
        return iter(entries)

    monkeypatch.setattr(os, "scandir", meanwhile)
    assert copied_entries(str(there), str(here)) == []
    assert sorted(os.listdir(here)) == ["file", "folder", "link"]
    assert (here / "file").read_text() == "kept"
