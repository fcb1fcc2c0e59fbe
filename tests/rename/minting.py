"""What rehearsal learns from pairs of values, and what a test then makes of another pair."""

from __future__ import annotations

from collections.abc import Iterable

from reenact.diff.tree import Comparison, Terms, compare
from reenact.model.difference import Change
from reenact.model.value import Path, Value
from reenact.rename.instants import Moment
from reenact.rename.table import Renaming

S = 10**9
RECORDED_NS = 1_795_400_000 * S
"""2026-11-23T02:13:20Z"""
LATER_NS = RECORDED_NS + 3600 * S
ROOT: Path = ("response",)
HASHES = {("response", "headers", "etag"): ("response", "body")}


def moment(live_ns: int = LATER_NS) -> Moment:
    return Moment(recorded_ns=RECORDED_NS, live_ns=live_ns, took_ns=S)


def learned(
    pairs: Iterable[tuple[Value, Value]], live_ns: int = LATER_NS
) -> dict[Path, frozenset[str]]:
    """The sites that rehearsals find whose recorded and live trees are these."""
    sites: dict[Path, frozenset[str]] = {}
    for recorded, live in pairs:
        terms = Terms(Renaming(), discover=True, moment=moment(live_ns), hashes=HASHES)
        found = compare(recorded, live, ROOT, terms)
        assert found.equal, found.unexplained
        for at, kind in found.varied:
            sites[at] = sites.get(at, frozenset()) | {kind}
    return sites


def judged(
    recorded: Value,
    live: Value,
    sites: dict[Path, frozenset[str]],
    *,
    live_ns: int = LATER_NS,
    names: Renaming | None = None,
) -> Comparison:
    terms = Terms(names or Renaming(), generated=sites, moment=moment(live_ns), hashes=HASHES)
    return compare(recorded, live, ROOT, terms)


def changes(found: Comparison) -> list[tuple[Change, str]]:
    return [(d.change, "/".join(map(str, d.at[1:]))) for d in found.unexplained]
