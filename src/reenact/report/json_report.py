"""The report for programs: the verdict, and under `run` everything that varies between equal runs.

The verdict (all but `run`) is the same, byte by byte, whenever the same suite meets the same build:
`settled` says how. `run` has the times, and the cases with every value as it was in this run.

Values that JSON has no word for are `{"$decimal": "1.10"}`, `{"$bytes": "<base64>"}` and
`{"$float": "nan"}`; a mapping with a key of such a name stands in `{"$mapping": ...}`; a side
without a value is absent. `json_read` is the inverse.
"""

from __future__ import annotations

import base64
import json
import math
from decimal import Decimal
from typing import Any

from msgspec import UNSET

from reenact.model.difference import Conflict, Difference
from reenact.model.suite import Trials
from reenact.model.value import Value, path_text
from reenact.model.verdict import Miss, Status, Step, Verdict
from reenact.report.explain import findings
from reenact.report.run import Leaning, Report, counts, exit_of, leanings
from reenact.report.settled import session_of, settled
from reenact.store.suite import case_digest

FORMAT = 2
Json = dict[str, Any]  # Any: JSON's own recursion


def json_report(report: Report) -> str:
    tree = {**_verdict(report), "run": _run(report)}
    return json.dumps(tree, indent=1) + "\n"


def json_verdict(report: Report) -> str:
    """The verdict alone."""
    return json.dumps(_verdict(report), indent=1) + "\n"


def _verdict(report: Report) -> Json:
    verdicts = _settled(report)
    found = counts(report.suite, verdicts)
    return {
        "format": FORMAT,
        "capture": report.suite.capture,
        "exit": int(exit_of(report.suite, verdicts)),
        "counts": {name: getattr(found, name) for name in found.__struct_fields__},
        "aside": {case.id: case.aside for case in report.suite.cases if case.aside},
        "trials": {
            case.id: _trials(case.trials)
            for case in report.suite.cases
            if case.aside and case.trials is not None
        },
        "cases": [_case(report, verdict) for verdict in verdicts],
    }


def _settled(report: Report) -> list[Verdict]:
    """In the suite's order; last what was asked outside of any case."""
    ours = [v for v in report.verdicts if report.case(v.case) is not None]
    others = [v for v in report.verdicts if report.case(v.case) is None]
    out = [settled(verdict, report.case(verdict.case)) for verdict in ours]
    return [*out, session_of([settled(verdict, None) for verdict in others])] if others else out


def _run(report: Report) -> Json:
    return {
        "suite": report.run.suite_path,
        "command": list(report.run.command),
        "started_ns": report.run.started_ns,
        "took_ns": report.run.took_ns,
        "background_calls": report.run.background_calls,
        "notes": list(report.run.notes),
        "tolerated": [_leaning(leaning) for leaning in leanings(report)],
        "cases": [_case_in_full(report, verdict) for verdict in report.verdicts],
    }


def _case_in_full(report: Report, verdict: Verdict) -> Json:
    return _case(report, verdict) | {
        "took_ns": verdict.took_ns,
        "see": verdict.see,
        "bindings": [
            {"kind": b.kind, "recorded": plain(b.recorded), "live": plain(b.live)}
            for b in verdict.bindings
        ],
        "timeline": [_step(step) for step in verdict.timeline],
    }


def _trials(trials: Trials) -> Json:
    return {"runs": trials.runs, "failures": trials.failures, "varied": list(trials.varied)}


def _leaning(leaning: Leaning) -> Json:
    written = leaning.tolerance
    return {
        "case": leaning.case,
        "at": written.at,
        "rule": written.rule,
        "why": written.why,
        "since": written.since,
    }


def _case(report: Report, verdict: Verdict) -> Json:
    clock = {"clock": verdict.clock} if verdict.clock else {}
    return {
        "id": verdict.case,
        "title": verdict.title,
        "file": report.files.get(verdict.case, ""),
        "status": verdict.status.value,
        "digest": _digest(report, verdict),
        "note": verdict.note,
        **clock,
        "findings": [finding.headline for finding in findings(report, verdict)],
        "differences": [_difference(d) for d in verdict.differences],
        "calls": [
            {
                "id": c.interaction,
                "label": c.label,
                "differences": [*map(_difference, c.differences)],
            }
            for c in verdict.calls
        ],
        "misses": [_miss(miss) for miss in verdict.misses],
        "missing": [{"id": found, "label": label} for found, label in verdict.missing],
        "conflicts": [_conflict(conflict) for conflict in verdict.conflicts],
    }


def _digest(report: Report, verdict: Verdict) -> str:
    """Of the case that was tested: whether a finding still is about what the file says."""
    case = report.case(verdict.case)
    return "" if case is None or verdict.status is Status.PASS else case_digest(case)


def _difference(difference: Difference) -> Json:
    tree: Json = {"change": difference.change.value, "at": path_text(difference.at)}
    if difference.recorded is not UNSET:
        tree["recorded"] = plain(difference.recorded)
    if difference.live is not UNSET:
        tree["live"] = plain(difference.live)
    if difference.explained_by is not None:
        tree["explained_by"] = difference.explained_by
    if difference.by_clock:
        tree["by_clock"] = True
    if difference.held is not None:
        tree["held"] = _conflict(difference.held)
    return tree


def _miss(miss: Miss) -> Json:
    return {
        "protocol": miss.protocol,
        "destination": miss.destination,
        "label": miss.label,
        "request": plain(miss.request),
        "nearest": miss.nearest,
        "repeated": miss.repeated,
        "live": miss.live,
        "why_not": [_difference(d) for d in miss.why_not],
    }


def _conflict(conflict: Conflict) -> Json:
    names = ("recorded", "live", "held_recorded", "held_live")
    return {"kind": conflict.kind} | {name: plain(getattr(conflict, name)) for name in names}


def _step(step: Step) -> Json:
    return {name: getattr(step, name) for name in step.__struct_fields__}


def plain(value: Value) -> Any:
    match value:
        case Decimal():
            return {"$decimal": str(value)}
        case bytes():
            return {"$bytes": base64.b64encode(value).decode()}
        case float() if not math.isfinite(value):
            return {"$float": str(value)}
        case bool():
            return value
        case int() if value.bit_length() > 12_000:  # CPython writes no longer decimals
            return {"$int": hex(value)}
        case list():
            return [plain(child) for child in value]
        case dict():
            tree = {key: plain(child) for key, child in value.items()}
            return {"$mapping": tree} if any(key.startswith("$") for key in tree) else tree
        case _:
            return value
