"""YAML for people back into trees of values, safely.

Events of libyaml, no constructors: only the scalars of `yaml_write` and its tags. Anchors and
aliases, other tags, several documents, repeated keys, and more than the limits are refused, with
the line. Places are only looked up (`line_of`) when something is wrong.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

import yaml

from reenact.model.value import Path, Scalar, Value
from reenact.store.bodies import BodySource
from reenact.store.places import WRAPPERS
from reenact.store.yaml_write import DECIMAL, DEPTH_MAX

SIZE_MAX = 64 * 1024 * 1024
"""Of one file; the writer puts what is large into bodies, so this is no suite of ours."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # PyYAML may be built without libyaml
_NUMBER_STARTS = frozenset("0123456789-+")
_INT = re.compile(r"[-+]?[0-9]+")
_WORDS: dict[str, Scalar] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_NO_KEY = object()


class BadYaml(Exception):
    """`line` counts from 1; `at` is the path of the value, as far as it is known."""

    def __init__(self, line: int, reason: str, at: Path = ()) -> None:
        super().__init__(reason)
        self.line, self.reason, self.at = line, reason, at


def read(text: str, bodies: BodySource) -> Value:
    """The one document in `text`. Raises BadYaml."""
    if len(text) > SIZE_MAX:
        raise BadYaml(1, f"larger than {SIZE_MAX} bytes")
    reader = _Reader(bodies)
    try:
        _feed(reader, text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise BadYaml(mark.line + 1 if mark else 1, f"not YAML: {error.problem}") from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position or 0) + 1
        raise BadYaml(line, f"not YAML: {error.reason}") from None
    return reader.result()


def _feed(reader: _Reader, text: str) -> None:
    """As `yaml.parse` does it, without a generator in between: a suite has events by the hundred thousand."""
    loader = _LOADER(text)
    get, take = loader.get_event, reader.take
    try:
        while (event := get()) is not None:
            take(event)
    finally:
        loader.dispose()


def line_of(text: str, path: Path) -> int:
    """The line (from 1) of the value at `path`, or of the nearest thing above it that exists."""
    try:
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError:
        return 1
    line = 1
    for step in path:
        found = _child(node, step)
        if found is None:
            break
        line, node = found
    return line


def _child(node: Any, step: str | int) -> tuple[int, Any] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == step:
                return key.start_mark.line + 1, value
        # What is compared leaves wrappers out: `body/total` is written `body: {json: {total: ...}}`.
        inner = [value for key, value in node.value if key.value in WRAPPERS]
        return _child(inner[0], step) if inner else None
    if not isinstance(node, yaml.SequenceNode):
        return None
    for i, child in enumerate(node.value):
        if i == step or _is_header(child, step):
            return child.start_mark.line + 1, child
    return None


def _is_header(node: Any, name: str | int) -> bool:
    """Whether the node is the pair [name, value], whatever the name's case."""
    if not isinstance(node, yaml.SequenceNode) or not node.value:
        return False
    first = node.value[0].value
    return isinstance(first, str) and first.lower() == name


