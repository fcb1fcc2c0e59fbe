"""Which cases depend on each other, and by which values: as text, and as a Mermaid flowchart."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from reenact.cli.labels import case_labels
from reenact.compile.ties import Carried, Tie, ties
from reenact.model.suite import Case
from reenact.protocols import builtin
from reenact.replay.groups import groups, with_needs
from reenact.report.words import plural, safe, short
from reenact.store.suite import load_suite

STATE = "something inside the service"
"""What ties cases when no value does."""


def inspect_graph(folder: Path, select: str | None, *, mermaid: bool) -> Iterator[str]:
    """Of the selected cases and those they need."""
    from reenact.cli.select import selected

    suite = load_suite(folder)
    labels = case_labels(suite)
    cases = with_needs(suite.cases, selected(select, labels) if labels else ())
    tied = [group for group in groups(cases) if len(group) > 1]
    alone = [group[0] for group in groups(cases) if len(group) == 1]
    found = ties(tuple(cases), builtin())
    if mermaid:
        return _mermaid(tied, found, labels)
    return _text(tied, alone, found, labels)


def _text(
    tied: list[list[Case]], alone: list[Case], found: list[Tie], labels: dict[str, str]
) -> Iterator[str]:
    for group in tied:
        yield f"a group of {len(group)} cases, which run in order in one instance:"
        width = max(len(case.id) for case in group)
        for case in group:
            yield safe(f"  {case.id:<{width}}  {labels[case.id]}")
            for tie in (tie for tie in found if tie.taker == case.id):
                yield from (safe(f"      {line}") for line in _told(tie))
        yield ""
    yield f"{plural(len(tied), 'group')}, {plural(len(alone), 'case')} on their own"


def _told(tie: Tie) -> Iterator[str]:
    if tie.why or not tie.values:
        yield f"needs {tie.giver}: {_state(tie)}"
    for value in tie.values:
        said = short(value.value, width=40)
        yield f"needs {tie.giver}: {value.kind} {said} of {value.given}, in {value.taken}"


def _mermaid(tied: list[list[Case]], found: list[Tie], labels: dict[str, str]) -> Iterator[str]:
    """Source: Mermaid's documentation, "Flowcharts - Basic Syntax". Cases on their own are left out."""
    yield "flowchart TD"
    names = {case.id: f"c{n}" for n, case in enumerate((c for g in tied for c in g), 1)}
    for n, group in enumerate(tied, 1):
        yield f"  subgraph g{n} [group {n}]"
        for case in group:
            yield f'    {names[case.id]}["{_escaped(case.id)}<br/>{_escaped(labels[case.id])}"]'
        yield "  end"
    for tie in found:
        told = [*map(_edge, tie.values), *([] if tie.values and not tie.why else [_state(tie)])]
        words = "<br/>".join(map(_escaped, told))
        arrow = f'-->|"{words}"|' if tie.values else f'-.->|"{words}"|'
        yield f"  {names[tie.giver]} {arrow} {names[tie.taker]}"


def _state(tie: Tie) -> str:
    return f"{STATE}: {tie.why}" if tie.why else STATE


def _edge(value: Carried) -> str:
    return f"{value.kind} of {value.given}"


def _escaped(text: str) -> str:
    """Mermaid's entities: a quote ends a label, and < begins HTML."""
    marks = {"#": "#35;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "&": "#amp;", "|": "#124;"}
    return "".join(marks.get(char, char) for char in safe(text))
