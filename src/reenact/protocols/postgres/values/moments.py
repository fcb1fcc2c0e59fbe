"""date, time, timetz, timestamp, timestamptz, interval: ISO text <-> binary.

Days and microseconds count from 2000-01-01. Own calendar arithmetic, because PostgreSQL's years
go from 4713 BC to 294276 and Python's stop at 9999.
"""

from __future__ import annotations

import re
import struct

DAY = 86_400_000_000
_EPOCH = 730_425  # days from 0000-03-01 to 2000-01-01
_INFINITE = {"infinity": 1, "-infinity": -1}

_DATE = re.compile(r"(\d{4,7})-(\d\d)-(\d\d)( BC)?")
_TIME = re.compile(r"(\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?")
_ZONE = re.compile(r"([+-])(\d\d)(?::?(\d\d))?(?::?(\d\d))?")
_STAMP = re.compile(r"(\d{4,7}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d(?:\.\d{1,6})?)([+-][\d:]+|Z)?( BC)?")
_PIECE = re.compile(r"([+-]?\d+) (years?|mons?|days?)(?: |$)")
_CLOCK = re.compile(r"([+-]?)(\d+):(\d\d):(\d\d)(?:\.(\d{1,6}))?")


def date_text(raw: bytes) -> str:
    (days,) = struct.unpack("!i", raw)
    return _infinite(days, 31) or _with_era(*_civil(days))


def date_binary(text: str) -> bytes:
    if text in _INFINITE:
        return struct.pack("!i", _edge(text, 31))
    return struct.pack("!i", _read_date(text))


ZONE_MAX = 16 * 3600
"""Seconds; MAX_TZDISP_HOUR is 15 (timestamp.h)."""


def time_text(raw: bytes) -> str:
    """Raises ValueError beyond 24:00:00, which no server sends."""
    (micros,) = struct.unpack("!q", raw)
    if not 0 <= micros <= DAY:
        raise ValueError(f"{micros} us is no time of day")
    return _clock(micros)


def time_binary(text: str) -> bytes:
    return struct.pack("!q", _read_clock(text))


def timetz_text(raw: bytes) -> str:
    """The zone is seconds west of Greenwich on the wire, east in the text."""
    (west,) = struct.unpack_from("!i", raw, 8)
    if abs(west) >= ZONE_MAX:
        raise ValueError(f"{west} s is no time zone")
    return time_text(raw[:8]) + _zone(-west)


def timetz_binary(text: str) -> bytes:
    at = max(text.rfind("+"), text.rfind("-"))
    if at < 0:
        raise ValueError(text)
    return struct.pack("!qi", _read_clock(text[:at]), -_read_zone(text[at:]))


def timestamp_text(raw: bytes) -> str:
    return _stamp(raw, "")


def timestamptz_text(raw: bytes) -> str:
    """In UTC: binary values carry no zone."""
    return _stamp(raw, "+00")


def timestamp_binary(text: str) -> bytes:
    """Of either kind; without a zone the moment is as written."""
    if text in _INFINITE:
        return struct.pack("!q", _edge(text, 63))
    found = _STAMP.fullmatch(text)
    if not found:
        raise ValueError(text)
    date, clock, zone, era = found.groups()
    east = _read_zone(zone) if zone and zone != "Z" else 0
    days = _read_date(date + (era or ""))
    return struct.pack("!q", days * DAY + _read_clock(clock) - east * 1_000_000)


def interval_text(raw: bytes) -> str:
    """IntervalStyle `postgres`, the default (`EncodeInterval`, datetime.c)."""
    micros, days, months = struct.unpack("!qii", raw)
    years, months = _toward_zero(months, 12)
    out: list[str] = []
    minus = False
    for count, unit in ((years, "year"), (months, "mon"), (days, "day")):
        if count:
            plus = "+" if minus and count > 0 else ""
            out.append(f"{plus}{count} {unit}{'' if count == 1 else 's'}")
            minus = count < 0
    if micros or not out:
        sign = "-" if micros < 0 else "+" if minus else ""
        out.append(sign + _clock(abs(micros)))
    return " ".join(out)


