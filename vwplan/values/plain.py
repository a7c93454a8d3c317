"""Plain Python for what is downstream of evaluation, and JSON that keeps a value's type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from vwplan.values.convert import common_type
from vwplan.values.numbers import number_text, parse_number
from vwplan.values.sets import set_value
from vwplan.values.text import normal
from vwplan.values.types import (
    BOOL,
    DYNAMIC,
    NUMBER,
    STRING,
    ListType,
    MapType,
    ObjectType,
    SetType,
    TupleType,
    Type,
    is_primitive,
)
from vwplan.values.value import (
    NULL,
    SENSITIVE,
    ListValue,
    MapValue,
    Marked,
    Marks,
    Null,
    ObjectValue,
    SetValue,
    TupleValue,
    Unknown,
    Value,
    mark,
    type_of,
)


class Sensitive:
    """A plain value that must never be shown: its representation does not tell it."""

    __slots__ = ("marks", "value")

    def __init__(self, value: object, marks: Marks = frozenset({SENSITIVE})) -> None:
        self.value = value
        self.marks = marks

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sensitive) and self.marks == other.marks and self.value == other.value

    def __hash__(self) -> int:
        return hash((Sensitive, self.marks))

    def __repr__(self) -> str:
        return "Sensitive(...)"


def to_plain(value: Value) -> object:
    """The value as None, bool, int, Fraction, str, list or dict, with `Unknown` and `Sensitive` in the places of such.

    Lists, sets (in their order) and tuples become lists, maps and objects dicts.
    """
    kind = value.__class__
    if kind is str or kind is int or kind is bool:
        return value
    match value:
        case ObjectValue() | MapValue():
            return {key: to_plain(item) for key, item in value.items.items()}
        case ListValue() | SetValue() | TupleValue():
            return [to_plain(item) for item in value.items]
        case Null():
            return None
        case Marked():
            return Sensitive(to_plain(value.value), value.marks)
        case int():
            return int(value)
    return value


def from_plain(plain: object) -> Value:
    """The value of plain Python: lists become tuples, dicts objects. `TypeError` for anything that is not plain."""
    kind = plain.__class__
    if kind is bool or kind is int:
        return plain  # type: ignore[return-value]
    match plain:
        case None:
            return NULL
        case str():
            return normal(plain)
        case Mapping():
            return ObjectValue({normal(str(key)): from_plain(item) for key, item in plain.items()})
        case list() | tuple():
            return TupleValue([from_plain(item) for item in plain])
        case Unknown():
            return plain
        case Sensitive():
            return mark(from_plain(plain.value), plain.marks)
        case int():
            return plain
        case Fraction():
            return plain.numerator if plain.denominator == 1 else plain
        case float():
            return parse_number(repr(plain))
    raise TypeError(f"{kind.__name__} is not plain")


def type_to_json(type: Type) -> object:
    """The type as JSON has it: a name, or a list of the sort and what it holds."""
    match type:
        case ListType() | SetType() | MapType():
            return [type.word, type_to_json(type.element)]
        case TupleType():
            return ["tuple", [type_to_json(item) for item in type.items]]
        case ObjectType():
            attributes = {name: type_to_json(item) for name, item in type.attributes.items()}
            return ["object", attributes, sorted(type.optional)] if type.optional else ["object", attributes]
    return str(type)


def type_from_json(found: object) -> Type:
    """The type that `type_to_json` wrote; `ValueError` if it is none."""
    match found:
        case "string":
            return STRING
        case "number":
            return NUMBER
        case "bool":
            return BOOL
        case "dynamic":
            return DYNAMIC
        case ["list", element]:
            return ListType(type_from_json(element))
        case ["set", element]:
            return SetType(type_from_json(element))
        case ["map", element]:
            return MapType(type_from_json(element))
        case ["tuple", list(items)]:
            return TupleType(type_from_json(item) for item in items)
        case ["object", dict(attributes), *optional]:
            names = optional[0] if optional and isinstance(optional[0], list) else []
            return ObjectType({name: type_from_json(item) for name, item in attributes.items()}, names)
    raise ValueError("not a type")


def to_json(value: Value) -> dict[str, object]:
    """A known value without marks as JSON with its type: `{"type": …, "value": …}`.

    Numbers that neither a double nor a short integer holds exactly are written as strings. `ValueError` for what is
    unknown or marked.
    """
    type = type_of(value)
    return {"type": type_to_json(type), "value": _encode(value, type)}


def _encode(value: Value, type: Type) -> object:
    if isinstance(value, Null):
        return None
    if isinstance(value, Unknown | Marked):
        raise ValueError("what is unknown or marked cannot be written")
    if type is DYNAMIC:
        return to_json(value)
    if isinstance(value, str | bool):
        return value
    if isinstance(value, int | Fraction):
        return _encode_number(value)
    match type:
        case ListType() | SetType():
            return [_encode(item, type.element) for item in _sequence(value)]
        case TupleType():
            return [_encode(item, wanted) for item, wanted in zip(_sequence(value), type.items, strict=True)]
        case MapType():
            return {key: _encode(item, type.element) for key, item in _mapping(value).items()}
        case ObjectType():
            return {key: _encode(item, type.attributes[key]) for key, item in _mapping(value).items()}
    raise ValueError("not a value")


def _encode_number(value: int | Fraction) -> object:
    if isinstance(value, int):
        return int(value) if value.bit_length() <= 63 else number_text(value)
    text = number_text(value)
    if len(text) <= 18:
        double = float(value)
        if parse_number(repr(double)) == value:
            return double
    return text


def _sequence(value: Value) -> Sequence[Value]:
    assert isinstance(value, ListValue | SetValue | TupleValue)
    return value.items


def _mapping(value: Value) -> Mapping[str, Value]:
    assert isinstance(value, MapValue | ObjectValue)
    return value.items


def from_json(found: object) -> Value:
    """The value that `to_json` wrote; `ValueError` if it is none."""
    if not isinstance(found, dict) or found.keys() != {"type", "value"}:
        raise ValueError("not a value with its type")
    return _decode(found["value"], type_from_json(found["type"]))


def _decode(found: object, type: Type) -> Value:
    if found is None:
        return Null(type)
    if type is DYNAMIC:
        return from_json(found)
    match type, found:
        case (ListType(), list()):
            items = [_decode(item, type.element) for item in found]
            return ListValue(type.element if type.element is not DYNAMIC else common_type(items) or DYNAMIC, items)
        case (SetType(), list()):
            return set_value(type.element, [_decode(item, type.element) for item in found])
        case (MapType(), dict()):
            return MapValue(type.element, {key: _decode(item, type.element) for key, item in found.items()})
        case (TupleType(), list()) if len(found) == len(type.items):
            return TupleValue(_decode(item, wanted) for item, wanted in zip(found, type.items, strict=True))
        case (ObjectType(), dict()) if found.keys() == type.attributes.keys():
            return ObjectValue({key: _decode(item, type.attributes[key]) for key, item in found.items()})
    if is_primitive(type):
        if type == BOOL and isinstance(found, bool):
            return found
        if type == STRING and isinstance(found, str):
            return found
        if type == NUMBER and isinstance(found, str):
            return parse_number(found)
        if type == NUMBER and isinstance(found, int | float) and not isinstance(found, bool):
            return found if isinstance(found, int) else parse_number(repr(found))
    raise ValueError(f"the value is not one of its type, {type}")
