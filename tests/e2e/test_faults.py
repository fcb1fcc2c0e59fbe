"""What goes wrong, goes wrong as a user should see it: one line, an exit code, nothing left over."""

from __future__ import annotations

import contextlib
import http.client
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from reenact.store.capture import open_capture
from reenact.store.suite import load_suite
from tests.e2e.service import Service
from tests.sandbox.running import pids_with, until
from tests.servers.redis import redis

pytestmark = [pytest.mark.e2e, pytest.mark.sandbox]


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    made = Service(tmp_path)
    yield made
    until(lambda: not pids_with(str(tmp_path)))


def only_line(said: str) -> str:
    (line,) = said.splitlines()
    return line


# -- the command ---------------------------------------------------------------------------


def test_a_command_that_does_not_exist(service: Service) -> None:
    done = service.record(["no-such-command"])
    assert done.returncode == 3
    assert "error: cannot run the service: no-such-command" in only_line(done.output)


def test_a_command_that_ends_at_once(service: Service) -> None:
    done = service.record([sys.executable, "-c", "print('bad flag'); raise SystemExit(7)"])
    assert done.returncode == 4
    own, ours = done.output.splitlines()
    assert own == "bad flag"
    assert "ended with exit code 7 and never listened on a port" in ours


WAITS = [sys.executable, "-c", "print('up', flush=True); import signal; signal.pause()"]


def last_said_when_given_up(service: Service) -> str:
    with service.running("record", "--", *WAITS) as process:
        until(lambda: "up" in service.said)
        done = service.stop(process)
    assert done.returncode == 2, done.output
    return done.output.splitlines()[-1]


def test_a_service_that_opens_no_port_and_is_given_up(service: Service) -> None:
    last = last_said_when_given_up(service)
    # The second when Ctrl-C came before the recorder had its event loop.
    assert "nothing came in while recording" in last or "nothing was decided" in last


def test_a_recording_of_nothing_leaves_the_suite_as_it_was(service: Service) -> None:
    service.recorded("/a")
    recording = service.capture.read_bytes()
    case = min((service.folder / "reenact" / "cases").iterdir())
    case.write_text(case.read_text() + "# edited\n")
    last = last_said_when_given_up(service)
    assert "the suite in reenact/ stays as it was" in last or "nothing was decided" in last
    assert case.read_text().endswith("# edited\n")
    assert service.capture.read_bytes() == recording


def test_a_service_that_does_not_start_leaves_the_recording_as_it_was(service: Service) -> None:
    service.recorded("/a")
    recording = service.capture.read_bytes()
    assert service.record([sys.executable, "-c", "raise SystemExit(7)"]).returncode == 4
    assert service.capture.read_bytes() == recording
    assert not list(service.capture.parent.glob("*new*"))


TWO_PORTS = """
import http.server, sys
class Open(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        Open.more = http.server.HTTPServer(("127.0.0.1", int(sys.argv[2])), Open)
        self.wfile.write(b"HTTP/1.0 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n")
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Open).serve_forever()
"""


def test_what_came_in_before_a_recording_failed_is_kept(service: Service) -> None:
    service.recorded("/a")
    recording = service.capture.read_bytes()
    line = [sys.executable, "-c", TWO_PORTS, str(service.port), str(service.other)]
    with (
        socket.create_server(("127.0.0.1", service.other)),
        service.running("record", "--", *line) as process,
    ):
        until(lambda: "listens on port" in service.said)
        with contextlib.suppress(OSError, http.client.HTTPException):
            service.get("/b")  # opens the other port, which ends the recording
        assert service.ended(process).returncode == 4
    assert service.capture.read_bytes() == recording
    assert open_capture(service.capture.with_name("recording.new.capture")).flows


def test_a_new_recording_takes_the_place_of_the_one_before(service: Service) -> None:
    for path in ("/a", "/b"):
        service.recorded(path)
    digest = open_capture(service.capture).digest
    assert load_suite(service.folder / "reenact").capture == digest
    assert not list(service.capture.parent.glob("*new*"))


def test_a_port_that_somebody_has(service: Service) -> None:
    with socket.create_server(("127.0.0.1", service.port)):
        done = service.record(service.command)
    assert done.returncode == 4
    line = done.output.splitlines()[-1]
    assert f"127.0.0.1:{service.port}, which is held outside by process" in line


def test_a_service_that_ends_by_itself_makes_a_suite_and_its_exit_code_is_told(
    service: Service,
) -> None:
    with service.recording("--no-rehearse") as process:
        service.get("/a")
        with pytest.raises(ConnectionError):
            service.get("/die")
        done = service.ended(process)
    assert done.returncode == 0, done.output
    assert "the service ended by itself with exit code 137" in done.output
    assert "the recorded response is not whole" in done.output


# -- interrupted ---------------------------------------------------------------------------


def test_ctrl_c_ends_the_service_and_makes_the_suite(service: Service) -> None:
    with service.recording("--no-rehearse") as process:
        service.get("/a")
        done = service.stop(process)
    assert done.returncode == 0, done.output
    assert "Traceback" not in done.output
    assert "/a" in service.cases()


def test_ctrl_c_twice_kills_a_service_that_does_not_end(service: Service) -> None:
    with service.recording("--no-rehearse", STUBBORN="1") as process:
        service.get("/a")
        process.send_signal(2)
        until(lambda: "does not" in service.said)
        done = service.stop(process)
    assert done.returncode == 0, done.output
    assert "Traceback" not in done.output
    assert "/a" in service.cases()


