"""Which values tie a case to those that it needs.

`needs` says that a case carries what an earlier one brought about; here is found what that is: a
generated value of the earlier case that stands in the later one's request, also URL-encoded or in
base64, as a replay would find it. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import msgspec

from reenact.model.protocol import ProtocolPlugin
from reenact.model.suite import Case
from reenact.model.symbol import Generated
from reenact.model.value import Path, Scalar, Value, leaves, path_text
from reenact.rename.forms import STRUCTURED, TOKEN_MIN, kind_of
from reenact.rename.table import Renaming

Plugins = Mapping[str, ProtocolPlugin]
_WORD = re.compile(rf"[A-Za-z0-9_~+=-]{{{TOKEN_MIN},}}")


class Carried(msgspec.Struct, frozen=True, kw_only=True):
    """A value that went from one case to another. `given` is a path in the giver's case (its
    response or its calls), `taken` one in the taker's request."""

    kind: str
    value: str
    given: str
    taken: str


class Tie(msgspec.Struct, frozen=True, kw_only=True):
    """`taker` needs `giver`. Without a value, it is something inside the service that ties them."""

    giver: str
    taker: str
    values: tuple[Carried, ...] = ()


def ties(cases: tuple[Case, ...], plugins: Plugins) -> list[Tie]:
    """In the order of the takers. Needs of cases that are not among `cases` are left out."""
    by_id = {case.id: case for case in cases}
    minted = {case.id: list(_minted(case, plugins)) for case in cases if _needed(case, cases)}
    return [
        Tie(giver=need, taker=case.id, values=tuple(_carried(minted[need], case.request)))
        for case in cases
        for need in case.needs
        if need in by_id
    ]


def _needed(case: Case, cases: tuple[Case, ...]) -> bool:
    return any(case.id in other.needs for other in cases)


def _minted(case: Case, plugins: Plugins) -> Iterator[tuple[str, str, str]]:
    """(value, kind, where) of everything the case's run made up."""
    if case.response is not None:
        normal = plugins[case.protocol].matcher.normal_response(case.response)
        yield from _of_sites(case.generated, {"response": normal}, ())
    for call in case.calls:
        matcher = plugins[call.protocol].matcher
        trees: dict[str, Value] = {}
        if call.request is not None:
            trees["request"] = matcher.normal(call.request)
        if call.response is not None:
            trees["response"] = matcher.normal_response(call.response)
        yield from _of_sites(call.generated, trees, ("calls", call.id))


def _of_sites(
    sites: tuple[Generated, ...], trees: Mapping[str, Value], base: Path
) -> Iterator[tuple[str, str, str]]:
    for site in sites:
        leaf = _at(trees, site.at)
        for word in _words(leaf):
            yield word, kind_of(word) or site.kind, path_text((*base, *site.at))


def _at(trees: Mapping[str, Value], path: Path) -> Scalar:
    tree: Value = trees.get(str(path[0])) if path else None
    for step in path[1:]:
        if isinstance(tree, dict):
            tree = tree.get(str(step))
        elif isinstance(tree, list) and isinstance(step, int) and step < len(tree):
            tree = tree[step]
        else:
            return None
    return None if isinstance(tree, dict | list) else tree


def _words(leaf: Scalar) -> Iterator[str]:
    """What in a leaf can be recognised elsewhere: values of a sure form, else long words."""
    if isinstance(leaf, int) and not isinstance(leaf, bool):
        leaf = str(leaf)
    if not isinstance(leaf, str):
        return
    yield leaf
    sure = STRUCTURED.findall(leaf)
    yield from (word for word in sure or _WORD.findall(leaf) if word != leaf)


def _carried(minted: list[tuple[str, str, str]], request: Value) -> Iterator[Carried]:
    """The minted values that the request has, each where it stands first."""
    names = Renaming()
    known: dict[str, tuple[str, str, str]] = {}
    for word, kind, where in minted:
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
