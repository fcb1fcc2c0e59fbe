"""What tests have made use of, counted over the tests of one and the same suite."""

from __future__ import annotations

from collections import Counter

import msgspec

from reenact.model.suite import Suite
from reenact.model.verdict import Verdict


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """`suite` names what was recorded and rehearsed: counts of another suite mean nothing.

    `cases` are tests by case, `calls` tests in which a call was asked, by id; `tolerances` tests that leaned on one,
    by "case at"; `whole` are tests of all cases.
    """

    suite: str = ""
    whole: int = 0
    cases: dict[str, int] = {}
    calls: dict[str, int] = {}
    tolerances: dict[str, int] = {}


def same_suite(usage: Usage, suite: Suite) -> bool:
    return usage.suite == _name(suite)


def counted(
    usage: Usage, suite: Suite, verdicts: tuple[Verdict, ...], leant: tuple[str, ...]
) -> Usage:
    """With one test more. `verdicts` are of cases and of the session; `leant` are "case at"."""
    if not same_suite(usage, suite):
        usage = Usage(suite=_name(suite))
    ran = {verdict.case for verdict in verdicts}
    asked = {step.interaction for v in verdicts for step in v.timeline if step.fate != "missing"}
    asked |= {id for verdict in verdicts for id in verdict.background}
    return Usage(
        suite=usage.suite,
        whole=usage.whole + all(case.id in ran for case in suite.cases),
        cases=_more(usage.cases, ran),
        calls=_more(usage.calls, {id for id in asked if id}),
        tolerances=_more(usage.tolerances, set(leant)),
    )


def _more(counts: dict[str, int], names: set[str]) -> dict[str, int]:
    return dict(sorted((Counter(counts) + Counter(names)).items()))


def _name(suite: Suite) -> str:
    return f"{suite.capture} {suite.rehearsed}"
