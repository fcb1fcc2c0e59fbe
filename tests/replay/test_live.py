"""What the recording does not know is asked of the real dependency, where that was asked for."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import msgspec
import pytest
from tests.replay.test_engine import U1, U2, call, case, suite
from tests.toy import TOY, Simulator

from reenact.base.errors import UserError
from reenact.model.suite import Suite, Uses
from reenact.model.symbol import Generated
from reenact.model.value import Value
from reenact.model.verdict import Status
from reenact.replay.core import Engine, Mode
from reenact.replay.core.events import AskLive, Command, Filled
from reenact.replay.filled import with_filled
from reenact.replay.live import Target, target

HERE = "10.0.0.1:1"


class Live(Simulator):
    """`world` is the real dependency: what it answers to a call, None when it is away."""

    def __init__(self, engine: Engine, service: Any, world: dict[str, str]) -> None:
        super().__init__(engine, service)
        self.world = world
        self.asked: list[Value] = []

    def _do(self, commands: list[Command]) -> None:
        for command in commands:
            if isinstance(command, AskLive):
                self.asked.append(command.request)
                said = self.world.get(str(command.request).split()[0])
                self._do(
                    self.engine.told_live(
                        command.conn, command.token, said, "it is away", self.now, 10**18
                    )
                )
            else:
                super()._do([command])

    @property
    def filled(self) -> list[Filled]:
        return [call for done in self.done for call in done.observation.filled]


def play(what: Suite, service: Any, world: dict[str, str], *, live: bool = True) -> Live:
    mode = Mode(live={HERE: ("toy", False)} if live else {})
    engine = Engine(what, {"toy": TOY}, mode, wall_ns=10**18, now_ns=0)
    return Live(engine, service, world).run()  # type: ignore[return-value]


def taxed(request: str) -> Generator[str, str, str]:
    yield "GET price"
    rate = yield "TAX rate"
    return f"done {rate}"


KNOWN = suite(case(1, "BUY", "done", call("0001.1", "GET price", "3")))


def test_only_what_is_not_recorded_is_asked_and_stays_a_finding() -> None:
    ran = play(KNOWN, taxed, {"TAX": "7", "GET": "another price"})
    assert ran.asked == ["TAX rate"]
    [verdict] = [done.verdict for done in ran.done]
    assert verdict.status is Status.FAIL
    assert [(m.label, m.live) for m in verdict.misses] == [("TAX rate", True)]
    assert [d.live for d in verdict.differences] == ["7"]
    [filled] = ran.filled
    assert (filled.case, filled.follows) == ("0001-x", "0001.1")
    assert (filled.interaction.request, filled.interaction.response) == ("TAX rate", "7")


def test_where_it_was_not_asked_for_nothing_real_is_asked() -> None:
    ran = play(KNOWN, taxed, {"TAX": "7"}, live=False)
    assert (ran.asked, ran.filled) == ([], [])


def test_a_real_dependency_that_is_away_is_a_fault_and_fills_nothing() -> None:
    ran = play(KNOWN, taxed, {})
    [verdict] = [done.verdict for done in ran.done]
    assert verdict.note == "10.0.0.1:1, asked live: it is away"
    assert ran.filled == []


def test_live_values_are_told_as_the_recorded_ones() -> None:
    def service(request: str) -> Generator[str, str, str]:
        yield f"NEW {U2}"
        yield f"TAX {U2}"
        return "done"

    made = msgspec.structs.replace(
        call("0001.1", f"NEW {U1}"), generated=(Generated(at=("request", 1), kind="uuid"),)
    )
    ran = play(suite(case(1, "BUY", "done", made)), service, {"TAX": f"of {U2}"})
    assert ran.asked == [f"TAX {U2}"]
    assert [(f.interaction.request, f.interaction.response) for f in ran.filled] == [
        (f"TAX {U1}", f"of {U1}")
    ]


def test_written_into_the_suite_the_next_test_needs_nothing_real() -> None:
    filled = play(KNOWN, taxed, {"TAX": "7"}).filled
    after = with_filled(KNOWN, filled, why="taxes", since="2026-11-23")
    [written] = after.cases
    assert [c.id for c in written.calls] == ["0001.1", "0001.2"]
    assert [(n.at, n.change, n.why) for n in written.accepted] == [
        ("calls/0001.2", "call-added", "taxes")
    ]
    [verdict] = [done.verdict for done in play(after, taxed, {}, live=False).done]
    assert (verdict.misses, verdict.missing) == ((), ())


def test_what_was_asked_outside_of_any_case_goes_to_the_session() -> None:
    one = Filled(case="", follows="", interaction=call("live.1", "TAX", uses=Uses.MANY))
    after = with_filled(KNOWN, [one], why="x", since="")
    assert [c.id for c in after.session] == ["s.1", "s.2"]
    assert after.cases == KNOWN.cases


# -- NAME=URL ----------------------------------------------------------------------------------


def http(where: str, protocol: str = "http1") -> Suite:
    found = msgspec.structs.replace(call("s.1", "x"), destination=where, protocol=protocol)
    return suite(session=(found,))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("prices:80=http://localhost:7801", Target(destination="prices:80", host="localhost", port=7801, tls=False)),
        ("prices=https://sandbox.example.org/x", Target(destination="prices:80", host="sandbox.example.org", port=443, tls=True)),
        ("taxes=https://t.example.org", Target(destination="taxes:443", host="t.example.org", port=443, tls=True)),
        ("10.0.0.9:81=http://t", Target(destination="10.0.0.9:81", host="t", port=80, tls=False)),
    ],
)  # fmt: skip
def test_a_name_is_a_recorded_destination_or_a_new_one(text: str, expected: Target) -> None:
    assert target(text, http("prices:80")) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("prices", "expected NAME=URL"),
        ("prices=ftp://x", "expected NAME=URL"),
        ("prices=http://x:port", "expected NAME=URL"),
        ("=http://x", "expected NAME=URL"),
    ],
)
def test_a_slip_says_what_was_expected(text: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        target(text, http("prices:80"))


def test_what_speaks_no_http_is_refused_with_the_way_to_go() -> None:
    with pytest.raises(UserError, match=r"postgres is spoken there.*record --append"):
        target("db=http://x", http("db:5432", "postgres"))
