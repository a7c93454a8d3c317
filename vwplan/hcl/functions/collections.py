"""Functions on collections: choosing, joining and rearranging elements."""

from __future__ import annotations

from collections.abc import Hashable
from collections.abc import Sequence as Items

from vwplan.hcl.functions.arguments import mapping, number, sequence, text, whole
from vwplan.hcl.functions.model import ArgumentProblem, Arguments, FunctionProblem, Parameter, plain, pure
from vwplan.values import (
    BOOL,
    DYNAMIC,
    NO_MARKS,
    NUMBER,
    STRING,
    UNKNOWN,
    ConversionError,
    ListType,
    ListValue,
    MapType,
    MapValue,
    Marks,
    Null,
    Number,
    ObjectType,
    ObjectValue,
    Refinement,
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
    marks_of,
    type_of,
    unify,
    unmark,
)
from vwplan.values.clusters import cluster_count
from vwplan.values.equality import decide
from vwplan.values.numbers import ShortInt, add
from vwplan.values.sets import identity
from vwplan.values.value import NOT_NULL, UNKNOWN_BOOL, UNKNOWN_NUMBER, UNREFINED, Unmarked

_ANY_LIST = ListType(DYNAMIC)
_LARGEST_RANGE = 1024


def _bare(value: Value) -> Unmarked:
    return value  # type: ignore[return-value]


# Length, truth, choice.


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
    for at, argument in enumerate(arguments):
        try:
            value = convert(argument, type)
        except ConversionError as error:
            raise ArgumentProblem(at, str(error)) from None
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


def _compact(arguments: Arguments, type: Type) -> Value:
    if not is_whole(arguments[0]):
        return Unknown(type, NOT_NULL)
    items = sequence(arguments[0]).items
    return ListValue(STRING, [item for item in items if not (isinstance(item, Null) or item == "")])


def _contains(arguments: Arguments, _: Type) -> Value:
    have = type_of(arguments[0])
    if not isinstance(have, ListType | TupleType | SetType):
        raise ArgumentProblem(0, f"a list, tuple or set is required, not a {have.friendly}")
    known = True
    for item in sequence(arguments[0]).items:
        decided = decide(_bare(arguments[1]), _bare(item))
        if decided:
            return True
        known = known and decided is not None
    return False if known else UNKNOWN_BOOL


def _index(arguments: Arguments, _: Type) -> Value:
    if not isinstance(type_of(arguments[0]), ListType | TupleType):
        raise ArgumentProblem(0, f"a list or tuple is required, not a {type_of(arguments[0]).friendly}")
    for at, item in enumerate(sequence(arguments[0]).items):
        decided = decide(_bare(item), _bare(arguments[1]))
        if decided is None:
            return UNKNOWN_NUMBER
        if decided:
            return ShortInt(at)
    raise FunctionProblem("the value is not in the list")


# One element.


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


# Whole collections.


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
    return mark(ListValue(type.element, items) if isinstance(type, ListType) else TupleValue(items), marks)


def _distinct(arguments: Arguments, type: Type) -> Value:
    value = arguments[0]
    if not is_whole(value):
        return Unknown(type, NOT_NULL)
    assert isinstance(value, ListValue)
    return ListValue(value.element, _without_doubles(value.items))


def _without_doubles(items: Items[Value]) -> list[Value]:
    found: dict[Hashable, Value] = {}
    for item in items:
        found.setdefault(identity(_bare(item)), item)
    return list(found.values())


def _flat(value: Value) -> tuple[list[Value], Marks, bool]:
    """The elements of a sequence with those of sequences within, the marks on the way, and whether all is known."""
    bare, marks = unmark(value)
    if isinstance(bare, SetValue) and len(bare.items) > 1 and not is_whole(bare):
        return [], marks, False
    out: list[Value] = []
    known = True
    for item in sequence(bare).items:
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
    have = type_of(plain(arguments[0]))
    if not isinstance(have, ListType | SetType | TupleType):
        raise ArgumentProblem(0, f"a list, set or tuple is required, not a {have.friendly}")
    return DYNAMIC


def _flatten(arguments: Arguments, _: Type) -> Value:
    items, marks, known = _flat(arguments[0])
    return mark(TupleValue(items) if known else UNKNOWN, marks)


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
    searched = {identity(_bare(item)) for item in sequence(wanted).items}
    pairs = zip(values.items, sequence(keys).items, strict=True)
    return ListValue(values.element, [value for value, key in pairs if identity(_bare(key)) in searched])


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
        elif not isinstance(value, Null):
            raise ArgumentProblem(at, f"a map or object is required, not a {type_of(value).friendly}")
    return mark(MapValue(type.element, made) if isinstance(type, MapType) else ObjectValue(made), marks)


