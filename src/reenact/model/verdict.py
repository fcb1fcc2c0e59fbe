"""What a replayed case showed."""

from __future__ import annotations

import enum

import msgspec

from reenact.model.difference import Conflict, Difference
from reenact.model.symbol import Binding
from reenact.model.value import Value


class Status(enum.Enum):
    PASS = "pass"
    FAIL = "fail"  # the service behaved differently, and the evidence is in the verdict
    UNKNOWN = "unknown"  # the recording cannot decide it: gap, cut, set aside
    BROKEN = "broken"  # this tool failed; never counted as the service's fault


class Miss(msgspec.Struct, frozen=True, kw_only=True):
    """The service asked something no interaction may answer.

    `nearest` is the id of the recorded call most like it, `why_not` the fields that differ;
    `nearest` None: nothing recorded resembles it. `repeated`: the nearest is equal but used up.
    `live`: the real dependency was asked instead.
    """

    protocol: str
    destination: str
    label: str
    request: Value
    nearest: str | None = None
    nearest_label: str = ""
    why_not: tuple[Difference, ...] = ()
    repeated: bool = False
    live: bool = False


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the call timeline: what the service asked and what became of it."""

    label: str
    protocol: str
    destination: str
    fate: str  # "as recorded" | "changed" | "extra" | "missing" | "background" | "pushed"
    interaction: str | None = None


class CallDifferences(msgspec.Struct, frozen=True, kw_only=True):
    """A call that was made and served although something of it differs (order, tolerated)."""

    interaction: str
    label: str
    differences: tuple[Difference, ...]


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """`differences` are of the case's response; `missing` are labels by interaction id.
    `background` are ids of the session's calls that were served outside of any case. `see` is a file
    that tells more: the service's output, when it has ended. `clock` says what of the recording does
    not hold at the machine's clock, where the service could not be given the recorded time."""

    case: str
    status: Status
    title: str = ""
    differences: tuple[Difference, ...] = ()
    calls: tuple[CallDifferences, ...] = ()
    misses: tuple[Miss, ...] = ()
    missing: tuple[tuple[str, str], ...] = ()  # (interaction id, label)
    conflicts: tuple[Conflict, ...] = ()
    bindings: tuple[Binding, ...] = ()
    timeline: tuple[Step, ...] = ()
    background: tuple[str, ...] = ()
    took_ns: int = 0
    note: str = ""
    see: str = ""
    clock: str = ""
