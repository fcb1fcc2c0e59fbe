"""Changing one recorded answer, where a test has to notice."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from reenact.model.suite import Case, Interaction, Suite
from reenact.model.value import Path as TreePath
from reenact.model.value import Scalar, Value, leaves
from reenact.store.suite import load_suite, save_suite

WORD = re.compile(r"[A-Za-z0-9]{4,}")
"""A word of an answer that also stands in the response hardly does so by chance."""

TELLING = 16
"""Above this length it does not do so at all; names of settings are made of shorter words."""

DESCRIBED = frozenset({"headers", "columns", "tag"})
"""Parts of an answer that tell about its values. A service need not look at them."""


def mutate(suite_dir: Path, protocol: str) -> str:
    """Changes one value in one recorded answer of that protocol, and says which.

    The value is one that the service passes on: it also stands in the case's response, so that
    whoever still says the recorded response has not asked the dependency.
    """
    suite = load_suite(suite_dir)
    found = sorted(_passed_on(suite, protocol), key=lambda one: not one[-1])
    for case, call, at, old, new, _ in found:
        response = _replaced(call.response, at, new)
        changed = msgspec.structs.replace(call, response=response)
        save_suite(_with_call(suite, case, changed), suite_dir)
        return f"case {case.id}, call {call.id}, {at}: {old!r} is now {new!r}"
    raise AssertionError(f"no {protocol} answer of {suite_dir} is passed on by the service")


def _passed_on(
    suite: Suite, protocol: str
) -> Iterator[tuple[Case, Interaction, TreePath, str | bytes, str | bytes, bool]]:
    """Last, whether it is a long word that is passed on."""
    for case in suite.cases:
        said = {word for _, leaf in leaves(case.response) for word in WORD.findall(str(leaf))}
        for call in case.calls if not case.aside else ():
            if call.protocol != protocol:
                continue
            generated = {found.at for found in call.generated}
            for at, leaf in leaves(call.response):
                if DESCRIBED & set(at) or ("response", *at) in generated:
                    continue
                new = _other(leaf, said)
                if isinstance(leaf, str | bytes) and new is not None:
                    telling = any(len(word) >= TELLING for word in _words(leaf) & said)
                    yield case, call, at, leaf, new, telling


def _words(leaf: Scalar) -> set[str]:
    return set(WORD.findall(leaf.decode("latin-1") if isinstance(leaf, bytes) else str(leaf)))


def _other(leaf: Scalar, said: set[str]) -> str | bytes | None:
    """`leaf` with the last letter of its longest word in `said` changed; None without such."""
    if isinstance(leaf, bytes):
        changed = _other(leaf.decode("latin-1"), said)
        return changed.encode("latin-1") if isinstance(changed, str) else None
    if not isinstance(leaf, str):
        return None
    words = sorted(sorted(_words(leaf) & said), key=len)
    if not words:
        return None
    word = words[-1]
    return leaf.replace(word, word[:-1] + ("x" if word[-1] != "x" else "y"), 1)


def _replaced(tree: Value, at: TreePath, value: str | bytes) -> Value:
    if not at:
        return value
    step, *rest = at
    if isinstance(tree, dict):
        return {k: _replaced(v, tuple(rest), value) if k == step else v for k, v in tree.items()}
    assert isinstance(tree, list), tree
    return [_replaced(v, tuple(rest), value) if i == step else v for i, v in enumerate(tree)]


def _with_call(suite: Suite, case: Case, call: Interaction) -> Suite:
    calls = tuple(call if old.id == call.id else old for old in case.calls)
    changed = msgspec.structs.replace(case, calls=calls)
    cases = tuple(changed if old.id == case.id else old for old in suite.cases)
    return msgspec.structs.replace(suite, cases=cases)