def _range(arguments: Arguments, _: Type) -> Value:
    numbers = [number(argument) for argument in arguments]
    if not 1 <= len(numbers) <= 3:
        raise FunctionProblem("one, two or three numbers are required")
    start: Number = ShortInt(0) if len(numbers) == 1 else numbers[0]
    end = numbers[min(len(numbers), 2) - 1]
    step: Number = numbers[2] if len(numbers) == 3 else ShortInt(-1 if end < start else 1)
    if not step:
        raise ArgumentProblem(2, "a step must not be 0")
    if len(numbers) == 3 and (end > start if step < 0 else end < start):
        raise ArgumentProblem(1, f"the end must be {'less' if step < 0 else 'greater'} than the start with this step")
    made: list[Value] = []
    while (start > end) if step < 0 else (start < end):
        if len(made) >= _LARGEST_RANGE:
            raise FunctionProblem(f"there would be more than {_LARGEST_RANGE} numbers")
        made.append(start)
        start = add(start, step)
    return ListValue(NUMBER, made)


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


def _sum(arguments: Arguments, _: Type) -> Value:
    have = type_of(arguments[0])
    if not isinstance(have, ListType | SetType | TupleType):
        raise ArgumentProblem(0, f"a list, set or tuple of numbers is required, not a {have.friendly}")
    items = sequence(arguments[0]).items
    if not items:
        raise ArgumentProblem(0, "it has no elements, and so no sum")
    if not is_whole(arguments[0]):
        return UNKNOWN_NUMBER
    total: Number | None = None
    for at, item in enumerate(items):
        try:
            found = convert(item, NUMBER)
        except ConversionError as error:
            raise ArgumentProblem(0, f"element {at}: {error}") from None
        if isinstance(found, Null):
            raise ArgumentProblem(0, f"element {at} is null")
        total = number(found) if total is None else add(total, number(found))
    assert total is not None
    return total


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


_LOOSE = Parameter("vals", null=True, unknown=True, dynamic=True)

FUNCTIONS = [
    pure("alltrue", [Parameter("list", ListType(BOOL))], BOOL, _alltrue),
    pure("anytrue", [Parameter("list", ListType(BOOL))], BOOL, _anytrue),
    pure(
        "chunklist",
        [Parameter("list", _ANY_LIST, marked=True), Parameter("size", NUMBER, marked=True)],
        lambda arguments: ListType(type_of(arguments[0])),
        _chunklist,
    ),
    pure("coalesce", [], _coalesce_type, _coalesce, _LOOSE),
    pure("coalescelist", [], _coalescelist_type, _coalescelist, _LOOSE),
    pure("compact", [Parameter("list", ListType(STRING))], ListType(STRING), _compact),
    pure("concat", [], _concat_type, _concat, Parameter("seqs", marked=True)),
    pure("contains", [Parameter("list"), Parameter("value")], BOOL, _contains),
    pure("distinct", [Parameter("list", _ANY_LIST)], lambda arguments: type_of(arguments[0]), _distinct),
    pure(
        "element",
        [Parameter("list", marked=True), Parameter("index", NUMBER)],
        _element_type,
        _element,
        None,
        UNREFINED,
    ),
    pure("flatten", [Parameter("list", marked=True)], _flatten_type, _flatten),
    pure("index", [Parameter("list"), Parameter("value")], NUMBER, _index),
    pure("keys", [Parameter("inputMap", unknown=True, marked=True)], _keys_type, _keys),
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
    pure(
        "matchkeys",
        [Parameter("values", _ANY_LIST), Parameter("keys", _ANY_LIST), Parameter("searchset", _ANY_LIST)],
        _matchkeys_type,
        _matchkeys,
    ),
    pure("merge", [], _merge_type, _merge, Parameter("maps", null=True, marked=True, dynamic=True)),
    pure("one", [Parameter("list")], _one_type, _one, None, UNREFINED),
    pure("range", [], ListType(NUMBER), _range, Parameter("params", NUMBER)),
    pure("reverse", [Parameter("list", marked=True)], _reverse_type, _reverse),
    pure(
        "slice",
        [Parameter("list", marked=True), Parameter("start_index", NUMBER), Parameter("end_index", NUMBER)],
        _slice_type,
        _slice,
    ),
    pure("sum", [Parameter("list")], NUMBER, _sum),
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
