"""What kind of thing a case is: its shape, which other values of the same kind leave as it is. Pure.

Of a tree the names, the types and what is empty or absent count, not the values. Some words are no values but
say what is done: the verb, the path's fixed parts, the status, a command's tag, the text of a query. Which
they are is told by where they stand and how they look, so that no protocol has to be known: a
doubtful one counts, for then a case too many is kept, and not one too few.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Mapping

from reenact.model.protocol import ProtocolPlugin
from reenact.model.suite import Case, Interaction
from reenact.model.value import Path, Scalar, Value
from reenact.rename.forms import kind_of, looks_random

Plugins = Mapping[str, ProtocolPlugin]
WORDS_MAX = 60
"""A longer text at the top of a tree is no tag, but somebody's words."""

_NUMBER = re.compile(r"(?<!\w)\d+(?!\w)")
_CODE = re.compile(r"[{}()]")


def case_shape(case: Case, plugins: Plugins) -> Hashable:
    matcher = plugins[case.protocol].matcher
    response = None if case.response is None else matcher.normal_response(case.response)
    return (
        (case.protocol, case.port, case.tls, matcher.key(case.request)),
        tree_shape(matcher.normal(case.request)),
        tree_shape(response),
        _calls(case, plugins),
    )


def _calls(case: Case, plugins: Plugins) -> Hashable:
    """Each shape with whether it is made once or more often: in which order they come depends on chance where
    it is not asserted, and how often on how much data there is."""
    counts = Counter(call_shape(call, plugins) for call in case.calls)
    return frozenset((shape, count > 1) for shape, count in counts.items())


def call_shape(call: Interaction, plugins: Plugins) -> Hashable:
    matcher = plugins[call.protocol].matcher
    asked: Hashable = None
    if call.request is not None:
        asked = (matcher.key(call.request), tree_shape(matcher.normal(call.request)))
    answered = None if call.response is None else matcher.normal_response(call.response)
    said = tree_shape(answered)
    return (call.protocol, call.destination, call.outcome.value, call.uses.value, asked, said)


def tree_shape(tree: Value, at: Path = ()) -> Hashable:
    if isinstance(tree, dict):
        named = {(_name(key), tree_shape(child, (*at, key))) for key, child in tree.items()}
        return ("mapping", frozenset(named))
    if isinstance(tree, list):
        return ("list", _items(tree, at))
    return _leaf(tree, at)


def _items(items: list[Value], at: Path) -> Hashable:
    """A path's parts in order; pairs by their names; else which shapes there are, and whether any."""
    if len(at) == 1 and all(isinstance(item, str) for item in items):
        return tuple(_leaf(item, (*at, n)) for n, item in enumerate(items[:20]) if _scalar(item))
    if items and all(isinstance(i, list) and len(i) == 2 and isinstance(i[0], str) for i in items):
        pairs = (i for i in items if isinstance(i, list))
        return frozenset((str(i[0]), tree_shape(i[1], (*at, 0, 1))) for i in pairs)
    return frozenset(tree_shape(item, (*at, 0)) for item in items)


def _scalar(item: Value) -> bool:
    return not isinstance(item, dict | list)


def _name(key: str) -> str:
    """A key of a mapping; one that is an id stands for any."""
    return "*" if _made_up(key) else key


def _leaf(leaf: Value, at: Path) -> Hashable:
    assert not isinstance(leaf, dict | list)
    if leaf is None or isinstance(leaf, bool):
        return leaf
    top = len(at) == 1 or (len(at) == 2 and isinstance(at[1], int))
    if isinstance(leaf, str):
        return _text(leaf, top=top)
    if isinstance(leaf, bytes):
        return ("bytes", bool(leaf))
    return ("number", leaf if at == ("status",) or (len(at) == 1 and _small(leaf)) else "")


def _small(leaf: Scalar) -> bool:
    """A status or a code at the top of a tree; larger numbers are amounts."""
    return isinstance(leaf, int) and 0 <= leaf < 1000


def _text(text: str, *, top: bool) -> Hashable:
    if top and len(text) <= WORDS_MAX and not _made_up(text):
        return ("word", _NUMBER.sub(lambda n: "0" if not n[0].strip("0") else "1", text))
    if len(_CODE.findall(text)) >= 2:
        return ("code", text)
    return ("text", bool(text))


def _made_up(text: str) -> bool:
    kind = kind_of(text)
    return kind is not None and (kind != "token" or looks_random(text))
