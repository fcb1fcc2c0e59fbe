"""What the table says of a service, from its suite and the reports of its tests. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from reenact.model.suite import Suite
from reenact.model.symbol import Generated

HEAD = (
    "| service | runs | cases | set aside | false alarms | undecided | tolerances | renamed places, by kind |\n"
    "|---|---|---|---|---|---|---|---|"
)


@dataclass(frozen=True)
class Row:
    """`alarms` and `undecided` count the runs; `by_hand` the tolerances, all of which a person writes."""

    service: str
    runs: int
    cases: int
    aside: int
    alarms: int
    undecided: int
    by_hand: int
    renamed: dict[str, int]

    def __str__(self) -> str:
        kinds = sorted(self.renamed.items(), key=lambda one: (-one[1], one[0]))
        shown = ", ".join(f"{kind} {count}" for kind, count in kinds)
        counts = (self.runs, self.cases, self.aside, self.alarms, self.undecided, self.by_hand)
        return f"| {self.service} | {' | '.join(map(str, counts))} | {shown} |"

    @property
    def good(self) -> bool:
        return self.alarms == self.undecided == self.by_hand == 0


def row(service: str, suite: Suite, codes: Sequence[int]) -> Row:
    """`codes` are the exit codes of the tests."""
    return Row(
        service=service,
        runs=len(codes),
        cases=len(suite.cases),
        aside=sum(bool(case.aside) for case in suite.cases),
        alarms=codes.count(1),
        undecided=sum(code not in (0, 1) for code in codes),
        by_hand=sum(len(case.tolerances) for case in suite.cases),
        renamed=dict(Counter(one.kind for one in _generated(suite))),
    )


def _generated(suite: Suite) -> Iterator[Generated]:
    for case in suite.cases:
        yield from case.generated
        for call in case.calls:
            yield from call.generated
    for call in suite.session:
        yield from call.generated


def alarms(report: dict[str, Any]) -> list[str]:
    """The cases that were not as recorded, with what was found first."""
    return [
        f"{case['id']}: {(case['findings'] or ['?'])[0]}"
        for case in report["cases"]
        if case["status"] != "pass" and case["id"] not in report["aside"]
    ]
