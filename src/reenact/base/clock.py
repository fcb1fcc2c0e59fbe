"""Time, as an argument. The one module that may import `time`."""

from __future__ import annotations

import time  # noqa: TID251
from typing import Protocol


class Clock(Protocol):
    """`now_ns` is monotonic; `wall_ns` is nanoseconds since the Unix epoch, which may jump."""

    def now_ns(self) -> int: ...
    def wall_ns(self) -> int: ...


class SystemClock:
    now_ns = staticmethod(time.monotonic_ns)
    wall_ns = staticmethod(time.time_ns)


def today(clock: Clock) -> str:
    """The date, UTC: 2026-11-23."""
    return time.strftime("%Y-%m-%d", time.gmtime(clock.wall_ns() // 10**9))


class ManualClock:
    """Moves only when told; for tests and the simulator."""

    def __init__(self, at_ns: int = 0, wall_ns: int = 0) -> None:
        self._at_ns = at_ns
        self._wall_ns = wall_ns

    def now_ns(self) -> int:
        return self._at_ns

    def wall_ns(self) -> int:
        return self._wall_ns + self._at_ns

    def advance(self, by_ns: int) -> None:
        assert by_ns >= 0
        self._at_ns += by_ns
