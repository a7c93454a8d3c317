"""Values at the console: as `terraform console` prints them, with types told where brackets alone would not tell."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from vwplan.render.theme import harmless
from vwplan.values import (
    DYNAMIC,
    SENSITIVE,
    ListValue,
    MapValue,
    Marked,
    Null,
    ObjectValue,
    SetValue,
    TupleValue,
    Unknown,
    Value,
    number_text,
)
from vwplan.values.sets import quoted
from vwplan.values.types import BOOL, NUMBER, STRING, ListType, MapType, ObjectType, SetType, TupleType, Type

LATE = "(known after apply)"
HIDDEN = "(sensitive value)"
PASSING = "(ephemeral value)"


def console_text(value: Value, *, safe: bool = False) -> str:
    """A value as text, of more than one line where it holds others or a text of several lines; without a line end.

    With `safe`, what could move a terminal's cursor is made visible within such texts too. `RecursionError` for a value that
    is nested too deeply.
    """
    out: list[str] = []
    _write(value, 0, out, harmless if safe else str)
    return "".join(out)


def _write(value: Value, indent: int, out: list[str], show: Callable[[str], str]) -> None:
    match value:
        case Marked():
            # That it is unknown gives nothing away.
            marked = HIDDEN if SENSITIVE in value.marks else PASSING
            out.append(LATE if isinstance(value.value, Unknown) else marked)
        case str():
            _write_string(value, indent, out, show)
        case bool():
            out.append("true" if value else "false")
        case int() | Fraction():
            out.append(number_text(value))
        case Unknown():
            out.append(LATE)
        case Null():
            out.append(_null(value.type))
        case ListValue():
            _write_sequence("tolist([", value.items, "])", indent, out, show)
        case SetValue():
            _write_sequence("toset([", value.items, "])", indent, out, show)
        case TupleValue():
            _write_sequence("[", value.items, "]", indent, out, show)
        case MapValue():
            _write_mapping("tomap({", value, "})", indent, out, show)
        case ObjectValue():
            _write_mapping("{", value, "}", indent, out, show)


def _write_string(text: str, indent: int, out: list[str], show: Callable[[str], str]) -> None:
    """A string in quotes; one of several lines as a heredoc, whose marker none of its lines is."""
    lines = text.split("\n")
    if len(lines) == 1:
        out.append(quoted(text))
        return
    marker, taken = "EOT", {line.strip() for line in lines}
    while marker in taken:
        marker += "_"
    pad = "\n" + " " * indent
    out.append(f"{'<<-' if indent else '<<'}{marker}")
    for line in lines:
        out += (pad, show(line))
    out += (pad, marker)


def _write_sequence(
    opening: str, items: tuple[Value, ...], closing: str, indent: int, out: list[str], show: Callable[[str], str]
) -> None:
    out.append(opening)
    pad = "\n" + " " * (indent + 2)
    for item in items:
        out.append(pad)
        _write(item, indent + 2, out, show)
        out.append(",")
    if items:
        out.append("\n" + " " * indent)
    out.append(closing)


def _write_mapping(
    opening: str,
    value: MapValue | ObjectValue,
    closing: str,
    indent: int,
    out: list[str],
    show: Callable[[str], str],
) -> None:
    out.append(opening)
    pad = "\n" + " " * (indent + 2)
    for key, item in value.items.items():
        out.append(pad)
        _write_string(key, indent + 2, out, show)
        out.append(" = ")
        _write(item, indent + 2, out, show)
    if value.items:
        out.append("\n" + " " * indent)
    out.append(closing)


_CONVERSIONS = {STRING: "tostring", NUMBER: "tonumber", BOOL: "tobool"}


def _null(type: Type) -> str:
    """The absence of a value, with its type where there is one to tell."""
    if type is DYNAMIC:
        return "null"
    match type:
        case ListType() | SetType() | MapType():
            return f"to{type.word}(null) /* of {type.element.short} */"
        case ObjectType() | TupleType():
            return f"null /* {type.short} */"
    conversion = _CONVERSIONS.get(type)  # type: ignore[call-overload]
    return f"{conversion}(null)" if conversion else "null"
