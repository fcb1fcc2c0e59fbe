"""Points in time, read from the texts that services write them in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime

from reenact.model.value import Scalar
from reenact.rename.forms import epoch_scale

_DAY_NS = 86_400 * 10**9
SLACK_NS = 15 * 10**9
"""How far a generated time may lie from where the recording says: a loaded machine is late."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When a case was recorded and when it is replayed, both in nanoseconds since the epoch. `ahead_ns`
    is how much later than the recording the replay began: a slow one falls behind from there.
    `real_ns` and `real_ahead_ns` are the same by the machine's own clock, where the service's is
    another: the system tells the start of a process by it, and the times of files."""

    recorded_ns: int
    live_ns: int
    took_ns: int = 0
    ahead_ns: int | None = None
    real_ns: int | None = None
    real_ahead_ns: int | None = None


def read(value: Scalar) -> tuple[int, int] | None:
    """(nanoseconds since the epoch, resolution in ns), None when it is no point in time.

    Times without a zone are read as UTC: only differences between two readings are used.
    """
    if isinstance(value, str):
        return _read_text(value)
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    scale = epoch_scale(int(value)) if 0 < float(value) < 10**20 else None
    if scale is None:
        return None
    return int(Decimal(str(value)) * scale), scale


def _read_text(text: str) -> tuple[int, int] | None:
    if text[:1].isdigit() and _PLAIN.fullmatch(text):
        return read(Decimal(text))
    try:
        if text[:3].isalpha():
            return _ns(_of_mail(text)), 10**9
        if text[2:3] == "/":
            return _ns(datetime.strptime(text, "%d/%b/%Y:%H:%M:%S %z")), 10**9
        if len(text) == 10:
            return _ns(datetime.fromisoformat(text)), _DAY_NS
        return _ns(datetime.fromisoformat(_regular(text))), 10**9
    except ValueError:
        return None


def _of_mail(text: str) -> datetime:
    """The dates of RFC 9110, section 5.6.7 (also C's asctime, and with dashes), and of RFC 5322."""
    if "," in text:
        return parsedate_to_datetime(_DASHED.sub(" ", text, count=2))
    return datetime.strptime(f"{text} +0000", "%a %b %d %H:%M:%S %Y %z")


_DASHED = re.compile(r"(?<=\w)-(?=\w)")
_PLAIN = re.compile(r"\d{1,25}(?:\.\d+)?(?:[eE]\+?\d{1,2})?")
_FRACTION = re.compile(r"[.,](\d{1,9})")


def _regular(text: str) -> str:
    """ISO 8601 as `datetime.fromisoformat` takes it: six digits of fraction, no space at the zone."""
    text = _FRACTION.sub(lambda m: "." + m[1][:6].ljust(6, "0"), text)
    return text[:11] + text[11:].replace(" ", "")


def _ns(at: datetime) -> int:
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return int(at.timestamp() * 10**6) * 1000


def keeps_place(recorded: Scalar, live: Scalar, moment: Moment | None) -> bool:
    """Whether the live time lies as far from its case as the recorded one did from its own, or from
    the start of the replay, or in between: then it was made in a case before."""
    a, b = read(recorded), read(live)
    if a is None or b is None or moment is None:
        return (a is None) == (b is None)
    return moves_along(a[0], b[0], moment, max(a[1], b[1]))


def moves_along(recorded_ns: int, live_ns: int, moment: Moment, resolution_ns: int) -> bool:
    """The same, of two times that have been read."""
    slack = SLACK_NS + moment.took_ns + resolution_ns
    clocks = (moment.live_ns, moment.ahead_ns), (moment.real_ns, moment.real_ahead_ns)
    shifts = ((now - moment.recorded_ns, ahead) for now, ahead in clocks if now is not None)
    return any(
        (last if ahead is None else min(last, ahead)) - slack
        <= live_ns - recorded_ns
        <= last + slack
        for last, ahead in shifts
    )
