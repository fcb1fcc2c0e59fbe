"""How often cases did not reproduce, and what of them varied. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec

from reenact.model.suite import Suite, Trials
from reenact.model.value import path_text
from reenact.model.verdict import Status, Verdict
from reenact.replay.rehearse import only_order

VARIED_MAX = 12
"""More places than a person would read."""


class Tally:
    """Over ordinary tests of the suite, against the build it came from. Cases that are set aside
    already are not judged again."""

    def __init__(self, suite: Suite) -> None:
        self._judged = {case.id for case in suite.cases if not case.aside}
        self._runs: Counter[str] = Counter()
        self._failures: Counter[str] = Counter()
        self._varied: dict[str, dict[str, None]] = {}
        self.failed: dict[str, Verdict] = {}
        """The last failure of each case, since `again`."""

    def again(self) -> None:
        """What failed until here was learned from."""
        self.failed.clear()

    def note(self, verdicts: Iterable[Verdict]) -> None:
        for verdict in verdicts:
            if verdict.case not in self._judged:
                continue
            self._runs[verdict.case] += 1
            if verdict.status is Status.PASS or only_order(verdict):
                continue
            self._failures[verdict.case] += 1
            self.failed[verdict.case] = verdict
            self._varied.setdefault(verdict.case, {}).update(dict.fromkeys(varied(verdict)))

    def trials(self, case: str) -> Trials:
        return Trials(
            runs=self._runs[case],
            failures=self._failures[case],
            varied=tuple(self._varied.get(case, ()))[:VARIED_MAX],
        )

    def noted(self, suite: Suite) -> Suite:
        """With the statistics of the cases that were set aside just now, and of no others."""
        cases = tuple(
            msgspec.structs.replace(case, trials=self.trials(case.id) if case.aside else None)
            if case.id in self._judged
            else case
            for case in suite.cases
        )
        return msgspec.structs.replace(suite, cases=cases)


def varied(verdict: Verdict) -> Iterator[str]:
    """Places in the case's file that were not as recorded: calls first, as causes come first."""
    for miss in verdict.misses:
        yield path_text(("calls", miss.nearest)) if miss.nearest else f"calls: {miss.label}"
    for id, _ in verdict.missing:
        yield path_text(("calls", id))
    for call in verdict.calls:
        if any(d.explained_by is None for d in call.differences):
            yield path_text(("calls", call.interaction))
    for difference in verdict.differences:
        if difference.explained_by is None:
            yield path_text(difference.at)
    if verdict.note:
        yield "response"
