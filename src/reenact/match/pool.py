"""Recorded calls that may still be served, and the choice among them.

A live call is first looked up by its whole normal tree with live values told back into recorded
ones: constant time, however many calls were recorded. Only calls with generated values of
their own are compared one by one, within a bucket that no renaming can change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import TypeAlias

from reenact.diff.tree import Comparison, Terms, compare
from reenact.model.exchange import Outcome
from reenact.model.protocol import ProtocolPlugin
from reenact.model.suite import Interaction, Tolerance
from reenact.model.symbol import Generated
from reenact.model.value import Path, Value, path_text
from reenact.rename.table import Renaming

Key: TypeAlias = tuple[str, str, str]
SCAN_MAX = 200
"""Calls compared for one live call within a bucket; beyond it only exact ones are found."""


@dataclass(slots=True, eq=False)
class Recorded:
    """An interaction with what matching wants to know of it, worked out once.

    `case` is the id of its case, "" for the session's; `uses` counts how often it was served.
    """

    interaction: Interaction
    case: str
    key: Key
    normal: Value
    exact: object
    generated: Mapping[Path, frozenset[str]]
    housekeeping: bool
    opens: bool
    closes: bool
    handles: frozenset[str] = frozenset()
    tolerated: Mapping[str, str] = field(default_factory=dict)
    uses: int = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """A live call as matching sees it."""

    protocol: str
    destination: str
    request: Value
    key: Key
    normal: Value
    label: str
    housekeeping: bool
    waits: bool
    opens: bool
    closes: bool
    handles: frozenset[str] = frozenset()

    def exact(self, tree: Value) -> object:
        """What a recorded call equal to this tree of its has as `exact`."""
        return identity(tree, self.handles)


class Reader:
    """Turns trees into what is compared, by their protocols' matchers."""

    def __init__(self, plugins: Mapping[str, ProtocolPlugin]) -> None:
        self.plugins = plugins

    def recorded(
        self, interaction: Interaction, case: str, tolerances: Iterable[Tolerance] = ()
    ) -> Recorded:
        """`tolerances` are the case's."""
        own = f"{path_text(('calls', interaction.id))}/"
        matcher = self.plugins[interaction.protocol].matcher
        normal = matcher.normal(interaction.request)
        traits = matcher.traits(interaction.request, interaction.response)
        return Recorded(
            interaction=interaction,
            case=case,
            key=(interaction.protocol, interaction.destination, matcher.key(interaction.request)),
            normal=normal,
            exact=identity(normal, self.plugins[interaction.protocol].handles),
            generated=kinds_by_path(interaction.generated),
            housekeeping=traits.housekeeping,
            opens=traits.opens,
            closes=traits.closes,
            handles=self.plugins[interaction.protocol].handles & _keys(normal),
            tolerated={t.at.removeprefix(own): t.rule for t in tolerances if t.at.startswith(own)},
        )

    def always(self, asked: Asked) -> Recorded | None:
        """A call like it as any server would have answered it, where that takes no recording."""
        response = (
            self.plugins[asked.protocol].always(asked.request) if asked.housekeeping else None
        )
        if response is None:
            return None
        made = Interaction(
            id="",
            protocol=asked.protocol,
            destination=asked.destination,
            connection=0,
            outcome=Outcome.COMPLETE,
            request=asked.request,
            response=response,
        )
        return self.recorded(made, "")

    def asked(self, protocol: str, destination: str, request: Value) -> Asked:
        matcher = self.plugins[protocol].matcher
        traits = matcher.traits(request, None)
        normal = matcher.normal(request)
        return Asked(
            protocol=protocol,
            destination=destination,
            request=request,
            key=(protocol, destination, matcher.key(request)),
            normal=normal,
            label=matcher.label(request),
            housekeeping=traits.housekeeping,
            waits=traits.waits,
            opens=traits.opens,
            closes=traits.closes,
            handles=self.plugins[protocol].handles & _keys(normal),
        )

    def label(self, interaction: Interaction) -> str:
        return self.plugins[interaction.protocol].matcher.label(interaction.request)


