"""Access to parts of values: attributes and indexes, with errors that say what is there instead."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from vwplan.diagnostics import did_you_mean
from vwplan.values import (
    DYNAMIC,
    NUMBER,
    STRING,
    UNKNOWN,
    ConversionError,
    ListType,
    ListValue,
    MapType,
    MapValue,
    Marked,
    Marks,
    Null,
    ObjectType,
    ObjectValue,
    SetType,
    TupleType,
    TupleValue,
    Type,
    Unknown,
    Value,
    convert,
    mark,
    type_of,
    unmark,
)
from vwplan.values.types import is_primitive


class AccessProblem(Exception):
    """A part that cannot be had: a code, a terse summary, and the reason in a sentence."""

    def __init__(self, code: str, summary: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.summary = summary
        self.detail = detail

    def without_names(self) -> AccessProblem:
        """The problem without telling names that are there, for a whole that is sensitive."""
        return AccessProblem(self.code, self.summary, self.detail.split(_NAMES)[0].split(_GUESS)[0])


_SHOWN = 12
_NAMES = " It has "
_GUESS = " Did you mean "


def get_attribute(value: Value, name: str) -> Value:
    """`value.name`; `AccessProblem` if there is no such attribute. Marks of the whole are marks of the part."""
    if value.__class__ is ObjectValue or value.__class__ is MapValue:
        found = value.items.get(name)
        if found is not None:
            return found
        raise _no_attribute(value, name)
    if isinstance(value, Marked):
        try:
            return mark(get_attribute(value.value, name), value.marks)
        except AccessProblem as problem:
            raise problem.without_names() from None
    if isinstance(value, Null):
        raise AccessProblem(
            "attribute-of-null", "Attribute of a null value", f'The value is null, so it has no attribute "{name}".'
        )
    type = type_of(value)
    if isinstance(value, Unknown):
        if type is DYNAMIC:
            return UNKNOWN
        if isinstance(type, MapType):
            return Unknown(type.element)
        if isinstance(type, ObjectType) and name in type.attributes:
            return Unknown(type.attributes[name])
    raise _no_attribute(value, name)


def _no_attribute(value: Value, name: str) -> AccessProblem:
    type = type_of(value)
    if isinstance(type, ObjectType):
        return AccessProblem(
            "unsupported-attribute",
            "Unsupported attribute",
            f'This object has no attribute "{name}".{_near(name, type.attributes)}',
        )
    if isinstance(type, MapType) and isinstance(value, MapValue):
        return AccessProblem(
            "missing-element", "Missing map element", f'This map has no element "{name}".{_near(name, value.items)}'
        )
    if is_primitive(type):
        reason = f"A {type.friendly} has no attributes."
    elif isinstance(type, ListType | SetType) and isinstance(type.element, ObjectType):
        reason = (
            f"This is a {type.word} of objects. For the attribute of one of them, choose it by an index; for those of "
            f"all, write [*].{name}."
            if isinstance(type, ListType)
            else f"This is a set of objects. For the attributes of all of them, write [*].{name}."
        )
    elif isinstance(type, TupleType):
        reason = f"A tuple has no attributes. For one element write [0].{name}, for all [*].{name}."
    else:
        reason = f"A {type.friendly} has no attributes."
    return AccessProblem("unsupported-attribute", "Unsupported attribute", reason)


def _near(name: str, names: Iterable[str]) -> str:
    names = list(names)
    near = did_you_mean(name, names)
    if near or not names:
        return near
    if len(names) > _SHOWN:
        return ""
    shown = ", ".join(f'"{each}"' for each in names)
    return f"{_NAMES}{shown}."


def index(value: Value, key: Value) -> Value:
    """`value[key]`; `AccessProblem` if that is nothing. Of a list, tuple or map the part has the key's marks too."""
    sequence = value.__class__ is TupleValue or value.__class__ is ListValue
    if sequence and key.__class__ is int and 0 <= key < len(value.items):  # type: ignore[union-attr]
        return value.items[key]  # type: ignore[union-attr, index]
    bare, marks = unmark(value)
    bare_key, key_marks = unmark(key)
    if isinstance(bare, Null):
        raise AccessProblem("index-of-null", "Index of a null value", "The value is null, so it has no elements.")
    if isinstance(bare_key, Null):
        raise _invalid("A null value cannot be an index or key.")
    type, key_type = type_of(bare), type_of(bare_key)
    if type is DYNAMIC or key_type is DYNAMIC:
        return mark(UNKNOWN, marks | key_marks)
    if isinstance(type, ObjectType):
        try:
            return _object_index(bare, type, bare_key, key_type, marks)
        except AccessProblem as problem:
            raise (_invalid("The object has no such attribute.") if key_marks else problem) from None
    if isinstance(type, ListType | TupleType):
        wanted = NUMBER
    elif isinstance(type, MapType):
        wanted = STRING
    elif isinstance(type, SetType):
        raise _invalid(
            "Elements of a set have no index or key. To choose one, convert the set with tolist, or use a for expression."
        )
    else:
        raise _invalid(f"A {type.friendly} has no elements.")
    try:
        bare_key, _ = unmark(convert(bare_key, wanted))
    except ConversionError as error:
        raise _invalid(f"The key does not suit a {type.friendly}: {error}.") from None
    if not marks and not key_marks:
        return _element(bare, type, bare_key)
    try:
        return mark(_element(bare, type, bare_key), marks | key_marks)
    except AccessProblem:
        raise _invalid("There is no such element.") from None


