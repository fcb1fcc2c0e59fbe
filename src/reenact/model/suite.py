"""What the compiler writes, people edit, and the replay engine reads."""

from __future__ import annotations

import enum

import msgspec

from reenact.model.exchange import Outcome
from reenact.model.files import FileBefore
from reenact.model.symbol import Generated
from reenact.model.value import Value

FORMAT = 2
"""Of the suite's files. Bump with an upgrade step and one old suite kept as a test."""


SEED_MAX = 2**63 - 1
"""The greatest whole number that TOML has, for `[replay] seed`."""

HASH_SEED_MAX = 2**32 - 1
"""CPython's greatest PYTHONHASHSEED."""


class Uses(enum.Enum):
    """How often it is asked, as the recording and the rehearsals showed."""

    ONCE = "once"  # exactly once: missing and repeated are both differences
    MANY = "many"  # any number of times, also none: session, background, pool traffic
    SOME = "some"  # at least once, may repeat (polling)
    MAYBE = "maybe"  # at most once


class Interaction(msgspec.Struct, frozen=True, kw_only=True):
    """A recorded dependency call (elsewhere called a mock), and the terms of serving it.

    `destination` is `str(Flow.server)`, for DNS "dns". `connection` is the recorded flow: calls of one
    connection were made in order. `outcome` PUSH has no request; BROKEN without
    a response was asked in rehearsals only, as background, and is refused. `after` are ids of calls of
    the same case which have to be answered before this one is asked (an order that matters).
    `asked_ns` counts from the start of its case (from the capture's start when in `session`).
    `took_ns` is the time to the whole answer. `tls`: the connection was inside TLS.
    """

    id: str
    protocol: str
    destination: str
    connection: int
    outcome: Outcome
    request: Value
    response: Value
    asked_ns: int = 0
    took_ns: int = 0
    tls: bool = False
    uses: Uses = Uses.ONCE
    after: tuple[str, ...] = ()
    generated: tuple[Generated, ...] = ()


RULES = ("ignore", "type", "unordered", "optional")


class Tolerance(msgspec.Struct, frozen=True, kw_only=True):
    """A difference accepted in advance, at one exact path. `why` is shown in every report that
    leans on it. `at` is "response/…" or "calls/<interaction id>/request/…" in path text.

    "ignore": whatever is there; "type": only its type counts; "unordered": a list in any order;
    "optional": it may be absent, and is compared when it is there.
    """

    at: str
    rule: str  # one of RULES
    why: str
    since: str = ""


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """A difference that became what is expected: a note for people, nothing leans on it.

    `at` is a path as in `Tolerance`, or "calls/<interaction id>"; `change` is an id of `Change` or
    `CallChange`; `since` is a date (2026-11-23).
    """

    at: str
    change: str
    why: str
    since: str = ""


class Trials(msgspec.Struct, frozen=True, kw_only=True):
    """How a case that does not reproduce did in tests of the build it was recorded from: how many
    there were, how many it failed, and the places that were not as recorded."""

    runs: int
    failures: int
    varied: tuple[str, ...] = ()


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One test: the request is sent again, the recorded response is the expectation.

    `port` is the service's port the request came to, `tls` whether over TLS. `connection` is the recorded flow:
    cases of one connection are sent over one connection. `at_ns` is on the capture's clock.
    `aside` says why the case is set aside (it decides nothing), "" when it is not; `trials` how often it
    did not reproduce.
    `needs` are ids of cases that have to run before it in the same instance, `needs_why` says it of those that
    leave something behind inside the service (id, why: no value ties them); `stands_for` are ids of
    cases of the same shape that were left out for it.
    """

    id: str
    protocol: str
    port: int
    connection: int
    request: Value
    response: Value
    tls: bool = False
    at_ns: int = 0
    took_ns: int = 0
    calls: tuple[Interaction, ...] = ()
    generated: tuple[Generated, ...] = ()
    tolerances: tuple[Tolerance, ...] = ()
    accepted: tuple[Accepted, ...] = ()
    needs: tuple[str, ...] = ()
    needs_why: tuple[tuple[str, str], ...] = ()
    stands_for: tuple[str, ...] = ()
    aside: str = ""
    trials: Trials | None = None


class Suite(msgspec.Struct, frozen=True, kw_only=True):
    """`session` holds calls that belong to no case: start-up, pools, background.

    `capture` is the digest of the capture it was compiled from; `started_ns` is the recording's start on the
    wall clock, nanoseconds since the epoch; `ports` are those the service listened on;
    `addresses` are the service's own, which a replay gives it again (empty: this machine's);
    `files` are laid before the service starts, each time anew.
    `rehearsed` counts the rehearsals this suite has been through (0: never); `seed` is that of the
    service's randomness in them (None: it was left alone), and in tests unless they say otherwise. `hash_seed` is that of the order of
    CPython's sets, in the recording and in tests (0: the service's own).
    """

    format: int
    capture: str
    command: tuple[str, ...]
    started_ns: int
    ports: tuple[int, ...]
    cases: tuple[Case, ...]
    addresses: tuple[str, ...] = ()
    session: tuple[Interaction, ...] = ()
    files: tuple[FileBefore, ...] = ()
    rehearsed: int = 0
    seed: int | None = None
    hash_seed: int = 0
