"""What the tests know of a foreign service."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from tests.servers.process import ServerFailed

INSTALLED = Path(__file__).parents[2] / ".work" / "services"
"""Installations are kept here between runs, one folder for each service."""


@dataclass(frozen=True)
class Deployment:
    """A service with its dependencies up: the command to run, and where it will answer.

    `cwd` and the files in it outlive the dependencies. `ready` is a path that answers below 500
    once the service is up.
    """

    command: Sequence[str]
    cwd: Path
    port: int
    ready: str
    extra: dict[str, str]

    @property
    def env(self) -> dict[str, str]:
        return {**os.environ, **self.extra}

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@dataclass(frozen=True)
class Service:
    """`install` is quick when it has been done before. `deploy(installed, folder)` starts the
    dependencies. `traffic(base)` returns the statuses, or raises when one was unexpected.
    `speaks` are the protocols of its dependencies, by the names of the plugins. `chance` are the
    places where it answers what its own threads happen to be at, such as a queue's length: a case may be
    set aside for what varies there, and for nothing else.
    """

    name: str
    speaks: tuple[str, ...]
    install: Callable[[Path], None]
    deploy: Callable[[Path, Path], AbstractContextManager[Deployment]]
    traffic: Callable[[str], list[int]]
    chance: tuple[str, ...] = ()

    @property
    def installed(self) -> Path:
        return INSTALLED / self.name


def run(command: Sequence[str | Path], cwd: Path, env: dict[str, str] | None = None) -> None:
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if done.returncode != 0:
        raise ServerFailed(f"{command!r}\n{done.stdout.decode('utf-8', 'replace')[-4000:]}")


def once(folder: Path, content: str, make: Callable[[], None]) -> None:
    """Runs `make` unless it has run before in `folder` for the same `content`."""
    folder.mkdir(parents=True, exist_ok=True)
    stamp = folder / "installed"
    if stamp.exists() and stamp.read_text() == content:
        return
    make()
    stamp.write_text(content)


def python_environment(folder: Path, constraints: Path, packages: Sequence[str]) -> None:
    """`folder/venv` with the packages, every dependency pinned by the constraints."""

    def make() -> None:
        venv.create(folder / "venv", with_pip=True, clear=True)
        install = ["-m", "pip", "install", "-q", "--no-input", "--disable-pip-version-check"]
        python = folder / "venv/bin/python"
        run([python, *install, "-c", constraints, *packages], folder)

    version = f"{sys.version_info[:2]}\n{constraints.read_text()}\n{packages}"
    once(folder, version, make)
