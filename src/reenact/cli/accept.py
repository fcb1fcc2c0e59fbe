"""`reenact accept`"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from reenact.base.errors import Exit, UserError
from reenact.cli import making, places
from reenact.cli.options import (
    DEFAULT_SUITE,
    ConfigFile,
    Mode,
    ReplayMode,
    SuiteDir,
    explicit_replay,
)
from reenact.cli.writing import today, write
from reenact.model.difference import CallChange, Change

if TYPE_CHECKING:
    from reenact.model.suite import Case, Suite
    from reenact.model.verdict import Verdict
    from reenact.store.accept import Acceptance

KINDS = [*(change.value for change in Change), *(change.value for change in CallChange)]


def accept(
    case: Annotated[str, typer.Argument(metavar="CASE", help="The case's id.", show_default=False)],
    path: Annotated[
        str | None,
        typer.Argument(
            metavar="[PATH]",
            help="Only what is there or below: response/body/total, calls/0002.1.",
            show_default=False,
        ),
    ] = None,
    reason: Annotated[
        str, typer.Option(metavar="WHY", help="Noted beside each change.", show_default=False)
    ] = "",
    change: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KIND", help="Only changes of this kind: added, type-changed, call-changed ..."
        ),
    ] = None,
    rule: Annotated[
        str | None,
        typer.Option(
            metavar="RULE",
            help="Tolerate differences at PATH from now on: ignore, type, unordered or optional.",
            show_default=False,
        ),
    ] = None,
    secret: Annotated[
        bool, typer.Option("--secret", help="What stands at PATH may be in the suite; for lint.")
    ] = False,
    suite: SuiteDir = DEFAULT_SUITE,
    mode: ReplayMode = Mode.AUTO,
    config: ConfigFile = None,
) -> int:
    """Make what a test found different the expectation, with the reason.

    Takes what the last test found about the case; runs the case when there is no such
    finding, or when the case was edited since. Shows the difference in the case's file.

    \b
      reenact accept 0002-get-order --reason "totals are rounded up now"
      reenact accept 0002-get-order response/body/total --reason "rounded up"
      reenact accept 0002-get-order --change added --reason "new fields do no harm"
      reenact accept 0002-get-order response/body/took --rule type --reason "a duration"

    Exit code: 0 accepted, 1 something could not be written, 3 nothing of the kind differs.
    """
    from reenact.store.accept import Wanted, accepted
    from reenact.store.suite import load_suite

    _refuse_kinds(change)
    if not reason.strip():
        raise UserError("--reason is missing: say why the difference is right")
    loaded = load_suite(suite)
    found = _named(loaded, case, suite)
    if rule is not None or secret:
        return _in_advance(loaded, found, suite, path, rule, reason.strip())
    verdict = _verdict(loaded, found, suite, mode, config)
    wanted = Wanted(
        at=path or "",
        changes=frozenset(change) if change else None,
        why=reason.strip(),
        since=today(),
    )
    done = accepted(loaded, [verdict], wanted)
    if not done.taken and not done.left:
        raise UserError(f"{case}: nothing of the kind differs{_what_does(verdict)}")
    write(loaded, done.suite, suite)
    _remember(done, found.id, suite)
    for line in done.left:
        making.say_on_stderr(f"not accepted: {line}")
    return Exit.BEHAVIOUR_CHANGED if done.left else Exit.AS_RECORDED


# -- in advance ------------------------------------------------------------------------------


def _in_advance(
    suite: Suite, case: Case, folder: Path, path: str | None, rule: str | None, why: str
) -> Exit:
    """A tolerance (`rule`), else a note that the value at `path` is no secret to keep."""
    from reenact.model.suite import RULES

    if not path:
        raise UserError("PATH is missing: a tolerance is for one exact place")
    if rule is not None and rule not in RULES:
        raise UserError(f"--rule {rule}: rules are {', '.join(RULES)}")
    changed = _noted(case, path, why) if rule is None else _tolerant(case, folder, path, rule, why)
    cases = tuple(changed if each.id == case.id else each for each in suite.cases)
    write(suite, msgspec.structs.replace(suite, cases=cases), folder)
    return Exit.AS_RECORDED


def _tolerant(case: Case, folder: Path, path: str, rule: str, why: str) -> Case:
    from reenact.lint.tolerances import places as known_places
    from reenact.model.suite import Tolerance
    from reenact.protocols import builtin

    known = known_places(case, builtin())
    if path not in known and path not in _differing(case, folder):
        raise UserError(f"{case.id}: there is no place {path}{_like(path, known)}")
    others = (each for each in case.tolerances if each.at != path)
    added = Tolerance(at=path, rule=rule, why=why, since=today())
    return msgspec.structs.replace(case, tolerances=(*others, added))


def _noted(case: Case, path: str, why: str) -> Case:
    from reenact.lint.secrets import LOOKED_AT, secret_places
    from reenact.model.suite import Accepted

    known = secret_places(case)
    if path not in known:
        raise UserError(f"{case.id}: lint says nothing of {path}{_like(path, known)}")
    others = (each for each in case.accepted if each.at != path)
    added = Accepted(at=path, change=LOOKED_AT, why=why, since=today())
    return msgspec.structs.replace(case, accepted=(*others, added))


def _differing(case: Case, folder: Path) -> set[str]:
    """Places that only the last test saw: of what is new."""
    cases = places.last_run(places.read_last_report(folder)).get("cases", [])
    found = [entry for entry in cases if entry["id"] == case.id]
    return {difference["at"] for entry in found for difference in entry["differences"]}


def _like(path: str, known: set[str]) -> str:
    from reenact.store.fields import nearest

    return nearest(path, sorted(known))


# -- the verdict ---------------------------------------------------------------------------


def _verdict(suite: Suite, case: Case, folder: Path, mode: Mode, config: Path | None) -> Verdict:
    from reenact.report.json_read import verdict_of
    from reenact.store.suite import case_digest

    last = places.last_run(places.read_last_report(folder))
    for entry in last.get("cases", []):
        if entry["id"] == case.id and entry["status"] == "fail":
            if entry.get("digest") == case_digest(case):
                return verdict_of(entry)
            making.say_on_stderr(f"{case.id} was edited since the last test; it is run again")
    return _run(suite, case, folder, tuple(last.get("command", ())), mode, config)


def _run(
    suite: Suite,
    case: Case,
    folder: Path,
    command: tuple[str, ...],
    mode: Mode,
    config: Path | None,
) -> Verdict:
    """By the command of the last test, else the recorded one."""
    from reenact.cli.reporting import Outputs
    from reenact.cli.test import play
    from reenact.intercept.settings import load_settings

    options = msgspec.structs.replace(
        making.run_options(
            command or suite.command, folder, load_settings(config, Path.cwd()), suite
        ),
        select=frozenset({case.id}),
        explicit=explicit_replay(mode),
    )
    report = play(suite, folder, options, Outputs(), stream=sys.stderr)
    return next(verdict for verdict in report.verdicts if verdict.case == case.id)


def _remember(done: Acceptance, case_id: str, folder: Path) -> None:
    """What was accepted is no finding any more: the rest still is, about the case as it is now."""
    from reenact.cli.reporting import write_text
    from reenact.store.suite import case_digest

    report = places.read_last_report(folder)
    now = next(case for case in done.suite.cases if case.id == case_id)
    taken = {note.at for note in done.taken}
    for entry in (*report.get("cases", []), *places.last_run(report).get("cases", [])):
        if entry["id"] == case_id:
            _strike(entry, taken)
            entry["digest"] = case_digest(now)
    if report:
        write_text(places.last_report(folder), json.dumps(report, indent=1) + "\n")


def _strike(entry: dict[str, Any], taken: set[str]) -> None:
    calls = {at.removeprefix("calls/") for at in taken if at.startswith("calls/")}
    entry["differences"] = [d for d in entry["differences"] if d["at"] not in taken]
    entry["calls"] = [call for call in entry["calls"] if call["id"] not in calls]
    entry["misses"] = [miss for miss in entry["misses"] if miss["nearest"] not in calls]
    entry["missing"] = [call for call in entry["missing"] if call["id"] not in calls]
    entry["accepted"] = sorted({*entry.get("accepted", ()), *taken})


# -- slips -----------------------------------------------------------------------------------


def _refuse_kinds(given: list[str] | None) -> None:
    from reenact.store.fields import nearest

    for kind in given or ():
        if kind not in KINDS:
            hint = nearest(kind, KINDS) or f"; kinds are {', '.join(KINDS)}"
            raise UserError(f"--change {kind}: there is no such kind{hint}")


def _named(suite: Suite, name: str, folder: Path) -> Case:
    from reenact.store.fields import nearest

    for case in suite.cases:
        if case.id == name:
            return case
    hint = nearest(name, [case.id for case in suite.cases])
    raise UserError(f"{folder}: there is no case {name!r}{hint}; see reenact inspect {folder}")


def _what_does(verdict: Verdict) -> str:
    from reenact.model.value import path_text

    open_ = [d for d in verdict.differences if d.explained_by is None]
    places = [f"{path_text(d.at)} ({d.change.value})" for d in open_]
    places += [f"calls/{m.nearest}" for m in verdict.misses if m.nearest]
    places += [f"calls/{id}" for id, _ in verdict.missing]
    places += [f"calls/{call.interaction}" for call in verdict.calls]
    shown = ", ".join(dict.fromkeys(places[:12]))
    return f"; what differs: {shown}" if shown else " by now; test again"
