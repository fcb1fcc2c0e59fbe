"""The whole text of each report, and what it must never do to its reader's terminal or XML."""

from __future__ import annotations

import io
import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import msgspec
import pytest

from reenact.base.errors import Exit
from reenact.model.difference import Change, Difference
from reenact.model.verdict import Status, Verdict
from reenact.report.explain import explain, findings
from reenact.report.github import github
from reenact.report.json_read import verdict_of
from reenact.report.json_report import json_report, json_verdict
from reenact.report.junit import junit
from reenact.report.run import Report, Run, again, counts, exit_of
from reenact.report.terminal import Screen, TerminalReport, whole
from reenact.report.words import pair_text, value_text
from tests.report.verdicts import REPORT, RUN, SUITE, VERDICTS

GOLDEN = Path(__file__).parent / "golden"
REPLACE = False
"""Set to True for one run to accept what is written now, then review the difference."""


def golden(name: str, text: str) -> None:
    if REPLACE:
        (GOLDEN / name).write_text(text)
    assert text == (GOLDEN / name).read_text()


def test_the_terminal_report_as_a_whole():
    golden("terminal.txt", "".join(line.text + "\n" for line in whole(REPORT)))


def test_told_piece_by_piece_it_is_the_same_text():
    stream = io.StringIO()
    terminal = TerminalReport(Screen(stream, {}), RUN, SUITE, len(VERDICTS))
    for verdict in VERDICTS:
        terminal.verdict(verdict)
    terminal.end(REPORT)
    assert stream.getvalue() == (GOLDEN / "terminal.txt").read_text()


def test_the_junit_report_as_a_whole():
    golden("junit.xml", junit(REPORT))


def test_junit_is_xml_whatever_the_service_said():
    root = ElementTree.fromstring(junit(REPORT))
    suite = root[0]
    assert [suite.get(a) for a in ("tests", "failures", "errors", "skipped")] == list("7114")
    assert "\\u001b" in suite[1][0].text


def test_the_json_report_as_a_whole():
    golden("report.json", json_report(REPORT))


def test_equal_runs_give_equal_json_apart_from_how_they_ran():
    slower = msgspec.structs.replace(
        REPORT,
        run=msgspec.structs.replace(
            RUN, took_ns=99, started_ns=5, background_calls=1, suite_path="/elsewhere"
        ),
    )
    one, other = (json.loads(json_report(report)) for report in (REPORT, slower))
    assert one.pop("run") != other.pop("run")
    assert one == other == json.loads(json_verdict(REPORT))
    assert json_verdict(REPORT) == json_verdict(slower)


def test_the_github_annotations_as_a_whole():
    golden(
        "github.txt", "\n".join(github(REPORT, "reenact", lambda file, path: len(path) + 1)) + "\n"
    )


def test_on_a_terminal_there_are_colours_and_a_progress_line_and_the_same_text():
    class Tty(io.StringIO):
        def isatty(self):
            return True

    stream = Tty()
    terminal = TerminalReport(Screen(stream, {}), RUN, SUITE, len(VERDICTS))
    for verdict in VERDICTS:
        terminal.verdict(verdict)
    terminal.end(REPORT)
    shown = stream.getvalue()
    assert "\x1b[31m" in shown
    assert "6 of 6, 1 changed" in shown
    assert "coffee\x1b[2J" not in shown


@pytest.mark.parametrize(
    ("statuses", "code"),
    [
        ([Status.PASS], Exit.AS_RECORDED),
        ([Status.PASS, Status.UNKNOWN], Exit.UNDECIDED),
        ([Status.UNKNOWN, Status.BROKEN], Exit.OUR_FAULT),
        ([Status.BROKEN, Status.FAIL, Status.UNKNOWN], Exit.BEHAVIOUR_CHANGED),
        ([], Exit.UNDECIDED),
    ],
)
def test_the_exit_code_follows_from_the_worst_that_is_proven(statuses, code):
    ids = [case.id for case in SUITE.cases]
    verdicts = [Verdict(case=i, status=s) for i, s in zip(ids, statuses, strict=False)]
    assert exit_of(SUITE, verdicts) is code


