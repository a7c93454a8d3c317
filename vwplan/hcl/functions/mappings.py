"""Functions on maps and objects."""

from __future__ import annotations

from vwplan.hcl.functions.arguments import SEQUENCES, mapping, sequence, text
from vwplan.hcl.functions.model import ArgumentProblem, Arguments, FunctionProblem, Parameter, plain, pure
from vwplan.values import (
    DYNAMIC,
    NO_MARKS,
    STRING,
    ListType,
    ListValue,
    MapType,
    MapValue,
    Marks,
    Null,
    ObjectType,
    ObjectValue,
    SetValue,
    TupleType,
    TupleValue,
    Type,
    Unknown,
    Value,
    is_whole,
    mark,
    marks_of,
    type_of,
    unmark,
)
from vwplan.values.value import NOT_NULL, UNREFINED


def _keys_type(arguments: Arguments) -> Type:
    have = type_of(arguments[0])
    if isinstance(have, MapType):
        return ListType(STRING)
    if isinstance(have, ObjectType):
        return TupleType([STRING] * len(have.attributes))
    raise ArgumentProblem(0, f"a map or object is required, not a {have.friendly}")


def _keys(arguments: Arguments, type: Type) -> Value:
    value, marks = unmark(arguments[0])
    have = type_of(value)
    if isinstance(have, ObjectType):
        return mark(TupleValue(have.attributes), marks)
    if isinstance(value, Unknown):
        return mark(Unknown(type, NOT_NULL), marks)
    return mark(ListValue(STRING, mapping(value).items), marks)


def _values_type(arguments: Arguments) -> Type:
    have = type_of(arguments[0])
    if isinstance(have, MapType):
        return ListType(have.element)
    if isinstance(have, ObjectType):
        return TupleType(have.attributes.values())
    raise ArgumentProblem(0, f"a map or object is required, not a {have.friendly}")


def _values(arguments: Arguments, _: Type) -> Value:
    value, marks = unmark(arguments[0])
    items = mapping(value).items.values()
    return mark(ListValue(value.element, items) if isinstance(value, MapValue) else TupleValue(items), marks)


def _merge_type(arguments: Arguments) -> Type:
    attributes: dict[str, Type] = {}
    types: list[Type] = []
    known = True
    for at, argument in enumerate(arguments):
        value = plain(argument)
        have = type_of(value)
        if have is DYNAMIC:
            return DYNAMIC
        if not isinstance(have, MapType | ObjectType):
            raise ArgumentProblem(at, f"a map or object is required, not a {have.friendly}")
        types.append(have)
        if isinstance(value, Null):
            continue
        if isinstance(have, ObjectType):
            attributes.update(have.attributes)
        elif isinstance(value, Unknown):
            known = False
        else:
            attributes.update(dict.fromkeys(mapping(value).items, have.element))
    if types and all(have == types[0] for have in types):
        return types[0]
    return ObjectType(attributes) if known else DYNAMIC


def _merge(arguments: Arguments, type: Type) -> Value:
    made: dict[str, Value] = {}
    marks: Marks = NO_MARKS
    for at, argument in enumerate(arguments):
        value, own = unmark(argument)
        marks |= own
        if isinstance(value, MapValue | ObjectValue):
            made.update(value.items)
        elif isinstance(value, SEQUENCES) and all(isinstance(item, str) for item in value.items):
            # Beside a null, whose type is not known, Terraform takes for maps whatever has texts for keys: sets of them.
            if value.items and not isinstance(value, SetValue):
                raise ArgumentProblem(at, f"a map or object is required, not a {type_of(value).friendly}")
            made.update((text(item), item) for item in value.items)
        elif not isinstance(value, Null):
            raise ArgumentProblem(at, f"a map or object is required, not a {type_of(value).friendly}")
    return mark(MapValue(type.element, made) if isinstance(type, MapType) else ObjectValue(made), marks)


def _transpose(arguments: Arguments, type: Type) -> Value:
    if not is_whole(arguments[0]):
        return Unknown(type, NOT_NULL)
    made: dict[str, list[str]] = {}
    for key, items in mapping(arguments[0]).items.items():
        if isinstance(items, Null):
            raise ArgumentProblem(0, f'the list for "{key}" is null')
        for item in sequence(items).items:
            if isinstance(item, Null):
                raise ArgumentProblem(0, f'the list for "{key}" has a null in it')
            made.setdefault(text(item), []).append(key)
    return MapValue(ListType(STRING), {key: ListValue(STRING, sorted(names)) for key, names in made.items()})


def _zipmap_type(arguments: Arguments) -> Type:
    keys, have = plain(arguments[0]), type_of(arguments[1])
    if isinstance(have, ListType):
        return MapType(have.element)
    if not isinstance(have, TupleType):
        raise ArgumentProblem(1, f"a list or tuple is required, not a {have.friendly}")
    if not is_whole(keys):
        return DYNAMIC
    items = sequence(keys).items
    if len(items) != len(have.items):
        raise FunctionProblem(f"there are {len(items)} keys and {len(have.items)} values")
    return ObjectType(
        {_zip_key(key, at): wanted for at, (key, wanted) in enumerate(zip(items, have.items, strict=True))}
    )


def _zip_key(key: Value, at: int) -> str:
    found = plain(key)
    if isinstance(found, Null):
        raise ArgumentProblem(0, f"element {at} is null, which cannot be a key")
    return text(found)


def _zipmap(arguments: Arguments, type: Type) -> Value:
    (keys, marks), (values, own) = unmark(arguments[0]), unmark(arguments[1])
    marks |= own | marks_of(keys)
    if not is_whole(keys):
        return mark(Unknown(type, NOT_NULL if type is not DYNAMIC else UNREFINED), marks)
    names, items = sequence(keys).items, sequence(values).items
    if len(names) != len(items):
        raise FunctionProblem(f"there are {len(names)} keys and {len(items)} values")
    made = {_zip_key(key, at): item for at, (key, item) in enumerate(zip(names, items, strict=True))}
    return mark(MapValue(type.element, made) if isinstance(type, MapType) else ObjectValue(made), marks)


FUNCTIONS = [
    pure("keys", [Parameter("inputMap", unknown=True, marked=True)], _keys_type, _keys),
    pure("merge", [], _merge_type, _merge, Parameter("maps", null=True, marked=True, dynamic=True)),
    pure(
        "transpose",
        [Parameter("values", MapType(ListType(STRING)))],
        MapType(ListType(STRING)),
        _transpose,
    ),
    pure("values", [Parameter("mapping", marked=True)], _values_type, _values),
    pure(
        "zipmap",
        [Parameter("keys", ListType(STRING), marked=True), Parameter("values", marked=True)],
        _zipmap_type,
        _zipmap,
    ),
]
