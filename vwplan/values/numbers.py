"""Numbers: exact integers and binary fractions, rounded to 512 binary digits where a result has more.

A number is an `int`, or a `Fraction` that is never integral. A few functions give numbers of fewer binary digits, as
Terraform's do (a length has 64, a logarithm 53): `ShortInt` and `ShortFraction` carry how many. Precision shows in the
digits that division leaves and in how many digits are printed, nowhere else.
"""

from __future__ import annotations

import re
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal, Inexact, localcontext
from fractions import Fraction
from functools import lru_cache

PRECISION = 512
"""Binary digits that a number has unless it says otherwise."""

EXTENT = 1 << 20
"""The largest binary exponent, of either sign, that a number may have: about 315,000 decimal digits."""

Number = int | Fraction


class NumberError(ValueError):
    """A number that cannot be: malformed, or beyond what is represented."""


class ShortInt(int):
    """A whole number of 64 binary digits, such as a length or an index."""

    __slots__ = ()
    precision = 64


class DoubleInt(ShortInt):
    """A whole number of 53 binary digits: what a double held."""

    __slots__ = ()
    precision = 53


class ShortFraction(Fraction):
    """A fraction of fewer binary digits than 512."""

    __slots__ = ("precision",)
    precision: int

    @classmethod
    def of(cls, value: Fraction, precision: int) -> ShortFraction:
        """The fraction, said to have `precision` binary digits."""
        made = cls(value.numerator, value.denominator)
        made.precision = precision
        return made


def precision_of(number: Number) -> int:
    """How many binary digits a number has."""
    kind = type(number)
    if kind is int or kind is Fraction:
        return PRECISION
    precision: int = getattr(number, "precision", PRECISION)
    return precision


def rounded(number: Number, precision: int = PRECISION) -> Number:
    """The number with at most `precision` binary digits (ties to even), carrying that precision.

    Whole numbers become `int`; `NumberError` where the result is out of the representable extent.
    """
    if isinstance(number, Fraction) and number.denominator == 1:
        number = number.numerator
    if isinstance(number, int):
        length = number.bit_length()
        if length > precision:
            if length > EXTENT:
                raise NumberError("the number is too large")
            number = _round_whole(int(number), length - precision)
        return _WHOLE.get(precision, int)(number)
    top, bottom = number.numerator, number.denominator
    if bottom.bit_length() > top.bit_length() + EXTENT or top.bit_length() > EXTENT:
        raise NumberError("the number is too small" if abs(top) < bottom else "the number is too large")
    # A quotient of two or three bits more than wanted, and a sticky bit for the rest, rounds as the exact one does.
    shift = precision + 2 + bottom.bit_length() - abs(top).bit_length()
    negative, top = top < 0, abs(top)
    quotient, rest = divmod(top << shift, bottom) if shift >= 0 else divmod(top, bottom << -shift)
    quotient = quotient << 1 | (rest != 0)
    shift += 1
    excess = quotient.bit_length() - precision
    quotient = _round_whole(quotient, excess)
    if negative:
        quotient = -quotient
    exact = Fraction(quotient, 1 << shift) if shift >= 0 else Fraction(quotient << -shift)
    if exact.denominator == 1:
        return _WHOLE.get(precision, int)(exact.numerator)
    return exact if precision == PRECISION else ShortFraction.of(exact, precision)


_WHOLE: dict[int, type[int]] = {64: ShortInt, 53: DoubleInt}


def _round_whole(number: int, drop: int) -> int:
    """A whole number with its lowest `drop` bits rounded away to zeros, ties to even."""
    if drop <= 0:
        return number
    negative, number = number < 0, abs(number)
    kept, rest = number >> drop, number & ((1 << drop) - 1)
    half = 1 << (drop - 1)
    if rest > half or (rest == half and kept & 1):
        kept += 1
    number = kept << drop
    return -number if negative else number


def _exact(a: Number) -> Number:
    """The number without what it says of its precision, which would be lost in exact arithmetic anyway."""
    return int(a) if isinstance(a, int) else a


def _finer(a: type, b: type) -> type[int] | None:
    """Which of the classes of two whole numbers says more binary digits; None where either is no such class."""
    if a not in _DIGITS or b not in _DIGITS:
        return None
    return a if _DIGITS[a] >= _DIGITS[b] else b


def add(a: Number, b: Number) -> Number:
    """The sum, rounded to the larger precision of the two."""
    if type(a) is int and type(b) is int:
        total = a + b
        return total if -_LIMIT < total < _LIMIT else rounded(total)
    if (kind := _finer(type(a), type(b))) and -_SMALL < (small := a + b) < _SMALL:
        return kind(small)
    return rounded(_exact(a) + b, max(precision_of(a), precision_of(b)))


