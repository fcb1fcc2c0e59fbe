"""The first case comes when what the service's own threads begin with is done, as far as it ever is."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from tests.replay.test_shared import SECOND
from tests.replay.test_unsure import asked
from tests.servers.process import free_port

from reenact.intercept.settings import Settings
from reenact.model.suite import FORMAT, Case, Suite, Uses
from reenact.model.verdict import Status
from reenact.replay.clock import NOW
from reenact.replay.options import RunOptions
from reenact.replay.run import run_suite

SERVICE = """
import http.server, socket, sys, threading, time
port, redis, times = map(int, sys.argv[1:])
in_step = b"no"

class Status(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        head = b"HTTP/1.0 200 OK\\r\\nX-In-Step: " + in_step
        self.wfile.write(head + b"\\r\\nContent-Length: 0\\r\\n\\r\\n")

def keep_in_step():
    global in_step
    for n in range(times):
        time.sleep(0.05)
        with socket.create_connection(("127.0.0.1", redis)) as at:
            at.sendall(b"GET stock\\r\\n")
            at.recv(100)
        in_step = b"yes" if n >= 2 else in_step

server = http.server.HTTPServer(("127.0.0.1", port), Status)
threading.Thread(target=keep_in_step, daemon=True).start()
server.serve_forever()
"""

FOR_EVER = 10**6


@pytest.mark.slow
@pytest.mark.parametrize("times", [3, FOR_EVER])
def test_the_first_request_meets_a_service_whose_threads_are_in_step(
    tmp_path: Path, times: int
) -> None:
    port, redis = free_port(), free_port()
    case = Case(
        id="0001-get", protocol="http1", port=port, connection=1, at_ns=SECOND, took_ns=SECOND,
        request={"method": "GET", "target": "/", "version": "1.0", "headers": [["Host", "x"]]},
        response={"status": 200, "headers": [["X-In-Step", "yes"], ["Content-Length", "0"]]},
    )  # fmt: skip
    beat = asked("s.1", redis, "GET", "stock", response="2", ns=0, uses=Uses.MANY)
    what = Suite(
        format=FORMAT, capture="", command=(), started_ns=0, ports=(port,), cases=(case,), session=(beat,)
    )  # fmt: skip
    line = (sys.executable, "-c", SERVICE, port, redis, times)
    options = RunOptions(
        command=tuple(map(str, line)), cwd=tmp_path, env=dict(os.environ), log=tmp_path / "log",
        settings=Settings(), explicit=True, clock=NOW,
    )  # fmt: skip
    told: list[Status] = []
    run_suite(what, options, lambda verdict: told.append(verdict.status))
    assert told == [Status.PASS], (tmp_path / "log").read_text()
