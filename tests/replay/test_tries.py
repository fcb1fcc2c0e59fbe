"""A call that is tried again varies where its first try does."""

from __future__ import annotations

import msgspec
from tests.replay.test_engine import call, case, suite
from tests.toy import TOY

from reenact.model.symbol import Generated
from reenact.replay.alike import tries_vary_alike

SIGNATURE = Generated(at=("request", 1), kind="hex")


def sites(first: str, second: str) -> tuple[Generated, ...]:
    """Of the second call, when the first has a signature that the service made."""
    one = msgspec.structs.replace(call("1.1", first), generated=(SIGNATURE,))
    found = tries_vary_alike(suite(case(1, "BUY", "ok", one, call("1.2", second))), {"toy": TOY})
    return found.cases[0].calls[1].generated


def test_the_same_value_in_the_next_try_is_made_up_as_well() -> None:
    assert sites("PAY 0a1b2c3d4e5f 5", "PAY 0a1b2c3d4e5f 5") == (SIGNATURE,)


def test_another_value_is_not() -> None:
    assert sites("PAY 0a1b2c3d4e5f 5", "PAY a0b1c2d3e4f5 5") == ()


def test_nor_is_the_same_value_in_another_call() -> None:
    assert sites("PAY 0a1b2c3d4e5f 5", "NOTE 0a1b2c3d4e5f 5") == ()
