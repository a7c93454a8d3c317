"""What types allow: whether one can be converted to another, and the one type that several can be converted to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

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

_PRIMITIVES: dict[tuple[Type, Type], bool] = {
    (NUMBER, STRING): True,
    (BOOL, STRING): True,
    (STRING, NUMBER): False,
    (STRING, BOOL): False,
}
"""Conversions between primitives, and whether each is safe (succeeds for every value)."""


@lru_cache(maxsize=8192)
def convertible(source: Type, target: Type, unsafe: bool = True) -> bool:
    """Whether there is a conversion; `unsafe` ones may yet fail for some values. Equal primitives have none."""
    if target is DYNAMIC:
        return True
    if source is DYNAMIC:
        return unsafe
    if is_primitive(source) and is_primitive(target):
        safe = _PRIMITIVES.get((source, target))
        return safe is not None and (safe or unsafe)
    match target:
        case ObjectType():
            return _to_object(source, target, unsafe)
        case TupleType():
            return (
                isinstance(source, TupleType)
                and len(source.items) == len(target.items)
                and all(fits(a, b, unsafe) for a, b in zip(source.items, target.items, strict=True))
            )
        case ListType() | SetType():
            if isinstance(source, TupleType):
                return _to_collection(source.items, target.element, unsafe, mixed=False)
            if isinstance(source, SetType) or (
                isinstance(source, ListType) and (unsafe or isinstance(target, ListType))
            ):
                return fits(source.element, target.element, unsafe)
            return False
        case MapType():
            if isinstance(source, ObjectType):
                return _to_collection(tuple(source.attributes.values()), target.element, unsafe, mixed=True)
            return isinstance(source, MapType) and fits(source.element, target.element, unsafe)
    return False


def fits(source: Type, target: Type, unsafe: bool = True) -> bool:
    """Whether the types are equal or a conversion exists."""
    return source == target or convertible(source, target, unsafe)


def _to_object(source: Type, target: ObjectType, unsafe: bool) -> bool:
    if isinstance(source, ObjectType):
        for name, wanted in target.attributes.items():
            have = source.attributes.get(name)
            if have is None:
                if name not in target.optional:
                    return False
            elif not fits(have, wanted, unsafe):
                return False
        return True
    if isinstance(source, MapType) and unsafe:
        return all(
            name in target.optional or fits(source.element, wanted, unsafe)
            for name, wanted in target.attributes.items()
        )
    return False


def _to_collection(items: tuple[Type, ...], element: Type, unsafe: bool, *, mixed: bool) -> bool:
    """Whether parts of these types can all become elements; `mixed` ones may stay dynamic."""
    if not items:
        return True
    if element is DYNAMIC:
        found = unify(items, unsafe=unsafe)
        if found is None:
            return False
        if found is DYNAMIC and not mixed:
            return all(item is DYNAMIC for item in items)
        element = found
    return all(fits(item, element, unsafe) for item in set(items))


def unify(types: Iterable[Type], *, unsafe: bool = True) -> Type | None:
    """The type that all of these can be converted to, the most general of them first; None if there is none.

    `unsafe` also takes conversions that may fail for some values. One `DYNAMIC` among collections gives `DYNAMIC`.
    """
    distinct = list(dict.fromkeys(types))
    if not distinct:
        return None
    if len(distinct) == 1:
        return distinct[0]
    done, found = _unify_kinds(distinct, unsafe)
    if done:
        return found
    for index in _preference(distinct):
        wanted = distinct[index]
        if all(each == wanted or convertible(each, wanted, unsafe) for each in distinct):
            return wanted
    return None


def _unify_kinds(types: list[Type], unsafe: bool) -> tuple[bool, Type | None]:
    """What follows from all types being of one kind, or of two that go together; first whether that decides."""
    counts: dict[type, int] = {}
    dynamic = 0
    for each in types:
        if each is DYNAMIC:
            dynamic += 1
        else:
            counts[each.__class__] = counts.get(each.__class__, 0) + 1
    kinds = set(counts)
    if len(kinds) == 1:
        (kind,) = kinds
        if kind in (MapType, ListType, SetType, ObjectType, TupleType) and dynamic:
            return True, DYNAMIC
        if kind in (MapType, ListType, SetType):
            element = unify([each.element for each in types], unsafe=unsafe)  # type: ignore[attr-defined]
            return True, None if element is None else kind(element)
        if kind is ObjectType:
            return True, _unify_objects([each for each in types if isinstance(each, ObjectType)], unsafe)
        if kind is TupleType:
            return True, _unify_tuples([each for each in types if isinstance(each, TupleType)], unsafe)
    elif kinds == {MapType, ObjectType}:
        as_map = _objects_to_map([each for each in types if isinstance(each, ObjectType)], unsafe)
        if as_map is not None:
            found = unify([as_map if isinstance(each, ObjectType) else each for each in types], unsafe=unsafe)
            if isinstance(found, MapType):
                return True, found
    elif kinds == {ListType, TupleType}:
        as_list = _tuples_to_list([each for each in types if isinstance(each, TupleType)], unsafe)
        if as_list is not None:
            found = unify([as_list if isinstance(each, TupleType) else each for each in types], unsafe=unsafe)
            if isinstance(found, ListType):
                return True, found
    elif ObjectType in kinds and TupleType in kinds:
        return True, None
    return False, None


def _unify_objects(types: list[ObjectType], unsafe: bool) -> Type | None:
    names = types[0].attributes.keys()
    if any(each.attributes.keys() != names for each in types):
        return _objects_to_map(types, unsafe)
    attributes: dict[str, Type] = {}
    for name in names:
        found = unify([each.attributes[name] for each in types], unsafe=unsafe)
        if found is None:
            return None
        attributes[name] = found
    wanted = ObjectType(attributes)
    if all(each == wanted or convertible(each, wanted, unsafe) for each in types):
        return wanted
    return _objects_to_map(types, unsafe)


def _objects_to_map(types: list[ObjectType], unsafe: bool) -> MapType | None:
    element = unify([item for each in types for item in each.attributes.values()], unsafe=unsafe)
    if element is None:
        return None
    wanted = MapType(element)
    return wanted if all(convertible(each, wanted, unsafe) for each in types) else None


def _unify_tuples(types: list[TupleType], unsafe: bool) -> Type | None:
    size = len(types[0].items)
    if any(len(each.items) != size for each in types):
        return _tuples_to_list(types, unsafe)
    items: list[Type] = []
    for index in range(size):
        found = unify([each.items[index] for each in types], unsafe=unsafe)
        if found is None:
            return None
        items.append(found)
    wanted = TupleType(items)
    if all(each == wanted or convertible(each, wanted, unsafe) for each in types):
        return wanted
    return _tuples_to_list(types, unsafe)


def _tuples_to_list(types: list[TupleType], unsafe: bool) -> ListType | None:
    element = unify([item for each in types for item in each.items], unsafe=unsafe)
    if element is None:
        return None
    wanted = ListType(element)
    return wanted if all(convertible(each, wanted, unsafe) for each in types) else None


def _preference(types: Sequence[Type]) -> list[int]:
    """Indexes of the types, more general ones before those they can stand for (a topological order)."""
    edges: list[list[int]] = [[] for _ in types]
    incoming = [0] * len(types)
    for i in range(len(types)):
        for j in range(i + 1, len(types)):
            order = _compare(types[i], types[j])
            if order < 0:
                edges[i].append(j)
                incoming[j] += 1
            elif order > 0:
                edges[j].append(i)
                incoming[i] += 1
    ready = [i for i, count in enumerate(incoming) if not count]
    for i in ready:
        for j in edges[i]:
            incoming[j] -= 1
            if not incoming[j]:
                ready.append(j)
    return ready


def _compare(a: Type, b: Type) -> int:
    """Below zero if `a` is the more general, above if `b` is, zero if neither."""
    if a is DYNAMIC or b is DYNAMIC:
        return (b is not DYNAMIC) - (a is not DYNAMIC)
    if is_primitive(a) and is_primitive(b):
        return (a != STRING) - (b != STRING) if STRING in (a, b) else 0
    for kind in (ListType, SetType, MapType):
        if isinstance(a, kind) and isinstance(b, kind):
            return _compare(a.element, b.element)
    if isinstance(a, ObjectType) and isinstance(b, ObjectType):
        if a.attributes.keys() != b.attributes.keys():
            return 0
        return _compare_all((item, b.attributes[name]) for name, item in a.attributes.items())
    if isinstance(a, TupleType) and isinstance(b, TupleType):
        if len(a.items) != len(b.items):
            return 0
        return _compare_all(zip(a.items, b.items, strict=True))
    ranks = {TupleType: 0, ListType: 1, SetType: 2}
    if a.__class__ in ranks and b.__class__ in ranks:
        # A set loses least by becoming a list or tuple's common form; cty prefers list over tuple, and these over set.
        order = {ListType: 0, TupleType: 1, SetType: 2}
        return order[a.__class__] - order[b.__class__]
    if isinstance(a, MapType) and isinstance(b, ObjectType):
        return -1
    if isinstance(a, ObjectType) and isinstance(b, MapType):
        return 1
    return 0


def _compare_all(pairs: Iterable[tuple[Type, Type]]) -> int:
    orders = {_compare(x, y) for x, y in pairs}
    if -1 in orders and 1 in orders:
        return 0
    return -1 if -1 in orders else 1 if 1 in orders else 0
