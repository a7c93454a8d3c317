"""Regular expressions, by RE2, which no pattern can make run away."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from vwplan.hcl.functions.arguments import text, within_bounds
from vwplan.hcl.functions.model import ArgumentProblem, Arguments, FunctionProblem, Parameter, pure
from vwplan.values import (
    DYNAMIC,
    STRING,
    UNKNOWN,
    ListType,
    ListValue,
    Null,
    ObjectType,
    ObjectValue,
    TupleType,
    TupleValue,
    Type,
    Unknown,
    Value,
)
from vwplan.values.text import normal

_STRING_NULL = Null(STRING)

MOST_MATCHES = 500_000
"""How many matches of a pattern are gone through."""

LONGEST_SEARCH = 5.0
"""Seconds of processor time within which all matches of a pattern must be found.

One search takes time in proportion to the text, but each of very many may look to its end: `x*y|.` in a text of `x`.
"""

MOST_STEPS = 1_000_000_000
"""The most steps that one search may need, which nothing can stop: each byte of the text through the whole pattern.

Most patterns take a small part of that; at the worst it is three or four seconds.
"""

_LONG = 1 << 14
"""Texts that are longer have the time looked at after every match, as each may take a while."""


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> Any:
    """RE2's own form of the pattern; `ValueError` says what is wrong with it."""
    import re2  # Only a spec that has patterns pays for it.

    options = re2.Options()
    options.log_errors = False
    options.max_mem = 64 << 20
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0]
        raise ValueError(reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)) from None


_PIECE = re.compile(r"\\Q.*?(?:\\E|\Z)|\\(.)|\[\^?\]?(?>(?:\[:\^?\w+:\]|\\.|[^\]\\])*)\]|\(\?P?<(\w+)>", re.DOTALL)
"""What may hold a parenthesis without opening a group, and what opens a group with a name."""


@lru_cache(maxsize=512)
def _names(pattern: str) -> tuple[str, ...]:
    """The names of groups in order; one may be there twice, and the last one counts."""
    return tuple(found[2] for found in _PIECE.finditer(pattern) if found[2])


def _pattern(pattern: str) -> Any:
    """The compiled pattern; `ValueError` says what is wrong with it."""
    if any(found[1] == "C" for found in _PIECE.finditer(pattern)):
        raise ValueError("\\C, a single byte, is not supported")
    return _compiled(pattern)


def _matches(pattern: Any, found: str) -> Iterator[Any]:
    """Every match from left to right; none of nothing right behind another. `FunctionProblem` where there are too many."""
    _bounded(pattern, found)
    previous, count = -1, 0
    every = 0 if len(found) > _LONG else 63
    until = time.thread_time() + LONGEST_SEARCH
    for match in pattern.finditer(found):
        start, end = match.span()
        if not (start == end == previous):
            count += 1
            if count > MOST_MATCHES:
                raise FunctionProblem(f"the pattern matches more than {MOST_MATCHES:,} times")
            if not count & every and time.thread_time() > until:
                raise FunctionProblem("finding every match of the pattern in a text of this length takes too long")
            yield match
        previous = end


def _bounded(pattern: Any, found: str) -> None:
    """`FunctionProblem` where one search might take very long."""
    if pattern.programsize * len(found) * (1 if found.isascii() else 4) > MOST_STEPS:
        raise FunctionProblem("searching a text of this length for a pattern of this size may take too long")


def _result_type(pattern: str, index: int) -> Type:
    """What a match is given as: a string, or a tuple or object of its groups."""
    try:
        compiled = _pattern(pattern)
    except ValueError as error:
        raise ArgumentProblem(index, f"it is no valid pattern of RE2: {error}") from None
    names = _names(pattern)
    if not compiled.groups:
        return STRING
    if not names:
        return TupleType([STRING] * compiled.groups)
    if len(names) < compiled.groups:
        raise ArgumentProblem(index, "it has groups with and without names: give all of them one, or none")
    return ObjectType(dict.fromkeys(names, STRING))


def _result(match: Any, type: Type) -> Value:
    if isinstance(type, TupleType):
        return TupleValue([_group(group) for group in match.groups()])
    if isinstance(type, ObjectType):
        return ObjectValue(dict(zip(_names(match.re.pattern), map(_group, match.groups()), strict=True)))
    return normal(match.group(0))


def _group(group: str | None) -> Value:
    return _STRING_NULL if group is None else normal(group)


def _regex_type(arguments: Arguments) -> Type:
    return DYNAMIC if isinstance(arguments[0], Unknown) else _result_type(text(arguments[0]), 0)


def _regex(arguments: Arguments, type: Type) -> Value:
    if type is DYNAMIC:
        return UNKNOWN
    pattern, found = _pattern(text(arguments[0])), text(arguments[1])
    _bounded(pattern, found)
    match = pattern.search(found)
    if match is None:
        raise FunctionProblem("the pattern matches no part of the string")
    return _result(match, type)


def _regexall_type(arguments: Arguments) -> Type:
    return ListType(_regex_type(arguments))


def _regexall(arguments: Arguments, type: Type) -> Value:
    assert isinstance(type, ListType)
    matches = _matches(_pattern(text(arguments[0])), text(arguments[1]))
    return ListValue(type.element, [_result(match, type.element) for match in matches])


_REFERENCE = re.compile(r"\$(?:(\$)|(\w++)|\{(\w++)\})")


def _expanded(template: str, match: Any) -> str:
    """A replacement with `$1`, `$name` and `${name}` replaced by groups, and `$$` by a dollar sign."""

    def one(reference: re.Match[str]) -> str:
        if reference[1]:
            return "$"
        name = reference[2] or reference[3]
        if name.isascii() and name.isdecimal() and (name == "0" or name[0] != "0"):
            at = int(name) if len(name) < 5 else -1
            found = match.group(at) if 0 <= at <= match.re.groups else None
        else:
            found = match.group(name) if name in match.re.groupindex else None
        return found or ""

    return _REFERENCE.sub(one, template)


def _replace(arguments: Arguments, _: Type) -> Value:
    found, part, template = map(text, arguments)
    if not (len(part) > 1 and part[0] == part[-1] == "/"):
        within_bounds(len(found) + (found.count(part) if part else len(found) + 1) * (len(template) - len(part)))
        return normal(found.replace(part, template))
    try:
        pattern = _pattern(part[1:-1])
    except ValueError as error:
        raise FunctionProblem(f'"{part}" is no valid pattern of RE2: {error}') from None
    out: list[str] = []
    at = size = 0
    for match in _matches(pattern, found):
        start, end = match.span()
        out.append(found[at:start])
        made = _expanded(template, match)
        out.append(made)
        at = end
        size += len(made)
        within_bounds(size)
    out.append(found[at:])
    return normal("".join(out))


_PATTERN, _IN = Parameter("pattern", STRING), Parameter("string", STRING)

FUNCTIONS = [
    pure("regex", [_PATTERN, _IN], _regex_type, _regex),
    pure("regexall", [_PATTERN, _IN], _regexall_type, _regexall),
    pure(
        "replace",
        [Parameter("str", STRING), Parameter("substr", STRING), Parameter("replace", STRING)],
        STRING,
        _replace,
    ),
]
