"""Conversion of values from type to type, exactly where and as Terraform converts them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from fractions import Fraction

from vwplan.values.mismatch import Path, mismatch, path_text
from vwplan.values.narrow import narrowed
from vwplan.values.numbers import NumberError, number_text, parse_number
from vwplan.values.sets import set_value
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
    without_optional,
)
from vwplan.values.unify import convertible, fits, unify
from vwplan.values.value import (
    ListValue,
    MapValue,
    Marked,
    Null,
    ObjectValue,
    Refinement,
    SetValue,
    TupleValue,
    Unknown,
    Unmarked,
    Value,
    is_whole,
    mark,
    type_of,
)


class ConversionError(ValueError):
    """A value that cannot be converted: `reason` says why, `path` leads to the part of it that is at fault."""

    def __init__(self, reason: str, path: Path = ()) -> None:
        self.reason = reason
        self.path = path
        super().__init__(f"{path_text(path)}: {reason}" if path else reason)


def convert(value: Value, target: Type) -> Value:
    """The value as one of type `target`; `ConversionError` if it cannot be. Marks, nulls and unknowns pass through."""
    have = type_of(value)
    if have == target:
        return value
    if target is STRING and not isinstance(value, Marked):
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int | Fraction):
            return number_text(value)
    if have == without_optional(target):
        return value
    if not convertible(have, target):
        raise ConversionError(mismatch(have, target))
    return _apply(value, target, ())


def _apply(value: Value, target: Type, path: Path) -> Value:
    """Conversion of a value for whose type there is one, or that is of the target type already."""
    if isinstance(value, Marked):
        return mark(_apply(value.value, target, path), value.marks)
    if target is DYNAMIC:
        return value
    have = type_of(value)
    if have == target:
        return value
    if isinstance(value, Unknown):
        return _unknown(value, dynamic_replaced(have, without_optional(target)))
    if isinstance(value, Null):
        return Null(dynamic_replaced(have, without_optional(target)))
    match target:
        case ObjectType():
            return _to_object(value, target, path)
        case TupleType():
            assert isinstance(value, TupleValue)
            return TupleValue(
                _apply(item, wanted, (*path, index))
                for index, (item, wanted) in enumerate(zip(value.items, target.items, strict=True))
            )
        case ListType() | SetType():
            return _to_sequence(value, target, path)
        case MapType():
            return _to_map(value, target, path)
    return _to_primitive(value, target, path)


def _to_primitive(value: Unmarked, target: Type, path: Path) -> Value:
    if target == STRING:
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int | Fraction):
            return number_text(value)
    elif isinstance(value, str) and target == NUMBER:
        try:
            return parse_number(value)
        except NumberError as error:
            raise ConversionError(str(error), path) from None
    elif isinstance(value, str) and target == BOOL:
        if value in ("true", "1"):
            return True
        if value in ("false", "0"):
            return False
        hint = f', and to be one, this string must be "{value.lower()}"' if value.lower() in ("true", "false") else ""
        raise ConversionError(f"a bool is required{hint}", path)
    raise ConversionError(mismatch(type_of(value), target), path)


def _to_object(value: Unmarked, target: ObjectType, path: Path) -> Value:
    assert isinstance(value, ObjectValue | MapValue)
    made: dict[str, Value] = {}
    for name, wanted in target.attributes.items():
        item = value.items.get(name)
        if item is None:
            if name not in target.optional:
                raise ConversionError(f'the map has no element "{name}", which is required', path)
            made[name] = Null(without_optional(wanted))
            continue
        if not fits(type_of(item), wanted):
            reason = f'the map\'s elements do not suit attribute "{name}": {mismatch(type_of(item), wanted)}'
            raise ConversionError(reason, path)
        made[name] = _apply(item, wanted, (*path, name))
    return ObjectValue(made)


def _to_sequence(value: Unmarked, target: ListType | SetType, path: Path) -> Value:
    assert isinstance(value, ListValue | SetValue | TupleValue)
    element = target.element
    if isinstance(value, SetValue) and isinstance(target, ListType) and len(value.items) > 1 and not is_whole(value):
        return Unknown(ListType(value.element))
    if not value.items:
        if element is DYNAMIC and not isinstance(value, TupleValue):
            element = value.element
        element = without_optional(element)
        return ListValue(element, ()) if isinstance(target, ListType) else set_value(element, ())
    if isinstance(value, TupleValue) and element is DYNAMIC:
        element = unify(map(type_of, value.items)) or DYNAMIC
    items = [_apply(item, element, (*path, index)) for index, item in enumerate(value.items)]
    found = common_type(items)
    if found is None and isinstance(value, TupleValue) and isinstance(target, ListType):
        items, found = _unified(items, path)
    if found is None:
        raise ConversionError(f"all elements of a {target.word} must have the same type", path)
    items = settled(items, found)
    return ListValue(found, items) if isinstance(target, ListType) else set_value(found, items)


def _to_map(value: Unmarked, target: MapType, path: Path) -> Value:
    assert isinstance(value, MapValue | ObjectValue)
    element = target.element
    if not value.items:
        if element is DYNAMIC and isinstance(value, MapValue):
            element = value.element
        return MapValue(without_optional(element), {})
    if isinstance(value, ObjectValue) and element is DYNAMIC:
        element = unify(map(type_of, value.items.values())) or DYNAMIC
    items = {key: _apply(item, element, (*path, key)) for key, item in value.items.items()}
    found = common_type(items.values())
    if found is None:
        unified, found = _unified(list(items.values()), path)
        items = dict(zip(items, unified, strict=True))
    if found is None:
        raise ConversionError("all elements of a map must have the same type", path)
    return MapValue(found, dict(zip(items, settled(list(items.values()), found), strict=True)))


def _unified(items: list[Value], path: Path) -> tuple[list[Value], Type | None]:
    found = unify(map(type_of, items))
    if found is None:
        return items, None
    items = [_apply(item, found, (*path, index)) for index, item in enumerate(items)]
    return items, common_type(items)


def common_type(items: Iterable[Value]) -> Type | None:
    """The one type that all items have, a `DYNAMIC` one suiting any; None if they differ."""
    found: Type = DYNAMIC
    for item in items:
        have = type_of(item)
        if found is DYNAMIC:
            found = have
        elif have is not DYNAMIC and have is not found and have != found:
            return None
    return found


def settled(items: list[Value], element: Type) -> list[Value]:
    """The items of a collection, those of unknown type (nulls, unknowns) being of its element type from now on."""
    if element is DYNAMIC or all(type_of(item) is not DYNAMIC for item in items):
        return items
    return [_apply(item, element, ()) if type_of(item) is DYNAMIC else item for item in items]


def dynamic_replaced(source: Type, target: Type) -> Type:
    """The target type with each `DYNAMIC` in it replaced by what the source type has there."""
    if source is DYNAMIC:
        return target
    if target is DYNAMIC:
        return source
    match target:
        case MapType():
            if isinstance(source, MapType):
                return MapType(dynamic_replaced(source.element, target.element))
            if isinstance(source, ObjectType):
                return MapType(dynamic_replaced(unify(source.attributes.values()) or DYNAMIC, target.element))
        case ListType() | SetType():
            if isinstance(source, ListType | SetType):
                return target.__class__(dynamic_replaced(source.element, target.element))
            if isinstance(source, TupleType):
                return target.__class__(dynamic_replaced(unify(source.items) or DYNAMIC, target.element))
        case ObjectType():
            if isinstance(source, MapType):
                return ObjectType({k: dynamic_replaced(source.element, t) for k, t in target.attributes.items()})
            if isinstance(source, ObjectType):
                have = source.attributes
                return ObjectType({k: dynamic_replaced(have.get(k, DYNAMIC), t) for k, t in target.attributes.items()})
        case TupleType():
            if isinstance(source, TupleType) and len(source.items) == len(target.items):
                pairs = zip(source.items, target.items, strict=True)
                return TupleType(dynamic_replaced(have, wanted) for have, wanted in pairs)
    return target


def _unknown(value: Unknown, target: Type) -> Value:
    """An unknown value of the target type, keeping what is known of it that conversion does not change."""
    refined, source = value.refinement, value.type
    kept = Refinement(not_null=refined.not_null)
    if isinstance(source, ObjectType) and isinstance(target, MapType):
        size = len(source.attributes)
        kept = dataclasses.replace(kept, min_length=size, max_length=size)
    elif isinstance(source, TupleType) and isinstance(target, ListType | SetType):
        size = len(source.items)
        least = size if isinstance(target, ListType) else min(size, 1)
        kept = dataclasses.replace(kept, min_length=least, max_length=size)
    elif isinstance(source, ListType | SetType | MapType):
        least = min(refined.min_length, 1) if isinstance(target, SetType) else refined.min_length
        kept = dataclasses.replace(kept, min_length=least, max_length=refined.max_length)
    return narrowed(target, kept)
