"""What `count` and `for_each` take: told of what is known when a spec is read, and in the same words of what is known at a plan."""

from __future__ import annotations

from vwplan.diagnostics import Diagnostic, Range
from vwplan.values import (
    DYNAMIC,
    NUMBER,
    SENSITIVE,
    STRING,
    ConversionError,
    MapType,
    MapValue,
    Null,
    ObjectType,
    ObjectValue,
    SetType,
    SetValue,
    Unknown,
    Value,
    convert,
    number_text,
    type_of,
    unmark,
)

MOST = 200_000
"""How many instances a block may have."""


def refused_count(value: Value, at: Range) -> Diagnostic | None:
    """Why a value cannot be given to `count`; None where it can, as far as it is known."""
    bare, _ = unmark(value)
    if isinstance(bare, Null):
        return _invalid('"count" is null. It takes a whole number, 0 or more.', at, "count")
    try:
        number, _ = unmark(convert(bare, NUMBER))
    except ConversionError as error:
        return _invalid(f'"count" takes a whole number, 0 or more: {error}.', at, "count")
    if isinstance(number, Unknown):
        return None
    if not isinstance(number, int):
        return _invalid('"count" takes a whole number, 0 or more, and this one has a fraction.', at, "count")
    if number < 0:
        return _invalid(f'"count" is {number_text(number)}. It takes a whole number, 0 or more.', at, "count")
    if number > MOST:
        return _invalid(f'"count" is {number_text(number)}. A block has {MOST:,} instances at most.', at, "count")
    return None


def refused_for_each(value: Value, at: Range) -> Diagnostic | None:
    """Why a value cannot be given to `for_each`; None where it can, as far as it is known. What is in a set may still be late."""
    # Of a map only the keys come to be addresses, and those are secret when the map is; a set is when anything in it is.
    bare, marks = unmark(value)
    if SENSITIVE in marks:
        detail = (
            '"for_each" is made from a sensitive value, which would be told by the addresses. Use a value that is not '
            "sensitive, or say that it may be told with nonsensitive(…)."
        )
        return Diagnostic("sensitive-for-each", "Invalid for_each", detail, at)
    if isinstance(bare, Null):
        return _invalid(
            '"for_each" is null. It takes a map, or a set of strings; an empty one, {}, makes no instance.', at
        )
    if isinstance(bare, MapValue | ObjectValue | SetValue) and len(bare.items) > MOST:
        return _invalid(f'"for_each" has {len(bare.items):,} elements. A block has {MOST:,} instances at most.', at)
    if isinstance(bare, SetValue):
        return _refused_set(bare, at)
    type = type_of(bare)
    if isinstance(bare, MapValue | ObjectValue) or type is DYNAMIC or isinstance(type, MapType | ObjectType):
        return None
    if isinstance(bare, Unknown) and isinstance(type, SetType):
        plain = type.element in (STRING, DYNAMIC)
        return None if plain else _invalid(f'"for_each" takes a set of strings, and this is a {type.friendly}.', at)
    hints = {"tuple": " Make it a set with toset([…]).", "list ": " Make it a set with toset(…)."}
    hint = hints.get(type.friendly[:5], "")
    return _invalid(f'"for_each" takes a map, or a set of strings, and this is a {type.friendly}.{hint}', at)


def _refused_set(found: SetValue, at: Range) -> Diagnostic | None:
    for item in found.items:
        if isinstance(item, Null):
            return _invalid(
                'The set given to "for_each" has null in it. Leave it out: compact([…]), or a for with if.', at
            )
        if not isinstance(item, str | Unknown):
            return _invalid(f'"for_each" takes a set of strings, and this is a set of {type_of(item).friendly}.', at)
    if found.items and found.element not in (STRING, DYNAMIC):
        return _invalid('"for_each" takes a set of strings.', at)
    return None


def _invalid(detail: str, at: Range, word: str = "for_each") -> Diagnostic:
    return Diagnostic(f"invalid-{word.replace('_', '-')}", f"Invalid {word}", detail, at)
