"""What kind a pair of texts is where a certain time, and certain kinds, are known. Pure."""

from __future__ import annotations

from collections.abc import Set

from reenact.rename.align import Piece
from reenact.rename.dated_ids import NEAR_NS, dated_kinds, keeps_time
from reenact.rename.forms import RANDOM, fits
from reenact.rename.instants import Moment, keeps_place, read

_LONG_NUMBER = 15
"""Digits: shorter numbers are no snowflakes."""


def refined(piece: Piece, allowed: Set[str], moment: Moment | None, *, discover: bool) -> Piece:
    """The pair under the kind that its place is known to hold, if it can be of that kind; in discovery
    under the tightest that both its texts and their times tell."""
    a, b = piece.recorded, piece.live
    if "hex" in allowed and fits("hex", a, b):
        return Piece("hex", a, b)
    if piece.kind in ("epoch", "number"):
        return Piece(_number(a, b, allowed, moment, discover=discover), a, b)
    dated = list(dated_kinds(a, b, moment)) if piece.kind in RANDOM else []
    if discover:
        return Piece(_dated(piece, dated, moment), a, b)
    known = [
        kind for kind in ("ulid", "ksuid", "objectid") if kind in allowed and _looks(kind, a, b)
    ]
    return Piece(known[0], a, b) if known else piece


def _dated(piece: Piece, dated: list[str], moment: Moment | None) -> str:
    """An id with a time that does not move with its case is only a random text to us."""
    if dated:
        return dated[0]
    if piece.kind == "ulid" and moment is not None:
        return "token"
    if piece.kind == "uuid" and not keeps_time("uuid", piece.recorded, piece.live, moment):
        return "token"
    return piece.kind


def _number(a: str, b: str, allowed: Set[str], moment: Moment | None, *, discover: bool) -> str:
    """A number that could be a time but does not move like one is just a number."""
    timely = bool(read(a) and read(b)) and keeps_place(a, b, moment)
    if "snowflake" in allowed and not discover:
        return "snowflake"
    if _snowflake(a, b, moment) and (discover or "snowflake" in allowed):
        return "snowflake"
    both = bool(read(a) and read(b))
    return "epoch" if timely or (both and not discover and "number" not in allowed) else "number"


def _snowflake(a: str, b: str, moment: Moment | None) -> bool:
    """Unless it is the time in nanoseconds, which has as many digits."""
    if min(len(a), len(b)) < _LONG_NUMBER or "snowflake" not in dated_kinds(a, b, moment):
        return False
    at = read(a)
    assert moment is not None
    return at is None or abs(at[0] - moment.recorded_ns) > NEAR_NS


_LENGTHS = {"ulid": 26, "ksuid": 27, "objectid": 24}


def _looks(kind: str, a: str, b: str) -> bool:
    """Whether both have the length and the letters of that kind of dated id."""
    if len(a) != _LENGTHS[kind] or len(b) != _LENGTHS[kind]:
        return False
    both = a + b
    if kind == "objectid":
        return set(both) <= set("0123456789abcdef")
    return (
        both.isalnum()
        and both.isascii()
        and (kind != "ulid" or not set(both.upper()) & set("ILOU"))
    )
