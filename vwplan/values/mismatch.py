"""Why a value of one type cannot be converted to another, in words; and the way to a part of a value, in words."""

from __future__ import annotations

import json
import re

from vwplan.values.types import DYNAMIC, ListType, MapType, ObjectType, SetType, TupleType, Type
from vwplan.values.unify import convertible

Path = tuple[int | str, ...]
"""The way to a part of a value: indexes, keys and attribute names."""

_NAME = re.compile(r"[^\W\d][\w-]*+")


def path_text(path: Path) -> str:
    """The path as written behind a value: `.name`, `[0]`, `["a key"]`."""
    out = []
    for step in path:
        if isinstance(step, str) and _NAME.fullmatch(step):
            out.append(f".{step}")
        elif isinstance(step, str):
            out.append(f"[{json.dumps(step, ensure_ascii=False)}]")
        else:
            out.append(f"[{step}]")
    return "".join(out)


def a(type: Type) -> str:
    """The type with its article, as in "a list of string"."""
    return f"an {type.friendly}" if type.friendly[0] in "aeiou" else f"a {type.friendly}"


def mismatch(have: Type, wanted: Type) -> str:
    """What is wrong with a value of type `have` where one of type `wanted` is needed."""
    if isinstance(have, ObjectType) and isinstance(wanted, ObjectType):
        return _objects(have, wanted)
    if isinstance(have, TupleType) and isinstance(wanted, TupleType):
        return _tuples(have, wanted)
    if isinstance(have, TupleType) and isinstance(wanted, ListType | SetType):
        return _parts(list(enumerate(have.items)), wanted)
    if isinstance(have, ObjectType) and isinstance(wanted, MapType):
        return _parts(list(have.attributes.items()), wanted)
    collections = (ListType, SetType, MapType)
    if isinstance(have, collections) and isinstance(wanted, collections):
        both_maps = isinstance(have, MapType) == isinstance(wanted, MapType)
        if both_maps and not convertible(have.element, wanted.element):
            return f"the {wanted.word} has wrong elements: {mismatch(have.element, wanted.element)}"
    return f"{a(wanted)} is required, not {a(have)}"


def _objects(have: ObjectType, wanted: ObjectType) -> str:
    missing = sorted(wanted.attributes.keys() - have.attributes.keys() - wanted.optional)
    if missing:
        names = [f'"{name}"' for name in missing]
        if len(names) == 1:
            return f"attribute {names[0]} is required"
        return f"attributes {', '.join(names[:-1])} and {names[-1]} are required"
    for name, want in wanted.attributes.items():
        got = have.attributes.get(name)
        if got is not None and got != want and not convertible(got, want):
            return f'attribute "{name}": {mismatch(got, want)}'
    return "the attributes are not those required"


def _tuples(have: TupleType, wanted: TupleType) -> str:
    if len(have.items) != len(wanted.items):
        noun = "element" if len(wanted.items) == 1 else "elements"
        return f"a tuple of {len(wanted.items)} {noun} is required, and this one has {len(have.items)}"
    for at, (got, want) in enumerate(zip(have.items, wanted.items, strict=True)):
        if got != want and not convertible(got, want):
            return f"element {at}: {mismatch(got, want)}"
    return "the elements are not those required"


def _parts(parts: list[tuple[int, Type]] | list[tuple[str, Type]], wanted: ListType | SetType | MapType) -> str:
    if wanted.element is DYNAMIC:
        return f"all elements of a {wanted.word} must have the same type"
    for key, got in parts:
        if got != wanted.element and not convertible(got, wanted.element):
            shown = json.dumps(key, ensure_ascii=False)
            return f"element {shown}: {mismatch(got, wanted.element)}"
    return f"all elements must be {wanted.element.friendly}"
