"""Where to read on after a syntax error, and which brace was probably left open."""

from __future__ import annotations

import re

from vwplan.hcl.lexer import NAME_PATTERN, scan

_OPENERS = frozenset({"{", "[", "(", "quote", "heredoc", "interpolation", "directive"})
_CLOSERS = frozenset({"}", "]", ")", "unquote", "unheredoc", "close"})
_ITEM = (
    rf'([ \t]*+)(?:{NAME_PATTERN}(?:[ \t]*+=(?![=>])|(?>(?:[ \t]*+(?:"[^"\n]*+"|{NAME_PATTERN}))*)[ \t]*+\{{)|(\}}))'
)
"""A line that looks like an argument or a block's header, or starts with a closing brace (group 2); its indentation.

A text, so that only a file with an error compiles it.
"""


def _indent(text: str, at: int) -> int:
    """How many characters of space the line of `at` starts with."""
    start = text.rfind("\n", 0, at) + 1
    line = text[start : start + 1000]
    return len(line) - len(line.lstrip(" \t"))


def next_item(text: str, origin: int, reached: int, *, nested: bool) -> int:
    """Where to read on when the item that starts at `origin` could not be read past `reached`.

    That is the next line outside brackets that looks like an item; or, where a bracket seems to have been left open, one
    inside that is indented no deeper than the item that failed; or, in a `nested` body, the brace that closes it.
    Lines that look like nothing are passed over: they mostly belong to what was wrong.
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
        elif kind in ("newline", "comment") and text[token.end - 1] == "\n":
            item = re.compile(_ITEM).match(text, token.end)
            if item is None:
                continue
            column, brace = len(item[1]), item[2] is not None
            if depth == 0 and not brace and token.end > reached:
                return token.end
            if depth and (column < indent or (column == indent and not brace)):
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
