"""Tokens that the formatter moves about: text with a number of spaces before it."""

from __future__ import annotations

from vwplan.hcl.lexer import scan

OPENING = frozenset({"{", "[", "(", "interpolation", "directive"})
CLOSING = frozenset({"}", "]", ")", "close"})


class Cell:
    """A token as the formatter sees it: kind and text as `scan` has them, where it stood, and the spaces before it.

    What the formatter adds stands at -1.
    """

    __slots__ = ("kind", "spaces", "start", "text")

    def __init__(self, kind: str, text: str, start: int = -1, spaces: int = 0) -> None:
        self.kind = kind
        self.text = text
        self.start = start
        self.spaces = spaces

    @property
    def change(self) -> int:
        """1 for an opening bracket or template sequence, -1 for a closing one, else 0."""
        return (self.kind in OPENING) - (self.kind in CLOSING)

    @property
    def ends_line(self) -> bool:
        """Whether this is a newline, or a comment that holds one."""
        return self.kind == "newline" or (self.kind == "comment" and self.text.endswith("\n"))


def cut(text: str) -> list[Cell]:
    """All tokens of a text, the last of them the empty one at its end. A byte order mark is left out."""
    cells: list[Cell] = []
    behind = 1 if text.startswith("\ufeff") else 0
    for kind, start, end in scan(text, behind):
        cells.append(Cell(kind, text[start:end], start, start - behind))
        behind = end
    return cells
