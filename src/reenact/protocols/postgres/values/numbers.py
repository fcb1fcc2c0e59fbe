"""float and numeric."""

from __future__ import annotations

import math
import struct
from decimal import Decimal

_SPECIAL = {0xC000: "NaN", 0xD000: "Infinity", 0xF000: "-Infinity"}
_SIGNS = {text: sign for sign, text in _SPECIAL.items()}
_NEGATIVE = 0x4000


def float_text(value: float, single: bool) -> str:
    """As PostgreSQL 12 and later write it: the shortest digits that read back the same, with an
    exponent outside 1e-4 .. 1e15 (1e6 for float4) (`double_to_shortest_decimal_buf`)."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0:
        return "-0" if math.copysign(1, value) < 0 else "0"
    sign, digits, exponent = Decimal(_shortest(value, single)).as_tuple()
    assert isinstance(exponent, int)
    text = "".join(map(str, digits)).rstrip("0")
    point = len(digits) + exponent  # digits before the decimal point
    return ("-" if sign else "") + _place(text, point, 6 if single else 15)


def _shortest(value: float, single: bool) -> str:
    if not single:
        return repr(value)
    tries = (f"{value:.{digits}g}" for digits in range(1, 10))
    return next((t for t in tries if _as_single(float(t)) == value), repr(value))


def _as_single(value: float) -> float:
    try:
        return float(struct.unpack("!f", struct.pack("!f", value))[0])
    except OverflowError:
        return math.inf


def _place(digits: str, point: int, limit: int) -> str:
    exponent = point - 1
    if not -4 <= exponent < limit:
        head, tail = digits[0], digits[1:]
        sign = "-" if exponent < 0 else "+"
        return f"{head}{'.' + tail if tail else ''}e{sign}{abs(exponent):02}"
    if point <= 0:
        return "0." + "0" * -point + digits
    if point >= len(digits):
        return digits + "0" * (point - len(digits))
    return digits[:point] + "." + digits[point:]


def numeric_from_binary(raw: bytes) -> str:
    """Base-10000 digits with weight, sign and display scale (`numeric_send`, numeric.c)."""
    count, weight, sign, scale = struct.unpack_from("!HhHH", raw)
    if sign in _SPECIAL:
        return _SPECIAL[sign]
    groups = struct.unpack_from(f"!{count}H", raw, 8)
    if len(raw) != 8 + 2 * count or sign not in (0, _NEGATIVE):
        raise ValueError("numeric of a length that it doesn't have")
    digits = "".join(f"{group:04}" for group in groups)
    point = (weight + 1) * 4
    if point < 0:
        digits, point = "0" * -point + digits, 0
    whole = digits[:point].ljust(point, "0").lstrip("0") or "0"
    fraction = digits[point:].ljust(scale, "0")[:scale]
    return ("-" if sign else "") + whole + ("." + fraction if scale else "")


def numeric_to_binary(text: str) -> bytes:
    if text in _SIGNS:
        scale = 0 if text == "NaN" else 0x20  # as the server sends them
        return struct.pack("!HhHH", 0, 0, _SIGNS[text], scale)
    whole, _, fraction = f"{Decimal(text):f}".lstrip("-").partition(".")
    negative = text.strip().startswith("-")
    whole = whole.zfill(-(-len(whole) // 4) * 4)
    padded = fraction.ljust(-(-len(fraction) // 4) * 4, "0")
    groups = [int((whole + padded)[i : i + 4]) for i in range(0, len(whole + padded), 4)]
    weight = len(whole) // 4 - 1
    while groups and not groups[0]:
        groups.pop(0)
        weight -= 1
    while groups and not groups[-1]:
        groups.pop()
    sign = _NEGATIVE if negative and groups else 0
    head = struct.pack("!HhHH", len(groups), weight if groups else 0, sign, len(fraction))
    return head + struct.pack(f"!{len(groups)}H", *groups)
