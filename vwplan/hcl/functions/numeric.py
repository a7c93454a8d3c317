"""Numeric functions."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

from vwplan.hcl.functions.arguments import number, sequence, text, whole
from vwplan.hcl.functions.doubles import log, power
from vwplan.hcl.functions.model import ArgumentProblem, Arguments, Function, FunctionProblem, Parameter, pure
from vwplan.values import (
    NUMBER,
    STRING,
    ConversionError,
    ListType,
    ListValue,
    Null,
    Number,
    Refinement,
    SetType,
    TupleType,
    Type,
    Value,
    convert,
    is_whole,
    type_of,
)
from vwplan.values.numbers import ShortInt, absolute, add, precision_of, rounded
from vwplan.values.value import NOT_NULL, UNKNOWN_NUMBER

_NUM = Parameter("num", NUMBER)


def _of_double(double: float) -> Number:
    """A number of a double's precision; a problem if it is none."""
    if math.isnan(double) or math.isinf(double):
        raise FunctionProblem("the result is not a finite number")
    return rounded(Fraction(double), 53)


def _double(value: Value) -> float:
    try:
        return float(number(value))
    except OverflowError:
        raise FunctionProblem("the argument is too large") from None


def _log(arguments: Arguments, _: Type) -> Value:
    size, base = map(_double, arguments)
    if size <= 0 or base < 0 or base == 1:
        raise FunctionProblem("number and base must be greater than 0, and the base not 1")
    if not base:
        return 0
    return _of_double(log(size) / log(base))


def _pow(arguments: Arguments, _: Type) -> Value:
    base, exponent = map(_double, arguments)
    try:
        return _of_double(power(base, exponent))
    except (OverflowError, ValueError):
        raise FunctionProblem("the result is not a finite number") from None


def _signum(arguments: Arguments, _: Type) -> Value:
    found = whole(arguments[0])
    return ShortInt((found > 0) - (found < 0))


def _round(by: Callable[[Number], int]) -> Callable[[Arguments, Type], Value]:
    def body(arguments: Arguments, _: Type) -> Value:
        found = number(arguments[0])
        return rounded(by(found), precision_of(found))

    return body


def _extreme(choose: Callable[..., Number], name: str) -> Function:
    def body(arguments: Arguments, _: Type) -> Value:
        if not arguments:
            raise FunctionProblem("at least one number is required")
        return choose(map(number, arguments))

    return pure(name, (), NUMBER, body, Parameter("numbers", NUMBER, dynamic=True))


_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _parseint_type(arguments: Arguments) -> Type:
    have = type_of(arguments[0])
    if have != STRING:
        raise ArgumentProblem(0, f"a string is required, not a {have.friendly}")
    return NUMBER


def _parseint(arguments: Arguments, _: Type) -> Value:
    written, base = text(arguments[0]), whole(arguments[1], 1)
    if not 2 <= base <= 62:
        raise ArgumentProblem(1, "the base must be between 2 and 62")
    digits = written[1:] if written[:1] in ("+", "-") else written
    if base <= 36:
        digits = digits.lower()
    allowed = _DIGITS[:base]
    if not digits or not digits.isascii() or any(digit not in allowed for digit in digits):
        raise ArgumentProblem(0, f'"{written}" is no whole number in base {base}')
    if len(digits) > 100_000:
        raise ArgumentProblem(0, "the number has too many digits")
    found = 0
    for digit in digits:
        found = found * base + _DIGITS.index(digit)
    if written.startswith("-"):
        found = -found
    return rounded(found, 64) if found.bit_length() <= 64 else found


_EXACT = 1 << 53
_LARGEST_RANGE = 1024


def _range(arguments: Arguments, _: Type) -> Value:
    numbers = [number(argument) for argument in arguments]
    if not 1 <= len(numbers) <= 3:
        raise FunctionProblem("one, two or three numbers are required")
    start: Number = ShortInt(0) if len(numbers) == 1 else numbers[0]
    end = numbers[min(len(numbers), 2) - 1]
    step: Number = numbers[2] if len(numbers) == 3 else ShortInt(-1 if end < start else 1)
    if not step and start != end:
        raise ArgumentProblem(2, "a step must not be 0")
    if len(numbers) == 3 and (end > start if step < 0 else end < start):
        raise ArgumentProblem(1, f"the end must be {'less' if step < 0 else 'greater'} than the start with this step")
    made: list[Value] = []
    if (
        isinstance(start, int)
        and isinstance(end, int)
        and isinstance(step, int)
        and step
        and max(map(abs, (start, end))) < _EXACT
    ):
        whole_ones = range(int(start), int(end), int(step))
        if len(whole_ones) > _LARGEST_RANGE:
            raise FunctionProblem(f"there would be more than {_LARGEST_RANGE} numbers")
        total = add(start, step)
        kind = type(total) if isinstance(total, int) else int
        return ListValue(NUMBER, [start, *map(kind, whole_ones[1:])] if whole_ones else ())
    while (start > end) if step < 0 else (start < end):
        if len(made) >= _LARGEST_RANGE:
            raise FunctionProblem(f"there would be more than {_LARGEST_RANGE} numbers")
        made.append(start)
        start = add(start, step)
    return ListValue(NUMBER, made)


def _sum(arguments: Arguments, _: Type) -> Value:
    have = type_of(arguments[0])
    if not isinstance(have, ListType | SetType | TupleType):
        raise ArgumentProblem(0, f"a list, set or tuple of numbers is required, not a {have.friendly}")
    items = sequence(arguments[0]).items
    if not items:
        raise ArgumentProblem(0, "it has no elements, and so no sum")
    if not is_whole(arguments[0]):
        return UNKNOWN_NUMBER
    total: Number | None = None
    for at, item in enumerate(items):
        try:
            found = convert(item, NUMBER)
        except ConversionError as error:
            raise ArgumentProblem(0, f"element {at}: {error}") from None
        if isinstance(found, Null):
            raise ArgumentProblem(0, f"element {at} is null")
        total = number(found) if total is None else add(total, number(found))
    assert total is not None
    return total


FUNCTIONS = [
    pure(
        "abs",
        [Parameter("num", NUMBER, dynamic=True)],
        NUMBER,
        lambda a, _: absolute(number(a[0])),
        None,
        Refinement(True, "", 0),
    ),
    pure("ceil", [_NUM], NUMBER, _round(math.ceil)),
    pure("floor", [_NUM], NUMBER, _round(math.floor)),
    pure("log", [_NUM, Parameter("base", NUMBER)], NUMBER, _log),
    _extreme(max, "max"),
    _extreme(min, "min"),
    pure("parseint", [Parameter("number"), Parameter("base", NUMBER)], _parseint_type, _parseint),
    pure("pow", [_NUM, Parameter("power", NUMBER)], NUMBER, _pow),
    pure("signum", [_NUM], NUMBER, _signum, None, NOT_NULL),
    pure("range", [], ListType(NUMBER), _range, Parameter("params", NUMBER)),
    pure("sum", [Parameter("list")], NUMBER, _sum),
]
