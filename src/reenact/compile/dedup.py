"""A smallest set of cases that has every shape the suite has. Pure.

Cases of one shape stand for each other. What a kept case needs is kept, so the cheapest representative is
the one that brings the fewest others along. Cases that are set aside stay: they are nobody's to delete.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence

import msgspec

from reenact.compile.shape import Plugins, case_shape
from reenact.model.suite import Case, Interaction, Suite, Uses
from reenact.model.value import Value, leaves
from reenact.rename.forms import BOUND, STRUCTURED, TOKEN_MIN, kind_of, looks_random

Reached = Mapping[str, frozenset[Hashable]]
"""Lines of the service by case id."""

Needs = Mapping[str, frozenset[str]]
_WORD = re.compile(rf"[A-Za-z0-9_~+=-]{{{TOKEN_MIN},}}")


class Deduped(msgspec.Struct, frozen=True, kw_only=True):
    """`dropped` are (dropped case, the kept one that stands for it), in the suite's order."""

    suite: Suite
    dropped: tuple[tuple[str, str], ...]


def dedup(suite: Suite, plugins: Plugins, reached: Reached | None = None) -> Deduped:
    """`reached`: also keep cases until every line of the service is reached that any case reaches."""
    classes = _classes(suite.cases, plugins)
    tied = needs(suite)
    kept = _kept(suite.cases, classes, tied)
    kept = _reaching(kept, suite.cases, tied, reached or {})
    stands = {
        case: next(member for member in members if member in kept)
        for members in classes
        for case in members
        if case not in kept
    }
    dropped = tuple((case.id, stands[case.id]) for case in suite.cases if case.id in stands)
    cases = tuple(_standing(case, dropped, suite) for case in suite.cases if case.id in kept)
    gone = [case for case in suite.cases if case.id not in kept]
    session = (*suite.session, *_setup_of(gone, plugins))
    smaller = msgspec.structs.replace(suite, cases=cases, session=session)
    return Deduped(suite=smaller, dropped=dropped)


def _classes(cases: Sequence[Case], plugins: Plugins) -> list[list[str]]:
    """Ids of the cases of one shape, in the suite's order; what is set aside is of none."""
    found: dict[Hashable, list[str]] = {}
    for case in cases:
        if not case.aside and case.response is not None:
            found.setdefault(case_shape(case, plugins), []).append(case.id)
    return list(found.values())


def _standing(case: Case, dropped: Iterable[tuple[str, str]], suite: Suite) -> Case:
    earlier = {case.id: case.stands_for for case in suite.cases}
    own = [name for gone, by in dropped if by == case.id for name in (gone, *earlier[gone])]
    return msgspec.structs.replace(case, stands_for=(*case.stands_for, *own))


# -- which to keep ---------------------------------------------------------------------------


def _kept(cases: Sequence[Case], classes: list[list[str]], needs: Needs) -> set[str]:
    closures = {case.id: _closure(case.id, needs) for case in cases}
    judged = {name for members in classes for name in members}
    kept: set[str] = set()
    for case in cases:
        if case.id not in judged:
            kept |= closures[case.id]
    # The most demanding first: what they bring along may represent other shapes for nothing.
    for members in sorted(classes, key=lambda m: -min(len(closures[name]) for name in m)):
        if not kept.intersection(members):
            kept |= closures[
                min(members, key=lambda n: (len(closures[n] - kept), len(closures[n])))
            ]
    return _pruned(kept, [case.id for case in cases], classes, needs)


def _reaching(kept: set[str], cases: Sequence[Case], needs: Needs, reached: Reached) -> set[str]:
    """With the case that reaches most of what is missing, until nothing is."""
    every = frozenset[Hashable]().union(*reached.values())
    while missing := every.difference(*(reached.get(name, ()) for name in kept)):
        gains = {case.id: len(missing & reached.get(case.id, frozenset())) for case in cases}
        kept = kept | _closure(max(gains, key=lambda name: gains[name]), needs)
    return kept


def _closure(case: str, needs: Needs) -> set[str]:
    todo, found = [case], set[str]()
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += needs.get(name, ())
    return found


def _pruned(
    kept: set[str], order: Sequence[str], classes: list[list[str]], needs: Needs
) -> set[str]:
    """Without those that another of their shape made unnecessary later, the last first."""
    members = {name: group for group in classes for name in group}
    for name in reversed(order):
        if name not in kept or name not in members:
            continue
        others = kept - {name}
        needed = any(name in needs.get(other, ()) for other in others)
        if not needed and others.intersection(members[name]):
            kept = others
    return kept


# -- who needs whom ----------------------------------------------------------------------------


def needs(suite: Suite) -> dict[str, frozenset[str]]:
    """By case id. What rehearsals found, and before any, what the values of the recording suggest: a
    request that carries a random word which an earlier response said first."""
    known = {case.id for case in suite.cases}
    out = {case.id: {need for need in case.needs if need in known} for case in suite.cases}
    if not suite.rehearsed:
        giver: dict[str, str] = {}
        for case in suite.cases:
            asked = set(_words(case.request))
            out[case.id] |= {giver[word] for word in asked if giver.get(word)}
            for word in asked:
                giver.setdefault(word, "")  # the client's own
            for word in _words(case.response):
                giver.setdefault(word, case.id)
    return {name: frozenset(found - {name}) for name, found in out.items()}


def _words(tree: Value) -> Iterator[str]:
    for _, leaf in leaves(tree):
        text = leaf.decode("latin-1") if isinstance(leaf, bytes) else leaf
        if isinstance(text, str) and len(text) >= TOKEN_MIN:
            yield from (w for w in STRUCTURED.findall(text) if kind_of(w) in BOUND)
            yield from (w for w in _WORD.findall(text) if looks_random(w))


# -- what the dropped ones leave behind ------------------------------------------------------------


def _setup_of(gone: Iterable[Case], plugins: Plugins) -> Iterator[Interaction]:
    """What set connections up (a statement's description, a HELLO) serves the kept cases as well."""
    for case in gone:
        for call in case.calls:
            if call.request is None:
                continue
            traits = plugins[call.protocol].matcher.traits(call.request, call.response)
            if traits.housekeeping:
                yield msgspec.structs.replace(
                    call,
                    id=f"s.{call.id}",
                    uses=Uses.MANY,
                    after=(),
                    asked_ns=case.at_ns + call.asked_ns,
                )
