"""What each command does with what it is told, without a service."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from reenact.base.errors import MachineError
from reenact.cli.record import listen_ports, upstream_ports
from reenact.model.difference import Change, Difference
from reenact.model.verdict import Status, Verdict
from reenact.replay import run as engine
from reenact.replay.run import Rehearsed
from reenact.store.suite import load_suite, save_suite

COMMANDS = [
    "record", "test", "accept", "rehearse", "compile", "inspect", "lint", "doctor", "version"
]  # fmt: skip
CHANGED = Difference(
    change=Change.VALUE, at=("response", "body", "note"), recorded=None, live="x" * 500
)


def fail(name: str) -> Verdict:
    return Verdict(case=name, status=Status.FAIL, title="POST /orders", differences=(CHANGED,))


# -- test ----------------------------------------------------------------------------------


def test_all_as_recorded_is_exit_code_0(reenact, suite, played):
    ran = reenact("test")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[-1].startswith(
        "2 passed, 0 changed, 1 set aside, 1 background call in "
    )
    assert played["options"].command == suite.command


def test_a_changed_case_is_exit_code_1_and_says_how_to_see_it_again(reenact, suite, played):
    played["0001-post-orders"] = fail("0001-post-orders")
    ran = reenact("test", "--", "./new build", "--port", "8000")
    assert ran.code == 1
    assert "again:   reenact test -k 0001-post-orders -- './new build' --port 8000" in ran.out
    assert played["options"].command == ("./new build", "--port", "8000")


def test_what_differs_outside_of_any_case_counts_as_a_change(reenact, suite, played):
    played["session"] = Verdict(case="session", status=Status.FAIL, note="asked twice")
    ran = reenact("test")
    assert ran.code == 1
    assert "again:   reenact test -- python" in ran.out


def test_options_reach_the_engine(reenact, suite, played, project):
    (project / "reenact.toml").write_text('unix_sockets = ["/run/x"]\n')
    reenact(
        "test",
        "-k",
        "post",
        "--jobs",
        "3",
        "--fail-fast",
        "--responses-only",
        "--keep-files",
        "kept",
    )
    options = played["options"]
    assert options.select == {"0001-post-orders"}
    assert (options.jobs, options.fail_fast, options.responses_only) == (3, True, True)
    assert str(options.keep_files) == "kept"
    assert options.settings.unix_sockets == ("/run/x",)


def test_json_on_stdout_leaves_stdout_to_json(reenact, suite, played):
    ran = reenact("test", "--json", "-")
    assert json.loads(ran.out)["counts"]["passed"] == 2
    assert "2 passed" in ran.err


def test_files_of_reports_are_written(reenact, suite, played, project):
    reenact("test", "--json", "r.json", "--junit", "out/r.xml")
    assert json.loads((project / "r.json").read_text())["exit"] == 0
    assert (project / "out/r.xml").read_text().startswith("<?xml")
    assert (project / "reenact/.local/.gitignore").read_text() == "*\n"


def test_github_annotations_name_the_file_from_the_repositorys_root(
    reenact, suite, played, project, monkeypatch
):
    monkeypatch.setenv("GITHUB_WORKSPACE", str(project.parent))
    played["0001-post-orders"] = fail("0001-post-orders")
    ran = reenact("test", "--github")
    file = f"{project.name}/reenact/cases/0001-post-orders.yaml"
    assert (
        f"::error file={file},line=22,title=0001-post-orders POST /orders::response/body/note"
        in ran.out
    )


def test_a_suite_without_cases_is_a_usage_error(reenact, suite, project):
    save_suite(msgspec.structs.replace(suite, cases=()), project / "reenact")
    ran = reenact("test")
    assert (ran.code, ran.out) == (3, "")
    assert (
        ran.err
        == "reenact: error: reenact: the suite has no cases; record again and send requests\n"
    )


def test_a_selection_of_nothing_is_a_usage_error(reenact, suite):
    ran = reenact("test", "-k", "nonsense")
    assert ran.code == 3
    assert ran.err == "reenact: error: -k 'nonsense' selects none of 3; see reenact inspect\n"


def test_update_writes_what_changed_for_review(reenact, suite, played, project):
    played["0001-post-orders"] = fail("0001-post-orders")
    ran = reenact("test", "--update")
    assert (ran.code, ran.err) == (0, "reenact: 1 case updated in reenact; review and test\n")
    assert load_suite(project / "reenact").cases[0].response["body"]["note"] == "x" * 500


def test_update_says_what_it_could_not_write(reenact, suite, played):
    other = msgspec.structs.replace(CHANGED, recorded="something else")
    verdict = msgspec.structs.replace(fail("0001-post-orders"), differences=(other,))
    played["0001-post-orders"] = verdict
    ran = reenact("test", "--update")
    assert ran.code == 1
    assert (
        "reenact: not updated: 0001-post-orders: response/body/note: cannot be written" in ran.err
    )


# -- record, compile, rehearse ------------------------------------------------------------------


def test_rehearse_saves_what_it_learned(reenact, suite, project, monkeypatch):
    better = msgspec.structs.replace(suite, rehearsed=3)
    found = Rehearsed(
        suite=better, verdicts=(), moved=2, unasked=0, generated={"uuid": 4}, aside=()
    )
    monkeypatch.setattr(engine, "rehearse", lambda suite, options, say, tests, alone_s: found)
    ran = reenact("rehearse")
    assert ran.code == 0
    assert load_suite(project / "reenact").rehearsed == 3
    assert ran.err.splitlines() == [
        "reenact: calls that turned out to belong to another request than it seemed: 2",
        "reenact: values the service makes up: 4 uuid",
        "reenact: suite reenact/: 3 requests, 2 cases, 2 calls of theirs, 1 of the session, 1 set aside",
        "reenact: files and folders that it changes, laid as they were before: 4",
        "reenact: set aside: 1: two rehearsals answered differently",
    ]


def test_ports_of_explicit_mode():
    assert listen_ports("8000:9000") == (8000, 9000)
    assert upstream_ports("5433=localhost:5432") == (5433, "localhost", 5432)
    assert upstream_ports("5433=[::1]:5432") == (5433, "::1", 5432)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["record"], "no command to start the service; add it after --: reenact ... -- COMMAND"),
        (["record", "x", "--", "y"], "unexpected 'x' before --; only options stand there"),
        (["record", "--listen", "80", "--", "y"], "--listen 80: expected OURS:SERVICE, such as 8000:9000"),
        (["record", "--listen", "80:x", "--", "y"], "--listen 80:x: expected a port from 1 to 65535, found 'x'"),
        (["record", "--listen", "1:2", "--upstream", "5433", "--", "y"], "--upstream 5433: expected OURS=HOST:PORT, such as 5433=localhost:5432"),
        (["record", "--mode", "sandbox", "--listen", "1:2", "--", "y"], "--listen and --upstream need --mode explicit; a sandbox sees every port"),
        (["record", "--mode", "explicit", "--", "y"], "--mode explicit needs --listen OURS:SERVICE, such as --listen 8000:9000"),
        (["record", "--listen", "80:80", "--", "y"], "--listen 80:80: the two ports must differ; callers use the first"),
        (["record", "--listen", "1:2", "--upstream", "5=localhost:5", "--", "y"], "--upstream 5=localhost:5: the two ports must differ; the service uses the first"),
        (["test", "--mode", "explicit", "--jobs", "2"], "--jobs needs sandboxes: in --mode explicit there is one set of ports"),
        (["test", "--mode", "explicit", "--keep-files", "x"], "--keep-files needs a sandbox: in --mode explicit files stay where they are"),
        (["record", "--config", "no.toml", "--", "y"], "no.toml: no such file"),
        (["compile", "none.capture"], "none.capture: no such recording"),
        (["compile"], "; see reenact compile --help"),
        (["inspect", "nowhere"], "nowhere: there is no such suite or recording"),
        (["test"], "reenact: no suite here (no suite.yaml); make one with: reenact record -- COMMAND"),
        (["recrod"], "No such command 'recrod'"),
        (["test", "--jbos", "3"], "No such option: --jbos"),
        (["test", "--jobs", "0"], "Invalid value for '--jobs'"),
    ],
)  # fmt: skip
def test_each_misuse_is_one_line_that_says_what_to_do(reenact, project, arguments, said):
    ran = reenact(*arguments)
    assert ran.code == 3
    assert ran.out == ""
    assert ran.err.startswith("reenact: error: ")
    assert said in ran.err
    assert ran.err.count("\n") == 1


# -- inspect -----------------------------------------------------------------------------------


def test_inspect_lists_the_cases(reenact, suite):
    ran = reenact("inspect")
    assert [line.split()[:2] for line in ran.out.splitlines()[:3]] == [
        ["0001-post-orders", "2"], ["0002-get-order", "0"], ["0003-get-logo", "0"],
    ]  # fmt: skip
    assert "(set aside: two rehearsals answered differently)" in ran.out
    assert ran.out.splitlines()[-1] == "3 cases, 1 set aside, 1 session call, rehearsed 2 times"


def test_inspect_selects_like_test(reenact, suite):
    assert len(reenact("inspect", "-k", "get and not logo").out.splitlines()) == 2


def test_inspect_shows_a_case_and_in_full_what_the_last_test_found(reenact, suite, played):
    played["0001-post-orders"] = fail("0001-post-orders")
    short = reenact("test").out
    assert "x" * 100 not in short
    shown = reenact("inspect", "0001-post-orders").out
    assert "INSERT INTO orders (id, total)" in shown
    assert "x" * 500 in shown


def test_inspect_of_an_unknown_case_names_the_nearest(reenact, suite):
    assert "did you mean 0002-get-order?" in reenact("inspect", "reenact", "0002-get-ordr").err


# -- all commands --------------------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_teaches_by_example(reenact, command):
    ran = reenact(command, "--help")
    assert ran.code == 0
    assert f"  reenact {command}" in ran.out


def test_without_a_command_there_is_help(reenact):
    ran = reenact()
    assert ran.code == 3
    assert all(f"  {command} " in ran.out for command in COMMANDS)


def test_version_names_the_formats(reenact):
    assert "suite format 2" in reenact("version").out


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (MachineError("no namespaces here"), 4, "error: no namespaces here\n"),
        (OSError(28, "No space left on device", "/x"), 4, "error: /x: No space left on device\n"),
        (KeyboardInterrupt(), 2, "interrupted: nothing was decided\n"),
        (KeyError("x"), 5, "error: a bug in reenact (KeyError: 'x'); please report it with "),
    ],
)
def test_every_kind_of_error_has_its_exit_code(reenact, suite, monkeypatch, error, code, said):
    def broken(*_):
        raise error

    monkeypatch.setattr(engine, "run_suite", broken)
    ran = reenact("test")
    assert ran.code == code
    assert ran.err.startswith("reenact: " + said)
    if code == 5:
        assert "KeyError" in Path(ran.err.split()[-1]).read_text()


def test_a_reader_that_leaves_early_is_no_error(suite):
    script = f"{sys.executable} -m reenact inspect; echo $? >&2"
    ran = subprocess.run(["sh", "-c", f"({script}) | true"], capture_output=True, text=True)
    assert ran.stderr == "0\n"


@pytest.mark.slow
def test_help_is_there_at_once():
    """None of the heavy imports: 100 ms, most of it typer."""
    loaded = "import sys, reenact.cli.app; print(*sorted(sys.modules))"
    out = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert not {"yaml", "rich", "asyncio", "cryptography"} & set(out.stdout.split())
