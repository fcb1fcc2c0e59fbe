"""What kind of thing a case is: its shape, which other values of the same kind leave as it is. Pure.

Of a tree the names, the types and what is empty or absent count, not the values; JSON in a text is opened.
Some words are no values but say what is done: the verb, the fixed parts of a path, the status, a command's tag,
the text of a query. Which they are is told by where they stand and how they look: a doubtful one counts,
for then a case too many is kept, and not one too few.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Hashable, Mapping

from reenact.model.protocol import ProtocolPlugin
from reenact.model.suite import Case, Interaction
from reenact.model.value import Path, Scalar, Value
from reenact.rename.forms import STRUCTURED, TOKEN_MIN, kind_of, looks_random

Plugins = Mapping[str, ProtocolPlugin]
WORDS_MAX = 60
"""A longer text at the top of a tree is no tag, but somebody's words."""

_NUMBER = re.compile(r"(?<!\w)\d+(?!\w)")
_LONG = re.compile(rf"[A-Za-z0-9_~+=-]{{{TOKEN_MIN},}}")
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
    counts = Counter(call_shape(c, plugins) for c in case.calls if not _sets_up(c, plugins))
    return frozenset((shape, count > 1) for shape, count in counts.items())


def _sets_up(call: Interaction, plugins: Plugins) -> bool:
    """Whether it is there for the connection and not for the case: a warm pool goes without."""
    matcher = plugins[call.protocol].matcher
    return call.request is not None and matcher.traits(call.request, call.response).housekeeping


def call_shape(call: Interaction, plugins: Plugins) -> Hashable:
    matcher = plugins[call.protocol].matcher
    asked: Hashable = None
    if call.request is not None:
        asked = (matcher.key(call.request), tree_shape(matcher.normal(call.request)))
    answered = None if call.response is None else matcher.normal_response(call.response)
    said = tree_shape(answered)
    return (call.protocol, call.destination, call.outcome.value, asked, said)


def tree_shape(tree: Value, at: Path = ()) -> Hashable:
    if isinstance(tree, dict):
        named = {(_name(key), tree_shape(child, (*at, key))) for key, child in tree.items()}
        return ("mapping", frozenset(named))
    if isinstance(tree, list):
        return ("list", _items(tree, at))
    return _leaf(tree, at)


def _items(items: list[Value], at: Path) -> Hashable:
    """A path's parts in order; pairs by their names; else which shapes there are, and whether any."""
    if at == ("path",):
        return tuple(_text(str(item), top=True) for item in items)
    if items and all(isinstance(i, list) and len(i) == 2 and isinstance(i[0], str) for i in items):
        pairs = (i for i in items if isinstance(i, list))
        return frozenset((str(i[0]), tree_shape(i[1], (*at, 0, 1))) for i in pairs)
    return frozenset(tree_shape(item, (*at, 0)) for item in items)


def _name(key: str) -> str:
    """A key of a mapping; one that is an id stands for any."""
    return "*" if _made_up(key) else key


def _leaf(leaf: Value, at: Path) -> Hashable:
    assert not isinstance(leaf, dict | list)
    if leaf is None or isinstance(leaf, bool):
        return leaf
    if isinstance(leaf, str):
        return _text(leaf, top=len(at) == 1)
    if isinstance(leaf, bytes):
        return ("bytes", bool(leaf))
    return ("number", leaf if at == ("status",) or (len(at) == 1 and _small(leaf)) else "")


def _small(leaf: Scalar) -> bool:
    """A status or a code at the top of a tree; larger numbers are amounts."""
    return isinstance(leaf, int) and 0 <= leaf < 1000


def _text(text: str, *, top: bool) -> Hashable:
    if (inner := _json(text)) is not None:
        return ("json", tree_shape(inner, ("json",)))
    if top and len(text) <= WORDS_MAX and not _made_up(text):
        masked = _LONG.sub(lambda w: "*" if _made_up(w[0]) else w[0], STRUCTURED.sub("*", text))
        return ("word", _NUMBER.sub(lambda n: "0" if not n[0].strip("0") else "1", masked))
    if len(_CODE.findall(text)) >= 2:
        return ("code", text)
    return ("text", bool(text))


def _json(text: str) -> Value:
    """What a text is that holds a JSON object or array; None for any other."""
    if text[:1] not in ("{", "[") or text[-1:] not in ("}", "]"):
        return None
    try:
        found: Value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found


def _made_up(text: str) -> bool:
    kind = kind_of(text)
    return kind is not None and (kind != "token" or looks_random(text))
