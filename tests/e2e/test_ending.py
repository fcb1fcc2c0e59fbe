"""However a run ends, nothing of it stays behind: no process, no mount, no file."""

from __future__ import annotations

import resource
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.service import Service
from tests.sandbox.running import pids_with, until

pytestmark = [pytest.mark.e2e, pytest.mark.sandbox]


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    made = Service(tmp_path)
    yield made
    until(lambda: not pids_with(str(tmp_path)))
    assert str(tmp_path) not in Path("/proc/self/mountinfo").read_text()


def left_over(service: Service) -> list[str]:
    return [p.name for p in (service.folder / "temporary").iterdir()]


def started(service: Service) -> bool:
    return (service.folder / "reenact/.local/service.log").exists()


def hanging(service: Service) -> list[str]:
    """A build that never opens its port."""
    return [sys.executable, "-c", "import signal; signal.pause()", str(service.folder)]


@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_test_that_is_interrupted(service: Service, number: signal.Signals, jobs: str) -> None:
    service.recorded("/a", "/b", "/c")
    with service.running("test", "--jobs", jobs, "--", *hanging(service)) as process:
        until(lambda: len(pids_with("signal.pause()")) > int(jobs))
        process.send_signal(number)
        done = service.ended(process)
    assert "Traceback" not in done.output
    assert done.output.splitlines()[-1] == "reenact: interrupted: nothing was decided"
    assert done.returncode == 2
    assert left_over(service) == []


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_test_that_is_killed(service: Service, jobs: str) -> None:
    service.recorded("/a", "/b", "/c")
    with service.running("test", "--jobs", jobs, "--", *hanging(service)) as process:
        until(lambda: len(pids_with("signal.pause()")) > int(jobs))
        process.kill()
        service.ended(process)
        until(lambda: not pids_with(str(service.folder)))


def test_a_terminal_that_is_closed_while_recording(service: Service) -> None:
    with service.recording("--no-rehearse") as process:
        service.get("/a")
        process.send_signal(signal.SIGHUP)
        service.ended(process)
        until(lambda: not pids_with(str(service.folder)))


def test_sigterm_ends_a_recording_as_ctrl_c_does(service: Service) -> None:
    with service.recording("--no-rehearse") as process:
        service.get("/a")
        process.terminate()
        done = service.ended(process)
    assert done.returncode == 0, done.output
    assert "/a" in service.cases()
    assert left_over(service) == []


def test_what_a_service_started_ends_with_it(service: Service) -> None:
    with service.recording("--no-rehearse") as process:
        service.get("/orphan")
        until(lambda: pids_with("sleep\x001000"))
        done = service.stop(process)
    assert done.returncode == 0, done.output
    assert not pids_with("sleep\x001000")


def test_a_disk_that_is_full_is_said_and_the_service_goes_on(service: Service) -> None:
    with service.recording("--no-rehearse", "--capture", "/dev/full") as process:
        assert service.get("/a") == b"here"
        until(lambda: "unrecorded" in service.said)
        assert service.get("/b") == b"here"
        done = service.stop(process)
    assert "cannot be written: No space left on device; the service goes on" in done.output
    assert "a bug in reenact" not in done.output
    assert "seen, 0 stored, " in done.output
    assert done.returncode == 4, done.output


def test_a_disk_that_fills_midway_leaves_the_cases_before(service: Service) -> None:
    limit = (4_000_000, 4_000_000)
    with service.recording("--no-rehearse") as process:
        assert service.get("/before") == b"here"
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, limit)
        assert len(service.get("/large")) == 8_000_000
        assert service.get("/after") == b"here"
        done = service.stop(process)
    assert "the service goes on, unrecorded" in done.output
    assert "lost: " in done.output
    assert "/before" in service.cases()
    assert done.returncode == 0, done.output


def test_more_connections_than_the_usual_limit_of_descriptors(service: Service) -> None:
    with service.recording("--no-rehearse", soft_limit=256) as process:
        connections = [
            socket.create_connection(("127.0.0.1", service.port), 30) for _ in range(400)
        ]
        for connection in connections:
            connection.sendall(b"GET /many HTTP/1.1\r\n\r\n")
        for connection in connections:
            assert connection.recv(12) == b"HTTP/1.1 200"
            connection.close()
        done = service.stop(process)
    assert done.returncode == 0, done.output
    assert "recorded 401 connections" in done.output


def test_a_second_recording_of_the_same_port_is_refused_and_names_the_first(
    service: Service,
) -> None:
    with service.recording("--no-rehearse") as process:
        other = Service(service.folder / "other", port=service.port)
        other.folder.mkdir()
        done = other.record(other.command)
        assert done.returncode == 4, done.output
        assert f"held outside by process {process.pid} (" in done.output
        service.get("/a")
        assert service.stop(process).returncode == 0


def test_the_last_recording_is_not_lost_to_a_start_that_fails(service: Service) -> None:
    service.recorded("/a")
    before = service.capture.read_bytes()
    assert service.record(["no-such-command"]).returncode == 3
    assert service.capture.read_bytes() == before


def test_temporary_folders_are_gone(service: Service) -> None:
    service.recorded("/a")
    assert service.test().returncode == 0, service.said
    assert left_over(service) == []
    assert tempfile.gettempdir()
