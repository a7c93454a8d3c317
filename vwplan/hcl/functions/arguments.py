"""Arguments as Python: what functions need of a value that is checked already."""

from __future__ import annotations

from fractions import Fraction

from vwplan.hcl.evaluation.limits import LONGEST_TEXT
from vwplan.hcl.functions.model import ArgumentProblem, FunctionProblem
from vwplan.values import ListValue, MapValue, Number, ObjectValue, SetValue, TupleValue, Value
from vwplan.values.value import Unmarked

Sequence = ListValue | SetValue | TupleValue
SEQUENCES = (ListValue, SetValue, TupleValue)
Mapping = MapValue | ObjectValue


def bare(value: Value) -> Unmarked:
    """A value from which marks have been taken off at every depth."""
    return value  # type: ignore[return-value]


def text(value: Value) -> str:
    """A known string."""
    assert isinstance(value, str)
    return value


def number(value: Value) -> Number:
    """A known number."""
    assert isinstance(value, int | Fraction)
    return value


def whole(value: Value, index: int | None = None) -> int:
    """A known number that is whole and not huge; else a problem of the argument at `index`, or of the call."""
    if isinstance(value, int) and -(1 << 63) <= value < 1 << 63:
        return int(value)
    reason = "a whole number between -9223372036854775808 and 9223372036854775807 is required"
    raise FunctionProblem(reason) if index is None else ArgumentProblem(index, reason)


def sequence(value: Value) -> Sequence:
    """A known list, set or tuple."""
    assert isinstance(value, SEQUENCES)
    return value


def mapping(value: Value) -> Mapping:
    """A known map or object."""
    assert isinstance(value, MapValue | ObjectValue)
    return value


def within_bounds(size: int) -> None:
    """A problem of the call, where a text that it is about to make would have more characters than a text may have."""
    if size > LONGEST_TEXT:
        raise FunctionProblem("the text would become too large")
