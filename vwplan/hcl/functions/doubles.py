"""Logarithms and powers of doubles, to the very last digit as Terraform gives them.

The C library rounds a little better than Go's own routines, whose last digits are what users of Terraform have in their
states. So the same classical methods are used here: for the logarithm a polynomial in s = f / (2 + f) (as in FreeBSD's
msun), for the exponential a Taylor series of a sixteenth of the argument, squared up again (as in SLEEF), for powers repeated
squaring of the mantissa.
"""

from __future__ import annotations

import math
from fractions import Fraction

_LN2_HIGH = 6.93147180369123816490e-01
_LN2_LOW = 1.90821492927058770002e-10
_ODD = (1.479819860511658591e-01, 1.818357216161805012e-01, 2.857142874366239149e-01, 6.666666666666735130e-01)
_EVEN = (1.531383769920937332e-01, 2.222219843214978396e-01, 3.999999999940941908e-01)
_UPPER = 0.69314718055966295651160180568695068359375
_LOWER = 0.28235290563031577122588448175013436025525412068e-12
_TAYLOR = tuple(1 / math.factorial(n) for n in range(8, 0, -1))
_TOO_LARGE = 709.782712893384


def log(x: float) -> float:
    """The natural logarithm of a positive double."""
    mantissa, exponent = math.frexp(x)
    if mantissa < math.sqrt(2) / 2:
        mantissa *= 2
        exponent -= 1
    f, k = mantissa - 1, float(exponent)
    s = f / (2 + f)
    square = s * s
    fourth = square * square
    odd, even = 0.0, 0.0
    for factor in _ODD:
        odd = odd * fourth + factor
    for factor in _EVEN:
        even = even * fourth + factor
    rest = square * odd + fourth * even
    half = 0.5 * f * f
    return k * _LN2_HIGH - ((half - (s * (half + rest) + k * _LN2_LOW)) - f)


def _fused(a: float, b: float, c: float) -> float:
    """a * b + c, rounded once."""
    return float(Fraction(a) * Fraction(b) + Fraction(c))


def exp(x: float) -> float:
    """The exponential of a double; `OverflowError` if that is too large."""
    if x > _TOO_LARGE:
        raise OverflowError
    k = float(round(x * math.log2(math.e)))
    rest = _fused(-k, _UPPER, x)
    rest = _fused(-k, _LOWER, rest) * 0.0625
    series = _TAYLOR[0]
    for factor in _TAYLOR[1:]:
        series = _fused(series, rest, factor)
    rest *= series
    for _ in range(3):
        rest *= rest + 2.0
    return math.ldexp(_fused(rest, rest + 2.0, 1.0), int(k))


def power(x: float, y: float) -> float:
    """`x` to the power `y`; `ValueError` or `OverflowError` where that is no finite number."""
    if y == 0 or x == 1:
        return 1.0
    if y == 1:
        return x
    if x == 0:
        if y < 0:
            raise ValueError("division by zero")
        return 0.0
    if abs(y) == 0.5:
        root = math.sqrt(x)
        return root if y > 0 else 1 / root
    part, whole = math.modf(abs(y))
    if part and x < 0:
        raise ValueError("a negative number has no such power")
    if whole >= 1 << 63:
        return math.pow(x, y)
    scale, result = 0, 1.0
    if part:
        if part > 0.5:
            part -= 1
            whole += 1
        result = exp(part * log(x))
    mantissa, exponent = math.frexp(x)
    bits = int(whole)
    while bits:
        if abs(exponent) > 1 << 12:
            scale += exponent
            break
        if bits & 1:
            result *= mantissa
            scale += exponent
        mantissa *= mantissa
        exponent *= 2
        if mantissa < 0.5:
            mantissa += mantissa
            exponent -= 1
        bits >>= 1
    if y < 0:
        result, scale = 1 / result, -scale
    return math.ldexp(result, scale)
