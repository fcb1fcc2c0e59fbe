"""A project with a suite, and the command line in-process."""

from __future__ import annotations

import tempfile

import pytest

from reenact.model.verdict import Status, Step, Verdict
from reenact.replay import run as engine
from reenact.replay.run import Played


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


@pytest.fixture
def played(monkeypatch):
    """The engine: passes everything but what is put in; remembers what it was told."""
    told = {}

    def run_suite(suite, options, on_verdict):
        told["options"] = options
        ids = [c.id for c in suite.cases if options.select is None or c.id in options.select]
        verdicts = [
            told.get(name, Verdict(case=name, status=Status.PASS))
            for name in ids
            if name[:4] != "0003"
        ]
        for verdict in verdicts:
            on_verdict(verdict)
        step = Step(label="PING", protocol="redis", destination="x", fate="background")
        session = Verdict(case="session", status=Status.PASS, timeline=(step,))
        return Played(verdicts=tuple(verdicts), session=(told.get("session", session),))

    monkeypatch.setattr(engine, "run_suite", run_suite)
    return told
