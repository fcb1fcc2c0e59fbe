"""Which cases have to run together, and in how many instances they can run side by side."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence

import msgspec

from reenact.model.suite import Case


class Restart(enum.StrEnum):
    """When a fresh instance of the service is started."""

    NEVER = "never"  # one plays everything
    GROUP = "group"  # for each group of cases that need one another
    EACH = "each"  # for each case; those that it needs are played before it


class Lot(msgspec.Struct, frozen=True):
    """What one instance of the service plays, in order; `judged` are the ids of those whose verdict
    counts. The others are played since these need them, and have their verdict from elsewhere."""

    cases: tuple[Case, ...]
    judged: frozenset[str]

    @classmethod
    def of(cls, cases: Sequence[Case]) -> Lot:
        return cls(tuple(cases), frozenset(case.id for case in cases))


def lots(cases: Sequence[Case], restart: Restart, jobs: int) -> list[Lot]:
    """What every case is played in exactly once for its verdict."""
    match restart:
        case Restart.NEVER:
            return [Lot.of(share) for share in shares(cases, jobs)]
        case Restart.GROUP:
            return [Lot.of(group) for group in groups(cases)]
        case Restart.EACH:
            return [
                Lot(tuple(with_needs(cases, [case.id])), frozenset({case.id})) for case in cases
            ]


def with_needs(cases: Sequence[Case], wanted: Iterable[str]) -> list[Case]:
    """The wanted cases and those they need, however far back, in the suite's order."""
    by_id = {case.id: case for case in cases}
    todo, found = list(wanted), set[str]()
    while todo:
        id = todo.pop()
        if id in by_id and id not in found:
            found.add(id)
            todo += by_id[id].needs
    return [case for case in cases if case.id in found]


def groups(cases: Sequence[Case]) -> list[list[Case]]:
    """Cases tied by `needs`, each group in the suite's order; groups are independent."""
    root: dict[str, str] = {case.id: case.id for case in cases}

    def find(id: str) -> str:
        while root[id] != id:
            root[id] = root[root[id]]
            id = root[id]
        return id

    for case in cases:
        for need in case.needs:
            if need in root:
                root[find(case.id)] = find(need)
    found: dict[str, list[Case]] = {}
    for case in cases:
        found.setdefault(find(case.id), []).append(case)
    return list(found.values())


def shares(cases: Sequence[Case], jobs: int) -> list[list[Case]]:
    """At most `jobs` lists of cases of about equal recorded duration; the suite's order in each.

    The same cases give the same shares.
    """
    bins: list[list[Case]] = [[] for _ in range(max(1, jobs))]
    loads = [0] * len(bins)
    heavy_first = sorted(groups(cases), key=lambda g: (-sum(c.took_ns for c in g), g[0].id))
    for group in heavy_first:
        at = loads.index(min(loads))
        bins[at] += group
        loads[at] += sum(case.took_ns for case in group) + len(group)
    place = {case.id: n for n, case in enumerate(cases)}
    return [sorted(share, key=lambda c: place[c.id]) for share in bins if share]
