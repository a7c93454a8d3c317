"""What an argument takes: a value made plain and normal, or the reason why it does not fit.

Used for constants when a spec is loaded and for evaluated values when it is planned, so that both say the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from vwplan.diagnostics import did_you_mean
from vwplan.kinds.forms import FORMS
from vwplan.kinds.model import Argument, BlockType, Kind, Unit
from vwplan.kinds.units import UnitError, parse_duration, parse_size
from vwplan.values import (
    NUMBER,
    STRING,
    ConversionError,
    ListValue,
    MapValue,
    Marked,
    Null,
    ObjectValue,
    Sensitive,
    SetValue,
    TupleValue,
    Unknown,
    Value,
    convert,
    to_plain,
    type_of,
    unmark_deep,
)
from vwplan.values.mismatch import a, path_text

Plain = Any


class Unfit(ValueError):
    """A value that an argument does not take: a diagnostic's code, summary and detail, without the place."""

    def __init__(self, code: str, summary: str, detail: str) -> None:
        super().__init__(f"{summary}: {detail}")
        self.code = code
        self.summary = summary
        self.detail = detail


def take(argument: Argument, value: Value) -> Plain:
    """The value as recorded and compared: converted, in the argument's unit, a reference as its id.

    Null gives the default. What is unknown stays `Unknown`, what is sensitive becomes `Sensitive`. Raises `Unfit`.
    """
    if isinstance(value, str) and argument.type is STRING and not argument.choices and not argument.form:
        return value
    if isinstance(value, Marked):
        bare, marks = unmark_deep(value)
        taken = take(argument, bare)
        return taken if taken is None else Sensitive(taken, marks)
    if isinstance(value, Null):
        if argument.required:
            raise Unfit("missing-argument", "Missing argument", f'"{argument.name}" is required and cannot be null.')
        return argument.default
    if argument.refers:
        return _reference(argument, value)
    if isinstance(value, Unknown) and argument.unit is not None:
        return value
    if argument.unit is not None:
        return _in_unit(argument, value)
    if argument.later and "range" in argument.later and isinstance(value, ObjectValue | MapValue):
        raise range_not_yet(argument)
    try:
        plain = to_plain(convert(value, argument.type))
    except ConversionError as error:
        raise _wrong_type(argument, error) from None
    if isinstance(plain, Unknown):
        return plain
    _look(argument, plain)
    if isinstance(plain, str) and argument.form:
        return FORMS[argument.form].normal(plain)
    return plain


def with_defaults(shape: Kind | BlockType, given: Mapping[str, Plain]) -> dict[str, Plain]:
    """The arguments and blocks given, with defaults for those left out or null, and implied blocks filled in.

    What has neither default nor implication is left out. Blocks within `given` must be plain already: single ones dicts,
    repeated ones lists of dicts, labelled ones dicts of dicts; their own defaults are filled in too.
    """
    filled = {name: plain for name, plain in given.items() if plain is not None}
    for argument in shape.arguments:
        if argument.default is not None and argument.name not in filled:
            filled[argument.name] = argument.default
    for block in shape.blocks:
        inner = filled.get(block.name)
        if inner is None:
            if block.implied:
                filled[block.name] = with_defaults(block, {})
        elif block.label:
            filled[block.name] = {label: with_defaults(block, one) for label, one in inner.items()}
        elif block.repeated:
            filled[block.name] = [with_defaults(block, one) for one in inner]
        else:
            filled[block.name] = with_defaults(block, inner)
    return filled


def _wrong_type(argument: Argument, error: ConversionError) -> Unfit:
    reason = reason_of(error, argument.name)
    return Unfit("wrong-type", "Wrong type", f'"{argument.name}" does not take this value: {reason}.')


def reason_of(error: ConversionError, name: str) -> str:
    """Why a value of that name cannot be converted, and in which part of it, as a clause."""
    return f"in {name}{path_text(error.path)}, {error.reason}" if error.path else error.reason


