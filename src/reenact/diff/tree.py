"""One walk over two trees: what differs, what accounts for it, what it would bind.

Used for requests (is this the recorded call?) and for responses (did the service change?).
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from decimal import Decimal

from msgspec import UNSET, UnsetType

from reenact.model.difference import Change, Difference
from reenact.model.symbol import Binding
from reenact.model.value import Path, Scalar, Value, path_text, same
from reenact.rename.align import Piece, align
from reenact.rename.forms import BOUND, DERIVABLE, HANDLE, INSTANTS, WEAK, hexadecimal
from reenact.rename.instants import Moment, keeps_place, read
from reenact.rename.table import Renaming


@dataclass(frozen=True, slots=True)
class Terms:
    """What a comparison may lean on.

    `generated` are the kinds allowed at each path (from the suite); `discover` also allows
    sites that are not listed, when both values have the same form (rehearsal only);
    `tolerated` maps path text to the rule of a written tolerance; `given` are words that callers
    said, which therefore nothing else can be bound to (`rename.given`); `fixed` are leaves that are
    never generated, whatever their form; `handles` are keys of names that may be any
    (`ProtocolPlugin.handles`). `rehearsal`: what depends on the pace of the service's own threads is
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
    walk = _Walk(terms)
    walk.node(recorded, live, at)
    walk.settle()
    return walk.found


class _Walk:
    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.found = Comparison()
        self._tried: dict[str, str] = {}
        self._tried_back: dict[str, str] = {}
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
            if told == b:
                if told != a:
                    self._differ(a, b, at, "renamed")
                return
            if a == b:
                self._differ(a, b, at, change=Change.ALIAS)
                return
            self._texts(a, told, b, at)
        elif isinstance(a, bytes) and isinstance(b, bytes):
            self._bytes(a, b, at)
        elif type(a) is type(b) or (_number(a) and _number(b)):
            self._numbers(a, b, at)
        elif (a is None or b is None) and (read(a) or read(b)):
            self._not_yet(a, b, at)
        else:
            self._differ(a, b, at)

    def _handle(self, a: str, b: str, at: Path) -> None:
        names = self.terms.names
        if names.to_live(a) != b and (a != b or names.knows(a, b)):
            self.found.bindings.append(Binding(HANDLE, a, b))
        if a != b:
            self._differ(a, b, at, "renamed")

    def _bytes(self, a: bytes, b: bytes, at: Path) -> None:
        told = self.terms.names.retell(a)
        if told == b:
            self._differ(a, b, at, "renamed")
        elif ("opaque" in self._allowed(at) and len(a) == len(b)) or (
            self.terms.discover and len(a) == len(b) and len(a) >= 8
        ):
            self._grant(at, "opaque", a, b)
        else:
            self._differ(a, b, at)

    def _texts(self, a: str, told: str, b: str, at: Path) -> None:
        allowed = self._allowed(at)
        known = bool(allowed & {"token", "opaque", "derived"})
        pieces = align(a, b, known=known)
        if pieces is None:
            pieces = align(told, b, known=known)
        if pieces is None:
            if "text" in allowed:
                self._grant(at, "text", a, b)
            else:
                self._differ(a, b, at)
            return
        pieces = [self._judged(p, allowed) for p in pieces]
        wrong = [p for p in pieces if not self._piece(p, allowed)]
        if wrong:
            change = Change.FORM if allowed else Change.VALUE
            self._differ(a, b, at, change=change)
            return
        if "derived" not in allowed and not all(
            self._bind(piece) for piece in pieces if piece.kind in BOUND
        ):
            self._split.append((a, b, at, pieces))
            return
        for kind in dict.fromkeys(piece.kind for piece in pieces):
            self._grant(at, kind, a, b)

    def settle(self) -> None:
        """Judge values that broke the one-to-one renaming, now that all of the tree is seen.

        A hash or token that stands beside a generated time may be made from it: equal twice in
        one run and not in another. Anything else that splits or merges is a finding; rehearsal
        learns which do.
        """
        timed = any(kind in INSTANTS for _, kind in self.found.varied)
        for a, b, at, pieces in self._split:
            derivable = all(piece.kind in DERIVABLE or piece.kind not in BOUND for piece in pieces)
            if derivable and (timed or self.terms.discover):
                self._grant(at, "derived", a, b)
            else:
                self._differ(a, b, at, change=Change.ALIAS)

    def _judged(self, piece: Piece, allowed: frozenset[str]) -> Piece:
        """A number that could be a time but does not move like one is just a number, and where
        hex is known to stand two numbers are hex without letters."""
        texts = piece.recorded, piece.live
        if "hex" in allowed and len(texts[0]) == len(texts[1]) and all(map(hexadecimal, texts)):
            return Piece("hex", *texts)
        if piece.kind != "epoch":
            return piece
        timely = keeps_place(piece.recorded, piece.live, self.terms.moment)
        if timely or (not self.terms.discover and "number" not in allowed):
            return piece
        return Piece("number", piece.recorded, piece.live)

    def _piece(self, piece: Piece, allowed: frozenset[str]) -> bool:
        if (
            not self.terms.discover
            and piece.kind not in allowed
            and not _looser(piece.kind, allowed)
        ):
            return False
        if piece.kind in INSTANTS:
            return keeps_place(piece.recorded, piece.live, self.terms.moment)
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
        allowed = self._allowed(at)
        timely = bool(read(a) and read(b)) and keeps_place(a, b, self.terms.moment)
        if timely and (self.terms.discover or allowed & {"epoch", "not yet"}):
            self._grant(at, "epoch", a, b)
        elif _number(a) and _number(b) and (self.terms.discover or "number" in allowed):
            self._grant(at, "number", a, b)
        else:
            self._differ(a, b, at)

    def _not_yet(self, a: Scalar, b: Scalar, at: Path) -> None:
        """When something happened, or null because it has not: a thread of the service's own did it
        sooner or later than while recording."""
        if self.terms.rehearsal or "not yet" in self._allowed(at):
            self._grant(at, "not yet", a, b)
        else:
            self._differ(a, b, at)

    def _allowed(self, at: Path) -> frozenset[str]:
        return self.terms.generated.get(at, frozenset())

    def _grant(self, at: Path, kind: str, a: Scalar, b: Scalar) -> None:
        self.found.varied.append((at, kind))
        self._differ(a, b, at, f"generated ({kind})")

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
    ) -> None:
        self.found.differences.append(
            Difference(
                change=change or _change(a, b), at=at, recorded=a, live=b, explained_by=explained
            )
        )


def _renamed_keys(b: dict[str, Value], told: dict[str, str]) -> list[tuple[str, str]]:
    """Live keys with the recorded key each stands for."""
    back = {live: recorded for recorded, live in told.items()}
    return [(key, back.get(key, key)) for key in b]


def _looser(kind: str, allowed: frozenset[str]) -> bool:
    """A random text may by chance look like hex or digits; a listed token covers those."""
    if allowed & {"token", "opaque", "derived"}:
        return kind in ("hex", "token", "ulid", "jwt")
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
