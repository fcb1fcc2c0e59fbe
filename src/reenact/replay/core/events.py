"""What the engine tells its shell to do, and what a replayed case leaves behind.

Connections that the service opened are numbered from 1 by the shell; those the engine dials to
the service have negative numbers.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from reenact.model.suite import Interaction
from reenact.model.value import Path, Value
from reenact.model.verdict import Verdict


class Dial(msgspec.Struct, frozen=True):
    conn: int
    port: int
    tls: bool


class Write(msgspec.Struct, frozen=True):
    conn: int
    data: bytes


class Shut(msgspec.Struct, frozen=True):
    conn: int
    reset: bool = False


class UpgradeTls(msgspec.Struct, frozen=True):
    """Become a TLS server on this connection after what was written so far."""

    conn: int


class MoveClock(msgspec.Struct, frozen=True):
    """Move the service's wall clock forward by this much before anything that follows."""

    by_ns: int


class AskLive(msgspec.Struct, frozen=True):
    """Ask the real dependency, and tell `Engine.told_live` what it said. `token` is the responder's."""

    conn: int
    token: int
    destination: str
    request: Value


class WakeAt(msgspec.Struct, frozen=True):
    """Call `tick` at this time of the monotonic clock, or later."""

    at_ns: int


class Served(msgspec.Struct, frozen=True, kw_only=True):
    """A recorded call that was served: what rehearsal learns from.

    `owner` is the case it was listed in ("" for the session's), `answered` the ids already
    answered when it was asked, `varied` the sites where a generated value was seen. `late_of` is
    the earlier case whose late effect it is, "" when it is of the case that was open. `late`: asked
    after the response, while the case waited for it or for another call. `shared`: a read that is
    `owner`'s, and that this case, or nobody's, made too.
    """

    interaction: str
    owner: str
    answered: frozenset[str]
    varied: tuple[tuple[Path, str], ...] = ()
    late_of: str = ""
    late: bool = False
    shared: bool = False


class Stray(msgspec.Struct, frozen=True, kw_only=True):
    """A live call of a kind that was never recorded."""

    protocol: str
    destination: str
    request: Value


class Filled(msgspec.Struct, frozen=True, kw_only=True):
    """A call that the recording had not and a real dependency answered, as it would have been recorded.
    `case` is "" outside of any case; `follows` is the call of the case that was answered last."""

    case: str
    follows: str
    interaction: Interaction


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """What a case did, for rehearsal. `uses` are the cases whose generated values it carried;
    `reproduced`: its response was the recorded one but for generated values.
    """

    case: str
    served: tuple[Served, ...]
    varied: tuple[tuple[Path, str], ...]
    uses: frozenset[str]
    strays: tuple[Stray, ...] = ()
    filled: tuple[Filled, ...] = ()
    reproduced: bool = True


class CaseDone(msgspec.Struct, frozen=True):
    verdict: Verdict
    observation: Observation


class Finished(msgspec.Struct, frozen=True):
    """All cases are done; `session` judges what the service asked outside of any case."""

    session: Verdict
    observation: Observation


Command: TypeAlias = (
    AskLive | Dial | Write | Shut | UpgradeTls | MoveClock | WakeAt | CaseDone | Finished
)
