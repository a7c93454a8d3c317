"""`format` and `formatlist`: verbs as Go's fmt has them, counting grapheme clusters."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import NamedTuple

from vwplan.hcl.functions.arguments import SEQUENCES, text, within_bounds
from vwplan.hcl.functions.json_text import json_string, json_text
from vwplan.hcl.functions.model import ArgumentProblem, Arguments, FunctionProblem, Parameter, pure
from vwplan.values import (
    BOOL,
    DYNAMIC,
    NUMBER,
    STRING,
    ConversionError,
    ListType,
    ListValue,
    Null,
    Number,
    Refinement,
    Type,
    Unknown,
    Value,
    convert,
    is_whole,
    type_of,
)
from vwplan.values.decimals import number_exponent, number_fixed, number_general
from vwplan.values.numbers import whole_text
from vwplan.values.text import cluster_count, clusters, normal
from vwplan.values.types import SetType, TupleType
from vwplan.values.value import UNKNOWN_STRING

_VERB = re.compile(
    r"""
    % (?P<flags>[0#\-+ ]*+) (?>(?P<width>[1-9][0-9]*+)?) (?>(?:\.(?P<precision>[0-9]*+))?)
    (?>(?:\[(?P<index>[1-9][0-9]*+)\])?) (?P<verb>[a-zA-Z])
    """,
    re.ASCII | re.VERBOSE,
)
_WIDEST = 1 << 20


class Verb(NamedTuple):
    """One verb of a format: its text, where it stands, and what it asks for."""

    raw: str
    offset: int
    letter: str
    flags: str
    width: int
    precision: int | None


def formatted(pattern: str, arguments: Arguments) -> str:
    """The format with its verbs replaced by the arguments; problems name the verb, or the surplus argument."""
    out: list[str] = []
    at, following, highest, size = 0, 1, 0, 0
    while True:
        percent = pattern.find("%", at)
        if percent < 0:
            out.append(pattern[at:])
            break
        out.append(pattern[at:percent])
        if pattern.startswith("%%", percent):
            out.append("%")
            at = percent + 2
            continue
        found = _VERB.match(pattern, percent)
        if found is None:
            raise FunctionProblem(
                f'the format has no valid verb at offset {percent}: "{pattern[percent : percent + 6]}"'
            )
        at = found.end()
        index = int(found["index"]) if found["index"] and len(found["index"]) < 7 else following
        if found["index"] and len(found["index"]) >= 7:
            raise FunctionProblem(f'the verb "{found[0]}" asks for an argument that is not there')
        following, highest = index + 1, max(highest, index)
        if len(found["width"] or "") > 7 or len(found["precision"] or "") > 7:
            raise FunctionProblem(f'the verb "{found[0]}" asks for too wide a field')
        precision = int(found["precision"] or 0) if found["precision"] is not None else None
        verb = Verb(found[0], percent, found["verb"], found["flags"], int(found["width"] or 0), precision)
        if max(verb.width, verb.precision or 0) > _WIDEST:
            raise FunctionProblem(f'the verb "{verb.raw}" asks for too wide a field')
        if index > len(arguments):
            raise FunctionProblem(f'the verb "{verb.raw}" asks for argument {index}, and there {_are(len(arguments))}')
        made = _one(verb, arguments[index - 1])
        out.append(made)
        size += len(made)
        within_bounds(size)
    if highest < len(arguments):
        reason = f"the format uses only {highest} arguments" if highest else "the format has no verb"
        raise ArgumentProblem(highest + 1, f"it is one too many: {reason}")
    return normal("".join(out))


def _one(verb: Verb, value: Value) -> str:
    if isinstance(value, Null) and verb.letter != "v":
        raise FunctionProblem(f'null cannot be formatted by "{verb.raw}"')
    try:
        if verb.letter == "v":
            return _as_is(verb, value)
        if verb.letter == "t":
            return "true" if convert(value, BOOL) else "false"
        if verb.letter in "bdoxX":
            return _integer(verb, convert(value, NUMBER))
        if verb.letter in "eEfgG":
            return _decimal(verb, convert(value, NUMBER))
        if verb.letter in "sq":
            return _string(verb, text(convert(value, STRING)))
    except ConversionError as error:
        raise FunctionProblem(f'the value for "{verb.raw}" is unsuitable: {error}') from None
    raise FunctionProblem(f'the verb "{verb.raw}" is not supported')


def _as_is(verb: Verb, value: Value) -> str:
    if "#" not in verb.flags:
        if isinstance(value, str):
            return _padded(verb, value)
        if isinstance(value, int | Fraction) and not isinstance(value, bool):
            return _padded(verb, number_general(value, None))
    return _padded(verb, json_text(value))


def _string(verb: Verb, value: str) -> str:
    if verb.precision:
        value = "".join(clusters(value)[: verb.precision])
    return _padded(verb, json_string(value) if verb.letter == "q" else value)


def _padded(verb: Verb, value: str) -> str:
    missing = verb.width - cluster_count(value)
    if missing <= 0:
        return value
    pad = ("0" if "0" in verb.flags else " ") * missing
    return value + pad if "-" in verb.flags else pad + value


def _sign(verb: Verb, negative: bool) -> str:
    return "-" if negative else "+" if "+" in verb.flags else " " if " " in verb.flags else ""


_BASES = {"b": ("b", "0b"), "o": ("o", "0"), "x": ("x", "0x"), "X": ("X", "0X")}


def _integer(verb: Verb, value: Value) -> str:
    if not isinstance(value, int):
        raise FunctionProblem(f'the value for "{verb.raw}" is unsuitable: a whole number is required')
    letter, prefix = _BASES.get(verb.letter, ("d", ""))
    digits = whole_text(abs(int(value))) if letter == "d" else format(abs(int(value)), letter)
    prefix = prefix if "#" in verb.flags else ""
    sign = _sign(verb, value < 0)
    if verb.precision is not None:
        if digits == "0" and not verb.precision:
            return ""
        digits = digits.rjust(verb.precision, "0")
    missing = verb.width - len(sign) - len(prefix) - len(digits)
    if missing > 0:
        if "-" in verb.flags:
            return f"{sign}{prefix}{digits}{' ' * missing}"
        if "0" in verb.flags and verb.precision is None:
            return f"{sign}{prefix}{'0' * missing}{digits}"
        return f"{' ' * missing}{sign}{prefix}{digits}"
    return f"{sign}{prefix}{digits}"


def _decimal(verb: Verb, value: Value) -> str:
    assert isinstance(value, int | Fraction)
    size: Number = -value if value < 0 else value
    if verb.letter == "f":
        digits = number_fixed(size, 6 if verb.precision is None else verb.precision)
    elif verb.letter in "eE":
        digits = number_exponent(size, 6 if verb.precision is None else verb.precision, verb.letter)
    else:
        digits = number_general(size, verb.precision, "e" if verb.letter == "g" else "E")
    sign = _sign(verb, value < 0)
    missing = max(verb.width - len(sign) - len(digits), 0)
    if "0" in verb.flags:
        return f"{sign}{'0' * missing}{digits}"
    if "-" in verb.flags:
        return f"{sign}{digits}{' ' * missing}"
    return f"{' ' * missing}{sign}{digits}"


def _format_type(arguments: Arguments) -> Type:
    return DYNAMIC if _strange(arguments) else STRING


def _formatlist_type(arguments: Arguments) -> Type:
    return DYNAMIC if _strange(arguments) else ListType(STRING)


def _strange(arguments: Arguments) -> bool:
    return any(isinstance(argument, Unknown) and argument.type is DYNAMIC for argument in arguments)


def _format(arguments: Arguments, type: Type) -> Value:
    if type is DYNAMIC:
        return Unknown(DYNAMIC)
    pattern, rest = text(arguments[0]), arguments[1:]
    if not all(map(is_whole, rest)):
        percent = pattern.find("%")
        prefix = pattern[: percent - 1] if percent > 0 else ""
        return Unknown(STRING, Refinement(True, prefix=prefix))
    return formatted(pattern, rest)


def _formatlist(arguments: Arguments, type: Type) -> Value:
    if type is DYNAMIC:
        return Unknown(DYNAMIC)
    pattern, rest = text(arguments[0]), arguments[1:]
    if not rest:
        return ListValue(STRING, [formatted(pattern, [])])
    length = chooser = -1
    unknown = False
    for at, argument in enumerate(rest):
        have = type_of(argument)
        if isinstance(argument, Unknown):
            unknown = unknown or have is DYNAMIC or isinstance(have, ListType | SetType | TupleType)
            size = len(have.items) if isinstance(have, TupleType) else -1
        elif isinstance(argument, SEQUENCES):
            open_set = isinstance(have, SetType) and len(argument.items) > 1 and not is_whole(argument)
            unknown = unknown or open_set
            size = -1 if open_set else len(argument.items)
        else:
            continue
        if size >= 0:
            if length < 0:
                length, chooser = size, at
            elif size != length:
                reason = f"it has {size} elements, and the argument {chooser + 1} has {length}"
                raise ArgumentProblem(at + 1, reason)
    if unknown:
        return Unknown(type, Refinement(not_null=True))
    made: list[Value] = []
    total = 0
    for index in range(1 if length < 0 else length):
        row = [each.items[index] if isinstance(each, SEQUENCES) else each for each in rest]
        if not all(map(is_whole, row)):
            made.append(UNKNOWN_STRING)
            continue
        try:
            one = formatted(pattern, row)
            total += len(one)
            within_bounds(total)
            made.append(one)
        except ArgumentProblem:
            raise
        except FunctionProblem as problem:
            raise FunctionProblem(f"at element {index}: {problem}") from None
    return ListValue(STRING, made)


_ARGS = Parameter("args", null=True, unknown=True, dynamic=True)

FUNCTIONS = [
    pure("format", [Parameter("format", STRING)], _format_type, _format, _ARGS),
    pure("formatlist", [Parameter("format", STRING)], _formatlist_type, _formatlist, _ARGS),
]


def _are(count: int) -> str:
    return "is 1" if count == 1 else f"are {count or 'none'}"