class _Reader:
    """Builds the tree from events with a stack of its own, so that depth is just a number."""

    def __init__(self, bodies: BodySource) -> None:
        self._bodies = bodies
        self._stack: list[tuple[list[Value] | dict[str, Value], Any]] = []
        self._holder: list[Value] | dict[str, Value] = []
        self._root = self._holder
        self._key: Any = _NO_KEY

    def take(self, event: Any) -> None:
        kind = type(event)
        if kind is yaml.ScalarEvent:
            if event.tag is None:
                self._untagged(event)
            else:
                self._tagged(event)
        elif kind is yaml.MappingStartEvent:
            self._open({}, event)
        elif kind is yaml.SequenceStartEvent:
            self._open([], event)
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            self._holder, self._key = self._stack.pop()[0], _NO_KEY
        elif kind is yaml.AliasEvent:
            raise self._bad(event, "aliases (*name) have no place in a suite; write the value out")

    def result(self) -> Value:
        assert isinstance(self._root, list)
        if len(self._root) > 1:
            raise BadYaml(1, "more than one document (---) in the file")
        return self._root[0] if self._root else None

    def _open(self, holder: list[Value] | dict[str, Value], event: Any) -> None:
        self._refuse_anchor(event)
        if event.tag is not None and event.tag != "!":
            raise self._bad(event, f"the tag {event.tag} has no place in a suite")
        if len(self._stack) >= DEPTH_MAX + 8:
            raise self._bad(event, f"nested deeper than {DEPTH_MAX} levels")
        step = self._step()
        self._put(holder, event)
        self._stack.append((self._holder, step))
        self._holder, self._key = holder, _NO_KEY

    def _untagged(self, event: Any) -> None:
        """Most of a suite, so it is one step: a key, or a scalar as it is written."""
        self._refuse_anchor(event)
        holder, text = self._holder, event.value
        if self._key is _NO_KEY and type(holder) is dict:
            self._set_key(holder, text, event)
            return
        value = _plain(text) if event.implicit[0] else text
        if type(holder) is dict:
            holder[self._key] = value
            self._key = _NO_KEY
        else:
            holder.append(value)  # type: ignore[union-attr]  # a list

    def _tagged(self, event: Any) -> None:
        self._refuse_anchor(event)
        make = _TAGS.get(event.tag)
        if make is None:
            raise self._bad(event, f"the tag {event.tag} has no place in a suite")
        try:
            value = make(event.value, self._bodies)
        except (ValueError, InvalidOperation, binascii.Error) as error:
            raise self._bad(
                event, str(error) if type(error) is ValueError else f"not a {event.tag}"
            ) from None
        self._put(value, event)

    def _put(self, value: Value, event: Any) -> None:
        holder = self._holder
        if isinstance(holder, list):
            holder.append(value)
        elif self._key is _NO_KEY:
            if not isinstance(value, str):
                raise self._bad(event, "a key has to be text")
            self._set_key(holder, value, event)
        else:
            holder[self._key] = value
            self._key = _NO_KEY

    def _set_key(self, holder: dict[str, Value], key: str, event: Any) -> None:
        if key in holder:
            self._key = key
            raise self._bad(event, f"the key {key!r} is there twice")
        self._key = key

    def _refuse_anchor(self, event: Any) -> None:
        if event.anchor is not None:
            raise self._bad(event, "anchors (&name) have no place in a suite; write the value out")

    def _bad(self, event: Any, reason: str) -> BadYaml:
        return BadYaml(event.start_mark.line + 1, reason, self._path())

    def _path(self) -> Path:
        steps = (*(step for _, step in self._stack[1:]), self._step())
        return tuple(step for step in steps if isinstance(step, str | int))

    def _step(self) -> Any:
        """Where in the holder the value at hand stands; `_NO_KEY` at a key itself."""
        return len(self._holder) if isinstance(self._holder, list) else self._key


def _plain(text: str) -> Scalar:
    if text[:1] in _NUMBER_STARTS:
        if _INT.fullmatch(text) and len(text) < 4000:
            return int(text)
        if DECIMAL.fullmatch(text):
            return Decimal(text)
        return text
    return _WORDS.get(text, text)


def _escaped(text: str, _: BodySource) -> str:
    value = json.loads(f'"{text}"')
    assert isinstance(value, str)
    return value


_TAGS: dict[str, Callable[[str, BodySource], Scalar]] = {
    "!": lambda text, _: text,
    "!dec": lambda text, _: Decimal(text),
    "!float": lambda text, _: float(text),
    "!int": lambda text, _: int(text, 0),
    "!bytes": lambda text, _: text.encode(),
    "!crlf": lambda text, _: text.replace("\n", "\r\n"),
    "!escaped": _escaped,
    "!body": lambda text, bodies: bodies.get(text),
    "!text": lambda text, bodies: bodies.get(text).decode("utf-8", "surrogatepass"),
    "tag:yaml.org,2002:binary": lambda text, _: base64.b64decode(text, validate=False),
    "tag:yaml.org,2002:str": lambda text, _: text,
}
