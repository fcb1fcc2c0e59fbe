"""What holds while a service is recorded in its sandbox, through the command line."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from reenact.model.segment import Role, SegmentKind
from reenact.store.capture import open_capture
from tests.servers.process import free_port, listens, wait_ready

pytestmark = [pytest.mark.slow, pytest.mark.sandbox]

COUNTS_INTERRUPTS = """
import os, signal, socket, sys
seen, told = os.pipe()
os.set_blocking(told, False)
signal.set_wakeup_fd(told)  # a byte for each, however fast they come
def ended(*_):
    print("interrupts:", os.read(seen, 100).count(signal.SIGINT), flush=True)
    os._exit(0)
signal.signal(signal.SIGINT, lambda *_: signal.alarm(1))
signal.signal(signal.SIGALRM, ended)
with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as listener:
    while True:
        listener.accept()[0].close()
"""

OPENS_AND_CLOSES = """
import socket, sys
door, other = (int(a) for a in sys.argv[1:])
with socket.create_server(("127.0.0.1", door)) as listener:
    opened = None
    while True:
        conn, _ = listener.accept()
        with conn:
            if opened:
                opened = opened.close()
            else:
                opened = socket.create_server(("127.0.0.1", other))
            conn.sendall(b"done")
"""


def command(program: str, *ports: int) -> list[str]:
    return [sys.executable, "-c", program, *map(str, ports)]


@contextlib.contextmanager
def recording(folder: Path, *line: str) -> Iterator[subprocess.Popen[bytes]]:
    arguments = [
        sys.executable,
        "-m",
        "reenact",
        "record",
        "--no-rehearse",
        "--capture",
        "r.capture",
    ]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([*arguments, "--", *line], cwd=folder, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_ctrl_c_in_a_terminal_reaches_the_service_once(tmp_path):
    port = free_port()
    line = [sys.executable, "-m", "reenact", "record", "--no-rehearse", "--"]
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(tmp_path)
        os.execv(sys.executable, [*line, *command(COUNTS_INTERRUPTS, port)])
    said, pressed = b"", False
    with contextlib.suppress(OSError):  # the terminal's other end is gone
        while select.select([terminal], [], [], 30)[0]:
            said += os.read(terminal, 4096)
            if not pressed and b"listens on port" in said:
                pressed = os.write(terminal, b"\x03") == 1
    os.close(terminal)
    os.waitpid(pid, 0)
    assert b"interrupts: 1" in said, said


def test_a_port_that_the_service_closes_is_closed_outside_and_opens_again(tmp_path):
    door, other = free_port(), free_port()

    def knock() -> None:
        with socket.create_connection(("127.0.0.1", door), 10) as conn:
            assert conn.recv(10) == b"done"

    with recording(tmp_path, *command(OPENS_AND_CLOSES, door, other)) as process:
        wait_ready(process, lambda: listens(door), tmp_path / "log")  # a call that opens the other
        for expected in (True, False, True):
            wait_ready(process, lambda want=expected: listens(other) is want, tmp_path / "log")
            knock()


def test_a_caller_that_disconnects_midway_is_recorded_so(tmp_path):
    door = free_port()
    with recording(tmp_path, *command(COUNTS_INTERRUPTS, door)) as process:
        wait_ready(process, lambda: listens(door), tmp_path / "log")
        with socket.create_connection(("127.0.0.1", door), 10) as conn:
            conn.sendall(b"GET / HT")
        process.send_signal(2)
        process.wait(30)
    capture = open_capture(tmp_path / "r.capture")
    assert capture.torn == "" and capture.accounting is not None
    assert {flow.role for flow in capture.flows.values()} == {Role.INBOUND}
    kinds = {segment.kind for segment in capture.all_segments()}
    assert SegmentKind.OPEN in kinds and kinds & {SegmentKind.EOF, SegmentKind.RESET}
