"""Services that benches record: the example, and those that nobody here wrote."""

from __future__ import annotations

import contextlib
import functools
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.servers import orders, reenact
from tests.services import exporters, postgraphile
from tests.services.service import Deployment, Service


@dataclass(frozen=True)
class Subject:
    """`deploy(folder)` starts the dependencies; `use(base)` is its traffic."""

    name: str
    deploy: Callable[[Path], contextlib.AbstractContextManager[Deployment]]
    use: Callable[[str], object]


@dataclass(frozen=True)
class RecordedSubject:
    """Its dependencies are gone."""

    deployment: Deployment
    folder: Path

    @property
    def suite(self) -> Path:
        return self.folder / "suite"

    def test(self, name: str) -> reenact.Done:
        return reenact.replay(
            self.deployment.command,
            cwd=self.deployment.cwd,
            env=self.deployment.env,
            log=self.folder / f"{name}.txt",
            options=["--suite", str(self.suite)],
        )


def record(subject: Subject, folder: Path) -> RecordedSubject:
    with subject.deploy(folder) as up:
        done = reenact.record(
            up.command,
            functools.partial(subject.use, up.base),
            lambda: reenact.answers(up.port, up.ready),
            cwd=up.cwd,
            env=up.env,
            log=folder / "record.txt",
            options=["--suite", str(folder / "suite")],
        )
    if done.returncode != 0:
        raise SystemExit(f"record ended with {done.returncode}\n{done.output[-3000:]}")
    return RecordedSubject(up, folder)


@contextlib.contextmanager
def _orders(folder: Path) -> Iterator[Deployment]:
    with orders.dependencies(folder) as up:
        yield Deployment(orders.COMMAND, orders.EXAMPLE, up.port, "/healthz", up.env)


def _orders_traffic(base: str) -> None:
    subprocess.run([sys.executable, "traffic.py", base], cwd=orders.EXAMPLE, check=True)


def _foreign(service: Service) -> Subject:
    @contextlib.contextmanager
    def deploy(folder: Path) -> Iterator[Deployment]:
        service.install(service.installed)
        with service.deploy(service.installed, folder) as up:
            yield up

    return Subject(service.name, deploy, service.traffic)


_ALL = (
    Subject("orders", _orders, _orders_traffic),
    _foreign(postgraphile.SERVICE),
    _foreign(exporters.REDIS),
    _foreign(exporters.POSTGRES),
)
SUBJECTS = {subject.name: subject for subject in _ALL}
