"""Functions on sets, and the product of several collections."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Hashable

from vwplan.hcl.evaluation.limits import LARGEST_VALUE
from vwplan.hcl.functions.arguments import sequence
from vwplan.hcl.functions.model import ArgumentProblem, Arguments, Function, FunctionProblem, Parameter, plain, pure
from vwplan.values import (
    DYNAMIC,
    NO_MARKS,
    ConversionError,
    ListType,
    ListValue,
    Marks,
    Refinement,
    SetType,
    SetValue,
    TupleType,
    TupleValue,
    Type,
    Unknown,
    Value,
    convert,
    is_whole,
    mark,
    set_value,
    type_of,
    unify,
    unmark,
)
from vwplan.values.sets import identity
from vwplan.values.value import NOT_NULL

_ANY_SET = SetType(DYNAMIC)
_SET = Parameter("first_set", _ANY_SET, dynamic=True)
_LARGEST_BOUND = 2048

Keys = dict[Hashable, Value]


def _common_type(arguments: Arguments) -> Type:
    elements: list[Type] = []
    for argument in arguments:
        have = type_of(argument)
        element = have.element if isinstance(have, SetType) else DYNAMIC
        if not (element is DYNAMIC and isinstance(argument, SetValue) and not argument.items):
            elements.append(element)
    found = unify(elements) if elements else DYNAMIC
    if found is None:
        raise FunctionProblem("the sets have elements of types that have nothing in common")
    return SetType(found)


def _operation(name: str, second: str, combine: Callable[[Keys, Keys], Keys], *, partly_known: bool) -> Function:
    def body(arguments: Arguments, type: Type) -> Value:
        assert isinstance(type, SetType)
        sets: list[Keys] = []
        for at, argument in enumerate(arguments):
            try:
                value = convert(argument, type)
            except ConversionError as error:
                raise ArgumentProblem(at, str(error)) from None
            if isinstance(value, Unknown) or not (partly_known or is_whole(value)):
                return Unknown(type, NOT_NULL)
            assert isinstance(value, SetValue)
            sets.append({identity(item): item for item in value.items})  # type: ignore[arg-type]
        result = sets[0]
        for other in sets[1:]:
            result = combine(result, other)
        return set_value(type.element, result.values())

    if second == "b":
        parameters = [Parameter("a", _ANY_SET, dynamic=True), Parameter("b", _ANY_SET, dynamic=True)]
        return pure(name, parameters, _common_type, body)
    return pure(name, [_SET], _common_type, body, Parameter(second, _ANY_SET, dynamic=True))


def _product_type(arguments: Arguments) -> Type:
    if len(arguments) < 2:
        raise FunctionProblem("at least two collections are required")
    elements: list[Type] = []
    ordered = True
    for at, argument in enumerate(arguments):
        have = type_of(argument)
        if isinstance(have, TupleType):
            element = unify(have.items) if have.items else DYNAMIC
            if element is None:
                raise ArgumentProblem(at, "its elements have no type in common")
        elif isinstance(have, ListType | SetType):
            element = have.element
            ordered = ordered and isinstance(have, ListType)
        else:
            raise ArgumentProblem(at, f"a list, tuple or set is required, not a {have.friendly}")
        elements.append(element)
    return ListType(TupleType(elements)) if ordered else SetType(TupleType(elements))


def _longest(value: Value) -> int | None:
    """The most elements that a collection can have, if that is known."""
    if isinstance(value, Unknown):
        return len(value.type.items) if isinstance(value.type, TupleType) else value.refinement.max_length
    return len(sequence(value).items)


def _product(arguments: Arguments, type: Type) -> Value:
    assert isinstance(type, ListType | SetType)
    assert isinstance(type.element, TupleType)
    marks: Marks = NO_MARKS
    open_length = open_set = False
    for argument in arguments:
        value, own = unmark(argument)
        marks |= own
        many_unknown = isinstance(value, SetValue) and len(value.items) > 1 and not is_whole(value)
        open_length = open_length or isinstance(value, Unknown) or many_unknown
        open_set = open_set or many_unknown
    values = [plain(argument) for argument in arguments]
    if open_length:
        lengths = [_longest(value) for value in values]
        most = None if None in lengths else math.prod(length for length in lengths if length is not None)
        if most == 0 and open_set:  # Terraform does not know the length of such a set, and says nothing of the product.
            return mark(Unknown(type, NOT_NULL), marks)
        if most == 0:
            return mark(_made(type, []), marks)
        if most is not None and most > _LARGEST_BOUND:
            most = None
        least = 1 if most is not None else 0
        return mark(Unknown(type, Refinement(True, min_length=least, max_length=most)), marks)
    total = math.prod(len(sequence(value).items) for value in values)
    if total * (len(values) + 1) >= LARGEST_VALUE:
        raise FunctionProblem(f"there would be {total:,} combinations, which are more than can be held")
    columns = [
        [convert(item, wanted) for item in sequence(value).items]
        for value, wanted in zip(values, type.element.items, strict=True)
    ]
    return mark(_made(type, [TupleValue(row) for row in itertools.product(*columns)]), marks)


def _made(type: ListType | SetType, rows: list[TupleValue]) -> Value:
    return ListValue(type.element, rows) if isinstance(type, ListType) else set_value(type.element, rows)


FUNCTIONS = [
    _operation("setunion", "other_sets", lambda a, b: {**b, **a}, partly_known=True),
    _operation(
        "setintersection",
        "other_sets",
        lambda a, b: {key: item for key, item in a.items() if key in b},
        partly_known=False,
    ),
    _operation(
        "setsubtract", "b", lambda a, b: {key: item for key, item in a.items() if key not in b}, partly_known=False
    ),
    pure("setproduct", [], _product_type, _product, Parameter("sets", unknown=True, marked=True)),
]
