"""The report for programs. Everything that varies between equal runs is under `timing`.

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
from reenact.store.suite import case_digest

FORMAT = 1
Json = dict[str, Any]  # Any: JSON's own recursion


def json_report(report: Report) -> str:
    found = counts(report.suite, report.verdicts)
    tree: Json = {
        "format": FORMAT,
        "suite": report.run.suite_path,
        "command": list(report.run.command),
        "exit": int(exit_of(report.suite, report.verdicts)),
        "counts": {name: getattr(found, name) for name in found.__struct_fields__},
        "background_calls": report.run.background_calls,
        "notes": list(report.run.notes),
        "aside": {case.id: case.aside for case in report.suite.cases if case.aside},
        "trials": {
            case.id: _trials(case.trials)
            for case in report.suite.cases
            if case.aside and case.trials is not None
        },
        "tolerated": [_leaning(leaning) for leaning in leanings(report)],
        "cases": [_case(report, verdict) for verdict in report.verdicts],
        "timing": {
            "started_ns": report.run.started_ns,
            "took_ns": report.run.took_ns,
            "cases": {v.case: v.took_ns for v in report.verdicts},
        },
    }
    return json.dumps(tree, indent=1) + "\n"


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
    return {
        "id": verdict.case,
        "title": verdict.title,
        "file": report.files.get(verdict.case, ""),
        "status": verdict.status.value,
        "digest": _digest(report, verdict),
        "note": verdict.note,
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
        "bindings": [
            {"kind": b.kind, "recorded": plain(b.recorded), "live": plain(b.live)}
            for b in verdict.bindings
        ],
        "timeline": [_step(step) for step in verdict.timeline],
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
