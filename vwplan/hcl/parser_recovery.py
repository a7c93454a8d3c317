"""Where to read on after a syntax error, and which brace was probably left open."""

from __future__ import annotations

import re

from vwplan.hcl.lexer import scan

_OPENERS = frozenset({"{", "[", "(", "quote", "heredoc", "interpolation", "directive"})
_CLOSERS = frozenset({"}", "]", ")", "unquote", "unheredoc", "close"})
_ITEM = re.compile(r'([ \t]*+)(?:[A-Za-z_][A-Za-z0-9_-]*+[ \t]*+(?:=(?![=>])|[{"A-Za-z_])|(\}))')


def _indent(text: str, at: int) -> int:
    """How many characters of space the line of `at` starts with."""
    start = text.rfind("\n", 0, at) + 1
    line = text[start : start + 1000]
    return len(line) - len(line.lstrip(" \t"))


def next_item(text: str, origin: int, reached: int, *, nested: bool) -> int:
    """Where to read on when the item that starts at `origin` could not be read past `reached`.

    That is the next line outside brackets; or, where a bracket seems to have been left open, a line that is indented no
    deeper than the item and looks like another one; or, in a `nested` body, the brace that closes it on the same line.
    Never before `reached` if that is beyond the line it would be; see `BodyParser.recovered`.
    """
    depth = 0
    indent = _indent(text, origin)
    for token in scan(text, origin):
        kind = token.kind
        if kind in _OPENERS:
            depth += 1
        elif kind in _CLOSERS:
            if depth == 0 and kind == "}" and nested and token.start >= reached:
                return token.start
            depth -= depth > 0
        elif kind == "end":
            break
        elif text[token.end - 1] == "\n" and kind in ("newline", "comment"):
            if depth == 0 and token.end > reached:
                return token.end
            if depth and (item := _ITEM.match(text, token.end)) is not None:
                column = len(item[1])
                if column < indent or (column == indent and item[2] is None):
                    return token.end
    return len(text)


def unclosed_brace(text: str, start: int) -> int:
    """The opening brace from `start` on that was left open, judged by indentation; -1 where that tells nothing."""
    opened: list[tuple[int, int]] = []
    fresh = True
    for token in scan(text, start):
        if token.kind == "{":
            opened.append((token.start, _indent(text, token.start)))
        elif token.kind == "}" and opened:
            at, indent = opened.pop()
            if fresh and _indent(text, token.start) < indent:
                return at
        fresh = text[token.end - 1 : token.end] == "\n"
    return -1
