"""Functions that make collections of collections: joined, cut, turned round, filtered."""

from __future__ import annotations

from collections.abc import Hashable
from collections.abc import Sequence as Items

from vwplan.hcl.functions.arguments import bare, sequence, whole
from vwplan.hcl.functions.model import ArgumentProblem, Arguments, FunctionProblem, Parameter, plain, pure
from vwplan.values import (
    DYNAMIC,
    NO_MARKS,
    NUMBER,
    STRING,
    UNKNOWN,
    ConversionError,
    ListType,
    ListValue,
    MapValue,
    Marks,
    Null,
    ObjectValue,
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
    type_of,
    unify,
    unmark,
)
from vwplan.values.sets import identity
from vwplan.values.types import is_dynamic
from vwplan.values.value import NOT_NULL, is_native

_ANY_LIST = ListType(DYNAMIC)


def _compact(arguments: Arguments, type: Type) -> Value:
    if not is_whole(arguments[0]):
        return Unknown(type, NOT_NULL)
    items = sequence(arguments[0]).items
    return ListValue(STRING, [item for item in items if not (isinstance(item, Null) or item == "")])


def _chunklist(arguments: Arguments, type: Type) -> Value:
    (value, marks), (size, own) = unmark(arguments[0]), unmark(arguments[1])
    count = whole(size, 1)
    if count < 0:
        raise ArgumentProblem(1, "it must not be negative")
    assert isinstance(value, ListValue)
    items = value.items
    step = count or len(items) or 1
    chunks = [ListValue(value.element, items[at : at + step]) for at in range(0, len(items), step)]
    return mark(ListValue(ListType(value.element), chunks), marks | own)


def _concat_type(arguments: Arguments) -> Type:
    if not arguments:
        raise FunctionProblem("at least one argument is required")
    types = [type_of(argument) for argument in arguments]
    if all(isinstance(have, ListType) for have in types):
        common = unify(types)
        if common is not None:
            return common
    items: list[Type] = []
    for at, (argument, have) in enumerate(zip(arguments, types, strict=True)):
        if isinstance(have, TupleType):
            items += have.items
        elif isinstance(have, ListType):
            value = plain(argument)
            if isinstance(value, Unknown):
                return DYNAMIC
            items += [have.element] * len(sequence(value).items)
        else:
            raise ArgumentProblem(at, f"a list or tuple is required, not a {have.friendly}")
    return TupleType(items)


def _concat(arguments: Arguments, type: Type) -> Value:
    items: list[Value] = []
    marks: Marks = NO_MARKS
    for at, argument in enumerate(arguments):
        if isinstance(type, ListType):
            try:
                argument = convert(argument, type)
            except ConversionError as error:
                raise ArgumentProblem(at, str(error)) from None
        value, own = unmark(argument)
        marks |= own
        items += sequence(value).items
    if not isinstance(type, ListType):
        return mark(TupleValue(items), marks)
    element = type.element
    if items and is_dynamic(element):
        # An empty list of anything says nothing: the elements of the others say what they are.
        element = type_of(items[0])
        if any(type_of(item) != element for item in items):
            raise FunctionProblem("the lists have elements of different types")
    return mark(ListValue(element, items), marks)


def _distinct(arguments: Arguments, type: Type) -> Value:
    value = arguments[0]
    if not is_whole(value):
        return Unknown(type, NOT_NULL)
    assert isinstance(value, ListValue)
    return ListValue(value.element, _without_doubles(value.items))


def _without_doubles(items: Items[Value]) -> list[Value]:
    found: dict[Hashable, Value] = {}
    for item in items:
        found.setdefault(identity(bare(item)), item)
    return list(found.values())


def _flat(value: Value) -> tuple[list[Value], Marks, bool]:
    """The elements of a sequence with those of sequences within, the marks on the way, and whether all is known."""
    bare, marks = unmark(value)
    if isinstance(bare, SetValue) and len(bare.items) > 1 and not is_whole(bare):
        return [], marks, False
    out: list[Value] = []
    known = True
    for item in bare.items.values() if isinstance(bare, MapValue | ObjectValue) else sequence(bare).items:
        if is_native(item):
            out.append(item)
            continue
        inner, own = unmark(item)
        if isinstance(inner, Unknown) and inner.type is DYNAMIC:
            known = False
        if isinstance(inner, Null) or not isinstance(type_of(inner), ListType | SetType | TupleType):
            out.append(item)
        elif isinstance(inner, Unknown):
            known, marks = False, marks | own
        else:
            more, more_marks, more_known = _flat(item)
            out += more
            marks, known = marks | more_marks, known and more_known
    return out, marks, known


def _flatten_type(arguments: Arguments) -> Type:
    value = plain(arguments[0])
    have = type_of(value)
    # Where not all is known, Terraform does not look at the type yet: then a map gives its values.
    if not isinstance(have, ListType | SetType | TupleType) and is_whole(value):
        raise ArgumentProblem(0, f"a list, set or tuple is required, not a {have.friendly}")
    return DYNAMIC