def subtract(a: Number, b: Number) -> Number:
    """The difference, rounded to the larger precision of the two."""
    if type(a) is int and type(b) is int:
        total = a - b
        return total if -_LIMIT < total < _LIMIT else rounded(total)
    if (kind := _finer(type(a), type(b))) and -_SMALL < (small := a - b) < _SMALL:
        return kind(small)
    return rounded(_exact(a) - b, max(precision_of(a), precision_of(b)))


def multiply(a: Number, b: Number) -> Number:
    """The product, rounded to 512 digits; one of short numbers keeps as few digits as it needs, but not fewer."""
    if type(a) is int and type(b) is int and a.bit_length() + b.bit_length() <= PRECISION:
        return a * b
    if (kind := _finer(type(a), type(b))) and -_SMALL < a < _SMALL and -_SMALL < b < _SMALL:
        product = a * b
        if -_SMALL < product < _SMALL:
            return kind(product)
    if a.numerator.bit_length() + b.numerator.bit_length() > 2 * EXTENT:
        raise NumberError("the number is too large")
    precision = max(precision_of(a), precision_of(b))
    exact = rounded(_exact(a) * b)
    if precision == PRECISION:
        return exact
    return rounded(exact, max(precision, _digits(exact)))


def divide(a: Number, b: Number) -> Number:
    """The quotient, rounded to the larger precision of the two. Zero as divisor is a `NumberError`."""
    if not b:
        raise NumberError("division by zero")
    if type(a) is int and type(b) is int and -_LIMIT < a < _LIMIT:
        quotient, rest = divmod(a, b)
        if not rest:
            return quotient
    return rounded(Fraction(a) / b, max(precision_of(a), precision_of(b)))


def remainder(a: Number, b: Number) -> Number:
    """What is left of `a` after whole multiples of `b`, of the sign of `a`; `a` itself where `b` is zero."""
    if not b:
        return a
    if _finer(type(a), type(b)) and -_SMALL < a < _SMALL and -_SMALL < b < _SMALL:
        # Nothing is rounded on the way.
        rest = abs(int(a)) % abs(int(b))
        return type(a)(-rest if a < 0 else rest)
    whole = _truncated(divide(a, b))
    precision = precision_of(a)
    product = rounded(Fraction(b) * rounded(whole, precision), precision)
    return rounded(Fraction(a) - product, precision)


def negate(a: Number) -> Number:
    """The number with its sign changed. There is no negative zero."""
    if type(a) is int:
        return -a
    return rounded(-a, precision_of(a))


def absolute(a: Number) -> Number:
    """The number without its sign."""
    return rounded(-a if a < 0 else a, precision_of(a))


def _truncated(a: Number) -> int:
    if isinstance(a, int):
        return int(a)
    return abs(a.numerator) // a.denominator * (1 if a.numerator > 0 else -1)


def _digits(number: Number) -> int:
    """The fewest binary digits that hold the number exactly."""
    top = abs(number.numerator)
    return top.bit_length() - ((top & -top).bit_length() - 1) if top else 0


_LIMIT = 1 << PRECISION
_SMALL = 1 << 48
"""Whole numbers below this are exact at any precision, and their quotients are told from whole numbers."""

_DIGITS: dict[type, int] = {int: PRECISION, ShortInt: ShortInt.precision, DoubleInt: DoubleInt.precision}

_NUMBER = re.compile(r"([+-]?+)(?:(\d++)(?>(?:\.(\d*+))?)|\.(\d++))(?>(?:([eEpP])([+-]?+\d++))?)", re.ASCII)


def parse_number(text: str) -> Number:
    """The number written in decimal as `text`, rounded to 512 binary digits; `NumberError` if it is not one.

    An exponent of ten follows `e`, an exponent of two `p`. Neither space nor underscore nor a base prefix is allowed.
    """
    found = _NUMBER.fullmatch(text)
    if found is None:
        raise NumberError("a number is required")
    sign, whole, part, only_part, mark, power = found.groups()
    part = part or only_part or ""
    if power is not None and len(power) > 9:
        raise NumberError("the number is out of range")
    digits = (whole or "") + part
    if len(digits) > EXTENT // 3:
        raise NumberError("the number has too many digits")
    value = _whole(digits)
    if sign == "-":
        value = -value
    exponent = int(power) if power is not None else 0
    if not value:
        return 0
    tens = exponent if mark and mark in "eE" else 0
    twos = exponent if mark and mark in "pP" else 0
    tens -= len(part)
    # Ten to the nth has about 3.33 n binary digits.
    if abs(tens) * 10 // 3 > EXTENT + 4 * len(digits) or abs(twos) > EXTENT:
        raise NumberError("the number is out of range")
    top, bottom = value, 1
    if tens >= 0:
        top *= 10**tens
    else:
        bottom = 10**-tens
    if twos >= 0:
        top <<= twos
    else:
        bottom <<= -twos
    return rounded(Fraction(top, bottom) if bottom != 1 else top)


