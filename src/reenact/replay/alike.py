"""What varies in one answer of an endpoint varies in its others, and in one try of a call in the next.

A gauge that changed in the second of three requests will change in the third one day. Cases that send
a request to the same path share the sites of generated values, where their recorded answers
have the same form there. Calls of a case that are alike share them where they were recorded with the very same
value: a signature over the time is the same in two tries within a second, and another when the second is over.
And what was seen to be made up in most calls of a kind is in all of them: where a set has two members, a
process orders them every other time as it did before.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

import msgspec

from reenact.compile.kind import kind
from reenact.match.pool import frozen
from reenact.model.protocol import ProtocolPlugin
from reenact.model.suite import Case, Interaction, Suite
from reenact.model.symbol import Generated
from reenact.model.value import Path, Scalar, Value
from reenact.rename.align import align
from reenact.rename.forms import BOUND
from reenact.rename.opened import deep_leaves, inside

OFTEN = 3
"""So many calls of a kind made up what stands at some place of their requests, and at least one in..."""

MOST = 2
"""... so many: then all of that kind do."""


def alike_vary_alike(suite: Suite, plugins: Mapping[str, ProtocolPlugin]) -> Suite:
    same: dict[object, list[Case]] = defaultdict(list)
    for case in suite.cases:
        normal = plugins[case.protocol].matcher.normal(case.request)
        asked = normal["path"] if isinstance(normal, dict) and "path" in normal else normal
        same[case.protocol, case.port, frozen(asked)].append(case)
    shared = {
        case.id: _with_sites_of(case, group, plugins)
        for group in same.values()
        if len(group) > 1 and any(c.generated for c in group)
        for case in group
    }
    return msgspec.structs.replace(
        suite, cases=tuple(shared.get(case.id, case) for case in suite.cases)
    )


def tries_vary_alike(suite: Suite, plugins: Mapping[str, ProtocolPlugin]) -> Suite:
    return msgspec.structs.replace(
        suite, cases=tuple(_tried_alike(case, plugins) for case in suite.cases)
    )


def kinds_vary_alike(suite: Suite, plugins: Mapping[str, ProtocolPlugin]) -> Suite:
    """Only for values that become one other each, and can be told by their form."""
    every = (*suite.session, *(call for case in suite.cases for call in case.calls))
    kinds: dict[object, list[Interaction]] = defaultdict(list)
    for call in every:
        if call.request is not None:
            what = kind(call.protocol, call.request, plugins)
            kinds[call.destination, what].append(call)
    found: dict[str, Interaction] = {}
    for group in kinds.values():
        often = _often(group)
        for call in group if often else ():
            found[call.id] = _with_often(call, often, plugins)
    return msgspec.structs.replace(
        suite,
        cases=tuple(
            msgspec.structs.replace(case, calls=tuple(found.get(c.id, c) for c in case.calls))
            for case in suite.cases
        ),
        session=tuple(found.get(call.id, call) for call in suite.session),
    )


def _often(group: list[Interaction]) -> dict[Generated, Interaction]:
    """Sites that most of these calls have, each with one that has it."""
    asked = [(site, call) for call in group for site in call.generated if site.at[0] == "request"]
    seen = Counter(site for site, _ in asked)
    return {
        site: call
        for site, call in asked
        if site.kind in BOUND and seen[site] >= max(OFTEN, len(group) / MOST)
    }


def _with_often(
    call: Interaction,
    often: Mapping[Generated, Interaction],
    plugins: Mapping[str, ProtocolPlugin],
) -> Interaction:
    missing = often.keys() - set(call.generated)
    if not missing:
        return call
    own = _asked(call, plugins)
    new = {
        site
        for site in missing
        if _same_form(own.get(site.at), _asked(often[site], plugins).get(site.at))
    }
    return msgspec.structs.replace(call, generated=_sorted({*call.generated, *new}))


def _sorted(sites: Iterable[Generated]) -> tuple[Generated, ...]:
    return tuple(sorted(sites, key=_place))


def _tried_alike(case: Case, plugins: Mapping[str, ProtocolPlugin]) -> Case:
    tries: dict[object, list[Interaction]] = defaultdict(list)
    for call in case.calls:
        if call.request is not None:
            key = plugins[call.protocol].matcher.key(call.request)
            tries[call.protocol, call.destination, key].append(call)
    found = {
        call.id: _tried(call, group, plugins)
        for group in tries.values()
        if len(group) > 1 and any(call.generated for call in group)
        for call in group
    }
    if not found:
        return case
    calls = tuple(found.get(call.id, call) for call in case.calls)
    return msgspec.structs.replace(case, calls=calls)


def _tried(
    call: Interaction, group: list[Interaction], plugins: Mapping[str, ProtocolPlugin]
) -> Interaction:
    own = _asked(call, plugins)
    found = dict.fromkeys(call.generated)
    for other in group:
        theirs = _asked(other, plugins) if other.generated else {}
        for site in other.generated:
            if own.get(site.at) is not None and own[site.at] == theirs.get(site.at):
                found[site] = None
    return msgspec.structs.replace(call, generated=_sorted(found))


def _asked(call: Interaction, plugins: Mapping[str, ProtocolPlugin]) -> dict[Path, Scalar]:
    tree = plugins[call.protocol].matcher.normal(call.request)
    return dict(deep_leaves(tree, ("request",)))


def _with_sites_of(case: Case, group: list[Case], plugins: Mapping[str, ProtocolPlugin]) -> Case:
    own = _leaves(case, plugins)
    found = dict.fromkeys(case.generated)
    for other in group:
        theirs = _leaves(other, plugins)
        for site in other.generated:
            if site not in found and _same_form(own.get(site.at), theirs.get(site.at)):
                found[site] = None
    return msgspec.structs.replace(case, generated=_sorted(found))


def _place(site: Generated) -> tuple[tuple[str, ...], str]:
    return tuple(map(str, site.at)), site.kind


def _leaves(case: Case, plugins: Mapping[str, ProtocolPlugin]) -> dict[Path, Scalar]:
    if case.response is None:
        return {}
    tree: Value = plugins[case.protocol].matcher.normal_response(case.response)
    return dict(deep_leaves(tree, ("response",)))


def _same_form(a: Scalar, b: Scalar) -> bool:
    if isinstance(a, str) and isinstance(b, str):
        return align(a, b) is not None or _open_alike(a, b)
    return a is not None and type(a) is type(b)


def _open_alike(a: str, b: str) -> bool:
    return bool(inside(a).keys() & inside(b).keys())
