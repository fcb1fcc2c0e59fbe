"""One line for people about a case, a call, or an exchange: what its protocol calls it."""

from __future__ import annotations

from reenact.model.suite import Suite
from reenact.model.value import Value


def label(protocol: str, request: Value) -> str:
    from reenact.protocols import builtin

    plugin = builtin().get(protocol)
    if plugin is None or request is None:
        return "" if request is None else protocol
    return plugin.matcher.label(request)


def case_labels(suite: Suite) -> dict[str, str]:
    """By case id, in the suite's order."""
    return {case.id: label(case.protocol, case.request) for case in suite.cases}
