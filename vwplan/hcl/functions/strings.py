"""String functions, but for formatting and patterns."""

from __future__ import annotations

from collections.abc import Callable

from vwplan.hcl.evaluation.limits import LARGEST_VALUE
from vwplan.hcl.functions.arguments import sequence, text, whole, within_bounds
from vwplan.hcl.functions.model import ArgumentProblem, Arguments, Function, FunctionProblem, Parameter, pure
from vwplan.values import (
    BOOL,
    NUMBER,
    STRING,
    ListType,
    ListValue,
    Null,
    Refinement,
    Type,
    Unknown,
    Value,
    is_whole,
)
from vwplan.values.narrow import narrowed
from vwplan.values.text import clusters, normal
from vwplan.values.value import UNKNOWN_BOOL, UNKNOWN_STRING

_STRINGS = ListType(STRING)
_STR = Parameter("str", STRING)
_SPACE = "".join(
    map(
        chr,
        [*range(0x09, 0x0E), 0x20, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000],
    )
)
"""What Unicode counts as white space."""

_STRETCH = 1 << 16


def upper_letter(char: str) -> str:
    """One character in upper case, as one character: a sharp s stays what it is."""
    found = char.upper()
    if len(found) != 1:
        found = char.title()
    return found if len(found) == 1 else char


def lower_letter(char: str) -> str:
    """One character in lower case, as one character."""
    found = char.lower()
    return found if len(found) == 1 else found[0]


def upper(found: str) -> str:
    """The text in upper case, letter by letter."""
    return found.upper() if found.isascii() else _letterwise(found, upper_letter)


def lower(found: str) -> str:
    """The text in lower case, letter by letter."""
    return found.lower() if found.isascii() else _letterwise(found, lower_letter)


def _letterwise(found: str, change: Callable[[str], str]) -> str:
    """A text changed letter by letter; in stretches, because each letter takes much memory while it is by itself."""
    stretches = (found[at : at + _STRETCH] for at in range(0, len(found), _STRETCH))
    return normal("".join(["".join(map(change, stretch)) for stretch in stretches]))


def _title_letter(char: str) -> str:
    found = char.title()
    return found if len(found) == 1 else char


def title(found: str) -> str:
    """The text with the first letter of each word in title case. A word starts behind what is no letter or digit."""
    start = True

    def change(char: str) -> str:
        nonlocal start
        made = _title_letter(char) if start else char
        start = not (char.isalnum() or char == "_") if char.isascii() else char in _SPACE
        return made

    return _letterwise(found, change)


def _chomp(found: str) -> str:
    return found.rstrip("\r\n")


def _of_one(name: str, change: Callable[[str], str], *, dynamic: bool = False) -> Function:
    """A function of one string that gives a string."""
    parameter = Parameter("str", STRING, dynamic=dynamic)
    return pure(name, [parameter], STRING, lambda arguments, _: change(text(arguments[0])))


def _substr(arguments: Arguments, _: Type) -> Value:
    found, offset, length = text(arguments[0]), whole(arguments[1]), whole(arguments[2])
    parts = clusters(found)
    if offset < 0:
        offset += len(parts)
    elif length == 0:
        return ""
    offset = max(offset, 0)
    if length == 0:
        # With an offset from the end, a length of nothing stands for all the rest.
        length = len(parts)
    taken = parts[offset:] if length < 0 else parts[offset : offset + length]
    return normal("".join(taken))


def _indent(arguments: Arguments, _: Type) -> Value:
    spaces, found = whole(arguments[0]), text(arguments[1])
    if spaces < 0:
        raise ArgumentProblem(0, "it must not be negative")
    within_bounds(len(found) + spaces * found.count("\n"))
    return found.replace("\n", "\n" + " " * spaces) if "\n" in found else found


def _join(arguments: Arguments, _: Type) -> Value:
    separator, lists = text(arguments[0]), arguments[1:]
    if not lists:
        raise FunctionProblem("at least one list is required")
    if not all(map(is_whole, lists)):
        return UNKNOWN_STRING
    items: list[str] = []
    for at, each in enumerate(lists):
        for index, item in enumerate(sequence(each).items):
            if isinstance(item, Null):
                raise ArgumentProblem(at + 1, f"element {index} is null, which cannot be joined")
            items.append(text(item))
    within_bounds(sum(map(len, items)) + len(separator) * max(len(items) - 1, 0))
    return normal(separator.join(items))


def _split(arguments: Arguments, _: Type) -> Value:
    separator, found = text(arguments[0]), text(arguments[1])
    if (found.count(separator) if separator else len(found)) > LARGEST_VALUE:
        raise FunctionProblem("there would be too many parts")
    return ListValue(STRING, map(normal, found.split(separator)) if separator else list(found))


def _sort(arguments: Arguments, _: Type) -> Value:
    found = arguments[0]
    if isinstance(found, Unknown) or not is_whole(found):
        refined = found.refinement if isinstance(found, Unknown) else None
        least = refined.min_length if refined else len(sequence(found).items)
        most = refined.max_length if refined else least
        return narrowed(_STRINGS, Refinement(True, min_length=least, max_length=most))
    items = sequence(found).items
    for index, item in enumerate(items):
        if isinstance(item, Null):
            raise FunctionProblem(f"element {index} is null, which cannot be sorted")
    return ListValue(STRING, sorted(map(text, items)))


def _startswith(arguments: Arguments, _: Type) -> Value:
    found, prefix = arguments[0], text(arguments[1])
    if isinstance(found, Unknown):
        known = found.refinement.prefix
        if known.startswith(prefix):
            return True
        return False if known and len(known) >= len(prefix) else UNKNOWN_BOOL
    return text(found).startswith(prefix)


def _strip(found: str, cutset: str) -> str:
    return normal(found.strip(cutset)) if cutset else found


def _of_two(name: str, first: str, second: str, change: Callable[[str, str], Value], result: Type) -> Function:
    """A function of two strings."""
    parameters = [Parameter(first, STRING), Parameter(second, STRING)]
    return pure(name, parameters, result, lambda arguments, _: change(text(arguments[0]), text(arguments[1])))


FUNCTIONS = [
    _of_one("chomp", _chomp),
    _of_two("endswith", "str", "suffix", str.endswith, BOOL),
    pure("indent", [Parameter("spaces", NUMBER), _STR], STRING, _indent),
    pure("join", [Parameter("separator", STRING)], STRING, _join, Parameter("lists", _STRINGS)),
    _of_one("lower", lower, dynamic=True),
    pure("sort", [Parameter("list", _STRINGS, unknown=True)], _STRINGS, _sort),
    pure("split", [Parameter("separator", STRING), _STR], _STRINGS, _split),
    pure("startswith", [Parameter("str", STRING, unknown=True), Parameter("prefix", STRING)], BOOL, _startswith),
    _of_two("strcontains", "str", "substr", lambda found, part: part in found, BOOL),
    _of_one("strrev", lambda found: normal("".join(reversed(clusters(found)))), dynamic=True),
    pure("substr", [_STR, Parameter("offset", NUMBER), Parameter("length", NUMBER)], STRING, _substr),
    _of_one("title", title),
    _of_two("trim", "str", "cutset", _strip, STRING),
    _of_two("trimprefix", "str", "prefix", lambda found, part: normal(found.removeprefix(part)), STRING),
    _of_one("trimspace", lambda found: normal(found.strip(_SPACE))),
    _of_two("trimsuffix", "str", "suffix", lambda found, part: normal(found.removesuffix(part)), STRING),
    _of_one("upper", upper, dynamic=True),
]
