"""Services and dependencies with habits: recorded as they were, and green when tested."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.service import Service
from tests.sandbox.running import pids_with, until
from tests.servers.redis import redis

pytestmark = [pytest.mark.e2e, pytest.mark.sandbox]


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    made = Service(tmp_path)
    yield made
    until(lambda: not pids_with(str(tmp_path)))


def green(service: Service, **env: str) -> None:
    done = service.test(**env)
    assert done.returncode == 0, done.output


@contextlib.contextmanager
def answering(port: int, *answers: bytes) -> Iterator[None]:
    """A server on one connection after the other: b"" closes it, b"..." leaves it unanswered."""
    listener = socket.create_server(("127.0.0.1", port))
    unanswered: list[socket.socket] = []  # open until the end

    def serve() -> None:
        left = list(answers)
        while left:
            connection, _ = listener.accept()
            unanswered.append(connection)
            while left and connection.recv(100):
                answer = left.pop(0)
                if answer == b"":
                    unanswered.pop().close()
                    break
                if answer != b"...":
                    connection.sendall(answer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    with listener:
        yield


def test_a_dependency_that_dies_midway(service: Service) -> None:
    with service.recording() as process:
        with redis(port=service.redis):
            assert service.get("/visits/ann") == b"visits: :1"
        assert service.get("/visits/ann").startswith(b"no visits")
        with redis(port=service.redis):
            assert service.get("/visits/bob") == b"visits: :1"
        done = service.stop(process)
    assert done.returncode == 0, done.output
    green(service)


def test_a_dependency_that_does_not_answer(service: Service) -> None:
    with answering(service.other, b"..."), service.recording() as process:
        assert service.get("/impatient") == b"no answer in time"
        done = service.stop(process)
    assert done.returncode == 0, done.output
    assert "0 set aside" in done.output
    green(service)


def test_a_dependency_that_closes_a_kept_connection(service: Service) -> None:
    with answering(service.other, b"one", b"two", b"", b"four"), service.recording() as process:
        for said in (b"one", b"two", b"closed", b"four"):
            assert service.get("/kept") == said
        done = service.stop(process)
    assert done.returncode == 0, done.output
    green(service)


@pytest.mark.parametrize("how", ["a session of its own", "just a child, as by a script's `&`"])
def test_a_service_that_puts_itself_into_the_background(service: Service, how: str) -> None:
    with service.recording(BACKGROUND=how) as process:
        service.get("/a")
        done = service.stop(process)
    assert done.returncode == 0, done.output
    green(service, BACKGROUND=how)


@pytest.mark.parametrize("host", ["::1", "::", "0.0.0.0"])
def test_a_service_on_other_addresses(service: Service, host: str) -> None:
    service.host = host.replace("0.0.0.0", "127.0.0.1")
    with service.recording(HOST=host) as process:
        service.get("/a")
        done = service.stop(process)
    assert done.returncode == 0, done.output
    green(service, HOST=host)


def test_a_service_that_executes_itself_anew(service: Service) -> None:
    with service.recording("--no-rehearse") as process:
        service.get("/a")
        with pytest.raises(ConnectionError):
            service.get("/again")
        until(lambda: _reached(service))
        done = service.stop(process)
    assert done.returncode == 0, done.output
    assert "set aside: 1: the recorded response is not whole" in done.output


def _reached(service: Service) -> bool:
    try:
        return service.get("/b") == b"here"
    except OSError:
        return False


def test_a_large_answer(service: Service) -> None:
    with service.recording("--no-rehearse") as process:
        assert len(service.get("/large")) == 8_000_000
        done = service.stop(process)
    assert done.returncode == 0, done.output
    done = service.test()
    assert done.returncode == 1, "its bytes are random"
    assert len(done.output) < 5000


def test_a_service_that_asks_what_day_it_is_lives_on_the_day_of_its_recording(
    service: Service,
) -> None:
    with service.recording() as process:
        service.get("/today")
        done = service.stop(process)
    assert done.returncode == 0, done.output
    green(service)
    tomorrow = service.reenact("test", "--clock", "+1d")
    assert tomorrow.returncode == 1, tomorrow.output
    assert "day" in tomorrow.output
