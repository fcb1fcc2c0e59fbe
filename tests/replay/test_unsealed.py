"""Which ports a world without a sandbox has to open."""

from __future__ import annotations

import msgspec
from tests.store.samples import SUITE

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
