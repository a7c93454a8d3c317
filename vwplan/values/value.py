"""Values: what expressions give and arguments take.

A known string, bool or number is Python's own `str`, `bool`, `int` or `Fraction` (see `numbers`); strings are in
normal form C. Everything else is one of the classes here. Values are immutable: their slots are set once, but for
caches of what follows from them. `bool` is an `int` to Python and no number to us: test for it first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction

from vwplan.values.absent import NOT_NULL as NOT_NULL
from vwplan.values.absent import UNREFINED as UNREFINED
from vwplan.values.absent import Null as Null
from vwplan.values.absent import Refinement as Refinement
from vwplan.values.absent import Unknown as Unknown
from vwplan.values.numbers import DoubleInt, ShortFraction, ShortInt
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
)

SENSITIVE = "sensitive"
"""The mark of a value that is never shown."""
EPHEMERAL = "ephemeral"
"""The mark of a value that is never kept."""

Marks = frozenset[str]
NO_MARKS: Marks = frozenset()


_UNKNOWN_INSIDE = 1
_MARKED_INSIDE = 2


class _Container:
    """A value that holds values, with caches of its type and of whether anything within is unknown or marked."""

    __slots__ = ("_depth", "_flags", "_hash", "_type", "_weight")
    _flags: int | None
    _weight: int | None
    _depth: int
    _hash: int | None
    _type: Type | None

    def parts(self) -> Iterable[Value]:
        """The values directly within."""
        raise NotImplementedError

    def find_type(self) -> Type:
        """The type, found anew."""
        raise NotImplementedError

    def flags(self) -> int:
        """Bits that tell whether anything within is unknown, or marked."""
        flags = self._flags
        if flags is None:
            flags = 0
            for part in self.parts():
                flags |= _flags_of(part)
            self._flags = flags
        return flags

    def __eq__(self, other: object) -> bool:
        return same(self, other)  # type: ignore[arg-type]

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash((type(self), *(part if isinstance(part, str) else hash(part) for part in self.parts())))
        return self._hash


class ListValue(_Container):
    """A list: items of type `element`, in order."""

    __slots__ = ("element", "items")

    def __init__(self, element: Type, items: Iterable[Value]) -> None:
        self.element = element
        self.items = tuple(items)
        self._flags = self._hash = self._type = self._weight = None

    def parts(self) -> Iterable[Value]:
        return self.items

    def find_type(self) -> Type:
        return ListType(self.element)

    def __repr__(self) -> str:
        return f"ListValue({self.element!r}, {list(self.items)!r})"


class SetValue(_Container):
    """A set: items of type `element`, each once, in their standing order. Made by `set_value`; nothing in it is marked."""

    __slots__ = ("element", "items")

    def __init__(self, element: Type, items: tuple[Value, ...]) -> None:
        self.element = element
        self.items = items
        self._flags = self._hash = self._type = self._weight = None

    def parts(self) -> Iterable[Value]:
        return self.items

    def find_type(self) -> Type:
        return SetType(self.element)

    def __repr__(self) -> str:
        return f"SetValue({self.element!r}, {self.items!r})"


class MapValue(_Container):
    """A map: items of type `element` by key, sorted by key."""

    __slots__ = ("element", "items")

    def __init__(self, element: Type, items: Mapping[str, Value]) -> None:
        self.element = element
        self.items: Mapping[str, Value] = _in_order(items)
        self._flags = self._hash = self._type = self._weight = None

    def parts(self) -> Iterable[Value]:
        return self.items.values()

    def find_type(self) -> Type:
        return MapType(self.element)

    def __repr__(self) -> str:
        return f"MapValue({self.element!r}, {dict(self.items)!r})"


class TupleValue(_Container):
    """A tuple: items in order, each of its own type."""

    __slots__ = ("items",)

    def __init__(self, items: Iterable[Value]) -> None:
        self.items = tuple(items)
        self._flags = self._hash = self._type = self._weight = None

    def parts(self) -> Iterable[Value]:
        return self.items

    def find_type(self) -> Type:
        return TupleType(type_of(item) for item in self.items)

    def __repr__(self) -> str:
        return f"TupleValue({list(self.items)!r})"


class ObjectValue(_Container):
    """An object: values by attribute name, sorted by name."""

    __slots__ = ("items",)

    def __init__(self, items: Mapping[str, Value]) -> None:
        self.items: Mapping[str, Value] = _in_order(items)
        self._flags = self._hash = self._type = self._weight = None

    def parts(self) -> Iterable[Value]:
        return self.items.values()

    def find_type(self) -> Type:
        return ObjectType({name: type_of(item) for name, item in self.items.items()})

    def __repr__(self) -> str:
        return f"ObjectValue({dict(self.items)!r})"


def _in_order(items: Mapping[str, Value]) -> Mapping[str, Value]:
    last = ""
    for name in items:
        if name < last:
            return {name: items[name] for name in sorted(items)}
        last = name
    return items


class Marked:
    """A value with marks. The value within is not itself `Marked`, though its parts may be."""

    __slots__ = ("marks", "value")

    def __init__(self, value: Unmarked, marks: Marks) -> None:
        self.value = value
        self.marks = marks

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Marked) and self.marks == other.marks and same(self.value, other.value)

    def __hash__(self) -> int:
        return hash((self.marks, self.value))

    def __repr__(self) -> str:
        return f"Marked({', '.join(sorted(self.marks))})"


Collection = ListValue | SetValue | MapValue | TupleValue | ObjectValue
Unmarked = str | bool | int | Fraction | Null | Unknown | Collection
Value = Unmarked | Marked

NULL = Null(DYNAMIC)
UNKNOWN = Unknown(DYNAMIC)
UNKNOWN_BOOL = Unknown(BOOL, NOT_NULL)
UNKNOWN_NUMBER = Unknown(NUMBER, NOT_NULL)
UNKNOWN_STRING = Unknown(STRING, NOT_NULL)
EMPTY_TUPLE_VALUE = TupleValue(())
EMPTY_OBJECT_VALUE = ObjectValue({})

_NATIVE: dict[type, Type] = {
    str: STRING,
    bool: BOOL,
    int: NUMBER,
    ShortInt: NUMBER,
    DoubleInt: NUMBER,
    Fraction: NUMBER,
    ShortFraction: NUMBER,
}


def type_of(value: Value) -> Type:
    """The type of a value; of a marked one, that of the value within."""
    native = _NATIVE.get(value.__class__)
    if native is not None:
        return native
    if isinstance(value, Marked):
        return type_of(value.value)
    if isinstance(value, _Container):
        if value._type is None:
            value._type = value.find_type()
        return value._type
    if isinstance(value, Null | Unknown):
        return value.type
    raise TypeError(f"{value.__class__.__name__} is not a value")


def is_native(value: Value) -> bool:
    """Whether a value is a known string, bool or number without marks."""
    return value.__class__ in _NATIVE


def is_number(value: Value) -> bool:
    """Whether a value is a known number."""
    return isinstance(value, int | Fraction) and value.__class__ is not bool


def _flags_of(value: Value) -> int:
    if value.__class__ in _NATIVE:
        return 0
    if isinstance(value, _Container):
        return value.flags()
    if isinstance(value, Unknown):
        return _UNKNOWN_INSIDE
    if isinstance(value, Marked):
        return _MARKED_INSIDE | _flags_of(value.value)
    return 0


def is_whole(value: Value) -> bool:
    """Whether neither the value nor anything within it is unknown."""
    return not _flags_of(value) & _UNKNOWN_INSIDE


def has_marks(value: Value) -> bool:
    """Whether the value or anything within it is marked."""
    return bool(_flags_of(value) & _MARKED_INSIDE)


def mark(value: Value, marks: Marks) -> Value:
    """The value with these marks besides those it has."""
    if not marks:
        return value
    if isinstance(value, Marked):
        return value if marks <= value.marks else Marked(value.value, value.marks | marks)
    return Marked(value, marks)


def unmark(value: Value) -> tuple[Unmarked, Marks]:
    """The value without its own marks, and those; marks of its parts stay."""
    if isinstance(value, Marked):
        return value.value, value.marks
    return value, NO_MARKS


def unmark_deep(value: Value) -> tuple[Unmarked, Marks]:
    """The value with no marks at any depth, and all those it had."""
    if not _flags_of(value) & _MARKED_INSIDE:
        return value, NO_MARKS  # type: ignore[return-value]
    marks: set[str] = set()
    return _strip(value, marks), frozenset(marks)


def marks_of(value: Value) -> Marks:
    """All marks of the value and of everything within it."""
    return unmark_deep(value)[1]


def _strip(value: Value, marks: set[str]) -> Unmarked:
    if isinstance(value, Marked):
        marks |= value.marks
        value = value.value
    if not _flags_of(value) & _MARKED_INSIDE:
        return value
    return rebuilt(value, lambda part: _strip(part, marks))


def rebuilt(value: Unmarked, change: Callable[[Value], Value]) -> Unmarked:
    """A container with `change` done to each part (which must keep its type); any other value as it is.

    Not for sets, whose parts have an order that follows from them.
    """
    match value:
        case ListValue():
            return ListValue(value.element, [change(item) for item in value.items])
        case MapValue():
            return MapValue(value.element, {key: change(item) for key, item in value.items.items()})
        case TupleValue():
            return TupleValue([change(item) for item in value.items])
        case ObjectValue():
            return ObjectValue({key: change(item) for key, item in value.items.items()})
    return value


def weight(value: Value) -> int:
    """How much a value holds, roughly in words of memory, counting what is shared as often as it is reached."""
    kind = value.__class__
    if kind is int or kind is ShortInt:
        return 1 + (value.bit_length() >> 6)  # type: ignore[union-attr]
    if isinstance(value, str):
        return 1 + (len(value) >> 5)
    if isinstance(value, Marked):
        return weight(value.value)
    if isinstance(value, _Container):
        if value._weight is None:
            value._weight = 1 + sum(map(weight, value.parts()))
            value._depth = 1 + max(map(depth, value.parts()), default=0)
        return value._weight
    if isinstance(value, Unknown | Null):
        return 1
    return 1 + (value.numerator.bit_length() >> 6)


def depth(value: Value) -> int:
    """How deeply containers are nested in a value; 0 for what is none."""
    if value.__class__ in _NATIVE:
        return 0
    if isinstance(value, Marked):
        value = value.value
    if not isinstance(value, _Container):
        return 0
    weight(value)
    return value._depth


def elements(value: Unmarked) -> Iterator[tuple[Value, Value]]:
    """Key and value of each part of a container, in its order: indexes, keys, or for a set the elements themselves."""
    if isinstance(value, MapValue | ObjectValue):
        yield from value.items.items()
    elif isinstance(value, SetValue):
        for item in value.items:
            yield item, item
    elif isinstance(value, ListValue | TupleValue):
        for index, item in enumerate(value.items):
            yield ShortInt(index), item
    else:
        raise TypeError(f"{value.__class__.__name__} holds no values")


def same(a: Value, b: Value) -> bool:
    """Whether two values are alike in type, value, refinements and marks. (`==` of the language is `equality.equal`.)"""
    if a is b:
        return True
    if isinstance(a, int | Fraction) and isinstance(b, int | Fraction):
        return isinstance(a, bool) == isinstance(b, bool) and a == b
    if isinstance(a, str) or isinstance(b, str):
        return isinstance(a, str) and isinstance(b, str) and a == b
    if isinstance(a, ListValue | SetValue) and a.__class__ is b.__class__:
        assert isinstance(b, ListValue | SetValue)
        return (
            a.element == b.element
            and len(a.items) == len(b.items)
            and all(same(x, y) for x, y in zip(a.items, b.items, strict=True))
        )
    if isinstance(a, TupleValue) and isinstance(b, TupleValue):
        return len(a.items) == len(b.items) and all(same(x, y) for x, y in zip(a.items, b.items, strict=True))
    if isinstance(a, MapValue | ObjectValue) and a.__class__ is b.__class__:
        assert isinstance(b, MapValue | ObjectValue)
        if isinstance(a, MapValue) and isinstance(b, MapValue) and a.element != b.element:
            return False
        return a.items.keys() == b.items.keys() and all(same(x, b.items[key]) for key, x in a.items.items())
    if isinstance(a, _Container) or isinstance(b, _Container):
        return False
    return a == b
