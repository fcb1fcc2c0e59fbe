"""Changing one recorded answer, where a test has to notice."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

import msgspec

from reenact.model.suite import Case, Interaction, Suite
from reenact.model.value import Path as TreePath
from reenact.model.value import Value, leaves
from reenact.store.suite import load_suite, save_suite

WORD = re.compile(r"[A-Za-z0-9]{4,}")
"""A word of an answer that also stands in the response hardly does so by chance, if it stands in few
others: the names of fields and settings stand in many."""

Rank: TypeAlias = tuple[int, int]
"""In how many responses a word stands, and how short it is: the smallest tells most."""

DESCRIBED = frozenset({"headers", "columns", "tag"})
"""Parts of an answer that tell about its values. A service need not look at them."""


def mutate(suite_dir: Path, protocol: str) -> str:
    """Changes one value in one recorded answer of that protocol, and says which.

    The value is one that the service passes on: it also stands in the case's response, so that
    whoever still says the recorded response has not asked the dependency.
    """
    suite = load_suite(suite_dir)
    found = sorted(_passed_on(suite, protocol), key=lambda one: one[-1])
    for case, call, at, old, new, _ in found:
        response = _replaced(call.response, at, new)
        changed = msgspec.structs.replace(call, response=response)
        save_suite(_with_call(suite, case, changed), suite_dir)
        return f"case {case.id}, call {call.id}, {at}: {old!r} is now {new!r}"
    return _mutate_nobodys(suite, suite_dir, protocol)


def _mutate_nobodys(suite: Suite, suite_dir: Path, protocol: str) -> str:
    """Where threads of the service share what they read, the answers are no case's: the word is another one
    in all of them."""
    said = Counter(w for case in suite.cases if not case.aside for w in _words(case.response))
    answered = Counter(w for call in _nobodys(suite, protocol) for w in _words(call.response))
    word = min(said.keys() & answered.keys(), key=lambda w: (said[w], -len(w), w), default="")
    assert word, f"no {protocol} answer of {suite_dir} is passed on by the service"
    changed = {
        call.id: msgspec.structs.replace(call, response=_reworded(call.response, word))
        for call in _nobodys(suite, protocol)
    }
    session = tuple(changed.get(call.id, call) for call in suite.session)
    save_suite(msgspec.structs.replace(suite, session=session), suite_dir)
    return f"session, every {protocol} answer: {word!r} is now {_other(word)!r}"


def _nobodys(suite: Suite, protocol: str) -> list[Interaction]:
    return [call for call in suite.session if call.protocol == protocol]


def _reworded(tree: Value, word: str) -> Value:
    for at, leaf in leaves(tree):
        if isinstance(leaf, str) and not DESCRIBED & set(at):
            tree = _replaced(tree, at, leaf.replace(word, _other(word)))
        elif isinstance(leaf, bytes):
            new = leaf.replace(word.encode(), _other(word).encode())
            tree = _replaced(tree, at, new)
    return tree


def _other(word: str) -> str:
    return word[:-1] + ("x" if word[-1] != "x" else "y")


def _passed_on(
    suite: Suite, protocol: str
) -> Iterator[tuple[Case, Interaction, TreePath, str | bytes, str | bytes, Rank]]:
    """Last, how common the word is that is passed on."""
    said = {case.id: _words(case.response) for case in suite.cases}
    common = Counter(word for words in said.values() for word in words)
    for case in suite.cases:
        rank = {word: (common[word], -len(word)) for word in said[case.id]}
        for call in case.calls if not case.aside else ():
            if call.protocol != protocol:
                continue
            generated = {found.at for found in call.generated}
            asked = _words(
                call.request
            )  # "is there such a file?": nobody looks at the answer's name
            for at, leaf in leaves(call.response):
                if DESCRIBED & set(at) or ("response", *at) in generated:
                    continue
                text = leaf.decode("latin-1") if isinstance(leaf, bytes) else leaf
                words = (
                    set(WORD.findall(text)) & rank.keys() - asked if isinstance(text, str) else ()
                )
                if isinstance(text, str) and isinstance(leaf, str | bytes) and words:
                    word = min(words, key=lambda word: (rank[word], word))
                    new = text.replace(word, _other(word), 1)
                    changed = new.encode("latin-1") if isinstance(leaf, bytes) else new
                    yield case, call, at, leaf, changed, rank[word]


def _words(tree: Value) -> set[str]:
    texts = (
        leaf.decode("latin-1") if isinstance(leaf, bytes) else str(leaf) for _, leaf in leaves(tree)
    )
    return {word for text in texts for word in WORD.findall(text)}


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
