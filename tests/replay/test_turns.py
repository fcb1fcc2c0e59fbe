"""Two tries of one call, a second apart when recorded: which one a live try is, its time does not tell."""

from __future__ import annotations

from collections.abc import Generator

import msgspec
from tests.replay.test_engine import call, case, play, suite, verdicts

from reenact.model.suite import Interaction
from reenact.model.symbol import Generated
from reenact.model.verdict import Status

FIRST, SECOND = "2001-09-09T01:46:40+00:00", "2001-09-09T01:46:41+00:00"
MADE_UP = (
    Generated(at=("request", 1), kind="instant"),
    Generated(at=("request", 2), kind="hex"),
)


def tried(id: str, time: str, signature: str, *after: str) -> Interaction:
    made = call(id, f"PAY {time} {signature}", "later", after)
    return msgspec.structs.replace(made, generated=MADE_UP)


def test_the_first_try_is_the_first_one_though_its_time_is_that_of_the_second() -> None:
    recorded = case(
        1, "BUY", "ok", tried("1.1", FIRST, "0a1b2c3d4e5f"), tried("1.2", SECOND, "a0b1c2d3e4f5", "1.1")
    )  # fmt: skip

    def service(request: str) -> Generator[str, str, str]:
        yield f"PAY {SECOND} 00112233aabb"
        yield f"PAY {SECOND} 00112233aabc"
        return "ok"

    what = msgspec.structs.replace(suite(recorded), started_ns=10**18)
    found = play(what, service)
    assert [v.status for v in verdicts(found)] == [Status.PASS]
