"""Background that rehearsals find: how it varies, and what it says that was never recorded."""

from __future__ import annotations

import msgspec
from tests.replay.test_engine import call, case, suite
from tests.toy import TOY

from reenact.model.suite import Suite, Uses
from reenact.replay.core.events import Observation, Served, Stray
from reenact.replay.strays import Strays

CASES = 12
RECORDED = suite(
    *(case(n, f"GET {n}", "x", call(f"{n}.1", f"GET row {n}")) for n in range(1, CASES)),
    case(CASES, "GET 12", "x", call("12.1", "GET row 12"), call("12.2", "BEAT worker 1")),
)


def run(*beating: int) -> list[Observation]:
    """Every case asks for its row; these also saw a heartbeat, which counts."""
    beat = iter(range(2, 100))
    return [
        Observation(
            case=k.id,
            served=(Served(interaction=f"{n}.1", owner=k.id, answered=frozenset()),),
            varied=(),
            uses=frozenset(),
            strays=(
                (
                    Stray(
                        protocol="toy",
                        destination="10.0.0.1:1",
                        request=f"BEAT worker {next(beat)}",
                    ),
                )
                if n in beating
                else ()
            ),
        )
        for n, k in enumerate(RECORDED.cases, 1)
    ]


def learned(*runs: list[Observation]) -> Suite:
    strays, found = Strays({"toy": TOY}), RECORDED
    for seen in runs:
        found = strays.learn(RECORDED, RECORDED, seen)
    return found


def test_what_other_cases_ask_for_in_every_rehearsal_is_the_sessions() -> None:
    found = learned(run(2, 5, 9), run(3, 7, 11))
    assert [c.request for c in found.cases[-1].calls] == ["GET row 12"]
    [beat] = [c for c in found.session if c.request == "BEAT worker 1"]
    assert beat.uses is Uses.MANY
    assert [g.kind for g in beat.generated] == ["number"]  # it counts


def test_what_was_never_recorded_is_refused_from_then_on() -> None:
    cases = tuple(msgspec.structs.replace(k, calls=k.calls[:1]) for k in RECORDED.cases)
    strays = Strays({"toy": TOY})
    bare = msgspec.structs.replace(RECORDED, cases=cases)
    found = strays.learn(bare, bare, run(3))
    assert [(c.id, c.request) for c in found.session[-1:]] == [("s.r1", "BEAT worker 2")]
