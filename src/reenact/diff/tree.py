"""One walk over two trees: what differs, what accounts for it, what it would bind.

Used for requests (is this the recorded call?) and for responses (did the service change?).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from decimal import Decimal

from msgspec import UNSET, UnsetType

from reenact.model.difference import Change, Conflict, Difference
from reenact.model.symbol import Binding
from reenact.model.value import Path, Scalar, Value, path_text, same
from reenact.rename.align import Piece, align
from reenact.rename.dated_ids import keeps_time
from reenact.rename.forms import BOUND, DERIVABLE, HANDLE, INSTANTS, RANDOM, SEQUENCE, STEADY, WEAK
from reenact.rename.instants import Moment, keeps_place, read
from reenact.rename.opened import Opened, opened, opened_word
from reenact.rename.refine import refined
from reenact.rename.table import Renaming


@dataclass(frozen=True, slots=True)
class Terms:
    """What a comparison may lean on.

    `generated` are the kinds allowed at each path (from the suite); `discover` also allows
    sites that are not listed, when both values have the same form (rehearsal only);
    `tolerated` maps path text to the rule of a written tolerance; `given` are words that callers
    said, which therefore nothing else can be bound to (`rename.given`); `fixed` are leaves that are
    never generated, whatever their form; `handles` are keys of names that may be any
    (`ProtocolPlugin.handles`); `hashes` are places that may hold a hash, and of what
    (`ProtocolPlugin.hashes`). `rehearsal`: what depends on the pace of the service's own threads is
    learned, even where nothing else is discovered.
    """

    names: Renaming
    generated: Mapping[Path, frozenset[str]] = field(default_factory=dict)
    discover: bool = False
    moment: Moment | None = None
    tolerated: Mapping[str, str] = field(default_factory=dict)
    given: Set[str] = frozenset()
    fixed: frozenset[Path] = frozenset()
    handles: frozenset[str] = frozenset()
    hashes: Mapping[Path, Path] = field(default_factory=dict)
    rehearsal: bool = False


@dataclass(slots=True)
class Comparison:
    """`varied` are sites that were accepted because they are generated: path and kind."""

    differences: list[Difference] = field(default_factory=list)
    bindings: list[Binding] = field(default_factory=list)
    varied: list[tuple[Path, str]] = field(default_factory=list)

    @property
    def equal(self) -> bool:
        return all(d.explained_by is not None for d in self.differences)

    @property
    def unexplained(self) -> tuple[Difference, ...]:
        return tuple(d for d in self.differences if d.explained_by is None)

    @property
    def looseness(self) -> tuple[int, int]:
        """How much had to be granted: values of no telling form first, then bound ones. Whether a time
        is the recorded one says nothing: it may be so by chance, within a second."""
        weak = sum(kind in WEAK for _, kind in self.varied)
        times = sum(kind in INSTANTS for _, kind in self.varied)
        return weak + len(self.tolerated), len(self.varied) - weak - times

    @property
    def tolerated(self) -> tuple[Difference, ...]:
        """What only a written tolerance accounts for."""
        return tuple(d for d in self.differences if (d.explained_by or "").startswith("tolerated"))


def compare(recorded: Value, live: Value, at: Path, terms: Terms) -> Comparison:
    """Every leaf where the trees part, in document order of `recorded`, then additions."""
    walk = _Walk(terms, _contents(recorded, live, at, terms))
    walk.node(recorded, live, at)
    walk.settle()
    return walk.found


class _Walk:
    def __init__(self, terms: Terms, contents: Mapping[Path, bool]) -> None:
        """`contents`: by the place of a hash, whether what it may be a hash of is the same."""
        self.terms = terms
        self.found = Comparison()
        self._contents = contents
        self._tried: dict[str, str] = {}
        self._tried_back: dict[str, str] = {}
        self._times: tuple[set[int], set[int]] = (set(), set())
        self._split: list[tuple[str, str, Path, list[Piece]]] = []

    def node(self, a: Value | UnsetType, b: Value | UnsetType, at: Path) -> None:
        if self.terms.tolerated and self._tolerate(a, b, at):
            return
        if isinstance(a, dict) and isinstance(b, dict):
            self._dicts(a, b, at)
        elif isinstance(a, list) and isinstance(b, list):
            self._lists(a, b, at)
        elif isinstance(a, dict | list | UnsetType) or isinstance(b, dict | list | UnsetType):
            self._differ(a, b, at)
        elif not same(a, b) or isinstance(a, str):
            self._leaf(a, b, at)

    def _dicts(self, a: dict[str, Value], b: dict[str, Value], at: Path) -> None:
        if a.keys() != b.keys():
            names = self.terms.names
            told = {key: str(names.retell(key)) for key in a}
            b = {back: b[key] for key, back in _renamed_keys(b, told)}
        for key in [*a, *(k for k in b if k not in a)]:
            self.node(a.get(key, UNSET), b.get(key, UNSET), (*at, key))

    def _lists(self, a: list[Value], b: list[Value], at: Path) -> None:
        head = tail = 0
        if len(a) != len(b):
            head = _common(a, b)
            tail = _common(a[head:][::-1], b[head:][::-1])
        middle_a, middle_b = a[head : len(a) - tail], b[head : len(b) - tail]
        if len(a) == len(b):
            for i, (x, y) in enumerate(zip(a, b, strict=True)):
                self.node(x, y, (*at, i))
            return
        for i in range(max(len(middle_a), len(middle_b))):
            left = middle_a[i] if i < len(middle_a) else UNSET
            right = middle_b[i] if i < len(middle_b) else UNSET
            self.node(left, right, (*at, head + i))

    def _leaf(self, a: Scalar, b: Scalar, at: Path) -> None:
        if at in self.terms.fixed and not same(a, b):
            self._differ(a, b, at)
        elif at[1:2] and at[1] in self.terms.handles and isinstance(a, str) and isinstance(b, str):
            self._handle(a, b, at)
        elif isinstance(a, str) and isinstance(b, str):
            told = self.terms.names.retell(a)
            assert isinstance(told, str)
            if at in self._contents and self._hash(a, b, at):
                return
            if told == b:
                if told != a:
                    self._differ(a, b, at, "renamed")
                return
            if a == b:
                self._alias(a, b, at, Conflict(kind="", recorded=a, live=b, held_recorded=a, held_live=told))  # fmt: skip
                return
            self._texts(a, told, b, at)
        elif isinstance(a, bytes) and isinstance(b, bytes):
            self._bytes(a, b, at)
        elif isinstance(a, str | bytes) and isinstance(b, str | bytes) and self._within(a, b, at):
            pass  # what is not written in characters may by chance be UTF-8
        elif type(a) is type(b) or (_number(a) and _number(b)):
            self._numbers(a, b, at)
        elif (a is None or b is None) and (read(a) or read(b)):
            self._not_yet(a, b, at)
        else:
            self._differ(a, b, at)

    def _hash(self, a: str, b: str, at: Path) -> bool:
        """Judge what may be a hash of other content, once that is known to be equal or not; False
        where it is judged like any text. A hash is told by always changing with its content."""
        equal, allowed = self._contents[at], self.terms.generated.get(at, frozenset())
        if equal and a == b:
            return True  # whatever it once was for other content
        if self.terms.discover:
            if equal or not _like_a_hash(a, b):
                return False
            if a == b:
                self.found.varied.append((at, STEADY))
                return False
        elif allowed != {"hash"}:
            return False
        elif equal or a == b:
            self._differ(a, b, at, change=Change.HASH)
            return True
        elif not _like_a_hash(a, b):
            self._differ(a, b, at, change=Change.FORM)
            return True
        if a != b:
            self._granted(a, b, at, [Piece("hash", a, b)])
        return a != b

    def _handle(self, a: str, b: str, at: Path) -> None:
        names = self.terms.names
        if names.to_live(a) != b and (a != b or names.knows(a, b)):
            self.found.bindings.append(Binding(HANDLE, a, b))
        if a != b:
            self._differ(a, b, at, "renamed")

    def _bytes(self, a: bytes, b: bytes, at: Path) -> None:
        told = self.terms.names.retell(a)
        if told == b:
            if a != b:
                self._differ(a, b, at, "renamed")
        elif "opaque" not in self._allowed(at) and self._within(a, b, at):
            return
        elif ("opaque" in self._allowed(at) and len(a) == len(b)) or (
            self.terms.discover and len(a) == len(b) and len(a) >= 8
        ):
            self._grant(at, "opaque", a, b)
        else:
            self._differ(a, b, at)

    def _within(self, a: str | bytes, b: str | bytes, at: Path) -> bool:
        """Compare what both hold as a whole; False when that cannot be seen, or when it is bytes in
        which rehearsal finds more than it can account for."""
        x, y = opened(a), opened(b)
        if x is None or y is None or not _alike(x, y, self.terms.names):
            return False
        if self.terms.discover and (isinstance(a, bytes) or x.how == "marshal"):
            return self._inside(x, y, at)
        self.node(x.tree, y.tree, (*at, x.how))
        self._differ(a, b, at, "compared within")
        return True

    def _inside(self, x: Opened, y: Opened, at: Path) -> bool:
        """Compare two opened values; when they differ in more than generated values, as if nothing had
        been seen of them."""
        found, split = self.found, self._split
        marks = len(found.differences), len(found.bindings), len(found.varied), len(split)
        tried = dict(self._tried), dict(self._tried_back)
        self.node(x.tree, y.tree, (*at, x.how))
        if all(d.explained_by is not None for d in found.differences[marks[0] :]):
            return True
        del found.differences[marks[0] :], found.bindings[marks[1] :], found.varied[marks[2] :]
        del split[marks[3] :]
        self._tried, self._tried_back = tried
        return False

    def _texts(self, a: str, told: str, b: str, at: Path) -> None:
        allowed = self._allowed(at)
        if not allowed & _WIDE and self._within(a, b, at):
            return
        pieces = align(a, b, allowed)
        if pieces is None:
            pieces = align(told, b, allowed)
        if pieces is None:
            if "text" in allowed:
                self._grant(at, "text", a, b)
            else:
                self._differ(a, b, at)
            return
        pieces = [self._drawn(p) or self._refined(p, allowed) for p in pieces]
        pieces = [self._looked_into(p, allowed, at) for p in pieces]
        if any(not self._piece(p, allowed) for p in pieces):
            self._differ(a, b, at, change=Change.FORM if allowed else Change.VALUE)
            return
        self._granted(a, b, at, pieces)

    def _drawn(self, piece: Piece) -> Piece | None:
        """The number of a sequence that now gave another in its place."""
        a, b = piece.recorded, piece.live
        if piece.kind != "number" or not (a.isdigit() and b.isdigit()):
            return None
        renamed = self.terms.names.sequences.renames(int(a), int(b))
        return Piece(SEQUENCE, a, b) if renamed else None

    def _refined(self, piece: Piece, allowed: frozenset[str]) -> Piece:
        return refined(piece, allowed, self.terms.moment, discover=self.terms.discover)

    def _granted(self, a: str, b: str, at: Path, pieces: list[Piece]) -> None:
        if "derived" not in self._allowed(at) and not all(
            self._bind(piece) for piece in pieces if piece.kind in BOUND
        ):
            self._split.append((a, b, at, pieces))
            return
        for piece in pieces:
            if piece.kind in INSTANTS:
                self._time(piece.recorded, piece.live)
        for kind in dict.fromkeys(piece.kind for piece in pieces):
            self._grant(at, kind, a, b)

    def _looked_into(self, piece: Piece, allowed: frozenset[str], at: Path) -> Piece:
        """A token that says something is compared by what it says; it then is of the kind `encoded` when
        nothing signs it."""
        if piece.kind not in _SPEAKING:
            return piece
        x, y = opened_word(piece.recorded), opened_word(piece.live)
        if x is not None and x.how in ("jwt", "signed"):
            if y is None or y.how != x.how:
                return Piece("token", piece.recorded, piece.live)
            self.node(x.tree, y.tree, (*at, x.how))
        elif x is None or y is None or not _alike(x, y, self.terms.names):
            return piece
        elif self.terms.discover:
            if not self._inside(x, y, at):
                return piece
        elif "encoded" in allowed:
            self.node(x.tree, y.tree, (*at, x.how))
        else:
            return piece
        return Piece("encoded" if x.how == "base64" else x.how, piece.recorded, piece.live)

    def settle(self) -> None:
        """Judge values that broke the one-to-one renaming, now that all of the tree is seen.

        A hash or token that stands beside a generated time may be made from it: equal twice in
        one run and not in another. Anything else that splits or merges is a finding; rehearsal
        learns which do.
        """
        timed = any(kind in INSTANTS for _, kind in self.found.varied)
        for a, b, at, pieces in self._split:
            derivable = all(piece.kind in DERIVABLE or piece.kind not in BOUND for piece in pieces)
            against = [held for held in map(self._against, pieces) if held is not None]
            if derivable and (self.terms.discover or (timed and self._by_time(against, pieces))):
                self._grant(at, "derived", a, b)
            else:
                self._alias(a, b, at, _conflict(pieces, against))
        if not self._times[0]:
            return
        beside = frozenset(self._times[0]), frozenset(self._times[1])
        self.found.bindings = [
            Binding(b.kind, b.recorded, b.live, beside) for b in self.found.bindings
        ]

    def _against(self, piece: Piece) -> Binding | None:
        """What stands against a pair: a binding of before, or of this very comparison."""
        if piece.kind not in BOUND:
            return None
        held = self.terms.names.against(piece.recorded, piece.live)
        if held is not None:
            return held
        beside = frozenset(self._times[0]), frozenset(self._times[1])
        live = self._tried.get(piece.recorded, piece.live)
        if live != piece.live:
            return Binding(piece.kind, piece.recorded, live, beside)
        recorded = self._tried_back.get(piece.live, piece.recorded)
        if recorded != piece.recorded:
            return Binding(piece.kind, recorded, piece.live, beside)
        return None

    def _by_time(self, against: list[Binding], pieces: list[Piece]) -> bool:
        """Whether the times beside can account for it: what is made from a time is the same just
        when that is. Where no times are known they may."""
        lives = {piece.live for piece in pieces}
        return all(self._made_of_time(held, merged=held.live in lives) for held in against)

    def _made_of_time(self, held: Binding, *, merged: bool) -> bool:
        """`merged`: two recorded values became one; else one became two."""
        one, two = (1, 0) if merged else (0, 1)  # the side on which there is one value, and two
        same_time = held.beside[one] & self._times[one]
        if held.beside[one] and self._times[one] and not same_time:
            return False  # the same value at two times
        apart = held.beside[two] | self._times[two]
        return not held.beside[two] or len(apart) > 1  # two values at one time

    def _piece(self, piece: Piece, allowed: frozenset[str]) -> bool:
        if piece.kind == SEQUENCE:
            return True
        if (
            not self.terms.discover
            and piece.kind not in allowed
            and not _looser(piece.kind, allowed)
        ):
            return False
        if piece.kind in INSTANTS:
            return keeps_place(piece.recorded, piece.live, self.terms.moment)
        if not keeps_time(piece.kind, piece.recorded, piece.live, self.terms.moment):
            return False
        if piece.kind in ("jwt", "signed") and not _signed_alike(piece):
            return False
        return piece.kind not in BOUND or piece.live not in self.terms.given

    def _bind(self, piece: Piece) -> bool:
        """Whether the pair fits the table and the pairs already granted in this comparison."""
        held = self.terms.names.to_live(piece.recorded)
        back = self.terms.names.to_recorded(piece.live)
        if held is not None or back is not None:
            return held == piece.live
        if self._tried.setdefault(piece.recorded, piece.live) != piece.live:
            return False
        if self._tried_back.setdefault(piece.live, piece.recorded) != piece.recorded:
            return False
        self.found.bindings.append(Binding(piece.kind, piece.recorded, piece.live))
        return True

    def _numbers(self, a: Scalar, b: Scalar, at: Path) -> None:
        allowed, terms = self._allowed(at), self.terms
        if self._long_number(a, b, at):
            return
        if type(a) is int and type(b) is int and terms.names.sequences.renames(a, b):
            self._grant(at, SEQUENCE, a, b)
            return
        timely = bool(read(a) and read(b)) and keeps_place(a, b, terms.moment)
        if timely and (terms.discover or allowed & {"epoch", "not yet"}):
            self._time(a, b)
            self._grant(at, "epoch", a, b)
        elif _number(a) and _number(b) and (terms.discover or "number" in allowed):
            self._grant(at, "number", a, b)
        else:
            self._differ(a, b, at, change=Change.FORM if "snowflake" in allowed else None)

    def _long_number(self, a: Scalar, b: Scalar, at: Path) -> bool:
        """Judge numbers that are ids by the time in them; False when they are none."""
        if type(a) is not int or type(b) is not int:
            return False
        told = self.terms.names.retell(a)
        if told != a:
            if told == b:
                self._differ(a, b, at, "renamed")
            return told == b
        allowed, terms = self._allowed(at), self.terms
        plain = Piece("number", str(a), str(b))
        piece = refined(plain, allowed, terms.moment, discover=terms.discover)
        if piece.kind != "snowflake" or not self._piece(piece, allowed):
            return False
        self._granted(str(a), str(b), at, [piece])
        return True

    def _not_yet(self, a: Scalar, b: Scalar, at: Path) -> None:
        """When something happened, or null because it has not: a thread of the service's own did it
        sooner or later than while recording."""
        if self.terms.rehearsal or "not yet" in self._allowed(at):
            self._grant(at, "not yet", a, b)
        else:
            self._differ(a, b, at)

    def _allowed(self, at: Path) -> frozenset[str]:
        return self.terms.generated.get(at, frozenset()) - {STEADY}

    def _grant(self, at: Path, kind: str, a: Scalar, b: Scalar) -> None:
        self.found.varied.append((at, kind))
        self._differ(a, b, at, f"generated ({kind})")

    def _time(self, recorded: Scalar, live: Scalar) -> None:
        """Note a generated time."""
        for seconds, value in zip(self._times, (recorded, live), strict=True):
            found = read(value)
            if found is not None and found[1] <= 10**9:
                seconds.add(found[0] // 10**9)

    def _tolerate(self, a: Value | UnsetType, b: Value | UnsetType, at: Path) -> bool:
        rule = self.terms.tolerated.get(path_text(at))
        if rule is None:
            return False
        if rule == "ignore" or (rule == "type" and type(a) is type(b)):
            if a is UNSET or b is UNSET or a != b:
                self._differ(a, b, at, f"tolerated ({rule})")
            return True
        if rule == "optional" and (a is UNSET or b is UNSET):
            self._differ(a, b, at, "tolerated (optional)")
            return True
        if rule == "unordered" and isinstance(a, list) and isinstance(b, list):
            if a == b or sorted(map(repr, a)) != sorted(map(repr, b)):
                return False
            self._differ(a, b, at, "tolerated (unordered)")
            return True
        return False

    def _differ(
        self,
        a: Value | UnsetType,
        b: Value | UnsetType,
        at: Path,
        explained: str | None = None,
        change: Change | None = None,
        held: Conflict | None = None,
    ) -> None:
        self.found.differences.append(
            Difference(
                change=change or _change(a, b),
                at=at,
                recorded=a,
                live=b,
                explained_by=explained,
                held=held,
            )
        )

    def _alias(self, a: Value, b: Value, at: Path, held: Conflict | None) -> None:
        self._differ(a, b, at, change=Change.ALIAS, held=held)


_SPEAKING = frozenset({"token", "base64", "prefixed", "jwt", "signed", "opaque"})
_WIDE = frozenset({"token", "opaque", "text", "derived"})
"""Kinds that say nothing of what is inside."""


def _contents(recorded: Value, live: Value, at: Path, terms: Terms) -> dict[Path, bool]:
    """By the place of a possible hash, whether its content is the same; only where there is some."""
    out: dict[Path, bool] = {}
    for place, of in terms.hashes.items():
        a, b = (_at(tree, of[len(at) :]) for tree in (recorded, live))
        if a is not UNSET and b is not UNSET:
            out[place] = a == b
    return out


def _at(tree: Value, path: Path) -> Value | UnsetType:
    for step in path:
        if not isinstance(tree, dict) or step not in tree:
            return UNSET
        tree = tree[str(step)]
    return tree


_HASH = re.compile(r'(W/)?("?)[\w+/=.:-]{6,}\2')


def _like_a_hash(a: str, b: str) -> bool:
    """Whether both are one word, quoted and marked as weak alike."""
    x, y = _HASH.fullmatch(a), _HASH.fullmatch(b)
    return x is not None and y is not None and x.group(1, 2) == y.group(1, 2)


def _alike(x: Opened, y: Opened, names: Renaming) -> bool:
    """Whether two opened values are written in the same way, members in the same order."""
    return x.how == y.how and x.style == y.style and _order(x.tree, names) == _order(y.tree, names)


def _order(tree: Value, names: Renaming) -> object:
    """The names of a tree's members in their order, where more than one side may have another."""
    if isinstance(tree, dict):
        return [(str(names.retell(key)), _order(child, names)) for key, child in tree.items()]
    return [_order(child, names) for child in tree] if isinstance(tree, list) else None


