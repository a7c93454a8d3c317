"""Conversion between types, and marks put on and taken off."""

from __future__ import annotations

from vwplan.hcl.functions.model import ArgumentProblem, Arguments, Function, Parameter, pure
from vwplan.values import (
    BOOL,
    DYNAMIC,
    EPHEMERAL,
    NUMBER,
    SENSITIVE,
    STRING,
    ConversionError,
    ListType,
    MapType,
    Null,
    SetType,
    SetValue,
    Type,
    Unknown,
    Value,
    convert,
    mark,
    marks_of,
    type_of,
    unmark,
)
from vwplan.values.mismatch import mismatch
from vwplan.values.sets import quoted
from vwplan.values.unify import fits
from vwplan.values.value import UNKNOWN_BOOL, UNREFINED, rebuilt

_SENSITIVE = frozenset({SENSITIVE})


def _to(name: str, wanted: Type) -> Function:
    def result(arguments: Arguments) -> Type:
        have = type_of(arguments[0])
        if not fits(have, wanted):
            raise ArgumentProblem(0, mismatch(have, wanted))
        return wanted

    def body(arguments: Arguments, _: Type) -> Value:
        value = arguments[0]
        try:
            return convert(value, wanted)
        except ConversionError as error:
            if isinstance(value, str) and not error.path:
                raise ArgumentProblem(0, f"{quoted(value)} is no {wanted.friendly}") from None
            raise ArgumentProblem(0, str(error) if not marks_of(value) else "it cannot be converted") from None

    return pure(name, [Parameter("v", null=True, marked=True, dynamic=True)], result, body, None, UNREFINED)


_ANYTHING = Parameter("value", null=True, unknown=True, marked=True, dynamic=True)


def _same_type(arguments: Arguments) -> Type:
    return type_of(arguments[0])


def _sensitive(arguments: Arguments, _: Type) -> Value:
    return mark(arguments[0], _SENSITIVE)


def _nonsensitive(arguments: Arguments, _: Type) -> Value:
    value, marks = unmark(arguments[0])
    return mark(value, marks - _SENSITIVE)


def _issensitive(arguments: Arguments, _: Type) -> Value:
    value, marks = unmark(arguments[0])
    if SENSITIVE in marks:
        return True
    return UNKNOWN_BOOL if isinstance(value, Unknown) else False


def _ephemeralasnull(arguments: Arguments, _: Type) -> Value:
    return _without_ephemeral(arguments[0])


def _without_ephemeral(found: Value) -> Value:
    value, marks = unmark(found)
    if EPHEMERAL in marks:
        kept = Unknown(value.type) if isinstance(value, Unknown) else Null(type_of(value))
        return mark(kept, marks - {EPHEMERAL})
    if isinstance(value, SetValue) or EPHEMERAL not in marks_of(value):
        return found
    return mark(rebuilt(value, _without_ephemeral), marks)


FUNCTIONS = [
    pure("ephemeralasnull", [_ANYTHING], _same_type, _ephemeralasnull, None, UNREFINED),
    pure("issensitive", [_ANYTHING], BOOL, _issensitive),
    pure("nonsensitive", [_ANYTHING], _same_type, _nonsensitive, None, UNREFINED),
    pure("sensitive", [_ANYTHING], _same_type, _sensitive, None, UNREFINED),
    _to("tobool", BOOL),
    _to("tolist", ListType(DYNAMIC)),
    _to("tomap", MapType(DYNAMIC)),
    _to("tonumber", NUMBER),
    _to("toset", SetType(DYNAMIC)),
    _to("tostring", STRING),
]
