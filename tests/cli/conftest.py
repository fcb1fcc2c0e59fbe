"""A project with a suite, and the command line in-process."""

from __future__ import annotations

import tempfile

import pytest


@pytest.fixture
def project(tmp_path, monkeypatch):
    """An empty folder, and we are in it; temporary files go beside it."""
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path / "project"


@pytest.fixture
def suite(project):
    from reenact.store.suite import save_suite
    from tests.store.samples import SUITE

    save_suite(SUITE, project / "reenact")
    return SUITE


class Ran:
    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


@pytest.fixture
def reenact(capsys):
    """`reenact("test", "-k", "x")` -> exit code, stdout, stderr."""
    from reenact.cli.app import run

    def call(*arguments: str) -> Ran:
        code = run(arguments)
        return Ran(code, *capsys.readouterr())

    return call