def _signed_alike(piece: Piece) -> bool:
    x, y = opened_word(piece.recorded), opened_word(piece.live)
    return x is None or y is None or len(x.signature) == len(y.signature)


def _conflict(pieces: list[Piece], against: list[Binding]) -> Conflict | None:
    """The first piece that cannot be, and the pair that forbids it."""
    for piece in pieces:
        for held in against:
            if (held.recorded == piece.recorded) != (held.live == piece.live):
                return Conflict(
                    kind=piece.kind,
                    recorded=piece.recorded,
                    live=piece.live,
                    held_recorded=held.recorded,
                    held_live=held.live,
                )
    return None


def _renamed_keys(b: dict[str, Value], told: dict[str, str]) -> list[tuple[str, str]]:
    """Live keys with the recorded key each stands for."""
    back = {live: recorded for recorded, live in told.items()}
    return [(key, back.get(key, key)) for key in b]


def _looser(kind: str, allowed: frozenset[str]) -> bool:
    """A random text may by chance look like hex or digits; a listed token covers those."""
    if allowed & {"token", "opaque", "derived", "hash"}:
        return kind in RANDOM or kind in ("uuid", "jwt", "signed", "encoded", "hash")
    if kind in INSTANTS and "not yet" in allowed:
        return True
    return kind == "epoch" and "number" in allowed


def _number(value: Value) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _common(a: list[Value], b: list[Value]) -> int:
    n = 0
    while n < len(a) and n < len(b) and a[n] == b[n]:
        n += 1
    return n


def _change(a: Value | UnsetType, b: Value | UnsetType) -> Change:
    if isinstance(a, UnsetType):
        return Change.ADDED
    if isinstance(b, UnsetType):
        return Change.REMOVED
    alike = type(a) is type(b) or (_number(a) and _number(b))  # 3 and 3.5 are both numbers
    return Change.VALUE if alike else Change.TYPE