def range_not_yet(argument: Argument) -> Unfit:
    """What is said of a range to negotiate."""
    detail = f'A range to negotiate in "{argument.name}" is not there in this version yet. Write one value.'
    return Unfit("not-yet", "Not in this version", detail)


def _in_unit(argument: Argument, value: Value) -> int:
    if "range" in argument.later and isinstance(value, ObjectValue | MapValue):
        raise range_not_yet(argument)
    if not isinstance(value, str | int | Fraction) or isinstance(value, bool):
        what = 'a size such as "2 GiB"' if argument.unit is Unit.SIZE else 'a duration such as "90m"'
        reason = f"{what} is required, not {a(type_of(value))}"
        raise Unfit("wrong-type", "Wrong type", f'"{argument.name}" does not take this value: {reason}.')
    try:
        number = parse_size(value) if argument.unit is Unit.SIZE else parse_duration(value)
    except UnitError as error:
        summary = "Invalid size" if argument.unit is Unit.SIZE else "Invalid duration"
        raise Unfit("invalid-unit", summary, f'"{argument.name}": {error}') from None
    _look(argument, number)
    return number


def _look(argument: Argument, plain: Plain) -> None:
    """Refuse a plain value that is not one of the choices, not of the form, or out of bounds."""
    if argument.choices or argument.form:
        for text in _texts(plain):
            _look_at_text(argument, text)
    if argument.type is NUMBER and isinstance(plain, int | Fraction):
        _look_at_number(argument, plain)


def _texts(plain: Plain) -> Iterable[str]:
    if isinstance(plain, str):
        return (plain,)
    if isinstance(plain, Mapping):
        return list(plain)
    if isinstance(plain, list):
        return [item for item in plain if isinstance(item, str)]
    return ()


def _look_at_text(argument: Argument, text: str) -> None:
    if argument.choices and text not in argument.choices:
        if text in argument.later:
            raise Unfit(
                "not-yet", "Not in this version", f'{argument.name} = "{text}" is not there in this version yet.'
            )
        choices = ", ".join(f'"{choice}"' for choice in argument.choices)
        near = did_you_mean(text, argument.choices)
        raise Unfit("invalid-choice", "Invalid value", f'"{argument.name}" takes one of {choices}, not "{text}".{near}')
    if argument.form:
        fault = FORMS[argument.form].fault(text)
        if fault:
            raise Unfit("invalid-form", "Invalid value", f'"{argument.name}": {fault}')


def _look_at_number(argument: Argument, number: int | Fraction) -> None:
    if argument.whole and number != int(number):
        raise Unfit("invalid-number", "Invalid number", f'"{argument.name}" takes a whole number.')
    low, high = argument.least, argument.most
    if low is not None and number < low:
        raise Unfit("invalid-number", "Invalid number", f'"{argument.name}" must be at least {low}.')
    if high is not None and number > high:
        raise Unfit("invalid-number", "Invalid number", f'"{argument.name}" must be at most {high}.')


def _reference(argument: Argument, value: Value) -> Plain:
    """The id of the object given, or an id given as text."""
    kind = argument.refers
    if isinstance(value, Unknown):
        return value
    if isinstance(value, ObjectValue):
        found = value.items.get("id")
        if found is not None:
            return to_plain(found)
    if isinstance(value, TupleValue | ListValue | SetValue | MapValue | ObjectValue):
        key = '"a key"' if isinstance(value, MapValue | ObjectValue) else "0"
        raise Unfit(
            "whole-list",
            "One object is wanted",
            f'"{argument.name}" takes one {kind}, and this is a whole collection. '
            f"Pick one of it, such as {kind}.NAME[{key}].",
        )
    if isinstance(value, str) and value:
        return value
    detail = f'"{argument.name}" takes {article(kind)} {kind}, such as {kind}.NAME, or its id.'
    raise Unfit("wrong-type", "Wrong type", detail)


def article(word: str) -> str:
    """`a` or `an`, as the word needs."""
    return "an" if word[:1] in "aeiou" and not word.startswith("us") else "a"
