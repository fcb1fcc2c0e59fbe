"""Calls that nothing uses."""

from __future__ import annotations

from collections.abc import Iterator

from reenact.lint.problem import Problem
from reenact.lint.trees import Plugins
from reenact.lint.usage import Usage
from reenact.model.exchange import Outcome
from reenact.model.suite import Case, Interaction, Suite, Uses


def unused_of_case(case: Case, usage: Usage) -> Iterator[Problem]:
    """Calls that need not be made and never were; waits for calls that there are not."""
    known = {call.id for call in case.calls}
    tests = usage.cases.get(case.id, 0)
    for n, call in enumerate(case.calls):
        for gone in [id for id in call.after if id not in known]:
            text = f"call {call.id} is to come after {gone}, which is no call of this case"
            yield Problem(case=case.id, place=("calls", n, "after"), text=text)
        optional = call.uses in (Uses.MANY, Uses.MAYBE) and call.request is not None
        if optional and tests and call.id not in usage.calls:
            text = f"call {call.id} was not made in {tests} tests"
            yield Problem(case=case.id, place=("calls", n), text=text, sure=False)


def unused_of_session(suite: Suite, usage: Usage, plugins: Plugins) -> Iterator[Problem]:
    if not usage.whole:
        return
    for n, call in enumerate(suite.session):
        if call.id not in usage.calls and _asked_for(call, plugins):
            text = f"call {call.id} was not made in {usage.whole} tests of the whole suite"
            yield Problem(case="", place=("session", n), text=text, sure=False)


def _asked_for(call: Interaction, plugins: Plugins) -> bool:
    """Whether its being served would have been seen: what sets a connection up is often answered from
    what all recordings of a destination say together."""
    if call.request is None or call.outcome is Outcome.BROKEN:
        return False
    return not plugins[call.protocol].matcher.traits(call.request, call.response).housekeeping
