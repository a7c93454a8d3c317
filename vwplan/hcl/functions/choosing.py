"""Functions that ask of a collection, or choose from it: lengths, tests, single elements."""

from __future__ import annotations

from vwplan.hcl.functions.arguments import bare, mapping, sequence, text, whole
from vwplan.hcl.functions.model import ArgumentProblem, Arguments, FunctionProblem, Parameter, plain, pure
from vwplan.values import (
    BOOL,
    DYNAMIC,
    NUMBER,
    STRING,
    ConversionError,
    ListType,
    ListValue,
    MapType,
    MapValue,
    Null,
    ObjectType,
    Refinement,
    SetType,
    SetValue,
    TupleType,
    Type,
    Unknown,
    Value,
    convert,
    is_whole,
    mark,
    type_of,
    unify,
    unmark,
)
from vwplan.values.equality import decide
from vwplan.values.numbers import ShortInt
from vwplan.values.text import cluster_count
from vwplan.values.value import NOT_NULL, UNKNOWN_BOOL, UNKNOWN_NUMBER, UNREFINED


def _length_type(arguments: Arguments) -> Type:
    have = type_of(arguments[0])
    if have in (NUMBER, BOOL):
        raise ArgumentProblem(0, f"a string, a collection, a tuple or an object is required, not a {have.friendly}")
    return NUMBER


def _length(arguments: Arguments, _: Type) -> Value:
    value, marks = unmark(arguments[0])
    have = type_of(value)
    if isinstance(value, str):
        return mark(ShortInt(cluster_count(value)), marks)
    if isinstance(have, TupleType):
        return mark(ShortInt(len(have.items)), marks)
    if isinstance(have, ObjectType):
        return mark(ShortInt(len(have.attributes)), marks)
    if isinstance(value, Unknown):
        refined = value.refinement
        if have == STRING:
            refined = Refinement(min_length=cluster_count(refined.prefix))
        if refined.min_length == refined.max_length:
            return mark(ShortInt(refined.min_length), marks)
        return mark(Unknown(NUMBER, Refinement(True, "", refined.min_length, refined.max_length)), marks)
    assert isinstance(value, ListValue | SetValue | MapValue)
    size = len(value.items)
    if isinstance(value, SetValue) and size > 1 and not is_whole(value):
        return mark(Unknown(NUMBER, Refinement(True, "", 1, size)), marks)
    return mark(ShortInt(size), marks)


def _alltrue(arguments: Arguments, _: Type) -> Value:
    for item in sequence(arguments[0]).items:
        if isinstance(item, Unknown):
            return UNKNOWN_BOOL
        if item is not True:
            return False
    return True


def _anytrue(arguments: Arguments, _: Type) -> Value:
    items = sequence(arguments[0]).items
    if any(item is True for item in items):
        return True
    return UNKNOWN_BOOL if any(isinstance(item, Unknown) for item in items) else False


def _coalesce_type(arguments: Arguments) -> Type:
    found = unify(map(type_of, arguments)) if arguments else DYNAMIC
    if found is None:
        raise FunctionProblem("the arguments have no type in common")
    return found


def _coalesce(arguments: Arguments, type: Type) -> Value:
    for argument in arguments:
        try:
            value = convert(argument, type)
        except ConversionError:
            continue  # The types go together and the values do not: Terraform passes over it, as over a null.
        if isinstance(value, Unknown):
            return Unknown(type, NOT_NULL if type is not DYNAMIC else UNREFINED)
        if not (isinstance(value, Null) or value == ""):
            return value
    raise FunctionProblem("all arguments are null or empty strings")


def _coalescelist_type(arguments: Arguments) -> Type:
    if not arguments:
        raise FunctionProblem("at least one argument is required")
    types: list[Type] = []
    for at, argument in enumerate(arguments):
        if isinstance(argument, Unknown):
            return DYNAMIC
        have = type_of(argument)
        if not isinstance(have, ListType | TupleType):
            raise ArgumentProblem(at, f"a list or tuple is required, not a {have.friendly}")
        types.append(have)
    return types[0] if all(each == types[0] for each in types) else DYNAMIC


def _coalescelist(arguments: Arguments, type: Type) -> Value:
    for argument in arguments:
        if isinstance(argument, Unknown):
            return Unknown(type)
        if not isinstance(argument, Null) and sequence(argument).items:
            return argument
    raise FunctionProblem("all arguments are null or empty")


def _contains(arguments: Arguments, _: Type) -> Value:
    have = type_of(arguments[0])
    if not isinstance(have, ListType | TupleType | SetType):
        raise ArgumentProblem(0, f"a list, tuple or set is required, not a {have.friendly}")
    known = True
    for item in sequence(arguments[0]).items:
        decided = decide(bare(arguments[1]), bare(item))
        if decided:
            return True
        known = known and decided is not None
    return False if known else UNKNOWN_BOOL


