"""Numbers: exact where Terraform is exact, rounded where it rounds, and printed with its digits."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vwplan.values import NumberError, number_text, parse_number
from vwplan.values.decimals import number_exponent, number_fixed, number_general
from vwplan.values.numbers import ShortFraction, ShortInt, add, divide, multiply, remainder, rounded


def test_division_leaves_512_binary_digits() -> None:
    assert number_text(divide(10, 3)) == "3." + "3" * 153 + "2"
    assert number_text(multiply(divide(1, 3), 3)) == "1"


def test_decimal_fractions_add_up_as_written() -> None:
    assert add(parse_number("0.1"), parse_number("0.2")) == parse_number("0.3")
    assert number_text(multiply(parse_number("0.1"), 3)) == "0.3"


def test_a_quotient_of_lengths_has_64_binary_digits() -> None:
    assert number_text(divide(ShortInt(1), ShortInt(3))) == "0.33333333333333333334"
    assert number_text(divide(ShortInt(1), 3)).startswith("0." + "3" * 150)


def test_a_logarithm_has_53_binary_digits_until_it_meets_more() -> None:
    log = ShortFraction.of(Fraction(1.6989700043360185), 53)
    assert number_text(log) == "1.6989700043360185"
    assert number_text(multiply(log, log)) == "2.88649907563353080369177867600457"
    assert number_text(add(log, 0)) == "1.6989700043360185244267768212012015283107757568359375"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("+5", "5"),
        (".5", "0.5"),
        ("5.", "5"),
        ("1p3", "8"),
        ("1E-2", "0.01"),
        ("-0", "0"),
        ("1.50", "1.5"),
        ("1e-7", "0.0000001"),
    ],
)
def test_numbers_are_read_as_go_reads_them(text: str, wanted: str) -> None:
    assert number_text(parse_number(text)) == wanted


@pytest.mark.parametrize("text", ["", " 1", "1 ", "0x10", "1_0", "-", "1e", "1e999999999", "9" * 400_000, "Inf", "١"])
def test_what_is_no_number_or_too_large_is_refused_at_once(text: str) -> None:
    with pytest.raises(NumberError):
        parse_number(text)


def test_products_do_not_grow_without_bound() -> None:
    value = parse_number("1e100000")
    with pytest.raises(NumberError):
        for _ in range(20):
            value = multiply(value, value)


def test_very_long_numbers_print() -> None:
    assert len(number_text(parse_number("1.5e5000"))) == 5001


@pytest.mark.parametrize(
    ("a", "b", "left"),
    [("7", "-3", "1"), ("-7", "3", "-1"), ("7.5", "2", "1.5"), ("5.5", "2.25", "1"), ("5.5", "0", "5.5")],
)
def test_remainders_have_the_sign_of_the_dividend(a: str, b: str, left: str) -> None:
    assert number_text(remainder(parse_number(a), parse_number(b))) == left


@pytest.mark.parametrize(
    ("text", "fixed", "exponent", "general"),
    [
        ("1234.5678", "1234.57", "1.23e+03", "1234.5678"),
        ("0.00001", "0.00", "1.00e-05", "1e-05"),
        ("1e20", "100000000000000000000.00", "1.00e+20", "1e+20"),
        ("100000", "100000.00", "1.00e+05", "100000"),
        ("0", "0.00", "0.00e+00", "0"),
        ("2.5", "2.50", "2.50e+00", "2.5"),
    ],
)
def test_decimals_by_format(text: str, fixed: str, exponent: str, general: str) -> None:
    number = parse_number(text)
    assert number_fixed(number, 2) == fixed
    assert number_exponent(number, 2) == exponent
    assert number_general(number, None) == general


@given(st.integers(-(10**200), 10**200), st.integers(1, 10**200))
def test_what_is_printed_reads_as_the_same_number(top: int, bottom: int) -> None:
    number = rounded(Fraction(top, bottom))
    assert parse_number(number_text(number)) == number