def interval_binary(text: str) -> bytes:
    counts = {"y": 0, "m": 0, "d": 0}
    at = 0
    while found := _PIECE.match(text, at):
        counts[found[2][0]] += int(found[1])
        at = found.end()
    micros = _read_signed_clock(text[at:]) if at < len(text) else 0
    if not text:
        raise ValueError("an empty interval")
    return struct.pack("!qii", micros, counts["d"], counts["y"] * 12 + counts["m"])


def _read_signed_clock(text: str) -> int:
    found = _CLOCK.fullmatch(text)
    if not found:
        raise ValueError(text)
    seconds = (int(found[2]) * 60 + int(found[3])) * 60 + int(found[4])
    micros = seconds * 1_000_000 + int((found[5] or "").ljust(6, "0"))
    return -micros if found[1] == "-" else micros


def _toward_zero(value: int, by: int) -> tuple[int, int]:
    whole = abs(value) // by * (1 if value >= 0 else -1)
    return whole, value - whole * by


def _infinite(value: int, bits: int) -> str:
    if value == (1 << bits) - 1:
        return "infinity"
    return "-infinity" if value == -(1 << bits) else ""


def _edge(text: str, bits: int) -> int:
    return (1 << bits) - 1 if text == "infinity" else -(1 << bits)


def _stamp(raw: bytes, zone: str) -> str:
    (micros,) = struct.unpack("!q", raw)
    if edge := _infinite(micros, 63):
        return edge
    days, rest = divmod(micros, DAY)
    year, month, day = _civil(days)
    era = " BC" if year <= 0 else ""
    return f"{_iso(year, month, day)} {_clock(rest)}{zone}{era}"


def _with_era(year: int, month: int, day: int) -> str:
    return _iso(year, month, day) + (" BC" if year <= 0 else "")


def _iso(year: int, month: int, day: int) -> str:
    return f"{year if year > 0 else 1 - year:04}-{month:02}-{day:02}"


def _clock(micros: int) -> str:
    seconds, fraction = divmod(micros, 1_000_000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    tail = f".{fraction:06}".rstrip("0") if fraction else ""
    return f"{hour:02}:{minute:02}:{second:02}{tail}"


def _zone(east: int) -> str:
    sign = "-" if east < 0 else "+"
    minutes, second = divmod(abs(east), 60)
    hour, minute = divmod(minutes, 60)
    text = f"{sign}{hour:02}"
    if minute or second:
        text += f":{minute:02}"
    return text + (f":{second:02}" if second else "")


def _read_clock(text: str) -> int:
    found = _TIME.fullmatch(text)
    if not found:
        raise ValueError(text)
    seconds = (int(found[1]) * 60 + int(found[2])) * 60 + int(found[3])
    return seconds * 1_000_000 + int((found[4] or "").ljust(6, "0"))


def _read_zone(text: str) -> int:
    found = _ZONE.fullmatch(text)
    if not found:
        raise ValueError(text)
    east = int(found[2]) * 3600 + int(found[3] or 0) * 60 + int(found[4] or 0)
    return -east if found[1] == "-" else east


def _read_date(text: str) -> int:
    found = _DATE.fullmatch(text)
    if not found:
        raise ValueError(text)
    year = int(found[1])
    return _days(1 - year if found[4] else year, int(found[2]), int(found[3]))


def _days(year: int, month: int, day: int) -> int:
    """Days since 2000-01-01 of a date of the proleptic Gregorian calendar (years count 0, -1 ...
    before 1). After H. Hinnant, "chrono-compatible low-level date algorithms"."""
    year -= month <= 2
    era, of_era = divmod(year, 400)
    of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - _EPOCH


def _civil(days: int) -> tuple[int, int, int]:
    era, of_era = divmod(days + _EPOCH, 146_097)
    year = (of_era - of_era // 1460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    shifted = (5 * of_year + 2) // 153
    month = shifted + 3 if shifted < 10 else shifted - 9
    return year + era * 400 + (month <= 2), month, of_year - (153 * shifted + 2) // 5 + 1
