"""Sets: elements each once and in their standing order, which is that of Terraform."""

from __future__ import annotations

import functools
from collections.abc import Hashable, Iterable
from fractions import Fraction

from vwplan.values.decimals import number_general
from vwplan.values.types import BOOL, NUMBER, STRING, Type
from vwplan.values.value import (
    ListValue,
    MapValue,
    Marked,
    Null,
    ObjectValue,
    SetValue,
    TupleValue,
    Unknown,
    Unmarked,
    Value,
    mark,
    unmark_deep,
)


def set_value(element: Type, items: Iterable[Value]) -> SetValue | Marked:
    """A set of the items, which must all be of type `element`. Their marks, at any depth, become the set's own."""
    marks: frozenset[str] = frozenset()
    seen: dict[Hashable, Unmarked] = {}
    for item in items:
        bare, own = unmark_deep(item)
        if own:
            marks |= own
        seen.setdefault(identity(bare), bare)
    made = SetValue(element, tuple(in_set_order(element, list(seen.values()))))
    return mark(made, marks) if marks else made  # type: ignore[return-value]


def identity(value: Unmarked) -> Hashable:
    """What two values have in common just if they are equal in a set: nulls of any type are, unknown values never."""
    match value:
        case str():
            return value
        case bool():
            return ("bool", value)
        case int() | Fraction():
            return ("number", value)
        case Null():
            return ("null",)
        case Unknown():
            return object()
        case ListValue() | SetValue():
            return (value.__class__.__name__, value.element, tuple(identity(item) for item in value.items))  # type: ignore[arg-type]
        case TupleValue():
            return ("tuple", tuple(identity(item) for item in value.items))  # type: ignore[arg-type]
        case MapValue() | ObjectValue():
            parts = tuple((key, identity(item)) for key, item in value.items.items())  # type: ignore[arg-type]
            return (value.__class__.__name__, parts)
    raise TypeError("not an unmarked value")


def in_set_order(element: Type, items: list[Unmarked]) -> list[Unmarked]:
    """The items as a set has them: known ones by size or alphabet, then unknown ones, then null."""
    if len(items) < 2:
        return items
    known = [item for item in items if not isinstance(item, Null | Unknown)]
    rest = [item for item in items if isinstance(item, Unknown)] + [item for item in items if isinstance(item, Null)]
    if element in (STRING, NUMBER, BOOL):
        known.sort()
    else:
        known.sort(key=_order_text)
    return known + rest


def _order_text(value: Value) -> str:
    out: list[str] = []
    _append_order_text(value, out)
    return "".join(out)


def _append_order_text(value: Value, out: list[str]) -> None:
    match value:
        case Unknown():
            out.append("?")
        case Null():
            out.append("~")
        case bool():
            out.append("T" if value else "F")
        case int() | Fraction():
            out.append(number_general(value, 10))
        case str():
            out.append(quoted(value))
        case MapValue():
            out.append("{")
            for key, item in value.items.items():
                out.append(quoted(key) + ":")
                _append_order_text(item, out)
                out.append(";")
            out.append("}")
        case ListValue() | SetValue():
            _append_all("[", value.items, "]", out)
        case TupleValue():
            _append_all("<", value.items, ">", out)
        case ObjectValue():
            _append_all("<", value.items.values(), ">", out)


def _append_all(left: str, items: Iterable[Value], right: str, out: list[str]) -> None:
    out.append(left)
    for item in items:
        _append_order_text(item, out)
        out.append(";")
    out.append(right)


_SHORT = {7: "\\a", 8: "\\b", 12: "\\f", 10: "\\n", 13: "\\r", 9: "\\t", 11: "\\v", 92: "\\\\", 34: '\\"'}


@functools.lru_cache(maxsize=4096)
def quoted(text: str) -> str:
    """The text in double quotes with what is not printable escaped, as Go quotes a string."""
    if text.isascii() and text.isprintable() and "\\" not in text and '"' not in text:
        return f'"{text}"'
    out = ['"']
    for char in text:
        code = ord(char)
        if code in _SHORT:
            out.append(_SHORT[code])
        elif char.isprintable():
            out.append(char)
        elif code < 0x80:
            out.append(f"\\x{code:02x}")
        elif code < 0x10000:
            out.append(f"\\u{code:04x}")
        else:
            out.append(f"\\U{code:08x}")
    out.append('"')
    return "".join(out)
