"""Operators on values: arithmetic, comparison, logic; with unknown operands, and with marks."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

from vwplan.values import (
    BOOL,
    DYNAMIC,
    NUMBER,
    ConversionError,
    Null,
    Number,
    NumberError,
    Refinement,
    Type,
    Unknown,
    Value,
    convert,
    equal,
    mark,
    unmark,
)
from vwplan.values.numbers import (
    DoubleInt,
    ShortFraction,
    ShortInt,
    add,
    divide,
    multiply,
    negate,
    remainder,
    subtract,
)
from vwplan.values.value import UNKNOWN_BOOL, UNKNOWN_NUMBER


class OperandProblem(Exception):
    """An operand that does not suit its operator: 0 for the left (or only) one, 1 for the right, None for both.

    `null` where it would suit by its type, but there is no value; `text` where it is a text.
    """

    def __init__(self, side: int | None, reason: str, null: bool = False, text: bool = False) -> None:
        super().__init__(reason)
        self.side = side
        self.reason = reason
        self.null = null
        self.text = text


Operate = Callable[[Value, Value], Value]

_NUMBERS = frozenset({int, ShortInt, DoubleInt, Fraction, ShortFraction})
"""The classes of known numbers."""


class Operator(NamedTuple):
    """A binary operator: what it does, the type it takes (`DYNAMIC` for any) and the type it gives."""

    operate: Operate
    takes: Type
    gives: Type


def _operand(value: Value, type: Type, side: int) -> Value:
    try:
        return convert(value, type)
    except ConversionError as error:
        raise OperandProblem(side, f"{error}", text=isinstance(unmark(value)[0], str)) from None


def unsuitable(value: Value, type: Type, side: int) -> OperandProblem | None:
    """What is wrong with an operand by its type alone; None where nothing is."""
    try:
        _operand(value, type, side)
    except OperandProblem as problem:
        return problem
    return None


def _known(value: Value, side: int) -> None:
    if isinstance(value, Null):
        raise OperandProblem(side, "it is null", null=True)


def _arithmetic(compute: Callable[[Number, Number], Number]) -> Operate:
    """What computes with numbers; of an unknown result only that it is not null is known, whatever bounds operands have."""

    def operate(a: Value, b: Value) -> Value:
        if a.__class__ in _NUMBERS and b.__class__ in _NUMBERS:
            try:
                return compute(a, b)  # type: ignore[arg-type]
            except NumberError as error:
                raise OperandProblem(None, str(error)) from None
        a, marks_a = unmark(_operand(a, NUMBER, 0))
        b, marks_b = unmark(_operand(b, NUMBER, 1))
        _known(a, 0)
        _known(b, 1)
        marks = marks_a | marks_b
        if isinstance(a, int | Fraction) and isinstance(b, int | Fraction):
            try:
                return mark(compute(a, b), marks)
            except NumberError as error:
                raise OperandProblem(None, str(error)) from None
        return mark(UNKNOWN_NUMBER, marks)

    return operate


def _bounds(value: Value) -> Refinement:
    if isinstance(value, int | Fraction):
        return Refinement(True, "", value, value)
    return value.refinement if isinstance(value, Unknown) else Refinement()


def _comparison(decide: Callable[[Number, Number], bool], sign: int) -> Operate:
    def operate(a: Value, b: Value) -> Value:
        if a.__class__ in _NUMBERS and b.__class__ in _NUMBERS:
            return decide(a, b)  # type: ignore[arg-type]
        a, marks_a = unmark(_operand(a, NUMBER, 0))
        b, marks_b = unmark(_operand(b, NUMBER, 1))
        _known(a, 0)
        _known(b, 1)
        marks = marks_a | marks_b
        if isinstance(a, int | Fraction) and isinstance(b, int | Fraction):
            return mark(decide(a, b), marks)
        bounds_a, bounds_b = _bounds(a), _bounds(b)
        if bounds_a.upper is not None and bounds_b.lower is not None and bounds_a.upper < bounds_b.lower:
            return mark(sign < 0, marks)
        if bounds_a.lower is not None and bounds_b.upper is not None and bounds_a.lower > bounds_b.upper:
            return mark(sign > 0, marks)
        return mark(UNKNOWN_BOOL, marks)

    return operate


def _not_equal(a: Value, b: Value) -> Value:
    bare, marks = unmark(equal(a, b))
    return mark(not bare if isinstance(bare, bool) else bare, marks)


def as_bool(value: Value, side: int) -> Value:
    """An operand of `&&`, `||` or `!` as a bool, which may be unknown or marked; `OperandProblem` if it is none."""
    if value is True or value is False:
        return value
    value = _operand(value, BOOL, side)
    _known(unmark(value)[0], side)
    return value


def negative(value: Value) -> Value:
    """`-value`."""
    if value.__class__ is int:
        return -value
    bare, marks = unmark(_operand(value, NUMBER, 0))
    _known(bare, 0)
    return mark(negate(bare) if isinstance(bare, int | Fraction) else UNKNOWN_NUMBER, marks)


def opposite(value: Value) -> Value:
    """`!value`."""
    bare, marks = unmark(as_bool(value, 0))
    return mark(not bare if isinstance(bare, bool) else UNKNOWN_BOOL, marks)


OPERATORS: dict[str, Operator] = {
    "+": Operator(_arithmetic(add), NUMBER, NUMBER),
    "-": Operator(_arithmetic(subtract), NUMBER, NUMBER),
    "*": Operator(_arithmetic(multiply), NUMBER, NUMBER),
    "/": Operator(_arithmetic(divide), NUMBER, NUMBER),
    "%": Operator(_arithmetic(remainder), NUMBER, NUMBER),
    "==": Operator(equal, DYNAMIC, BOOL),
    "!=": Operator(_not_equal, DYNAMIC, BOOL),
    "<": Operator(_comparison(lambda a, b: a < b, -1), NUMBER, BOOL),
    "<=": Operator(_comparison(lambda a, b: a <= b, -1), NUMBER, BOOL),
    ">": Operator(_comparison(lambda a, b: a > b, 1), NUMBER, BOOL),
    ">=": Operator(_comparison(lambda a, b: a >= b, 1), NUMBER, BOOL),
}
"""Every binary operator but `&&` and `||`, which look at their operands one after the other."""