def _element(value: Value, type: Type, key: Value) -> Value:
    if isinstance(type, TupleType):
        if isinstance(key, Unknown):
            return UNKNOWN
        position = _position(key, len(type.items))
        return value.items[position] if isinstance(value, TupleValue) else Unknown(type.items[position])
    assert isinstance(type, ListType | MapType)
    if isinstance(value, ListValue):
        if isinstance(key, Unknown):
            return Unknown(type.element)
        return value.items[_position(key, len(value.items))]
    if isinstance(value, MapValue) and isinstance(key, str):
        found = value.items.get(key)
        if found is None:
            raise _invalid(f'The map has no element "{key}".{_near(key, value.items)}')
        return found
    return Unknown(type.element)


def _position(key: Value, length: int) -> int:
    assert isinstance(key, int | Fraction)
    if isinstance(key, Fraction):
        raise _invalid("An index must be a whole number, and this one has a fraction.")
    if key < 0:
        raise _invalid("An index counts from 0 and cannot be negative.")
    if key >= length:
        if not length:
            raise _invalid("There are no elements.")
        noun = "element" if length == 1 else "elements"
        raise _invalid(f"There {'is' if length == 1 else 'are'} only {length} {noun}, and indexes start at 0.")
    return int(key)


def _object_index(value: Value, type: ObjectType, key: Value, key_type: Type, marks: Marks) -> Value:
    try:
        name, _ = unmark(convert(key, STRING))
    except ConversionError as error:
        raise _invalid(f"The key does not suit an object: {error}.") from None
    if not isinstance(name, str):
        return mark(UNKNOWN, marks)
    if name not in type.attributes:
        if marks:
            raise _invalid("The object has no such attribute.")
        if key_type == NUMBER:
            raise _invalid("The attributes of an object are found by name, not by number.")
        raise _invalid(f'This object has no attribute "{name}".{_near(name, type.attributes)}')
    if isinstance(value, ObjectValue):
        return mark(value.items[name], marks)
    return mark(Unknown(type.attributes[name]), marks)


def _invalid(reason: str) -> AccessProblem:
    return AccessProblem("invalid-index", "Invalid index", reason)


def apply_path(value: Value, path: Iterable[str | int]) -> Value:
    """The part of a value that a path of attribute names, keys and indexes leads to; `AccessProblem` if to nothing."""
    for step in path:
        value = index(value, step) if isinstance(step, int) else get_attribute(value, step)
    return value
