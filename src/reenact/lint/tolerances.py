"""Tolerances that no longer match anything."""

from __future__ import annotations

from collections.abc import Iterator

from reenact.lint.problem import Problem
from reenact.lint.trees import Plugins, compared, nodes
from reenact.lint.usage import Usage
from reenact.model.suite import Case
from reenact.model.value import path_text

ENOUGH = 3
"""So many tests of a case without need of a tolerance make its end likely."""


def places(case: Case, plugins: Plugins) -> set[str]:
    """Everything in the case that a tolerance could name."""
    return {
        path_text(at) for start, tree in compared(case, plugins) for at, _ in nodes(tree, start)
    }


def unmatched(case: Case, usage: Usage, plugins: Plugins) -> Iterator[Problem]:
    known = places(case, plugins) if case.tolerances else set()
    for n, tolerance in enumerate(case.tolerances):
        leant = usage.tolerances.get(f"{case.id} {tolerance.at}", 0)
        tests = usage.cases.get(case.id, 0)
        here = ("tolerances", n)
        if tolerance.at not in known and not leant:
            text = f"the tolerance at {tolerance.at} matches nothing: there is no such place"
            yield Problem(case=case.id, place=here, text=text)
        elif tests and not leant:
            text = f"the tolerance at {tolerance.at} was not needed in {tests} tests"
            yield Problem(case=case.id, place=here, text=text, sure=tests >= ENOUGH)