def test_a_case_set_aside_decides_nothing_even_if_it_was_judged():
    verdicts = [
        Verdict(case="0001-post-orders", status=Status.PASS),
        Verdict(case="0005-get-logo", status=Status.FAIL),
    ]
    assert exit_of(SUITE, verdicts) is Exit.AS_RECORDED
    assert counts(SUITE, verdicts).not_run == 5


def test_the_command_to_run_again_is_quoted_for_a_shell():
    run = Run(suite_path="my suite", command=("sh", "-c", "echo $X"))
    report = msgspec.structs.replace(REPORT, run=run)
    start = "reenact test --suite 'my suite' "
    assert again(report, "0002-get-order") == start + "-k 0002-get-order -- sh -c 'echo $X'"
    assert again(report, "session") == start + "-- sh -c 'echo $X'"


def test_long_texts_are_cut_where_they_differ():
    a, b = pair_text("x" * 500 + "tea", "x" * 500 + "coffee")
    assert a == '[485...]xxxxxxxxxxxxxxxxtea"'
    assert b == '[485...]xxxxxxxxxxxxxxxxcoffee"'


@pytest.mark.parametrize("text", ["\x1b[2J", "\u202e", "\x9b1m", "\ud800", "\r", "\u200b"])
def test_nothing_the_service_says_reaches_the_terminal_as_a_control_character(text):
    assert value_text({text: [text, text.encode("utf-8", "replace")]}).isprintable()


def test_an_empty_run_says_so():
    empty = Report(run=RUN, suite=msgspec.structs.replace(SUITE, cases=()), verdicts=(), files={})
    assert whole(empty)[-1].text == "0 passed, 0 changed, 17 background calls in 12.3 s"


def test_the_headers_of_an_error_page_after_a_refused_call_are_told_in_one_line():
    changed = VERDICTS[1]
    assert changed.misses
    gone = [
        Difference(change=Change.REMOVED, at=("response", "headers", name), recorded="x")
        for name in ("etag", "vary", "x-frame-options")
    ]
    status = Difference(change=Change.VALUE, at=("response", "status"), recorded=200, live=500)
    verdict = msgspec.structs.replace(changed, differences=(status, *gone))
    said = [finding.headline for finding in findings(REPORT, verdict)]
    assert "response/headers: 3 are not as recorded: etag, vary, x-frame-options" in said
    assert not any("headers/etag" in line for line in said)
    alone = msgspec.structs.replace(verdict, misses=())
    assert sum("response/headers/" in f.headline for f in findings(REPORT, alone)) == 3


def test_after_many_changed_cases_the_rest_is_told_in_brief():
    verdict = VERDICTS[1]
    many = msgspec.structs.replace(REPORT, verdicts=(verdict,) * 22)
    text = [line.text for line in whole(many)]
    assert sum(line.startswith("CHANGED") for line in text) == 22
    assert sum(line.startswith("  again:") for line in text) == 20


def test_what_the_clock_accounts_for_is_said_beside_it():
    day = Difference(
        change=Change.VALUE, at=("response", "body", "day"), recorded="a", live="b", by_clock=True
    )
    verdict = Verdict(
        case="0002-get-order", status=Status.FAIL, differences=(day,), clock="a time has passed"
    )
    text = "\n".join(line.text for line in explain(REPORT, verdict))
    assert "      perhaps the clock: these times are as far apart as the machine's clock" in text
    assert "  perhaps the clock: a time has passed\n" in text
    report = json.loads(json_report(msgspec.structs.replace(REPORT, verdicts=(verdict,))))
    for case in (report["cases"][0], report["run"]["cases"][0]):
        assert case["clock"] == "a time has passed" and case["differences"][0]["by_clock"]
    again_read = verdict_of(report["run"]["cases"][0])
    assert again_read.differences == (day,) and again_read.clock == verdict.clock
