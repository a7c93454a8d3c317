"""Sizes and durations: how they are written, and the whole MiB and seconds that they come to."""

from __future__ import annotations

import re
from fractions import Fraction

_MIB = 1 << 20
_BYTES = {
    "b": 1,
    "kib": 1 << 10,
    "mib": 1 << 20,
    "gib": 1 << 30,
    "tib": 1 << 40,
    "pib": 1 << 50,
    "kb": 10**3,
    "mb": 10**6,
    "gb": 10**9,
    "tb": 10**12,
    "pb": 10**15,
}
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_QUANTITY = re.compile(r"\s*+([0-9]{1,18}+)(?:\.([0-9]{1,18}+))?\s*+([A-Za-zµ]*+)\s*+")
_SPANS = re.compile(r"\s*+((?>(?:[0-9]{1,18}+(?:\.[0-9]{1,18}+)?\s*+[A-Za-z]++\s*+)+))")
_SPAN = re.compile(r"([0-9]{1,18}+)(?:\.([0-9]{1,18}+))?\s*+([A-Za-z]++)")
_MOST = 1 << 50
"""More MiB, or seconds, than anything has: what is beyond is a slip."""

Number = int | Fraction


class UnitError(ValueError):
    """What is wrong with a size or duration, as a sentence for users that says what to write instead."""


def parse_size(given: str | Number) -> int:
    """A size as whole MiB: `"512 MiB"`, `"2 GiB"`, `"10 GB"`, `"1.5 TiB"`, or a whole number of MiB.

    KiB, MiB, GiB, TiB count in 1024s and KB, MB, GB, TB in 1000s, in any case but `Gb` (which is bits). What is not a whole
    number of MiB is rounded up, so that what was asked for fits. Raises `UnitError`.
    """
    if not isinstance(given, str):
        return _whole(given, "MiB", 'a size such as "512 MiB"')
    found = _QUANTITY.fullmatch(given)
    if found is None:
        raise UnitError(f'"{given}" is not a size. Write a number and a unit, such as "512 MiB" or "2 GiB".')
    amount, unit = _amount(found[1], found[2]), found[3]
    if not unit:
        raise UnitError(
            f'A size needs a unit. Write "{given.strip()} MiB" or "{given.strip()} GiB"; '
            "a number without quotes counts MiB."
        )
    factor = _BYTES.get(unit.lower())
    if factor is None or (unit[-1] == "b" and len(unit) == 2 and unit[0].isupper()):
        raise UnitError(
            f'"{unit}" is not a unit of size.{_nearest_unit(unit)} There are KiB, MiB, GiB, TiB, KB, MB, GB, TB.'
        )
    mib = -((-amount * factor) // _MIB)
    return _bounded(int(mib), given, "a size")


def parse_duration(given: str | Number) -> int:
    """A duration as whole seconds: `"90s"`, `"90m"`, `"8h"`, `"7d"`, `"2w"`, several as `"1h30m"`, or a whole number of seconds.

    What is not a whole number of seconds is rounded up. Raises `UnitError`.
    """
    if not isinstance(given, str):
        return _whole(given, "seconds", 'a duration such as "90s"')
    if _SPANS.fullmatch(given) is None:
        if _QUANTITY.fullmatch(given) is not None:
            bare = given.strip()
            raise UnitError(
                f'A duration needs a unit. Write "{bare}s" or "{bare}m"; a number without quotes counts seconds.'
            )
        raise UnitError(f'"{given}" is not a duration. Write a number and a unit, such as "90s", "90m", "8h" or "7d".')
    total = Fraction(0)
    for whole, decimals, unit in _SPAN.findall(given):
        factor = _SECONDS.get(unit)
        if factor is None:
            near = _SPELLED.get(unit.lower(), "")
            hint = f' Did you mean "{near}"?' if near else ""
            raise UnitError(f'"{unit}" is not a unit of time.{hint} There are s, m, h, d and w.')
        total += _amount(whole, decimals) * factor
    return _bounded(int(-(-total // 1)), given, "a duration")


def size_text(mib: int) -> str:
    """A size as people write it: `2 GiB`, `1536 MiB`."""
    for factor, unit in ((1 << 20, "TiB"), (1 << 10, "GiB")):
        if mib and mib % factor == 0:
            return f"{mib // factor} {unit}"
    return f"{mib} MiB"


def duration_text(seconds: int) -> str:
    """A duration as people write it: `8h`, `90s`, `5m`."""
    for factor, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds and seconds % factor == 0:
            return f"{seconds // factor}{unit}"
    return f"{seconds}s"


_SPELLED = {
    "sec": "s",
    "secs": "s",
    "second": "s",
    "seconds": "s",
    "min": "m",
    "mins": "m",
    "minute": "m",
    "minutes": "m",
    "hour": "h",
    "hours": "h",
    "hr": "h",
    "hrs": "h",
    "day": "d",
    "days": "d",
    "week": "w",
    "weeks": "w",
}


def _nearest_unit(unit: str) -> str:
    first = unit[0].upper()
    if first not in "KMGTP":
        return ""
    return f' Did you mean "{first}iB" or "{first}B"?'


def _amount(whole: str, decimals: str | None) -> Fraction:
    return Fraction(int(whole + (decimals or "")), 10 ** len(decimals or ""))


def _whole(given: Number, unit: str, instead: str) -> int:
    if given != int(given):
        raise UnitError(f"A number without a unit counts whole {unit}, and this one is not whole. Write {instead}.")
    return _bounded(int(given), "", "")


def _bounded(number: int, given: str, what: str) -> int:
    if number < 0:
        raise UnitError("It is below zero.")
    if number > _MOST:
        raise UnitError(f'"{given}" is too large for {what}.' if given else "It is too large.")
    return number
