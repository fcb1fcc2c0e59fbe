"""Recording a service once, and testing it behind the relay against that suite."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.servers import reenact
from tests.servers.process import free_port

from benches.inflight import sites
from benches.inflight.plan import plan
from benches.inflight.relay import MARK
from benches.inflight.sites import Observed, Site
from benches.subjects import Subject, record
from reenact.replay.groups import with_needs
from reenact.store.suite import load_suite

RED, GREEN = 1, 0
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Outcome:
    """Of one `reenact test`: its exit code, what it found first, and what the relay changed."""

    code: int
    finding: str
    planted: str


class Bench:
    """Everything lives in `folder`: the suite, the relay's plan, a log for each run."""

    def __init__(self, subject: Subject, folder: Path) -> None:
        self.subject = subject
        self.folder = folder
        self.suite = folder / "suite"

    @property
    def recorded(self) -> bool:
        return (self.folder / "plan.json").exists()

    def record(self) -> None:
        """The service itself, without the relay."""
        shutil.rmtree(self.folder, ignore_errors=True)
        (self.folder / "logs").mkdir(parents=True)
        up = record(self.subject, self.folder).deployment
        (self.folder / "cwd").write_text(str(up.cwd))
        plan(up.command, up.extra, up.port, free_port).write(self.folder / "plan.json")

    def observe(self, name: str) -> Observed:
        code, log = self._test(name, {"observe": True})
        if code != GREEN:
            raise SystemExit(
                f"behind a relay that changes nothing: exit {code}\n{self._said(name)}"
            )
        return sites.observed(sites.told(log, MARK))

    def clean(self, name: str) -> int:
        return self._test(name, {})[0]

    def mutant(self, name: str, site: Site, seen: Observed) -> Outcome:
        """The case alone first, which is quicker; all cases when that finds nothing."""
        told = {**asdict(site.message), "change": site.change}
        told["answer"] = seen.answers.get(site.message, "")
        ids = self._ids(seen)
        if 0 < site.message.request <= len(ids):
            id = ids[site.message.request - 1]
            cases = [case for case in load_suite(self.suite).cases if case.id in ids]
            alone = {**told, "request": len(with_needs(cases, [id]))}
            outcome = self._outcome(name, alone, ["-k", id])
            if outcome.code == RED and outcome.planted:
                return outcome
        return self._outcome(name, told)

    def _ids(self, seen: Observed) -> list[str]:
        """Of the cases, in the order of the requests; none when they do not come one for one."""
        ids = [case.id for case in load_suite(self.suite).cases if not case.aside]
        return ids if len(ids) == len(seen.starts) else []

    def _outcome(self, name: str, site: dict[str, object], options: Sequence[str] = ()) -> Outcome:
        code, log = self._test(name, site, options)
        told = list(sites.told(log, MARK))
        failed = [str(line["error"]) for line in told if "error" in line]
        if failed:
            raise SystemExit(f"the relay failed at {site}\n{failed[0]}")
        planted = [line for line in told if line.get("done")]
        shown = f"{planted[0]['before']} -> {planted[0]['after']}" if planted else ""
        return Outcome(code, self._finding(name), shown)

    def _test(
        self, name: str, site: dict[str, object], options: Sequence[str] = ()
    ) -> tuple[int, str]:
        """The exit code, and what the relay and the service said."""
        where = self.folder / "site.json"
        where.write_text(json.dumps(site))
        report = self._report(name)
        report.unlink(missing_ok=True)
        relay = [sys.executable, "-m", "benches.inflight.relay"]
        done = reenact.replay(
            [*relay, str(self.folder / "plan.json"), str(where)],
            cwd=Path((self.folder / "cwd").read_text()),
            env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}", **self._env()},
            log=self.folder / "logs" / f"{name}.txt",
            options=["--suite", str(self.suite), "--json", str(report), *options],
        )
        log = self.suite / ".local" / "service.log"
        text = log.read_text("utf-8", "replace") if log.exists() else ""
        return done.returncode, text

    def _env(self) -> dict[str, str]:
        """Of the service, as deployed; the relay overrides it for the service."""
        return dict(json.loads((self.folder / "plan.json").read_text())["env"])

    def _report(self, name: str) -> Path:
        return self.folder / "logs" / f"{name}.json"

    def _said(self, name: str) -> str:
        return (self.folder / "logs" / f"{name}.txt").read_text()[-3000:]

    def _finding(self, name: str) -> str:
        if not self._report(name).exists():
            return self._said(name)[-300:]
        cases = json.loads(self._report(name).read_text()).get("cases", [])
        found = [headline for case in cases for headline in case.get("findings", [])]
        return str(found[0]) if found else ""
