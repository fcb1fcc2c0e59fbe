"""`--clock`, `--restart`, `--seed` and `--verdict`, and what `reenact.toml` says when they are left out."""

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
        ("seed = -1", "Expected `int` >= 0 - at `$.replay.seed`"),
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


def test_randomness_is_left_alone_unless_a_seed_is_told(reenact, suite, played, rehearsed, project):
    reenact("test")
    assert played["options"].seed is None
    (project / "reenact.toml").write_text("[replay]\nseed = 5\n")
    for command, told in (("test", played), ("rehearse", rehearsed)):
        reenact(command)
        assert told["options"].seed == 5
        reenact(command, "--seed", "6")
        assert told["options"].seed == 6
        reenact(command, "--seed", "none")
        assert told["options"].seed is None


def test_a_test_draws_as_the_rehearsals_did(reenact, suite, played, project):
    head = project / "reenact/suite.yaml"
    head.write_text(head.read_text() + "seed: 9\n")
    for command in (["test"], ["accept", suite.cases[0].id, "--reason", "new"]):
        reenact(*command)
        assert played.pop("options").seed == 9


@pytest.mark.parametrize("seed", ["-1", "x", "", str(2**63)])
@pytest.mark.parametrize("command", [["test"], ["rehearse"], ["record", "--", "true"]])
def test_a_seed_is_a_number(reenact, suite, played, command, seed):
    ran = reenact(command[0], f"--seed={seed}", *command[1:])
    assert (ran.code, "options" in played) == (3, False)
    assert f"--seed {seed}: expected a number from 0 to {2**63 - 1}, or none" in ran.err


@pytest.mark.parametrize("command", ["test", "rehearse"])
def test_a_seed_needs_the_sandbox(reenact, suite, played, command):
    ran = reenact(command, "--mode", "explicit", "--seed", "1")
    assert (ran.code, "options" in played) == (3, False)
    assert "--seed needs the sandbox" in ran.err


def test_record_refuses_a_seed_in_explicit_mode(reenact, project):
    ran = reenact("record", "--mode", "explicit", "--listen", "1:2", "--seed", "1", "--", "true")
    assert ran.code == 3
    assert "--seed needs the sandbox" in ran.err
