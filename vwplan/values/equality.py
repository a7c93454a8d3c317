"""Equality as the language has it: `==` on any two values, with an unknown answer where that is all there is."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from vwplan.values.sets import identity
from vwplan.values.types import DYNAMIC, ListType, MapType, ObjectType, SetType, TupleType, Type, is_dynamic
from vwplan.values.value import (
    UNKNOWN_BOOL,
    ListValue,
    MapValue,
    Null,
    ObjectValue,
    SetValue,
    TupleValue,
    Unknown,
    Unmarked,
    Value,
    elements,
    has_marks,
    is_whole,
    mark,
    type_of,
    unmark_deep,
)


def equal(a: Value, b: Value) -> Value:
    """Whether two values are equal: of one type and alike, or both null. The answer has all marks of both."""
    if has_marks(a) or has_marks(b):
        bare_a, marks_a = unmark_deep(a)
        bare_b, marks_b = unmark_deep(b)
        return mark(_answer(decide(bare_a, bare_b)), marks_a | marks_b)
    return _answer(decide(a, b))  # type: ignore[arg-type]


def _answer(decided: bool | None) -> Value:
    return UNKNOWN_BOOL if decided is None else decided


def decide(a: Unmarked, b: Unmarked) -> bool | None:
    """Whether two unmarked values are equal; None where that hangs on something unknown."""
    if isinstance(a, str) and isinstance(b, str):
        return a == b
    if (isinstance(a, Null) and definitely_not_null(b)) or (isinstance(b, Null) and definitely_not_null(a)):
        return False
    if isinstance(a, Unknown) or isinstance(b, Unknown):
        return _decide_unknown(a, b)
    if isinstance(a, Null) or isinstance(b, Null):
        return isinstance(a, Null) and isinstance(b, Null)
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, int | Fraction) and isinstance(b, int | Fraction):
        return a == b
    if a.__class__ is not b.__class__:
        return False
    type_a, type_b = type_of(a), type_of(b)
    if _type_open(a) or _type_open(b):
        return None if could_conform(type_a, type_b) else False
    if type_a != type_b:
        return False
    return _decide_parts(a, b)


def _type_open(value: Value) -> bool:
    """Whether something of unknown type is within a value, so that its own type may yet differ."""
    if is_whole(value):
        return False
    if isinstance(value, Unknown):
        return is_dynamic(value.type)
    return any(_type_open(item) for _, item in elements(value))  # type: ignore[arg-type]


def _decide_unknown(a: Unmarked, b: Unmarked) -> bool | None:
    if isinstance(a, Unknown) and isinstance(b, Unknown):
        return None
    unknown, known = (a, b) if isinstance(a, Unknown) else (b, a)
    assert isinstance(unknown, Unknown)
    if isinstance(known, Null):
        return None
    if not could_conform(type_of(known), unknown.type):
        return False
    if is_dynamic(unknown.type):
        return None
    if type_of(known) != unknown.type:
        return False if is_whole(known) else None
    return None if may_become(unknown, known) else False


def may_become(unknown: Unknown, known: Unmarked) -> bool:
    """Whether what is known of an unknown value allows it to become this one of its type."""
    refined = unknown.refinement
    if isinstance(known, str):
        return known.startswith(refined.prefix)
    if isinstance(known, int | Fraction) and not isinstance(known, bool):
        below = refined.lower is not None and known < refined.lower
        return not below and not (refined.upper is not None and known > refined.upper)
    if isinstance(known, ListValue | SetValue | MapValue) and is_whole(known):
        size = len(known.items)
        return size >= refined.min_length and not (refined.max_length is not None and size > refined.max_length)
    return True


def definitely_not_null(value: Unmarked) -> bool:
    """Whether a value can never turn out to be null."""
    if isinstance(value, Unknown):
        return value.refinement.not_null
    return not isinstance(value, Null)


def could_conform(a: Type, b: Type) -> bool:
    """Whether two types can become one once every `DYNAMIC` in them is known."""
    if a is DYNAMIC or b is DYNAMIC:
        return True
    if isinstance(a, ListType | SetType | MapType):
        return (
            a.__class__ is b.__class__
            and isinstance(b, ListType | SetType | MapType)
            and could_conform(a.element, b.element)
        )
    if isinstance(a, TupleType):
        return (
            isinstance(b, TupleType)
            and len(a.items) == len(b.items)
            and all(could_conform(x, y) for x, y in zip(a.items, b.items, strict=True))
        )
    if isinstance(a, ObjectType):
        return (
            isinstance(b, ObjectType)
            and a.attributes.keys() == b.attributes.keys()
            and all(could_conform(x, b.attributes[name]) for name, x in a.attributes.items())
        )
    return a == b


def _decide_parts(a: Unmarked, b: Unmarked) -> bool | None:
    """Equality of two containers of one type."""
    if isinstance(a, SetValue) and isinstance(b, SetValue):
        if not (is_whole(a) and is_whole(b)):
            return None
        return {identity(item) for item in a.items} == {identity(item) for item in b.items}  # type: ignore[arg-type]
    if isinstance(a, ListValue | TupleValue) and isinstance(b, ListValue | TupleValue):
        if len(a.items) != len(b.items):
            return False
        return _all_equal(zip(a.items, b.items, strict=True))
    if isinstance(a, MapValue | ObjectValue) and isinstance(b, MapValue | ObjectValue):
        if a.items.keys() != b.items.keys():
            return False
        return _all_equal((item, b.items[key]) for key, item in a.items.items())
    raise TypeError("not two containers")


def _all_equal(pairs: Iterable[tuple[Value, Value]]) -> bool | None:
    for x, y in pairs:
        decided = decide(x, y)  # type: ignore[arg-type]
        if not decided:
            return decided
    return True
