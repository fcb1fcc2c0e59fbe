"""`--clock`: which time a replayed service lives in."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from reenact.base.errors import UserError
from reenact.replay.core.clock import CaseClock

RECORDED = "recorded"
NOW = "now"
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_AWAY = re.compile(r"([+-])(\d{1,9})([smhd])")


def case_clock(told: str, started_ns: int) -> CaseClock:
    """`told` as on the command line; `started_ns` is when the recording began (epoch, ns).

    Raises UserError.
    """
    if told == NOW:
        return CaseClock()
    if told == RECORDED:
        return CaseClock(start_ns=started_ns)
    if away := _AWAY.fullmatch(told):
        seconds = int(away[2]) * _UNITS[away[3]]
        return CaseClock(start_ns=_checked(started_ns + int(away[1] + "1") * seconds * 10**9, told))
    try:
        moment = datetime.fromisoformat(told)
    except ValueError:
        raise _unknown(told) from None
    since = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - datetime(
        1970, 1, 1, tzinfo=UTC
    )
    return CaseClock(start_ns=_checked(since // timedelta(microseconds=1) * 1000, told))


def _checked(start_ns: int, told: str) -> int:
    if 0 <= start_ns < 2**63:
        return start_ns
    raise UserError(f"--clock {told}: only moments from 1970 to 2262 can be shown to a service")


def _unknown(told: str) -> UserError:
    return UserError(
        f"--clock {told}: expected recorded, now, a moment such as 2031-01-01T00:00:00Z, "
        "or a distance from the recording such as +36h"
    )
