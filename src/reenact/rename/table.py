"""The renaming table: a partial bijection between recorded and live texts, and retelling."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from functools import partial
from urllib.parse import quote, quote_plus

from reenact.model.difference import Conflict
from reenact.model.symbol import Binding
from reenact.model.value import Value
from reenact.rename import objects, protobuf
from reenact.rename.forms import HANDLE, TOKEN_MIN
from reenact.rename.sealed import deflated, inflated
from reenact.rename.sequences import Sequences


def _in_lower_case(text: str) -> str:
    """Percent-encoding with small digits, as some clients write it."""
    return _PERCENT.sub(lambda found: found[0].lower(), quote(text, safe=""))


_PERCENT = re.compile("%[0-9A-F]{2}")


def _slashed(text: str) -> str:
    """As PHP writes a text in JSON."""
    return text.replace("/", "\\/")


def _digits(text: str) -> str:
    """A UUID without dashes; any other text as it is."""
    return text.replace("-", "") if len(text) == 36 and _UUID.fullmatch(text) else text


def _dashed(text: str) -> str:
    """The other way, for what was first seen as digits: a driver may write a UUID so where the database
    writes its dashes. Any other text as it is."""
    if len(text) != 32 or not _DIGITS.fullmatch(text):
        return text
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


_DIGITS = re.compile("[0-9a-f]{32}")
_UUID = re.compile("[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


def _capital(text: str) -> str:
    """A UUID in capitals, as some databases write it; any other text as it is."""
    return text.upper() if len(text) == 36 and _UUID.fullmatch(text) else text


def _digest(name: str, text: str) -> str:
    """As a service writes a token where it keeps it: under its digest. Short texts as they are."""
    if len(text) < DIGESTED_MIN:
        return text
    return hashlib.new(name, text.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()


DIGESTED_MIN = 16
"""Whoever digests a text to hide it has one that nobody guesses."""

DIGESTS = ("sha256", "sha1", "md5", "sha512")

_WRITTEN: tuple[Callable[[str], str], ...] = (
    *(str, quote, quote_plus, partial(quote, safe="")),
    *(_in_lower_case, _slashed, _digits, _dashed, _capital),
    *(partial(_digest, name) for name in DIGESTS),
)


class Renaming:
    """Both directions are functions, so one recorded id can neither split nor merge with
    another; an attempt is a `Conflict`, and a `Conflict` is a finding.

    Values are found inside longer texts from 8 characters up, also as URLs write them. `origin` is
    where a binding was made (a case id), kept so that dependence between cases is known.
    """

    def __init__(self) -> None:
        self._bindings: dict[str, Binding] = {}
        self._back: dict[str, Binding] = {}
        self._origin: dict[str, str] = {}
        self.sequences = Sequences()
        self._forward_texts = _Texts()
        self._backward_texts = _Texts()

    def to_live(self, recorded: str) -> str | None:
        held = self._bindings.get(recorded)
        return None if held is None else str(held.live)

    def to_recorded(self, live: str) -> str | None:
        held = self._back.get(live)
        return None if held is None else str(held.recorded)

    def bind(self, kind: str, recorded: str, live: str, origin: str = "") -> Conflict | None:
        """Add the pair; None when added or already held. A handle takes the place of what was
        held before."""
        return self.add(Binding(kind, recorded, live), origin)

    def add(self, binding: Binding, origin: str = "") -> Conflict | None:
        """The same, of a binding that a comparison found."""
        kind, recorded, live = binding.kind, str(binding.recorded), str(binding.live)
        if kind == HANDLE:
            self._release(recorded, live)
        a, b = self._bindings.get(recorded), self._back.get(live)
        if a is not None or b is not None:
            if a is not None and a.live == live:
                return None
            held = a or b
            assert held is not None
            return Conflict(
                kind=kind,
                recorded=recorded,
                live=live,
                held_recorded=held.recorded,
                held_live=held.live,
            )
        self._bindings[recorded] = self._back[live] = binding
        self._origin[recorded] = origin
        for write in _WRITTEN:
            self._forward_texts.add(write(recorded), write(live), recorded)
            self._backward_texts.add(write(live), write(recorded), recorded)
        return None

    def against(self, recorded: str, live: str) -> Binding | None:
        """The binding that forbids this pair, if one does."""
        held = self._bindings.get(recorded) or self._back.get(live)
        fits = held is None or (held.recorded == recorded and held.live == live)
        return None if fits else held

    def _release(self, recorded: str, live: str) -> None:
        for held in (self._bindings.get(recorded), self._back.get(live)):
            if held is None or str(held.recorded) not in self._bindings:
                continue
            del self._bindings[str(held.recorded)], self._back[str(held.live)]
            for write in _WRITTEN:
                self._forward_texts.remove(write(str(held.recorded)))
                self._backward_texts.remove(write(str(held.live)))

    def knows(self, recorded: str, live: str) -> bool:
        return recorded in self._bindings or live in self._back

    def bindings(self) -> tuple[Binding, ...]:
        return tuple(self._bindings.values())

    def retell(self, tree: Value, seen: set[str] | None = None) -> Value:
        """The tree with every recorded value it holds replaced by the live one.

        `seen`, when given, collects the origins of the bindings that were used.
        """
        if seen is None:
            return _told(tree, self._forward_texts, _unnoted)
        return _told(tree, self._forward_texts, lambda name: seen.add(self._origin[name]))

    def untell(self, tree: Value) -> Value:
        """The other way: live values replaced by the recorded ones."""
        return _told(tree, self._backward_texts, _unnoted)

    def carried(self, tree: Value) -> set[tuple[str, str]]:
        """Origin and kind of each binding whose live value the tree holds."""
        names: set[str] = set()
        _told(tree, self._backward_texts, names.add)
        return {(self._origin[name], self._bindings[name].kind) for name in names}


def _told(tree: Value, texts: _Texts, used: Callable[[str], None]) -> Value:
    """`used` is called with what each replaced text is named after."""
    if not texts:
        return tree
    return _map(
        tree,
        lambda text: _deep(text, lambda inner: texts.replace(inner, used)),
        lambda text: texts.whole(text, used),
    )


def _unnoted(name: str) -> None:
    """For those who don't ask which bindings were used."""


