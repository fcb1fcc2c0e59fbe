"""What a clock that is not as asked accounts for, where the service's could not be moved. Pure.

Some of the service, or all, then reads the machine's clock. Times that lie as far from the recorded ones
as that clock from the recording are no change of the service, and say so; a case in which nothing else
differs could not be decided.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from reenact.match.expiry import Expiry
from reenact.model.difference import Difference
from reenact.model.suite import Case
from reenact.model.value import Value, path_text
from reenact.model.verdict import CallDifferences, Miss, Status, Verdict
from reenact.rename.instants import SLACK_NS, read

_NEAR_NS = 60 * 10**9
"""A replay so soon after the recording: any two times of the service would be as far apart."""

UNDECIDED = (
    "only times differ, by as much as the machine's clock and the recording's: the service could not "
    "be given the recorded time, so this decides nothing"
)


class Away(msgspec.Struct, frozen=True, kw_only=True):
    """How much later than recorded a time may be that was read off the machine's clock: at least and
    at most, in nanoseconds."""

    least_ns: int
    most_ns: int

    def between(self, recorded: Value, live: Value) -> bool:
        """Whether both are times, that far apart."""
        a, b = _time(recorded), _time(live)
        near = self.most_ns > -_NEAR_NS and self.least_ns < _NEAR_NS
        if a is None or b is None or recorded == live or near:
            return False
        slack = SLACK_NS + max(a[1], b[1])
        return self.least_ns - slack <= b[0] - a[0] <= self.most_ns + slack


def away(started_ns: int, case: Case | None, began_ns: int, now_ns: int) -> Away:
    """`started_ns`: when the recording began, `began_ns`: when the replay did, `now_ns`: when the case was
    judged, all since the epoch by the machine's clock."""
    ends = began_ns - started_ns, now_ns - started_ns - (0 if case is None else case.at_ns)
    return Away(least_ns=min(ends), most_ns=max(ends))


def marked(verdict: Verdict, by: Away, crossed: Iterable[Expiry] = ()) -> Verdict:
    """The verdict with the differences that the clock accounts for named. `crossed`: times in recorded
    answers that lie on the other side of the machine's clock."""
    if verdict.status is not Status.FAIL:
        return verdict
    out = msgspec.structs.replace(
        verdict,
        differences=_all(verdict.differences, by),
        calls=tuple(_call(call, by) for call in verdict.calls),
        misses=tuple(_miss(miss, by) for miss in verdict.misses),
        clock=_told(verdict.case, crossed),
    )
    if _nothing_else(out):
        return msgspec.structs.replace(out, status=Status.UNKNOWN, note=UNDECIDED)
    return out


def _all(found: tuple[Difference, ...], by: Away) -> tuple[Difference, ...]:
    return tuple(
        msgspec.structs.replace(one, by_clock=one.explained_by is None and _by(one, by))
        for one in found
    )


def _by(difference: Difference, by: Away) -> bool:
    recorded, live = difference.recorded, difference.live
    if isinstance(recorded, msgspec.UnsetType) or isinstance(live, msgspec.UnsetType):
        return False
    return by.between(recorded, live)


def _call(call: CallDifferences, by: Away) -> CallDifferences:
    return msgspec.structs.replace(call, differences=_all(call.differences, by))


def _miss(miss: Miss, by: Away) -> Miss:
    return msgspec.structs.replace(miss, why_not=_all(miss.why_not, by))


def _nothing_else(verdict: Verdict) -> bool:
    if verdict.misses or verdict.missing or verdict.conflicts or verdict.note:
        return False
    found = [*verdict.differences, *(d for call in verdict.calls for d in call.differences)]
    still_open = [one for one in found if one.explained_by is None]
    return bool(still_open) and all(one.by_clock for one in still_open)


def _told(case: str, crossed: Iterable[Expiry]) -> str:
    mine = [one for one in crossed if one.case == case]
    if not mine:
        return ""
    first = mine[0]
    side = "has passed" if first.left_ns() > 0 else "is still to come"
    more = f" (and {len(mine) - 1} more)" if len(mine) > 1 else ""
    where = path_text(("calls", first.call, *first.at))
    return (
        f"a time in a recorded answer {side} by the machine's clock: {where}, {first.said!r}{more}"
    )


def _time(value: Value) -> tuple[int, int] | None:
    return None if value is None or isinstance(value, dict | list | bytes) else read(value)