def _flatten(arguments: Arguments, _: Type) -> Value:
    items, marks, known = _flat(arguments[0])
    return mark(TupleValue(items) if known else UNKNOWN, marks)


def _matchkeys_type(arguments: Arguments) -> Type:
    if unify([type_of(arguments[1]), type_of(arguments[2])]) is None:
        raise FunctionProblem("keys and searchset must be of the same type")
    return type_of(arguments[0])


def _matchkeys(arguments: Arguments, type: Type) -> Value:
    values, keys, wanted = arguments
    assert isinstance(values, ListValue)
    if len(values.items) != len(sequence(keys).items):
        raise FunctionProblem("there must be as many keys as values")
    common = unify([type_of(keys), type_of(wanted)])
    assert common is not None
    keys, wanted = convert(keys, common), convert(wanted, common)
    if not sequence(wanted).items:
        return ListValue(values.element, ())
    if not (is_whole(values) and is_whole(keys)):
        return Unknown(type, NOT_NULL)
    if not is_whole(wanted):
        return ListValue(values.element, ())
    searched = {identity(bare(item)) for item in sequence(wanted).items}
    pairs = zip(values.items, sequence(keys).items, strict=True)
    return ListValue(values.element, [value for value, key in pairs if identity(bare(key)) in searched])


def _reverse_type(arguments: Arguments) -> Type:
    have = type_of(arguments[0])
    if isinstance(have, TupleType):
        return TupleType(have.items[::-1])
    if isinstance(have, ListType | SetType):
        return ListType(have.element)
    raise ArgumentProblem(0, f"a list or tuple is required, not a {have.friendly}")


def _reverse(arguments: Arguments, type: Type) -> Value:
    value, marks = unmark(arguments[0])
    items = sequence(value).items[::-1]
    return mark(ListValue(type.element, items) if isinstance(type, ListType) else TupleValue(items), marks)


def _slice_bounds(arguments: Arguments) -> tuple[int, int] | None:
    """From where to where to slice, or None while that is unknown."""
    value = plain(arguments[0])
    have = type_of(value)
    size = len(have.items) if isinstance(have, TupleType) else None
    if size is None and not isinstance(value, Unknown):
        size = len(sequence(value).items)
    bounds: list[int | None] = []
    for at, name in ((1, "start"), (2, "end")):
        if isinstance(arguments[at], Unknown):
            bounds.append(None)
            continue
        bound = whole(arguments[at], at)
        if bound < 0:
            raise ArgumentProblem(at, f"the {name} must not be negative")
        if size is not None and bound > size:
            raise ArgumentProblem(at, f"the {name} must not be behind the last element, and there are {size}")
        bounds.append(bound)
    start, end = bounds
    if start is None or end is None:
        return None
    if start > end:
        raise ArgumentProblem(1, "the start must not be behind the end")
    return start, end


def _slice_type(arguments: Arguments) -> Type:
    have = type_of(arguments[0])
    if isinstance(have, SetType):
        raise ArgumentProblem(0, "elements of a set have no indexes: convert it with tolist")
    if not isinstance(have, ListType | TupleType):
        raise ArgumentProblem(0, f"a list or tuple is required, not a {have.friendly}")
    bounds = _slice_bounds(arguments)
    if isinstance(have, ListType):
        return have
    return TupleType(have.items[bounds[0] : bounds[1]]) if bounds else DYNAMIC


def _slice(arguments: Arguments, _: Type) -> Value:
    value, marks = unmark(arguments[0])
    bounds = _slice_bounds(arguments)
    if bounds is None:
        return mark(UNKNOWN, marks)
    items = sequence(value).items[bounds[0] : bounds[1]]
    return mark(ListValue(value.element, items) if isinstance(value, ListValue) else TupleValue(items), marks)


FUNCTIONS = [
    pure(
        "chunklist",
        [Parameter("list", _ANY_LIST, marked=True), Parameter("size", NUMBER, marked=True)],
        lambda arguments: ListType(type_of(arguments[0])),
        _chunklist,
    ),
    pure("compact", [Parameter("list", ListType(STRING))], ListType(STRING), _compact),
    pure("concat", [], _concat_type, _concat, Parameter("seqs", marked=True)),
    pure("distinct", [Parameter("list", _ANY_LIST)], lambda arguments: type_of(arguments[0]), _distinct),
    pure("flatten", [Parameter("list", marked=True)], _flatten_type, _flatten),
    pure(
        "matchkeys",
        [Parameter("values", _ANY_LIST), Parameter("keys", _ANY_LIST), Parameter("searchset", _ANY_LIST)],
        _matchkeys_type,
        _matchkeys,
    ),
    pure("reverse", [Parameter("list", marked=True)], _reverse_type, _reverse),
    pure(
        "slice",
        [Parameter("list", marked=True), Parameter("start_index", NUMBER), Parameter("end_index", NUMBER)],
        _slice_type,
        _slice,
    ),
]
