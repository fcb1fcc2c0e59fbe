"""`--clock`, `--restart` and `--verdict`, and what `reenact.toml` says when the first two are left out."""

from __future__ import annotations

import json

import pytest

from reenact.replay import run as engine
from reenact.replay.groups import Restart
from reenact.replay.run import Rehearsed


@pytest.fixture
def rehearsed(monkeypatch):
    """The options that a rehearsal was given."""
    told = {}

    def rehearse(suite, options, say, tests, alone_s):
        told.update(options=options, alone_s=alone_s)
        return Rehearsed(suite=suite, verdicts=(), moved=0, unasked=0, generated={}, aside=())

    monkeypatch.setattr(engine, "rehearse", rehearse)
    return told


def test_the_clock_is_the_recorded_one_and_one_instance_plays_everything(reenact, suite, played):
    assert reenact("test").code in (0, 2)
    assert (played["options"].clock, played["options"].restart) == ("recorded", Restart.NEVER)


def test_the_configuration_says_otherwise_for_tests_and_rehearsals(
    reenact, suite, played, rehearsed, project
):
    (project / "reenact.toml").write_text('[replay]\nclock = "+36h"\nrestart = "group"\n')
    reenact("test")
    reenact("rehearse")
    for told in (played, rehearsed):
        assert (told["options"].clock, told["options"].restart) == ("+36h", Restart.GROUP)


def test_the_command_line_has_the_last_word(reenact, suite, played, rehearsed, project):
    (project / "reenact.toml").write_text('[replay]\nclock = "+36h"\nrestart = "group"\n')
    reenact("test", "--clock", "now", "--restart", "each")
    reenact("rehearse", "--clock", "now", "--restart", "never", "--alone", "30")
    assert (played["options"].clock, played["options"].restart) == ("now", Restart.EACH)
    assert (rehearsed["options"].clock, rehearsed["options"].restart) == ("now", Restart.NEVER)
    assert rehearsed["alone_s"] == 30


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ('clock = "noon"', "settings: [replay] clock noon: expected recorded, now, a moment"),
        ('restart = "often"', "Invalid enum value 'often' - at `$.replay.restart`"),
    ],
)
def test_a_slip_in_the_configuration_is_told_before_anything_starts(
    reenact, suite, played, project, settings, said
):
    (project / "reenact.toml").write_text(f"[replay]\n{settings}\n")
    ran = reenact("test")
    assert (ran.code, "options" in played) == (3, False)
    assert said in ran.err


def test_record_refuses_a_clock_before_it_records(reenact, project):
    ran = reenact("record", "--clock", "noon", "--", "true")
    assert ran.code == 3
    assert "--clock noon: expected recorded, now, a moment" in ran.err
    assert not (project / "reenact").exists() or not list((project / "reenact").rglob("*.capture"))


def test_the_verdict_alone_is_the_report_without_how_it_was_run(reenact, suite, played, project):
    reenact("test", "--json", "all.json", "--verdict", "verdict.json")
    report = json.loads((project / "all.json").read_text())
    assert report.pop("run")["suite"] == "reenact"
    assert report == json.loads((project / "verdict.json").read_text())
    assert json.loads(reenact("test", "--verdict", "-").out) == report


def test_only_one_document_can_be_on_stdout(reenact, suite, played):
    ran = reenact("test", "--verdict", "-", "--json", "-")
    assert (ran.code, "options" in played) == (3, False)
