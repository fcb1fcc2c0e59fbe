"""One observed difference, and whether something accounts for it."""

from __future__ import annotations

import enum

import msgspec
from msgspec import UNSET, UnsetType

from reenact.model.value import Path, Scalar, Value


class Change(enum.Enum):
    """What kind of difference. The text ids are public: users accept by them."""

    VALUE = "value-changed"
    TYPE = "type-changed"
    ADDED = "added"
    REMOVED = "removed"
    ORDER = "order-changed"
    ALIAS = "alias-broken"  # two recorded values became one, or one became two
    FORM = "form-changed"  # a generated value no longer has its form (a UUID that is none)
    HASH = "hash-broken"  # a hash changed though the content did not, or the other way round


class CallChange(enum.Enum):
    """What became of a recorded call. The text ids are public, too."""

    CHANGED = "call-changed"
    REMOVED = "call-removed"
    ORDER = "call-order-changed"
    ADDED = "call-added"


class Conflict(msgspec.Struct, frozen=True, kw_only=True):
    """A binding the table refused, since it already says otherwise."""

    kind: str
    recorded: Scalar
    live: Scalar
    held_recorded: Scalar
    held_live: Scalar


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """`at` starts with "request" or "response". `explained_by` names the binding, tolerance or
    rule that accounts for it, else None. A side that has no such value is UNSET. `held` of an
    ALIAS is the pair that stands against it. `by_clock`: the service could not be given the recorded
    time, and these are times as far apart as the machine's clock and the recording's."""

    change: Change
    at: Path
    recorded: Value | UnsetType = UNSET
    live: Value | UnsetType = UNSET
    explained_by: str | None = None
    held: Conflict | None = None
    by_clock: bool = False
