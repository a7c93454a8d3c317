"""Lines into expressions: when what was typed so far is a whole one, and when brackets or heredocs are still open.

For who reads line by line, such as the console. Each line is looked at once, but for those of a template or a comment that
goes over several.
"""

from __future__ import annotations

from collections.abc import Iterator

from vwplan.hcl.lexer import SPACES, scan

_OPENING = {"(": ")", "[": "]", "{": "}"}
_NOTHING = ("comment", "newline", "end")
_ENDS = {"unquote": "quote", "unheredoc": "heredoc"}


class Gathering:
    """The lines of one expression, as far as they have come."""

    __slots__ = ("_brackets", "_lines", "_marker", "_segment")

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._brackets: list[str] = []
        self._segment: list[str] = []
        self._marker = ""

    @property
    def text(self) -> str:
        """All lines so far."""
        return "\n".join(self._lines)

    def add(self, line: str) -> bool:
        """Take a line (without its end); tells whether the expression is whole, or wrong beyond mending by more lines."""
        self._lines.append(line)
        self._segment.append(line)
        if self._marker and line.strip(SPACES) != self._marker:
            return False
        segment = "\n".join(self._segment) + "\n"
        opened = _opened(segment, self._brackets)
        if opened is None:
            return True
        if any(kind not in _OPENING for kind in opened):
            innermost = opened[-1]
            self._marker = innermost.removeprefix("heredoc ") if innermost.startswith("heredoc ") else ""
            return False
        self._brackets, self._segment, self._marker = opened, [], ""
        return not opened


def expressions(text: str) -> Iterator[str]:
    """The expressions in a text of several lines, each with all lines of its own; lines of nothing but space and comments are none."""
    gathering = Gathering()
    for line in text.split("\n"):
        if gathering.add(line.rstrip("\r")):
            if not is_blank(gathering.text):
                yield gathering.text
            gathering = Gathering()
    if gathering.text and not is_blank(gathering.text):
        yield gathering.text


def is_blank(text: str) -> bool:
    """Whether a text holds nothing but space and comments."""
    return all(token.kind in _NOTHING for token in scan(text))


def unfinished(text: str) -> bool:
    """Whether a text of one or more lines has brackets or heredocs that are still open."""
    opened = _opened(text + "\n", [])
    return bool(opened)


def _opened(text: str, before: list[str]) -> list[str] | None:
    """What is open behind a text, innermost last, given what was open before it; None where something cannot be closed."""
    opened = list(before)
    for token in scan(text):
        kind = token.kind
        if opened and opened[-1] == "quote" and kind not in ("text", "unquote", "interpolation", "directive"):
            return None  # a string ends with its line
        if kind in _OPENING or kind in ("quote", "interpolation", "directive"):
            opened.append(kind)
        elif kind == "heredoc":
            opened.append("heredoc " + text[token.start + 2 : token.end].lstrip("-").rstrip("\r\n"))
        elif kind in (")", "]", "}"):
            if not opened or _OPENING.get(opened.pop()) != kind:
                return None
        elif kind == "close":
            if not opened or opened.pop() not in ("interpolation", "directive"):
                return None
        elif kind in _ENDS:
            opened.pop()
        elif kind == "/" and text.startswith("/*", token.start):
            return [*opened, "comment"]
    return opened
