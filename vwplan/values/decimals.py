"""Numbers in decimal with a wanted number of digits: fixed point, with an exponent, and whichever is shorter."""

from __future__ import annotations

from vwplan.values.numbers import Number, shortest, whole_text


def round_digits(number: Number, digits: int, *, after_point: bool) -> tuple[str, int]:
    """Decimal digits of a number's size, rounded half to even: `digits` of them in all, or behind the point.

    The second is the place of the point: the number is 0.DIGITS * 10^point. Zeros at the end are left out.
    """
    top, bottom = abs(number.numerator), number.denominator
    if not top:
        return "", 0
    if after_point:
        places = digits
    else:
        places = digits - _magnitude(top, bottom)
    scaled_bottom = bottom * 10**-places if places < 0 else bottom
    if bottom & (bottom - 1) == 0:
        # A binary fraction has no more digits behind the point than its denominator has zeros.
        places = min(places, bottom.bit_length() - 1)
    scaled_top = top * 10**places if places > 0 else top
    if scaled_bottom & (scaled_bottom - 1) == 0:
        quotient = scaled_top >> (scaled_bottom.bit_length() - 1)
        rest = scaled_top & (scaled_bottom - 1)
    else:
        quotient, rest = divmod(scaled_top, scaled_bottom)
    if rest * 2 > scaled_bottom or (rest * 2 == scaled_bottom and quotient & 1):
        quotient += 1
    if not quotient:
        return "", 0
    text = whole_text(quotient)
    return text.rstrip("0"), len(text) - places


def _magnitude(top: int, bottom: int) -> int:
    """The place of the point of top/bottom: the n for which 10^(n-1) <= top/bottom < 10^n."""
    guess = (top.bit_length() - bottom.bit_length()) * 30103 // 100000
    while guess > 0 and top < bottom * 10 ** (guess - 1):
        guess -= 1
    while (top >= bottom * 10**guess) if guess >= 0 else (top * 10**-guess >= bottom):
        guess += 1
    while (top < bottom * 10 ** (guess - 1)) if guess >= 1 else (top * 10 ** (1 - guess) < bottom):
        guess -= 1
    return guess


def number_fixed(number: Number, places: int) -> str:
    """The number with `places` digits behind the point, without sign."""
    digits, point = round_digits(number, places, after_point=True)
    whole = digits[:point].ljust(point, "0") if point > 0 else "0"
    if not places:
        return whole
    part = ("0" * -point + digits if point < 0 else digits[max(point, 0) :])[:places]
    return f"{whole}.{part.ljust(places, '0')}"


def number_exponent(number: Number, places: int | None, letter: str = "e") -> str:
    """The number as D.DDDe±DD with `places` digits behind the point (as many as needed if None), without sign."""
    if places is None:
        digits, point = shortest(number)
        places = max(len(digits) - 1, 0)
    else:
        digits, point = round_digits(number, places + 1, after_point=False)
    return _exponent_text(digits, point, places, letter)


def _exponent_text(digits: str, point: int, places: int, letter: str) -> str:
    exponent = point - 1 if digits else 0
    first = digits[:1] or "0"
    rest = digits[1:].ljust(places, "0")[:places]
    part = f".{rest}" if places else ""
    return f"{first}{part}{letter}{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def number_general(number: Number, digits: int | None, letter: str = "e", *, threshold: int = 6) -> str:
    """The number with at most `digits` digits (as many as needed if None), with an exponent where that is shorter.

    The sign is kept. `threshold` is the exponent from which a number without wanted digits is written with one.
    """
    sign = "-" if number < 0 else ""
    if digits is None:
        found, point = shortest(number)
        limit = threshold
    else:
        digits = digits or 1
        found, point = round_digits(number, digits, after_point=False)
        limit = digits
        if limit > len(found) and len(found) >= point:
            limit = len(found)
    exponent = point - 1
    if found and (exponent < -4 or exponent >= limit):
        return sign + _exponent_text(found, point, len(found) - 1, letter)
    if not found:
        return sign + "0"
    if point <= 0:
        return f"{sign}0.{'0' * -point}{found}"
    if point >= len(found):
        return sign + found.ljust(point, "0")
    return f"{sign}{found[:point]}.{found[point:]}"