def _map(tree: Value, change: Callable[[str], str], whole: Callable[[str], str]) -> Value:
    if isinstance(tree, str):
        return _object(tree, change) if tree[:1] in objects.FIRST else change(tree)
    if isinstance(tree, bytes):
        return _bytes(tree, change) if len(tree) >= TOKEN_MIN else tree
    if isinstance(tree, int) and abs(tree) >= _LONG_NUMBER:
        told = whole(str(tree))
        return int(told) if told.isdigit() else tree
    if isinstance(tree, list):
        return [_map(child, change, whole) for child in tree]
    if isinstance(tree, dict):
        return {change(key): _map(child, change, whole) for key, child in tree.items()}
    return tree


_LONG_NUMBER = 10**14
"""Smaller numbers are never renamed: they may be amounts."""


def _bytes(data: bytes, change: Callable[[str], str]) -> bytes:
    """Bytes with the texts in them changed: as they stand, or within compression, protobuf, or an object
    that Ruby or Python wrote down."""

    def plain(inner: bytes) -> bytes:
        return change(inner.decode("latin-1")).encode("latin-1", "replace")

    unpacked = inflated(data)
    if unpacked is not None:
        told = _bytes(unpacked, change)
        return data if told == unpacked else deflated(told, like=data)
    written = objects.changed(data, plain)
    if written != data:
        return written
    changed = plain(data)
    if len(changed) == len(data) or changed == data:
        return changed
    framed = protobuf.changed(data, plain)
    return changed if framed == data else framed


def _object(text: str, change: Callable[[str], str]) -> Value:
    """One that happens to be UTF-8; changed it may not be."""
    data = text.encode("utf-8", "surrogatepass")
    told = objects.changed(
        data, lambda inner: change(inner.decode("latin-1")).encode("latin-1", "replace")
    )
    if told == data:
        return change(text)
    try:
        return told.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return told


_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{12,}={0,2}")


def _deep(text: str, change: Callable[[str], str]) -> str:
    """Change a text, and what stands in it as base64 (Basic credentials, opaque cursors)."""
    changed = change(text)
    if changed != text or len(text) < 12:
        return changed
    return _BASE64.sub(lambda m: _through_base64(m[0], change), text)


def _through_base64(word: str, change: Callable[[str], str]) -> str:
    """The same word when it is no base64 of a readable text, or nothing in it changes."""
    bare = word.rstrip("=")
    if len(bare) % 4 == 1:
        return word
    urlsafe = "-" in bare or "_" in bare
    decode = base64.urlsafe_b64decode if urlsafe else base64.b64decode
    try:
        inner = decode(bare + "=" * (-len(bare) % 4)).decode()
    except (ValueError, UnicodeDecodeError):
        return word
    changed = change(inner)
    if changed == inner:
        return word
    encode = base64.urlsafe_b64encode if urlsafe else base64.b64encode
    told = encode(changed.encode()).decode()
    return told if word.endswith("=") or len(bare) % 4 == 0 else told.rstrip("=")


class _Texts:
    """Texts to replace, found by their first eight characters: the cost of a replacement grows
    with the text alone, not with the number of bindings."""

    def __init__(self) -> None:
        self._whole: dict[str, tuple[str, str]] = {}
        self._by_head: dict[str, list[str]] = {}

    def __bool__(self) -> bool:
        return bool(self._whole)

    def add(self, old: str, new: str, recorded: str) -> None:
        if old in self._whole:
            return
        self._whole[old] = (new, recorded)
        if len(old) >= TOKEN_MIN:
            olds = self._by_head.setdefault(old[:TOKEN_MIN], [])
            olds.append(old)
            olds.sort(key=len, reverse=True)

    def remove(self, old: str) -> None:
        if self._whole.pop(old, None) is not None and len(old) >= TOKEN_MIN:
            self._by_head[old[:TOKEN_MIN]].remove(old)

    def whole(self, text: str, used: Callable[[str], None]) -> str:
        """What the whole text has become; itself when it has not."""
        found = self._whole.get(text)
        if found is None:
            return text
        used(found[1])
        return found[0]

    def replace(self, text: str, used: Callable[[str], None]) -> str:
        if text in self._whole:
            return self.whole(text, used)
        if len(text) < TOKEN_MIN:
            return text
        out: list[str] = []
        done = at = 0
        heads = self._by_head
        last = len(text) - TOKEN_MIN
        while at <= last:
            for old in heads.get(text[at : at + TOKEN_MIN], ()):
                if text.startswith(old, at):
                    new, recorded = self._whole[old]
                    used(recorded)
                    out += (text[done:at], new)
                    done = at = at + len(old)
                    break
            else:
                at += 1
        return "".join((*out, text[done:])) if out else text
