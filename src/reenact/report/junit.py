"""JUnit XML, as CI servers read it. Undecided and set-aside cases are `skipped`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from reenact.model.verdict import Status, Verdict
from reenact.report.explain import explain, findings
from reenact.report.run import Report, counts, leanings
from reenact.report.words import aside_text

# Char of XML 1.0: what is not in it cannot be written, not even escaped.
_NO_CHAR = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(report: Report) -> str:
    found = counts(report.suite, report.verdicts)
    aside = {case.id: case for case in report.suite.cases if case.aside}
    judged = [v for v in report.verdicts if v.case not in aside]
    attributes = (
        f"name={_attribute(report.run.suite_path)} tests={_attribute(len(judged) + len(aside))}"
        f" failures={_attribute(found.changed)} errors={_attribute(found.broken)}"
        f" skipped={_attribute(found.undecided + found.aside)} time={_seconds(report.run.took_ns)}"
    )
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', "<testsuites>", f"<testsuite {attributes}>"]
    for verdict in judged:
        lines += _test_case(report, verdict)
    for case_id in aside:
        lines += [
            _opening(report, case_id, "", 0) + ">",
            _skipped(f"set aside: {aside_text(aside[case_id])}"),
            "</testcase>",
        ]
    return "\n".join([*lines, "</testsuite>", "</testsuites>", ""])


def _test_case(report: Report, verdict: Verdict) -> Iterator[str]:
    opening = _opening(report, verdict.case, verdict.title, verdict.took_ns)
    leant = [leaning for leaning in leanings(report) if leaning.case == verdict.case]
    if verdict.status is Status.PASS and not leant:
        yield opening + "/>"
        return
    yield opening + ">"
    if verdict.status is Status.UNKNOWN:
        yield _skipped(f"could not be decided: {verdict.note}")
    elif verdict.status is not Status.PASS:
        element = "failure" if verdict.status is Status.FAIL else "error"
        found = findings(report, verdict)
        message = found[0].headline if found else verdict.note
        text = "\n".join(line.text for line in explain(report, verdict))
        yield f"<{element} message={_attribute(message)}>{escape(_clean(text))}</{element}>"
    if leant:
        told = "\n".join(f"tolerated: {one.tolerance.at}: {one.tolerance.why}" for one in leant)
        yield f"<system-out>{escape(_clean(told))}</system-out>"
    yield "</testcase>"


def _opening(report: Report, case_id: str, title: str, took_ns: int) -> str:
    name = f"{case_id} {title}".rstrip()
    file = f"{report.run.suite_path}/{report.files.get(case_id, '')}"
    return (
        f"<testcase classname={_attribute(report.run.suite_path)} name={_attribute(name)}"
        f" file={_attribute(file)} time={_seconds(took_ns)}"
    )


def _skipped(why: str) -> str:
    return f"<skipped message={_attribute(why)}/>"


def _attribute(value: str | int) -> str:
    return quoteattr(_clean(str(value)), {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})


def _seconds(ns: int) -> str:
    return _attribute(f"{ns / 1e9:.3f}")


def _clean(text: str) -> str:
    return _NO_CHAR.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
