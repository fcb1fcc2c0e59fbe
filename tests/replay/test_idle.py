"""What an instance asks that is asked nothing is background."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from tests.replay.test_engine import call, case, suite
from tests.toy import TOY

from reenact.base.clock import SystemClock
from reenact.base.errors import MachineError
from reenact.compile.background import is_stray
from reenact.model.suite import Suite
from reenact.replay.core.events import Observation, Stray
from reenact.replay.idle import Idle
from reenact.replay.strays import Strays

ONE = case(1, "GET 7", "x", call("1.1", "GET row 7", "x"))
RECORDED = suite(ONE, session=[call("s.1", "HELLO")])


def stray(request: str) -> Stray:
    return Stray(protocol="toy", destination="10.0.0.1:1", request=request)


def refused(found: Suite) -> list[tuple[str, object]]:
    return [(c.id, c.request) for c in found.session if is_stray(c)]


def test_a_heartbeat_that_no_rehearsal_saw_is_refused_from_then_on() -> None:
    found = Strays({"toy": TOY}).idle(RECORDED, [stray("BEAT worker 1"), stray("BEAT worker 2")])
    assert refused(found) == [("s.r1", "BEAT worker 1")]


def test_it_stays_when_more_is_learned() -> None:
    strays = Strays({"toy": TOY})
    found = strays.idle(RECORDED, [stray("BEAT worker 1")])
    seen = Observation(case="", served=(), varied=(), uses=frozenset(), strays=(stray("SWEEP"),))
    found = strays.idle(strays.learn(found, found, [seen]), [])
    assert refused(found) == [("s.r1", "SWEEP"), ("s.r2", "BEAT worker 1")]


def test_what_a_case_asks_for_as_well_is_left_to_the_rehearsals() -> None:
    assert refused(Strays({"toy": TOY}).idle(RECORDED, [stray("GET row 9")])) == []


def test_what_was_asked_until_now_is_told_once() -> None:
    def telling() -> Iterator[tuple[int, tuple[Stray, ...]]]:
        yield 0, (stray("BEAT 1"),)
        while True:
            yield SystemClock().now_ns() + 10**12, (stray("BEAT 2"),)

    watched = Idle(telling())
    assert watched.seen() == (stray("BEAT 1"), stray("BEAT 2"))
    assert watched.seen() == (stray("BEAT 2"),)


def test_an_instance_that_is_gone_tells_what_it_had() -> None:
    def telling() -> Iterator[tuple[int, tuple[Stray, ...]]]:
        yield 0, (stray("BEAT 1"),)
        raise MachineError("it ended")

    with contextlib.closing(telling()) as gone:
        watched = Idle(gone)
        assert watched.seen() == (stray("BEAT 1"),)
        assert watched.seen() == ()
