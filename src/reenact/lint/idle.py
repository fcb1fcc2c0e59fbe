"""Cases that can't fail: whatever the service does, they say nothing of it."""

from __future__ import annotations

from collections.abc import Iterator

from reenact.lint.problem import Problem
from reenact.lint.trees import Plugins, compared
from reenact.model.suite import Case, Uses
from reenact.model.value import Path, Value, path_text


def idle(case: Case, plugins: Plugins) -> Iterator[Problem]:
    if case.response is None:
        text = "can't fail: no response is recorded, so it is never decided"
        yield Problem(case=case.id, place=("response",), text=text)
    elif case.aside:
        text = f"can't fail: it is set aside ({case.aside})"
        yield Problem(case=case.id, place=("aside",), text=text, sure=False)
    elif not _asserts(case, plugins):
        text = "can't fail: its response is ignored as a whole, and it has to make no call"
        yield Problem(case=case.id, place=("tolerances",), text=text)


def _asserts(case: Case, plugins: Plugins) -> bool:
    if any(c.uses in (Uses.ONCE, Uses.SOME) and c.request is not None for c in case.calls):
        return True
    ignored = {t.at for t in case.tolerances if t.rule == "ignore"}
    return any(_left(tree, at, ignored) for at, tree in compared(case, plugins) if len(at) == 1)


def _left(tree: Value, at: Path, ignored: set[str]) -> bool:
    """Whether something of the tree is still compared."""
    if path_text(at) in ignored:
        return False
    if isinstance(tree, dict):
        return any(_left(child, (*at, key), ignored) for key, child in tree.items()) or not tree
    if isinstance(tree, list):
        return any(_left(child, (*at, n), ignored) for n, child in enumerate(tree)) or not tree
    return True