def test_ctrl_c_while_rehearsing_keeps_the_suite_and_leaves_nothing(service: Service) -> None:
    with service.recording(STUBBORN="1") as process:
        service.get("/a")
        process.send_signal(2)
        until(lambda: "does not" in service.said)
        process.send_signal(2)
        until(lambda: (service.folder / "reenact/.local/service.log").exists())
        done = service.stop(process)
    assert done.returncode == 2, done.output
    assert done.output.splitlines()[-1] == "reenact: interrupted: nothing was decided"
    assert "Traceback" not in done.output
    assert "/a" in service.cases()


def test_a_recorder_that_is_killed_leaves_a_recording_and_nothing_running(
    service: Service,
) -> None:
    with service.recording() as process:
        service.get("/kept")
        until(lambda: b"/kept" in _unpacked(service))
        process.kill()
        process.wait()
        until(lambda: not pids_with(str(service.folder)))
    done = service.reenact("compile", str(service.capture))
    assert done.returncode == 0, done.output
    assert "the end of the recording is missing" in done.output
    assert "/kept" in service.cases()
    assert service.test().returncode == 0, service.said


def _unpacked(service: Service) -> bytes:
    from reenact.base.errors import StoreError
    from reenact.store.capture import open_capture

    try:
        return b"".join(s.data for s in open_capture(service.capture).all_segments())
    except StoreError:
        return b""


def test_a_service_that_is_killed_while_tested_is_a_change(service: Service) -> None:
    with redis() as cache:
        service.redis = cache.port
        with service.recording("--no-rehearse") as process:
            service.get("/visits/ann")
            service.stop(process)
    done = service.test(DIES="1")
    assert done.returncode == 1, done.output
    assert "the service ended" in done.output
    assert "Traceback" not in done.output


def test_a_build_that_does_not_start_is_a_change_and_its_output_is_kept(service: Service) -> None:
    with service.recording("--no-rehearse") as process:
        service.get("/a")
        service.stop(process)
    done = service.reenact("test", "--", sys.executable, "-c", "raise SystemExit('no config')")
    assert done.returncode == 1, done.output
    assert "ended with exit code 1 (its output: reenact/.local/service.log)" in done.output
    assert "no config" in (service.folder / "reenact/.local/service.log").read_text()


# -- what comes in and goes out ------------------------------------------------------------


def test_a_dependency_that_is_down_is_recorded_as_the_service_saw_it(service: Service) -> None:
    with service.recording() as process:
        assert service.get("/visits/ann") == b"no visits: ConnectionResetError"  # docs/sandbox.md
        done = service.stop(process)
    assert done.returncode == 0, done.output
    with redis(port=service.redis):
        done = service.test()
    assert done.returncode == 0, done.output


def test_bytes_that_are_no_request_do_not_stop_a_recording(service: Service) -> None:
    with service.recording() as process:
        service.get("/before")
        for nonsense in (b"\x00\xff nonsense \r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01"):
            with socket.create_connection(("127.0.0.1", service.port), 20) as connection:
                connection.sendall(nonsense)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(1000):
                    pass
        service.get("/after")
        done = service.stop(process)
    assert done.returncode == 0, done.output
    assert "/before" in service.cases() and "/after" in service.cases()
    assert service.test().returncode == 0, service.said


def test_a_dependency_that_answers_nonsense_is_played_as_it_was(service: Service) -> None:
    server = socket.create_server(("127.0.0.1", service.other))
    with server, service.recording() as process:
        with subprocess.Popen([sys.executable, "-c", ANSWER_NONSENSE], stdin=server):
            assert service.get("/other") == b"\xff\x00nonsense"
        done = service.stop(process)
    assert done.returncode == 0, done.output
    assert service.test().returncode == 0, service.said


ANSWER_NONSENSE = r"""
import socket
conn, _ = socket.socket(fileno=0).accept()
conn.recv(100)
conn.sendall(b"\xff\x00nonsense")
"""


def test_a_caller_who_leaves_midway_has_its_case_set_aside(service: Service) -> None:
    with service.recording("--no-rehearse") as process:
        with socket.create_connection(("127.0.0.1", service.port), 20) as connection:
            connection.sendall(b"GET /until-left HTTP/1.1\r\nHost: a\r\n\r\n")
        with socket.create_connection(("127.0.0.1", service.port), 20) as connection:
            connection.sendall(b"POST /half HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf")
        assert service.get("/whether-left") == b"left"
        done = service.stop(process)
    assert done.returncode == 0, done.output
    assert "set aside: 1: the caller left before it had the answer" in done.output
    assert "/until-left" in service.cases()


def test_several_processes_on_one_port_are_one_service(service: Service) -> None:
    service.workers = 3
    with redis() as cache:
        service.redis = cache.port
        with service.recording() as process:
            for n in range(1, 9):
                assert service.get("/visits/ann") == b"visits: :%d" % n
            done = service.stop(process)
    assert done.returncode == 0, done.output
    assert "9 requests" in done.output
    done = service.test()
    assert done.returncode == 0, done.output


def test_a_datagram_goes_through_and_is_counted(service: Service) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", service.other))
        server.settimeout(20)
        with service.recording("--no-rehearse") as process:
            with socket.create_connection(("127.0.0.1", service.port), 20) as connection:
                connection.sendall(b"GET /udp HTTP/1.0\r\n\r\n")
                said, whom = server.recvfrom(100)
                server.sendto(b"heard " + said, whom)
                assert b"heard hello" in connection.makefile("rb").read()
            done = service.stop(process)
    assert done.returncode == 0, done.output
    assert f"not replayable: 1 UDP datagrams to 127.0.0.1:{service.other}" in done.output