def kinds_by_path(generated: Iterable[Generated]) -> dict[Path, frozenset[str]]:
    out: dict[Path, frozenset[str]] = {}
    for site in generated:
        out[site.at] = out.get(site.at, frozenset()) | {site.kind}
    return out


def frozen(tree: Value) -> object:
    """A hashable that is equal for equal trees, telling 1, 1.0, True and "1" apart."""
    if isinstance(tree, dict):
        return ("d", *((key, frozen(tree[key])) for key in sorted(tree)))
    if isinstance(tree, list):
        return ("l", *map(frozen, tree))
    if isinstance(tree, str | bytes) or tree is None:
        return tree
    return (type(tree).__name__, str(tree))


def identity(normal: Value, handles: Set[str]) -> object:
    """The same for calls that are equal, whatever names they give."""
    if not handles or not isinstance(normal, dict):
        return frozen(normal)
    return frozen({key: None if key in handles else tree for key, tree in normal.items()})


def _keys(normal: Value) -> Set[str]:
    return normal.keys() if isinstance(normal, dict) else frozenset()


class Pool:
    """A set of recorded calls, in recorded order within each bucket."""

    def __init__(self, calls: Iterable[Recorded] = ()) -> None:
        self._exact: dict[tuple[Key, object], list[Recorded]] = {}
        self._bucket: dict[Key, list[Recorded]] = {}
        self._all: dict[str, Recorded] = {}
        for call in calls:
            self.add(call)

    def add(self, call: Recorded) -> None:
        self._exact.setdefault((call.key, call.exact), []).append(call)
        self._bucket.setdefault(call.key, []).append(call)
        self._all[call.interaction.id] = call

    def remove(self, call: Recorded) -> None:
        self._exact[call.key, call.exact].remove(call)
        self._bucket[call.key].remove(call)
        del self._all[call.interaction.id]

    def __iter__(self) -> Iterator[Recorded]:
        return iter(self._all.values())

    def __contains__(self, call: Recorded) -> bool:
        return call.interaction.id in self._all

    def exact(self, asked: Asked, names: Renaming) -> list[Recorded]:
        """Calls equal to the live one, or equal once live values are told back."""
        found = self._exact.get((asked.key, asked.exact(asked.normal)), [])
        told = names.untell(asked.normal)
        if told is not asked.normal and told != asked.normal:
            found = self._exact.get((asked.key, asked.exact(told)), []) or found
        return found

    def alike(
        self,
        asked: Asked,
        terms: Terms,
        *,
        all_sites: bool = False,
        among: Sequence[Recorded] | None = None,
    ) -> list[tuple[Recorded, Comparison]]:
        """Calls that compare equal under `terms` with generated values, the tightest first; only
        those `among` some of the bucket when that is given."""
        found = []
        for call in (self._bucket.get(asked.key, []) if among is None else among)[:SCAN_MAX]:
            if not (call.generated or call.tolerated or all_sites):
                continue
            comparison = compare_call(call, asked, terms)
            if comparison.equal:
                found.append((call, comparison))
        found.sort(key=lambda pair: pair[1].looseness)
        return found

    def bucket(self, asked: Asked) -> Sequence[Recorded]:
        """Calls that could be the live one under some renaming, in the order they were added."""
        return self._bucket.get(asked.key, ())

    def near(self, asked: Asked) -> list[Recorded]:
        """Calls worth showing beside one that matched nothing: same bucket, else same kind."""
        same_bucket = self._bucket.get(asked.key, [])
        if same_bucket:
            return same_bucket[:SCAN_MAX]
        return [
            call
            for call in self._all.values()
            if call.key[:2] == asked.key[:2] and not call.housekeeping
        ][:SCAN_MAX]


def compare_call(call: Recorded, asked: Asked, terms: Terms) -> Comparison:
    here = Terms(
        names=terms.names,
        generated=call.generated,
        discover=terms.discover,
        moment=terms.moment,
        tolerated=call.tolerated,
        given=terms.given,
        handles=call.handles,
    )
    return compare(call.normal, asked.normal, ("request",), here)