def _index(arguments: Arguments, _: Type) -> Value:
    if not isinstance(type_of(arguments[0]), ListType | TupleType):
        raise ArgumentProblem(0, f"a list or tuple is required, not a {type_of(arguments[0]).friendly}")
    for at, item in enumerate(sequence(arguments[0]).items):
        decided = decide(bare(item), bare(arguments[1]))
        if decided is None:
            return UNKNOWN_NUMBER
        if decided:
            return ShortInt(at)
    raise FunctionProblem("the value is not in the list")


def _element_at(index: Value, size: int) -> int:
    if not size:
        raise ArgumentProblem(0, "it has no elements")
    return whole(index, 1) % size


def _element_type(arguments: Arguments) -> Type:
    have = type_of(arguments[0])
    if isinstance(have, ListType):
        return have.element
    if not isinstance(have, TupleType):
        raise ArgumentProblem(0, f"a list or tuple is required, not a {have.friendly}")
    if isinstance(arguments[1], Unknown):
        return DYNAMIC
    return have.items[_element_at(arguments[1], len(have.items))]


def _element(arguments: Arguments, _: Type) -> Value:
    value, marks = unmark(arguments[0])
    items = sequence(value).items
    return mark(items[_element_at(arguments[1], len(items))], marks)


def _one_type(arguments: Arguments) -> Type:
    have = type_of(arguments[0])
    if isinstance(have, ListType | SetType):
        return have.element
    if isinstance(have, TupleType) and len(have.items) < 2:
        return have.items[0] if have.items else DYNAMIC
    raise ArgumentProblem(0, "a list, set or tuple of no more than one element is required")


def _one(arguments: Arguments, type: Type) -> Value:
    value = sequence(arguments[0])
    if len(value.items) > 1:
        if isinstance(value, SetValue) and not is_whole(value):
            return Unknown(type)
        raise ArgumentProblem(
            0, f"a list, set or tuple of no more than one element is required; it has {len(value.items)}"
        )
    return value.items[0] if value.items else Null(type)


def _lookup_type(arguments: Arguments) -> Type:
    if len(arguments) > 3:
        raise FunctionProblem("there may be no more than three arguments")
    have = type_of(arguments[0])
    if isinstance(have, ObjectType):
        key = plain(arguments[1])
        if not isinstance(key, str):
            return DYNAMIC
        if key in have.attributes:
            return have.attributes[key]
        if len(arguments) == 3:
            return type_of(arguments[2])
        raise ArgumentProblem(0, f'the object has no attribute "{key}", and no default is given')
    if isinstance(have, MapType):
        if len(arguments) == 3:
            try:
                convert(arguments[2], have.element)
            except ConversionError as error:
                raise ArgumentProblem(2, f"it must be of the type of the map's elements: {error}") from None
        return have.element
    raise ArgumentProblem(0, f"a map or object is required, not a {have.friendly}")


def _lookup(arguments: Arguments, type: Type) -> Value:
    value, marks = unmark(arguments[0])
    key, own = unmark(arguments[1])
    marks |= own
    found = mapping(value).items.get(text(key))
    if found is not None:
        return mark(found, marks)
    if len(arguments) == 3:
        return mark(convert(arguments[2], type), marks)
    shown = "" if marks else f' "{key}"'
    raise FunctionProblem(f"the map has no element{shown}, and no default is given")


_LOOSE = Parameter("vals", null=True, unknown=True, dynamic=True)

FUNCTIONS = [
    pure("alltrue", [Parameter("list", ListType(BOOL))], BOOL, _alltrue),
    pure("anytrue", [Parameter("list", ListType(BOOL))], BOOL, _anytrue),
    pure("coalesce", [], _coalesce_type, _coalesce, _LOOSE),
    pure("coalescelist", [], _coalescelist_type, _coalescelist, _LOOSE),
    pure("contains", [Parameter("list"), Parameter("value")], BOOL, _contains),
    pure(
        "element",
        [Parameter("list", marked=True), Parameter("index", NUMBER)],
        _element_type,
        _element,
        None,
        UNREFINED,
    ),
    pure("index", [Parameter("list"), Parameter("value")], NUMBER, _index),
    pure(
        "length",
        [Parameter("value", unknown=True, marked=True, dynamic=True)],
        _length_type,
        _length,
        None,
        Refinement(True, "", 0),
    ),
    pure(
        "lookup",
        [Parameter("inputMap", marked=True), Parameter("key", STRING, marked=True)],
        _lookup_type,
        _lookup,
        Parameter("default", null=True, unknown=True, marked=True, dynamic=True),
        UNREFINED,
    ),
    pure("one", [Parameter("list")], _one_type, _one, None, UNREFINED),
]
