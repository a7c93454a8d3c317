"""Moments: points in time as Terraform's date functions have them, from RFC 3339 and back."""

from __future__ import annotations

import re
from typing import NamedTuple

_PARTS = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d++))?(?:(Z)|([-+])(\d\d):(\d\d))",
    re.ASCII,
)
_LOOSE = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d{1,2}):(\d\d):(\d\d)(?:[.,](\d++))?(?:(Z)|([-+])(\d\d):(\d\d))",
    re.ASCII,
)
"""As Go's own parser takes it: an hour of one digit, and a comma."""


class Moment(NamedTuple):
    """A point in time: seconds since 1970 in UTC, nanoseconds within the second, and the offset it is told in."""

    seconds: int
    nanos: int
    offset: int

    @staticmethod
    def of(date: tuple[int, int, int], clock: tuple[int, int, int], nanos: int, offset: int) -> Moment | None:
        """The moment of a date and time told at an offset in seconds; None if there is no such date or time."""
        year, month, day = date
        hour, minute, second = clock
        if not (1 <= month <= 12 and 1 <= day <= _days_in(year, month)):
            return None
        if hour > 23 or minute > 59 or second > 59:
            return None
        seconds = _days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second
        return Moment(seconds - offset, nanos, offset)

    @property
    def date(self) -> tuple[int, int, int]:
        """Year, month and day at the offset."""
        return _civil((self.seconds + self.offset) // 86400)

    @property
    def clock(self) -> tuple[int, int, int]:
        """Hour, minute and second at the offset."""
        rest = (self.seconds + self.offset) % 86400
        return rest // 3600, rest % 3600 // 60, rest % 60

    @property
    def weekday(self) -> int:
        """The day of the week, Sunday being 0."""
        return ((self.seconds + self.offset) // 86400 + 4) % 7

    def zone(self, colon: str = "") -> str:
        """The offset as +hhmm, with `colon` in between."""
        minutes = abs(self.offset) // 60
        return f"{'-' if self.offset < 0 else '+'}{minutes // 60:02d}{colon}{minutes % 60:02d}"

    def rfc3339(self) -> str:
        """The moment in RFC 3339, to the second."""
        year, month, day = self.date
        hour, minute, second = self.clock
        zone = self.zone(":") if self.offset else "Z"
        sign = "-" if year < 0 else ""
        return f"{sign}{abs(year):04d}-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}:{second:02d}{zone}"

    def plus(self, nanos: int) -> Moment:
        """The moment so many nanoseconds later."""
        total = self.seconds * 1_000_000_000 + self.nanos + nanos
        return Moment(total // 1_000_000_000, total % 1_000_000_000, self.offset)


def read_moment(text: str, loose: bool = False) -> Moment:
    """The moment that RFC 3339 tells, more or less; `ValueError` says what is wrong with the text."""
    found = (_LOOSE if loose else _PARTS).fullmatch(text)
    if found is None:
        raise ValueError(f"it is no timestamp of RFC 3339, such as 2006-01-02T15:04:05Z{_hint(text)}")
    numbers = [int(part) for part in found.groups()[:6]]
    nanos = int((found[7] or "0")[:9].ljust(9, "0"))
    offset = 0
    if found[8] is None:
        hours, minutes = int(found[10]), int(found[11])
        if hours > 23 + loose or minutes > 59 + loose:
            raise ValueError("its offset from UTC is out of range")
        offset = (hours * 60 + minutes) * 60 * (-1 if found[9] == "-" else 1)
    year, month, day, hour, minute, second = numbers
    moment = Moment.of((year, month, day), (hour, minute, second), nanos, offset)
    if moment is None:
        raise ValueError("there is no such day or time")
    return moment


def _hint(text: str) -> str:
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return ": the time is missing"
    if re.match(r"\d{4}-\d\d-\d\d \d\d:", text):
        return ": a T must stand between date and time"
    if re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?", text):
        return ": the offset from UTC is missing (Z, or as in +01:00)"
    return ""


_UNITS = {"ns": 1, "us": 10**3, "µs": 10**3, "μs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
_PIECE = re.compile(r"(\d*+)(?>(?:\.(\d*+))?)([^\d.]*+)", re.ASCII)


def read_duration(text: str) -> int:
    """The nanoseconds of a duration such as `1h30m` or `-1.5s`; `ValueError` says what is wrong with the text."""
    rest = text[1:] if text[:1] in "+-" else text
    if rest == "0":
        return 0
    if not rest:
        raise ValueError(f'"{text}" is no duration, such as 1h30m')
    total = 0
    while rest:
        found = _PIECE.match(rest)
        assert found is not None
        whole, fraction, unit = found.groups()
        if not whole and not fraction:
            raise ValueError(f'"{text}" is no duration, such as 1h30m')
        if not unit:
            raise ValueError(f'the duration "{text}" lacks a unit: ns, us, ms, s, m or h')
        if unit not in _UNITS:
            raise ValueError(f'the duration "{text}" has an unknown unit, "{unit}": there are ns, us, ms, s, m and h')
        if len(whole) > 19:
            raise ValueError(f'the duration "{text}" is too long')
        total += int(whole or "0") * _UNITS[unit]
        if fraction:
            total += _fraction(fraction, _UNITS[unit])
        rest = rest[found.end() :]
    if total > (1 << 63) - (not text.startswith("-")):
        raise ValueError(f'the duration "{text}" is too long')
    return -total if text.startswith("-") else total


def _fraction(digits: str, unit: int) -> int:
    """The nanoseconds of a fraction of a unit, computed in doubles: many digits may come to one less than they say."""
    value, scale = 0, 1.0
    for digit in digits:
        if value > ((1 << 63) - 1) // 10:
            break
        value, scale = value * 10 + int(digit), scale * 10
    return int(value * (unit / scale))


def _leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _days_in(year: int, month: int) -> int:
    return 29 if month == 2 and _leap(year) else (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]


def _days(year: int, month: int, day: int) -> int:
    """Days from 1970-01-01 to a date of the Gregorian calendar, counted in eras of 400 years that start in March."""
    year -= month <= 2
    era, in_era = divmod(year, 400)
    in_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146097 + in_era * 365 + in_era // 4 - in_era // 100 + in_year - 719468


def _civil(days: int) -> tuple[int, int, int]:
    """The date so many days after 1970-01-01."""
    era, in_era = divmod(days + 719468, 146097)
    year = (in_era - in_era // 1460 + in_era // 36524 - in_era // 146096) // 365
    in_year = in_era - (365 * year + year // 4 - year // 100)
    shifted = (5 * in_year + 2) // 153
    month = shifted + 3 if shifted < 10 else shifted - 9
    return era * 400 + year + (month <= 2), month, in_year - (153 * shifted + 2) // 5 + 1
