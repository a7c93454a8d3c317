"""The cursor of the parser: one token at a time, what is known of the place, and how a problem is told."""

from __future__ import annotations

from typing import NoReturn

from vwplan.diagnostics import Diagnostic, Problems, Range, Source
from vwplan.hcl.lexer import FREE, INLINE, KINDS, NAME, name_length

DEEPEST = 150
"""How deep brackets, blocks and templates may be nested, and how high a tree of operators may grow."""

LARGEST = 1 << 25
"""The most characters that one source may have: 32 Mi."""


class Stop(Exception):
    """Raised where an item of a body, or an expression, cannot be read any further. Its diagnostic is reported already."""


class Cursor:
    """A place in a source and the token there.

    `kind` is the token's own text for punctuation, else one of `name number string quote heredoc newline end other`
    or `open comment`. While `newlines` is false, newlines are space. `height` is that of the tree parsed last.
    """

    __slots__ = (
        "ascii",
        "depth",
        "end",
        "height",
        "kind",
        "newlines",
        "origin",
        "problems",
        "rescans",
        "source",
        "start",
        "text",
        "whole",
    )

    def __init__(self, source: Source, *, whole: bool = False) -> None:
        self.source = source
        self.text = source.text
        self.ascii = self.text.isascii()
        self.kind = "newline"
        self.start = 0
        self.end = 1 if self.text.startswith("\ufeff") else 0
        self.newlines = True
        self.depth = 0
        self.height = 0
        self.problems = Problems()
        self.origin = 0
        """Where the item being read starts: an error is shown in the context of it."""
        self.rescans = 0
        """How many characters error recovery went back in all."""
        self.whole = whole
        """Whether the text is one expression or template: a heredoc may then end where the text does."""

    def advance(self) -> None:
        """Go to the next token."""
        found = (INLINE if self.newlines else FREE).match(self.text, self.end)
        group = found.lastindex  # type: ignore[union-attr]
        self.start, self.end = found.span(group)  # type: ignore[union-attr,arg-type]
        self.kind = KINDS[group] or found[group]  # type: ignore[index]
        if group == NAME and not self.ascii:
            self._true_name()

    def _true_name(self) -> None:
        """Cut the name at hand where Unicode says that it ends."""
        length = name_length(self.text[self.start : self.end])
        if length:
            self.end = self.start + length
        else:
            self.end = self.start + 1
            self.kind = "other"

    def range(self, start: int, end: int) -> Range:
        """A stretch of the source."""
        return Range(self.source, start, end)

    def report(self, code: str, summary: str, detail: str, start: int, end: int) -> None:
        """Tell a problem and go on."""
        context = self.range(self.origin, end) if self.origin < start else None
        self.problems.add(Diagnostic(code, summary, detail, self.range(start, end), context))

    def fail(self, code: str, summary: str, detail: str, start: int = -1, end: int = -1) -> NoReturn:
        """Tell a problem and give the item up. Without a place it is the token at hand."""
        if start < 0:
            start, end = self.start, self.end
        self.report(code, summary, detail, start, end)
        raise Stop

    def too_deep(self) -> NoReturn:
        """Give up what is nested deeper than `DEEPEST`."""
        self.fail(
            "nested-too-deeply",
            "Nested too deeply",
            f"More than {DEEPEST} brackets, templates or operators are nested in one another here. "
            "Give parts of this names of their own, in a locals block, and refer to them.",
        )

    def line_of(self, offset: int) -> int:
        """The number of the line that an offset is on, for the words of a diagnostic."""
        return self.source.line_number(offset)
