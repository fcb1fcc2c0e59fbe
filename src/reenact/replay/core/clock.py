"""The wall clock that a replayed service reads: where the recording stood, case by case."""

from __future__ import annotations

import msgspec

MINUTE_NS = 60 * 10**9


class CaseClock(msgspec.Struct, frozen=True, kw_only=True):
    """`start_ns` is what the service's wall clock shows when the recording begins, in nanoseconds
    since the epoch; None: the clock is the machine's and stays so.

    `shift_ns`: rehearsals run a little later than recorded, so that what the service reads off
    its clock is told from what it was given. No case leaves its minute by that: services keep
    things by the minute (rate limits, statistics) and would then do something else.
    """

    start_ns: int | None = None
    shift_ns: int = 0

    def due(self, at_ns: int) -> int | None:
        """The wall time at which a case begins that was recorded `at_ns` after the start. Grows
        with `at_ns`."""
        if self.start_ns is None:
            return None
        wall_ns = self.start_ns + at_ns
        left_ns = MINUTE_NS - wall_ns % MINUTE_NS
        return wall_ns + min(self.shift_ns, left_ns // 2)
