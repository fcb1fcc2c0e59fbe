"""An application recorded under traffic, whose dependencies are gone."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.apps import installed
from tests.apps.application import Application, Mutation, dependencies, visit_all
from tests.servers import reenact
from tests.servers.process import free_port


@dataclass(frozen=True)
class Recorded:
    """`asked` counts the requests, `said` is what the recorder printed."""

    app: Application
    folder: Path
    port: int
    env: Mapping[str, str]
    asked: int
    said: str

    @property
    def suite(self) -> Path:
        return self.folder / "suite"

    def test(self, name: str, mutation: Mutation | None = None) -> reenact.Done:
        """The build, with the bug in it if there is one, in the same place as when recorded."""
        _build(self.app, self.folder, mutation)
        return reenact.replay(
            self.app.command(self.port),
            cwd=self.folder / "build",
            env=self.env,
            log=self.folder / f"{name}.txt",
            options=["--suite", str(self.suite)],
        )


def record(app: Application, folder: Path, users: int = 1, at_once: int = 1) -> Recorded:
    installed.install()
    _build(app, folder)
    port = free_port()
    asked: list[int] = []
    with dependencies(app, folder) as where:
        env = {**installed.environment(), **where}
        base = f"http://127.0.0.1:{port}"
        done = reenact.record(
            app.command(port),
            lambda: asked.append(visit_all(app, base, users, at_once)),
            lambda: reenact.answers(port, "/health"),
            cwd=folder / "build",
            env=env,
            log=folder / "record.txt",
            options=["--suite", str(folder / "suite")],
        )
    assert done.returncode == 0, done.output
    return Recorded(app, folder, port, env, asked[0], done.output)


def _build(app: Application, folder: Path, mutation: Mutation | None = None) -> None:
    copy = folder / "build"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(app.source, copy, ignore=shutil.ignore_patterns("__pycache__"))
    if mutation is not None:
        file = copy / mutation.file
        file.write_text(mutation.applied(file.read_text()))
