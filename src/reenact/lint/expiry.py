"""Answers that expire so soon that a slower machine sees them expired."""

from __future__ import annotations

from collections.abc import Iterator

from reenact.lint.problem import Problem
from reenact.lint.trees import Plugins
from reenact.match.expiry import expiries
from reenact.model.suite import Suite
from reenact.model.value import path_text

SOON_NS = 15 * 10**9
NOW_NS = 10**9
"""A time so near is when the answer was made, told by a clock that is not quite the recorder's."""


def expiring(suite: Suite, plugins: Plugins) -> Iterator[Problem]:
    """The first of each call."""
    places = {c.id: (case.id, n) for case in suite.cases for n, c in enumerate(case.calls)}
    told: set[str] = set()
    for found in expiries(suite, plugins):
        if not NOW_NS < found.left_ns() <= SOON_NS or found.call not in places:
            continue
        case, n = places[found.call]
        if found.call in told or case != found.case:
            continue
        told.add(found.call)
        text = (
            f"call {found.call} was answered {found.left_ns() / 10**9:.1f} s before the time at "
            f"{path_text(found.at)}: a slow run comes after it"
        )
        yield Problem(case=case, place=("calls", n, *found.at), text=text, sure=False)
