"""An instance that is asked nothing, beside the rehearsals: all it does, it does by itself.

A recording may be too short for a heartbeat, and rehearsals are quicker still; a test on a busy machine, or
of a build that is changed, is slower and meets it. What an idle instance asks is nobody's request.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

import msgspec

from reenact.base.clock import SystemClock
from reenact.base.errors import ReenactError
from reenact.intercept.loop import run
from reenact.model.suite import Suite
from reenact.protocols import builtin
from reenact.replay.clock import case_clock
from reenact.replay.core import Mode
from reenact.replay.core.events import Stray
from reenact.replay.instances import Tell, world_of
from reenact.replay.options import RunOptions
from reenact.replay.shell import Stage

TELL_S = 0.2
"""How often it tells at first; later after another hundredth of its life each time, so that what nobody
has heard yet always fits a pipe: some 500 times in an hour."""

FOR_EVER_S = 10.0**6


class Idle:
    """What the idle instance of a `with idle(...)` has asked."""

    def __init__(self, telling: Iterator[tuple[int, tuple[Stray, ...]]] | None) -> None:
        self._telling = telling

    def seen(self) -> tuple[Stray, ...]:
        """Since it was asked last, and up to now. Nothing when the instance is gone: then the
        rehearsals say why."""
        out: list[Stray] = []
        now_ns = SystemClock().now_ns()
        with contextlib.suppress(ReenactError):
            for at_ns, strays in self._telling or ():
                out += strays
                if at_ns >= now_ns:
                    return tuple(out)
        self._telling = None
        return tuple(out)


@contextlib.contextmanager
def idle(suite: Suite, options: RunOptions) -> Iterator[Idle]:
    """Without a sandbox there is one set of ports, and so no instance beside another."""
    if options.explicit:
        yield Idle(None)
        return
    from reenact.replay.workers import side_by_side  # late: for Linux, as the sandbox is

    own = msgspec.structs.replace(options, log=options.log.with_suffix(".idle.log"))
    with contextlib.closing(side_by_side([lambda tell: _stay(suite, own, tell)])) as telling:
        next(telling)
        yield Idle(telling)


def _stay(suite: Suite, options: RunOptions, tell: Tell) -> None:
    tell((0, ()))  # it is started
    shown = case_clock(options.clock, suite.started_ns)
    with world_of(suite, options, shown) as world:

        async def stay() -> None:
            stage = Stage(world, suite, builtin(), Mode(), SystemClock(), cases=())
            playing = asyncio.ensure_future(
                stage.play(options.start_wait_s, FOR_EVER_S, settled=False)
            )
            clock, told = SystemClock(), 0
            began_ns = clock.now_ns()
            while not playing.done():
                strays, now_ns = stage.strays(), clock.now_ns()
                tell((now_ns, strays[told:]))
                told = len(strays)
                await asyncio.wait([playing], timeout=TELL_S + (now_ns - began_ns) / 10**11)
            playing.result()

        run(stay())
