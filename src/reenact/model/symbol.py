"""Values that the service makes up, and what they are called in this run."""

from __future__ import annotations

import msgspec

from reenact.model.value import Path, Scalar


class Generated(msgspec.Struct, frozen=True, kw_only=True):
    """A place whose value the service itself makes up (the rehearsals showed it to vary).

    `at` is a path in the protocol's normal tree of the request ("request", ...) or response
    ("response", ...). `kind` is one of `reenact.rename.forms.KINDS`; it says what still has to
    hold. When the leaf is a string with the generated value inside a larger text, the parts
    around it are compared as usual.
    """

    at: Path
    kind: str


class Binding(msgspec.Struct, frozen=True):
    """recorded <-> live, within one kind. `beside` are the times that were made up together with it,
    in seconds since the epoch: those recorded, and those live."""

    kind: str
    recorded: Scalar
    live: Scalar
    beside: tuple[frozenset[int], frozenset[int]] = (frozenset(), frozenset())
