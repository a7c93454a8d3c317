"""Sizes and durations are read in their units, and what is wrong with one is said in words."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vwplan.kinds import UnitError, duration_text, parse_duration, parse_size, size_text


@pytest.mark.parametrize(
    ("written", "mib", "reason"),
    [
        ("512 MiB", 512, "as recorded"),
        ("2 GiB", 2048, "1024 MiB a GiB"),
        ("1.5 TiB", 1572864, "a fraction of a unit that is whole MiB"),
        ("10 GB", 9537, "rounded up: 10^10 bytes are 9536.7 MiB"),
        ("1 KiB", 1, "rounded up to the smallest there is"),
        ("2gib", 2048, "no space, no capitals"),
        (" 64  mib ", 64, "spaces around"),
        (768, 768, "a number counts MiB"),
        (Fraction(4), 4, "a number that is whole"),
    ],
)
def test_sizes(written: str | int, mib: int, reason: str) -> None:
    assert parse_size(written) == mib, reason


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("2", 'needs a unit. Write "2 MiB" or "2 GiB"'),
        ("2 G", 'Did you mean "GiB" or "GB"?'),
        ("2 Gb", 'Did you mean "GiB" or "GB"?'),
        ("2 parsec", "is not a unit of size"),
        ("much", '"much" is not a size'),
        ("-1 GiB", "is not a size"),
        ("", "is not a size"),
        (Fraction(5, 2), "not whole"),
        (-3, "below zero"),
        ("9999999999 PiB", "too large"),
    ],
)
def test_sizes_that_are_none(written: str | int, says: str) -> None:
    with pytest.raises(UnitError) as caught:
        parse_size(written)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("90s", 90), ("90m", 5400), ("8h", 28800), ("7d", 604800), ("1w", 604800), ("1h30m", 5400), ("0.5s", 1), (45, 45)],
)
def test_durations(written: str | int, seconds: int) -> None:
    assert parse_duration(written) == seconds


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("90", 'needs a unit. Write "90s" or "90m"'),
        ("5 minutes", 'Did you mean "m"?'),
        ("soon", "is not a duration"),
        ("1h 30", "is not a duration"),
        ("5y", "There are s, m, h, d and w"),
    ],
)
def test_durations_that_are_none(written: str, says: str) -> None:
    with pytest.raises(UnitError) as caught:
        parse_duration(written)
    assert says in str(caught.value)


@given(st.integers(min_value=0, max_value=1 << 40))
def test_what_is_written_is_read_back(number: int) -> None:
    assert parse_size(size_text(number)) == number
    assert parse_duration(duration_text(number)) == number


@given(st.text(max_size=30))
def test_any_text_is_a_quantity_or_refused(text: str) -> None:
    for parse in (parse_size, parse_duration):
        try:
            assert parse(text) >= 0
        except UnitError as error:
            assert str(error)
