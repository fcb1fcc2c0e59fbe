"""Ctrl-C after a recording does what it did before, whichever event loop recorded."""

from __future__ import annotations

import asyncio
import signal

import pytest

from reenact.intercept.loop import loop_factory
from reenact.record.signals import on_interrupt


@pytest.mark.parametrize("factory", [None, loop_factory()], ids=["asyncio", "uvloop"])
def test_ctrl_c_is_given_back(factory) -> None:
    before = [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)]

    async def interrupted() -> None:
        came = asyncio.Event()
        with on_interrupt(lambda number: came.set()):
            signal.raise_signal(signal.SIGTERM)
            await asyncio.wait_for(came.wait(), 10)

    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(interrupted())
    assert [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)] == before
