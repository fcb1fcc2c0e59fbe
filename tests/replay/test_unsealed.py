"""A world without a sandbox: which ports it has to open, and how it ends."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import msgspec
import pytest
from tests.servers.process import free_port
from tests.store.samples import SUITE

from reenact.intercept.settings import Settings
from reenact.model.suite import FORMAT, Case, Suite
from reenact.model.verdict import Verdict
from reenact.replay.options import RunOptions
from reenact.replay.run import run_suite
from reenact.replay.unsealed import recorded_ports


def test_every_recorded_tcp_port_is_opened_and_known_by_its_hosts() -> None:
    (first, *_) = [call for case in SUITE.cases for call in case.calls]
    places = ["127.0.0.1:5433", "db:5432", "a:443", "b:443", "[::1]:6379", "/run/x:1", "dns"]
    calls = tuple(msgspec.structs.replace(first, destination=place) for place in places)
    suite = msgspec.structs.replace(SUITE, cases=(), session=calls)
    assert recorded_ports(suite) == {
        443: ("a", "b"),
        5432: ("db",),
        5433: ("127.0.0.1",),
        6379: ("::1",),
    }


@pytest.mark.slow
def test_what_fails_while_it_is_played_ends_the_play(tmp_path: Path) -> None:
    """The event loop would drop it, and the play would wait for the next case for ever."""
    port = free_port()
    service = f"import http.server as h; h.test(h.SimpleHTTPRequestHandler, port={port})"
    case = Case(
        id="0001-get",
        protocol="http1",
        port=port,
        connection=1,
        request={"method": "GET", "target": "/", "headers": [["Host", "x"]]},
        response={"status": 418, "headers": []},
    )
    suite = Suite(format=FORMAT, capture="", command=(), started_ns=0, ports=(port,), cases=(case,))
    options = RunOptions(
        command=(sys.executable, "-c", service),
        cwd=tmp_path,
        env=dict(os.environ),
        log=tmp_path / "log",
        settings=Settings(),
        explicit=True,
    )

    def refuse(_: Verdict) -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        run_suite(suite, options, refuse)
