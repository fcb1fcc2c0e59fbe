"""A case's trees as they are compared, by the path text that tolerances use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reenact.model.protocol import ProtocolPlugin
from reenact.model.suite import Case
from reenact.model.value import Path, Value
from reenact.rename.opened import inside

Plugins = Mapping[str, ProtocolPlugin]


def compared(case: Case, plugins: Plugins) -> Iterator[tuple[Path, Value]]:
    """The response, and the request of every call, each with the path it stands at."""
    if case.response is not None:
        yield ("response",), plugins[case.protocol].matcher.normal_response(case.response)
    for call in case.calls:
        if call.request is not None:
            normal = plugins[call.protocol].matcher.normal(call.request)
            yield ("calls", call.id, "request"), normal


def nodes(tree: Value, at: Path) -> Iterator[tuple[Path, Value]]:
    """Every value of a tree, leaves and what holds them, and those within larger values."""
    yield at, tree
    if isinstance(tree, dict):
        for key, child in tree.items():
            yield from nodes(child, (*at, key))
    elif isinstance(tree, list):
        for i, child in enumerate(tree):
            yield from nodes(child, (*at, i))
    else:
        for how, inner in inside(tree).items():
            yield from nodes(inner, (*at, how))