def _whole(digits: str) -> int:
    """`int(digits)` without Python's limit on how many digits there may be."""
    if len(digits) <= 4000:
        return int(digits or "0")
    middle = len(digits) // 2
    scale: int = 10 ** (len(digits) - middle)
    return _whole(digits[:middle]) * scale + _whole(digits[middle:])


def number_text(number: Number) -> str:
    """The number in decimal without exponent: the fewest digits that tell it apart at its precision."""
    if isinstance(number, int) and number.bit_length() <= precision_of(number):
        return int.__repr__(number)
    digits, point = shortest(number)
    sign = "-" if number < 0 else ""
    if point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    if point >= len(digits):
        return f"{sign}{digits}{'0' * (point - len(digits))}"
    return f"{sign}{digits[:point]}.{digits[point:]}"


def shortest(number: Number) -> tuple[str, int]:
    """The fewest decimal digits that tell a number from its neighbours, and where the point goes: 0.DIGITS * 10^point.

    Of two candidates the nearer is taken. Zero has no digits.
    """
    if not number:
        return "", 0
    top, bottom = abs(number.numerator), number.denominator
    precision = precision_of(number)
    # The number is mantissa * 2^exponent, the mantissa's lowest bit being half a unit in the last place.
    shift = precision + 1 - top.bit_length()
    mantissa = top << shift if shift >= 0 else top >> -shift
    exponent = -shift - (bottom.bit_length() - 1)
    low, low_point = _decimal(mantissa - 1, exponent)
    high, high_point = _decimal(mantissa + 1, exponent)
    exact, point = _decimal(mantissa, exponent)
    even = mantissa & 2 == 0
    width = max(point, low_point, high_point)
    lower = "0" * (width - low_point) + low
    upper = "0" * (width - high_point) + high
    middle = "0" * (width - point) + exact
    for at, digit in enumerate(middle):
        below = lower[at] if at < len(lower) else "0"
        above = upper[at] if at < len(upper) else "0"
        down = below != digit or (even and at + 1 == len(lower))
        up = digit != above and (even or chr(ord(digit) + 1) < above or at + 1 < len(upper))
        if not (down or up):
            continue
        kept = int(middle[: at + 1])
        if (down and up and _round_up(middle, at)) or (up and not down):
            kept += 1
        text = str(kept).rjust(at + 1, "0")
        extra = len(text) - (at + 1)
        stripped = text.lstrip("0")
        return stripped.rstrip("0"), width + extra - (len(text) - len(stripped))
    return exact, point


def _round_up(digits: str, at: int) -> bool:
    """Whether cutting `digits` behind position `at` rounds up, half to even."""
    rest = digits[at + 1 :]
    if not rest:
        return False
    if rest[0] == "5" and not rest[1:].strip("0"):
        return digits[at] in "13579"
    return rest[0] >= "5"


_ENOUGH = 400
"""More decimal digits than two numbers of 512 binary digits have in common unless they are the same."""


def _decimal(mantissa: int, exponent: int) -> tuple[str, int]:
    """The decimal digits of mantissa * 2^exponent without zeros at the ends, and the place of the point.

    Of very large and very small numbers, the first few hundred digits, and a last one that says whether there are more.
    """
    if abs(exponent) > 4 * _ENOUGH:
        return _first_digits(mantissa, exponent)
    if exponent >= 0:
        value, places = mantissa << exponent, 0
    else:
        value, places = mantissa * 5**-exponent, -exponent
    text = whole_text(value)
    return text.rstrip("0"), len(text) - places


@lru_cache(maxsize=8)
def _power_of_ten(power: int) -> int:
    """Kept, because a number and its neighbours need the same one, and it takes longer than all the rest."""
    ten: int = 10
    result: int = ten**power
    return result


def _first_digits(mantissa: int, exponent: int) -> tuple[str, int]:
    left_out = (mantissa.bit_length() + exponent) * 30103 // 100000 - _ENOUGH
    if exponent >= 0:
        value, rest = divmod(mantissa << exponent, _power_of_ten(left_out))
    else:
        scaled = mantissa * _power_of_ten(-left_out)
        value, rest = scaled >> -exponent, scaled & ((1 << -exponent) - 1)
    text = str(value)
    return (text + "1" if rest else text.rstrip("0")), len(text) + left_out


def whole_text(value: int) -> str:
    """`str(value)` without Python's limit on how many digits there may be, and in less than quadratic time."""
    if value.bit_length() < 13000:
        return str(value)
    with localcontext(Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[Inexact])):
        return f"{_to_decimal(value, value.bit_length()):f}"


def _to_decimal(value: int, length: int) -> Decimal:
    """A whole number of at most `length` binary digits, put together of halves: `decimal` multiplies quickly."""
    if length <= 2000:
        return Decimal(value)
    half = length >> 1
    high, low = value >> half, value & ((1 << half) - 1)
    return _to_decimal(high, length - half) * Decimal(2) ** half + _to_decimal(low, half)
