"""A thread of the service's own reads what a request reads too: whoever comes first, it is one read."""

from __future__ import annotations

from collections.abc import Generator

import pytest
from msgspec.structs import replace
from tests.replay.test_engine import call, case, suite, verdicts
from tests.toy import TOY, Simulator

from reenact.model.suite import Uses
from reenact.model.verdict import Status
from reenact.replay.core import Engine, Mode

READ = case(
    1, "SHOW pen", "pen 5", call("1.1", "GET stock pen", "5"), call("1.2", "SET seen pen", "OK")
)  # fmt: skip


def shown(request: str, *, cached: bool) -> Generator[str, str, str]:
    stock = "5" if cached else (yield "GET stock pen")
    yield "SET seen pen"
    return f"pen {stock}"


@pytest.mark.parametrize("cached", [True, False])
def test_a_read_that_was_made_before_the_case_is_the_recorded_one(cached: bool) -> None:
    engine = Engine(suite(READ), {"toy": TOY}, Mode(), wall_ns=10**18, now_ns=0)
    simulator = Simulator(engine, lambda request: shown(request, cached=cached))
    simulator.wait(7, "GET stock pen")
    assert simulator.answers[7] == ["5"]
    assert [v.status for v in verdicts(simulator.run())] == [Status.PASS]


def test_of_two_recorded_answers_the_earlier_is_that_of_the_start() -> None:
    later = call("s.2", "GET stock pen", "4", uses=Uses.MANY)
    told = suite(READ, session=[call("s.1", "HELLO"), replace(later, asked_ns=60 * 10**9)])
    engine = Engine(told, {"toy": TOY}, Mode(), wall_ns=10**18, now_ns=0)
    simulator = Simulator(engine, lambda request: shown(request, cached=True))
    simulator.wait(7, "GET stock pen")
    assert simulator.answers[7] == ["5"]


def test_a_write_of_a_case_is_never_made_outside_of_it() -> None:
    engine = Engine(suite(READ), {"toy": TOY}, Mode(), wall_ns=10**18, now_ns=0)
    simulator = Simulator(engine, lambda request: shown(request, cached=False))
    simulator.wait(7, "SET seen pen")
    assert simulator.answers[7][0].startswith("REFUSED")


def test_within_a_case_a_read_of_another_case_stays_a_difference() -> None:
    other = case(2, "OTHER", "done")

    def service(request: str) -> Generator[str, str, str]:
        if request == "OTHER":
            yield "GET stock pen"
            return "done"
        return (yield from shown(request, cached=False))

    engine = Engine(suite(READ, other), {"toy": TOY}, Mode(), wall_ns=10**18, now_ns=0)
    found = verdicts(Simulator(engine, service).run())
    assert [v.status for v in found] == [Status.PASS, Status.FAIL]
