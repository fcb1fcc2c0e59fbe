"""Which values tie a case to those that it needs.

`needs` says that a case carries what an earlier one brought about; here is found what that is: a
generated value of the earlier case that stands in the later one's request, also URL-encoded or in
base64, as a replay would find it. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from reenact.match.minted import minted
from reenact.model.protocol import ProtocolPlugin
from reenact.model.suite import Case
from reenact.model.value import Value, leaves, path_text
from reenact.rename.table import Renaming

Plugins = Mapping[str, ProtocolPlugin]


class Carried(msgspec.Struct, frozen=True, kw_only=True):
    """A value that went from one case to another. `given` is a path in the giver's case (its
    response or its calls), `taken` one in the taker's request."""

    kind: str
    value: str
    given: str
    taken: str


class Tie(msgspec.Struct, frozen=True, kw_only=True):
    """`taker` needs `giver`. Without a value, it is something inside the service that ties them, and
    `why` says how it shows, where rehearsals found it."""

    giver: str
    taker: str
    values: tuple[Carried, ...] = ()
    why: str = ""


def ties(cases: tuple[Case, ...], plugins: Plugins) -> list[Tie]:
    """In the order of the takers. Needs of cases that are not among `cases` are left out."""
    by_id = {case.id: case for case in cases}
    made = {case.id: list(minted(case, plugins)) for case in cases if _needed(case, cases)}
    return [
        Tie(
            giver=need,
            taker=case.id,
            values=tuple(_carried(made[need], case.request)),
            why=dict(case.needs_why).get(need, ""),
        )
        for case in cases
        for need in case.needs
        if need in by_id
    ]


def _needed(case: Case, cases: tuple[Case, ...]) -> bool:
    return any(case.id in other.needs for other in cases)


def _carried(made: list[tuple[str, str, str]], request: Value) -> Iterator[Carried]:
    """The minted values that the request has, each where it stands first."""
    names = Renaming()
    known: dict[str, tuple[str, str, str]] = {}
    for word, kind, where in made:
        if word and word not in known:
            known[word] = (word, kind, where)
            names.bind(kind, word, f"\x00{len(known)}", origin=word)
    found: set[str] = set()
    for path, leaf in leaves(request, ("request",)):
        used: set[str] = set()
        names.retell(leaf, used)
        for word in sorted(used - found):
            value, kind, where = known[word]
            yield Carried(kind=kind, value=value, given=where, taken=path_text(path))
        found |= used
