"""What the run of a case made up: the values at its sites of generated values. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from reenact.model.protocol import ProtocolPlugin
from reenact.model.suite import Case
from reenact.model.symbol import Generated
from reenact.model.value import Path, Scalar, Value, path_text
from reenact.rename.forms import STRUCTURED, TOKEN_MIN, kind_of
from reenact.rename.opened import inside

_WORD = re.compile(rf"[A-Za-z0-9_~+=-]{{{TOKEN_MIN},}}")


def minted(case: Case, plugins: Mapping[str, ProtocolPlugin]) -> Iterator[tuple[str, str, str]]:
    """(value, kind, where) of everything the case's run made up."""
    if case.response is not None:
        normal = plugins[case.protocol].matcher.normal_response(case.response)
        yield from _of_sites(case.generated, {"response": normal}, ())
    for call in case.calls:
        matcher = plugins[call.protocol].matcher
        trees: dict[str, Value] = {}
        if call.request is not None:
            trees["request"] = matcher.normal(call.request)
        if call.response is not None:
            trees["response"] = matcher.normal_response(call.response)
        yield from _of_sites(call.generated, trees, ("calls", call.id))


def _of_sites(
    sites: tuple[Generated, ...], trees: Mapping[str, Value], base: Path
) -> Iterator[tuple[str, str, str]]:
    for site in sites:
        leaf = _at(trees, site.at)
        for word in words(leaf):
            yield word, kind_of(word) or site.kind, path_text((*base, *site.at))


def _at(trees: Mapping[str, Value], path: Path) -> Scalar:
    """The leaf there; a path also leads into larger values (`rename.opened`)."""
    tree: Value = trees.get(str(path[0])) if path else None
    for step in path[1:]:
        if isinstance(tree, str | bytes):
            tree = inside(tree)
        if isinstance(tree, dict):
            tree = tree.get(str(step))
        elif isinstance(tree, list) and isinstance(step, int) and step < len(tree):
            tree = tree[step]
        else:
            return None
    return None if isinstance(tree, dict | list) else tree


def words(leaf: Scalar) -> Iterator[str]:
    """What in a leaf can be recognised elsewhere: values of a sure form, else long words."""
    if isinstance(leaf, int) and not isinstance(leaf, bool):
        leaf = str(leaf)
    if not isinstance(leaf, str):
        return
    yield leaf
    sure = STRUCTURED.findall(leaf)
    yield from (word for word in sure or _WORD.findall(leaf) if word != leaf)
