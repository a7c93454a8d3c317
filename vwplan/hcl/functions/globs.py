"""File patterns as `fileset` takes them: `*`, `**`, `?`, `[a-z]`, `{a,b}`."""

from __future__ import annotations

import re
from functools import lru_cache


class GlobError(ValueError):
    """A malformed pattern."""


@lru_cache(maxsize=256)
def compile_glob(pattern: str) -> re.Pattern[str]:
    """The pattern that matches whole relative paths with slashes; `GlobError` if it is malformed."""
    translated, at = _translate(pattern, 0, depth=0)
    assert at == len(pattern)
    return re.compile(translated, re.DOTALL)


def _translate(pattern: str, at: int, depth: int) -> tuple[str, int]:
    out: list[str] = []
    while at < len(pattern):
        char = pattern[at]
        if char == "*":
            whole = pattern.startswith("**", at) and (at == 0 or pattern[at - 1] in "/{,")
            if whole and pattern.startswith("**/", at):
                out.append("(?>(?:[^/]+/)*)")
                at += 3
                continue
            if whole and at + 2 == len(pattern):
                out.append(".*")
                at += 2
                continue
            while at < len(pattern) and pattern[at] == "*":
                at += 1
            out.append("[^/]*")
            continue
        at += 1
        if char == "?":
            out.append("[^/]")
        elif char == "[":
            text, at = _class(pattern, at)
            out.append(text)
        elif char == "{":
            text, at = _alternatives(pattern, at, depth + 1)
            out.append(text)
        elif char in ",}" and depth:
            return "".join(out), at - 1
        elif char == "\\":
            if at == len(pattern):
                raise GlobError("the pattern ends in a backslash")
            out.append(re.escape(pattern[at]))
            at += 1
        else:
            out.append(re.escape(char))
    if depth:
        raise GlobError("a brace in the pattern is not closed")
    return "".join(out), at


def _alternatives(pattern: str, at: int, depth: int) -> tuple[str, int]:
    found: list[str] = []
    while True:
        text, at = _translate(pattern, at, depth)
        found.append(text)
        at += 1
        if pattern[at - 1] == "}":
            return f"(?:{'|'.join(found)})", at


def _class(pattern: str, at: int) -> tuple[str, int]:
    negated = at < len(pattern) and pattern[at] == "^"
    at += negated
    items: list[str] = []
    while True:
        if at >= len(pattern):
            raise GlobError("a bracket in the pattern is not closed")
        if pattern[at] == "]" and items:
            break
        low, at = _class_char(pattern, at)
        if pattern.startswith("-", at) and not pattern.startswith("-]", at):
            high, at = _class_char(pattern, at + 1)
            if high < low:
                raise GlobError("a range in the pattern ends before it starts")
            items.append(f"{re.escape(low)}-{re.escape(high)}")
        else:
            items.append(re.escape(low))
    body = "".join(items)
    return (f"(?!/)[^{body}]" if negated else f"(?!/)[{body}]"), at + 1


def _class_char(pattern: str, at: int) -> tuple[str, int]:
    if pattern[at : at + 1] == "\\":
        at += 1
    if at >= len(pattern):
        raise GlobError("a bracket in the pattern is not closed")
    return pattern[at], at + 1
