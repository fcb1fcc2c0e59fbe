"""Without a sandbox: recorded through ports that are set, replayed on the same ports."""

from __future__ import annotations

import functools
import shutil
import socket
from pathlib import Path

import pytest

from tests.record.explicit import Explicit, environment
from tests.servers import reenact
from tests.servers.payments import payments
from tests.servers.process import free_port, listens, running
from tests.servers.redis import redis

ANOTHER_SYSTEM = Path(__file__).with_name("another_system.py")

pytestmark = [pytest.mark.e2e, pytest.mark.live]


@pytest.fixture(scope="module", params=["linux", "another-system"])
def recorded(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Explicit, reenact.Done]:
    """The dependencies are gone by the time of a test."""
    folder = tmp_path_factory.mktemp("explicit")
    paths = []
    if request.param == "another-system":
        paths = [folder / "site"]
        paths[0].mkdir()
        shutil.copy(ANOTHER_SYSTEM, paths[0] / "sitecustomize.py")
    with redis() as cache, payments(folder=folder / "provider") as provider:
        setting = Explicit(folder, environment(provider.ca, *paths))
        return setting, setting.record(cache.port, provider.port)


def test_a_service_is_recorded_and_rehearsed_through_its_ports(
    recorded: tuple[Explicit, reenact.Done],
) -> None:
    setting, done = recorded
    assert done.returncode == 0, done.output
    assert f"callers use port {setting.callers}" in done.output
    assert "only what goes through these ports is recorded" in done.output
    assert "rehearsal 3" in done.output
    assert " 3 calls of theirs" not in done.output  # TLS was seen through too
    assert " 4 calls of theirs" in done.output
    # On a loaded machine the probe that waits for the service may hang up before its answer.
    left = "set aside: 1: the caller left before it had the answer"
    assert " 0 set aside" in done.output or left in done.output


def test_cases_name_the_ports_that_the_service_knows(
    recorded: tuple[Explicit, reenact.Done],
) -> None:
    setting, _ = recorded
    cases = "".join(p.read_text() for p in sorted((setting.folder / "reenact/cases").iterdir()))
    assert f"port: {setting.service}" in cases
    assert f"127.0.0.1:{setting.redis}" in cases
    assert f"localhost:{setting.provider}" in cases


def test_the_recorded_build_is_green_and_people_hear_that_nothing_is_sealed(
    recorded: tuple[Explicit, reenact.Done],
) -> None:
    setting, _ = recorded
    done = setting.test("--mode", "explicit")
    assert done.returncode == 0, done.output
    assert "explicit mode is not sealed" in done.output


def test_a_changed_call_is_red(recorded: tuple[Explicit, reenact.Done]) -> None:
    setting, _ = recorded
    done = setting.test("--mode", "explicit", BUG="1")
    assert done.returncode == 1, done.output


@pytest.mark.sandbox
def test_a_suite_recorded_explicitly_is_green_in_a_sandbox(
    recorded: tuple[Explicit, reenact.Done],
) -> None:
    setting, _ = recorded
    linux = Explicit(**{**setting.__dict__, "env": environment(Path(setting.env["SSL_CERT_FILE"]))})
    done = linux.test()
    assert done.returncode == 0, done.output


@pytest.mark.sandbox
def test_a_suite_recorded_in_a_sandbox_is_green_in_explicit_mode(tmp_path: Path) -> None:
    with redis() as cache, payments(folder=tmp_path / "provider") as provider:
        env = environment(provider.ca)
        service = free_port()
        setting = Explicit(tmp_path, env, service, service, cache.port, provider.port)
        recorded = reenact.record(
            setting.command,
            setting.use,
            functools.partial(reenact.answers, service, "/healthz"),
            cwd=tmp_path,
            env=env,
            log=tmp_path / "record.txt",
        )
    assert recorded.returncode == 0, recorded.output
    done = setting.test("--mode", "explicit")
    assert done.returncode == 0, done.output


def test_a_port_that_is_taken_is_named(recorded: tuple[Explicit, reenact.Done]) -> None:
    setting, _ = recorded
    with socket.create_server(("127.0.0.1", setting.redis)):
        done = setting.test("--mode", "explicit")
    assert done.returncode == 4, done.output
    assert f"port {setting.redis} (a recorded dependency's" in done.output


def test_a_service_that_still_runs_is_not_taken_for_the_one_under_test(
    recorded: tuple[Explicit, reenact.Done],
) -> None:
    setting, _ = recorded
    with socket.create_server(("127.0.0.1", setting.service)):
        done = setting.test("--mode", "explicit")
    assert done.returncode == 4, done.output
    assert f"port {setting.service}, which is the service's, is in use already" in done.output


def test_a_service_that_runs_elsewhere_is_recorded_until_ctrl_c(tmp_path: Path) -> None:
    with redis() as cache, payments(folder=tmp_path / "provider") as provider:
        data = {"XDG_DATA_HOME": str(tmp_path / "data")}
        setting = Explicit(tmp_path, {**environment(provider.ca), **data})
        trusting = environment(tmp_path / "data/reenact/ca/ca.pem")
        ready = functools.partial(listens, setting.service)
        with running(setting.command, tmp_path / "service.txt", ready, env=trusting):
            done = setting.record(cache.port, provider.port, command=[])
    assert done.returncode == 0, done.output
    assert f"it has to trust {trusting['SSL_CERT_FILE']}" in done.output
    assert "not rehearsed: no command" in done.output
    assert "5 requests" in done.output


def test_auto_mode_on_another_system_says_why_there_is_no_sandbox(tmp_path: Path) -> None:
    shutil.copy(ANOTHER_SYSTEM, tmp_path / "sitecustomize.py")
    setting = Explicit(tmp_path, environment(Path("/dev/null"), tmp_path))
    line = ["record", "--", *setting.command]
    done = reenact.run(line, cwd=tmp_path, env=setting.env, log=tmp_path / "log")
    assert done.returncode == 4, done.output
    (line,) = done.output.splitlines()
    assert "no sandbox here: this is darwin; use Linux, or `--mode explicit`" in line


def test_doctor_on_another_system_says_what_works_there(tmp_path: Path) -> None:
    shutil.copy(ANOTHER_SYSTEM, tmp_path / "sitecustomize.py")
    env = environment(Path("/dev/null"), tmp_path)
    done = reenact.run(["doctor"], cwd=tmp_path, env=env, log=tmp_path / "log")
    assert done.returncode == 4, done.output
    assert "this is darwin" in done.output
    assert "--mode explicit work without" in done.output
