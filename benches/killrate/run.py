"""Recording the example once, and testing builds of it against that suite."""

from __future__ import annotations

import functools
import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.servers import orders, reenact

from benches.killrate.mutation import Mutation

RED, GREEN = 1, 0


@dataclass(frozen=True)
class Outcome:
    """Of one `reenact test`: its exit code and the first thing it found ("" when green)."""

    code: int
    finding: str


class Bench:
    """Everything lives in `folder`: the build under test, the suite, a log for each run."""

    def __init__(self, folder: Path, clients: int = 1) -> None:
        self.folder = folder
        self.build = folder / "orders"
        self.suite = folder / "suite"
        self.clients = clients
        self.env: dict[str, str] = {}

    def record(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        (self.folder / "logs").mkdir(parents=True)
        self._fresh_build()
        with orders.dependencies(self.folder) as deployment:
            self.env = deployment.environment
            done = reenact.record(
                orders.COMMAND,
                functools.partial(self._use, deployment.base),
                lambda: reenact.answers(deployment.port, "/healthz"),
                cwd=self.build,
                env=self.env,
                log=self.folder / "logs" / "record.txt",
                options=["--suite", str(self.suite)],
            )
        if done.returncode != GREEN:
            raise SystemExit(f"record ended with {done.returncode}\n{done.output[-3000:]}")

    def test(
        self,
        name: str,
        mutation: Mutation | None = None,
        *,
        responses_only: bool = False,
        options: Sequence[str] = (),
    ) -> Outcome:
        """Tests the untouched build, or one with the mutation planted; the log gets that name."""
        self._fresh_build()
        if mutation is not None:
            mutation.apply(self.build)
        found = self.folder / "logs" / f"{name}.json"
        done = reenact.replay(
            orders.COMMAND,
            cwd=self.build,
            env=self.env,
            log=self.folder / "logs" / f"{name}.txt",
            options=[
                *("--suite", str(self.suite), "--json", str(found)),
                *(["--responses-only"] if responses_only else []),
                *options,
            ],
        )
        return Outcome(done.returncode, _first_finding(found))

    def _use(self, base: str) -> None:
        command = [sys.executable, "traffic.py", base, "--clients", str(self.clients)]
        subprocess.run(command, cwd=self.build, check=True)

    def _fresh_build(self) -> None:
        shutil.rmtree(self.build, ignore_errors=True)
        skip = shutil.ignore_patterns("__pycache__")
        shutil.copytree(orders.EXAMPLE, self.build, ignore=skip)


def _first_finding(report: Path) -> str:
    if not report.exists():
        return ""
    cases = json.loads(report.read_text()).get("cases", [])
    findings = [headline for case in cases for headline in case.get("findings", [])]
    return str(findings[0]) if findings else ""
