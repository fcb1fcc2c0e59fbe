"""`reenact accept`: what the last test found becomes the expectation, with the reason."""

from __future__ import annotations

import json
from decimal import Decimal

import msgspec
import pytest

from reenact.model.difference import Change, Difference
from reenact.model.verdict import Status, Verdict
from reenact.store.suite import load_suite

POST = "0001-post-orders"
AT = ("response", "body")
FAILED = Verdict(
    case=POST,
    status=Status.FAIL,
    title="POST /orders",
    differences=(
        Difference(change=Change.VALUE, at=(*AT, "total"), recorded=Decimal("3.30"), live=Decimal("3.4")),
        Difference(change=Change.ADDED, at=(*AT, "$ref"), live={"$decimal": b"\xff"}),
    ),
)  # fmt: skip


@pytest.fixture
def failed(reenact, suite, played):
    """A test has found the case to differ; the engine is asked no more."""
    played[POST] = FAILED
    assert reenact("test").code == 1
    played.clear()
    return played


def case(project):
    return load_suite(project / "reenact").cases[0]


def test_what_the_last_test_found_is_written_and_shown_as_a_small_diff(reenact, failed, project):
    ran = reenact("accept", POST, "response/body/total", "--reason", "rounded up")
    assert (ran.code, ran.err, failed) == (0, "", {})
    assert [line for line in ran.out.splitlines() if line[:1] in "+-"][2:] == [
        "-    total: 3.30",
        "+    total: 3.4",
        "+accepted:",
        f"+  - {{at: response/body/total, change: value-changed, why: rounded up, since: \"{case(project).accepted[0].since}\"}}",
    ]  # fmt: skip
    assert case(project).response["body"]["total"] == Decimal("3.4")


def test_the_rest_can_be_accepted_after_it(reenact, failed, project):
    reenact("accept", POST, "response/body/total", "--reason", "rounded up")
    assert reenact("accept", POST, "--change", "added", "--reason", "new").code == 0
    assert case(project).response["body"]["$ref"] == {"$decimal": b"\xff"}
    assert [note.why for note in case(project).accepted] == ["rounded up", "new"]
    again = reenact("accept", POST, "--reason", "more")
    assert (again.code, failed) == (3, {})
    assert "nothing of the kind differs by now; test again" in again.err


def test_files_of_other_cases_stay_as_people_wrote_them(reenact, failed, project):
    other = project / "reenact/cases/0002-get-order.yaml"
    other.write_text(other.read_text() + "# mine\n")
    reenact("accept", POST, "--reason", "rounded up")
    assert other.read_text().endswith("# mine\n")


def test_a_case_that_was_edited_since_is_run_again(reenact, failed, project):
    file = project / f"reenact/cases/{POST}.yaml"
    file.write_text(file.read_text().replace("total: 3.30", "total: 3.31"))
    difference = msgspec.structs.replace(FAILED.differences[0], recorded=Decimal("3.31"))
    failed[POST] = msgspec.structs.replace(FAILED, differences=(difference,))
    ran = reenact("accept", POST, "--reason", "rounded up")
    assert ran.code == 0
    assert "was edited since the last test; it is run again" in ran.err
    assert failed["options"].select == {POST}
    assert case(project).response["body"]["total"] == Decimal("3.4")


def test_without_a_finding_the_case_is_run_by_the_command_of_the_last_test(
    reenact, suite, played, project
):
    reenact("test", "--", "./new", "build")
    played[POST] = FAILED
    assert reenact("accept", POST, "--reason", "rounded up").code == 0
    assert played["options"].command == ("./new", "build")


def test_test_update_notes_the_reason_too(reenact, suite, played, project):
    played[POST] = FAILED
    assert reenact("test", "--update", "--reason", "version 2").code == 0
    assert {note.why for note in case(project).accepted} == {"version 2"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([POST], "--reason is missing: say why the difference is right"),
        ([POST, "--reason", " "], "--reason is missing: say why the difference is right"),
        ([POST, "response/status", "--reason", "x"], f"{POST}: nothing of the kind differs; what differs: response/body/total (value-changed), response/body/$ref (added)"),
        ([POST, "--change", "adde", "--reason", "x"], "--change adde: there is no such kind; did you mean added?"),
        (["0001-post-order", "--reason", "x"], f"reenact: there is no case '0001-post-order'; did you mean {POST}?; see reenact inspect reenact"),
    ],
)  # fmt: skip
def test_a_slip_is_one_line_with_the_remedy(reenact, failed, arguments, said):
    ran = reenact("accept", *arguments)
    assert (ran.code, ran.err) == (3, f"reenact: error: {said}\n")


def test_a_reason_without_update_is_a_slip(reenact, suite):
    assert reenact("test", "--reason", "x").code == 3


def test_the_report_stays_json(reenact, failed, project):
    reenact("accept", POST, "response/body/total", "--reason", "rounded up")
    report = json.loads((project / "reenact/.local/report.json").read_text())
    for cases in (report["cases"], report["run"]["cases"]):
        assert cases[0]["accepted"] == ["response/body/total"]
