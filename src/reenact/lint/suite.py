"""All that is wrong with a suite."""

from __future__ import annotations

from collections.abc import Iterator

from reenact.lint.expiry import expiring
from reenact.lint.idle import idle
from reenact.lint.problem import Problem
from reenact.lint.secrets import secrets
from reenact.lint.tolerances import unmatched
from reenact.lint.trees import Plugins
from reenact.lint.unused import unused_of_case, unused_of_session
from reenact.lint.usage import Usage, same_suite
from reenact.model.suite import Suite


def problems(suite: Suite, usage: Usage, plugins: Plugins) -> Iterator[Problem]:
    """In the order of the cases; those of the session's calls and the secrets last."""
    if not same_suite(usage, suite):
        usage = Usage()
    for case in suite.cases:
        yield from idle(case, plugins)
        yield from unmatched(case, usage, plugins)
        yield from unused_of_case(case, usage)
    yield from expiring(suite, plugins)
    yield from unused_of_session(suite, usage, plugins)
    yield from secrets(suite, plugins)
