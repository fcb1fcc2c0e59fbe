"""The error tree and the one table of exit codes.

A peer's bytes never raise: codecs report them as `Malformed` messages. A service that behaves
differently is a verdict, not an exception. What is left is here.
"""

from __future__ import annotations

import enum


class Exit(enum.IntEnum):
    """What the process returns. Documented in docs/exit-codes.md; scripts rely on it."""

    AS_RECORDED = 0
    BEHAVIOUR_CHANGED = 1
    UNDECIDED = 2  # nothing failed, but something could not be decided
    USAGE = 3  # the command line, configuration, capture or suite is not what it must be
    ENVIRONMENT = 4  # this machine, or the service's command, does not let us
    OUR_FAULT = 5  # a bug in reenact


class ReenactError(Exception):
    """Base of every error this package raises on purpose."""

    exit = Exit.OUR_FAULT


class UserError(ReenactError):
    """The user can fix it: bad flag, missing file, typo in a case. One line with the remedy."""

    exit = Exit.USAGE


class StoreError(UserError):
    """A capture or suite on disk is damaged, empty, not ours or of an unknown version."""


class MachineError(ReenactError):
    """The machine or the service's command does not let us: no namespaces, port in use."""

    exit = Exit.ENVIRONMENT
