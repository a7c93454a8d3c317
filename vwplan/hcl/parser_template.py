"""Templates of HCL's native syntax: quoted strings, heredocs, and whole texts that are one template."""

from __future__ import annotations

import re
from typing import NoReturn

from vwplan.diagnostics import did_you_mean
from vwplan.hcl.lexer import CLOSE, DIRECTIVE, ESCAPE, INTERPOLATION, QUOTED, SPACES, UNQUOTED, name_length
from vwplan.hcl.parser_collections import CollectionParser
from vwplan.hcl.parser_cursor import DEEPEST
from vwplan.hcl.syntax import Expression, Literal, Template, Wrap
from vwplan.hcl.template_pieces import EndMark, ForMark, IfMark, Piece, Text, flushed, melded, nested, unescaped

_WORDS = ("if", "else", "endif", "for", "endfor")


class TemplateParser(CollectionParser):
    """Reads strings that have escapes or templates in them."""

    __slots__ = ()

    def quoted(self) -> Expression:
        """A quote at hand: a string with escapes or templates."""
        start, sensitive = self.start, self.newlines
        pieces, end = self._pieces(QUOTED, self.end)
        if end < 0:
            self._unclosed_string(start)
        node = self._made(pieces, start, end)
        self.newlines = sensitive
        self.end = end
        self.advance()
        return node

    def heredoc(self) -> Expression:
        """The opening of a heredoc at hand: `<<` or `<<-`, a marker, and the line's end."""
        start, body, sensitive = self.start, self.end, self.newlines
        opening = self.text[start:body].rstrip("\r\n")
        marker = opening[2:].lstrip("-")
        if not self.ascii and name_length(marker) != len(marker):
            detail = f"The marker of a heredoc is a name, as in <<EOT; {marker} is none."
            self.fail("invalid-heredoc", "Invalid heredoc", detail, start, start + len(opening))
        pieces, line = self._pieces(UNQUOTED, body, marker)
        if line < 0:
            detail = f"This heredoc is not closed: a line with {marker} alone is missing before the text ends."
            self.fail("unclosed-heredoc", "Unclosed heredoc", detail, start, start + len(opening))
        stop = self.text.find("\n", line)
        if stop < 0:
            stop = len(self.text)
            if not self.whole:
                detail = f"The line with {marker}, which closes this heredoc, needs a line end after it."
                self.fail("unclosed-heredoc", "Unclosed heredoc", detail, line, stop)
        elif self.text[stop - 1] == "\r":
            stop -= 1
        end = line + len(self.text[line:stop].rstrip(SPACES))
        if opening.startswith("<<-"):
            pieces = flushed(pieces)
        node = self._made(pieces, start, end)
        self.newlines = sensitive
        self.end = stop
        self.advance()
        return node

    def bare(self) -> Expression:
        """The whole text as a template."""
        start = self.end
        pieces, _ = self._pieces(UNQUOTED, start)
        return self._made(pieces, start, len(self.text))

    def _made(self, pieces: list[Piece], start: int, end: int) -> Expression:
        """The node of a template: a literal, a wrap or a template."""
        if not pieces:
            return Literal("", start, end)
        first = pieces[0]
        if len(pieces) == 1 and not isinstance(first, (Text, IfMark, ForMark, EndMark)):
            self.grow()
            return Wrap(first, start, end)
        texts = all(type(piece) is Text for piece in pieces)
        parts = nested(melded(pieces), self._directive_complaint)
        if texts:
            self.height = 1
            whole = parts[0] if parts else Literal("", start, end)
            return Literal(whole.value, start, end) if isinstance(whole, Literal) else whole  # type: ignore[return-value]
        self.grow()
        return Template(parts, start, end)

    def _pieces(self, pattern: re.Pattern[str], at: int, marker: str = "") -> tuple[list[Piece], int]:
        """The pieces from `at` on, and where they stopped.

        That is after a quoted string's closing quote, at the line with a heredoc's marker, or at the end of a bare
        template; -1 where a string or heredoc is not closed. `height` becomes that of the highest piece.
        """
        text = self.text
        pieces: list[Piece] = []
        height = depth = 0
        trim = False
        while True:
            if marker and text[at - 1] == "\n" and self._closes(at, marker):
                break
            found = pattern.match(text, at)
            if found is None:
                at = -1 if marker or pattern is QUOTED else at
                break
            group, start, at = found.lastindex, at, found.end()
            if group == CLOSE:
                break
            if group in (INTERPOLATION, DIRECTIVE):
                if at - start == 3 and pieces and isinstance(last := pieces[-1], Text):
                    pieces[-1] = Text(last.value.rstrip(SPACES), last.start, last.end)
                self.height = 0
                pieces.append(self._interpolation(start, at) if group == INTERPOLATION else self._directive(start, at))
                depth += _nesting(pieces[-1])
                height = max(height, self.height + depth)
                trim = self.kind == "~}"
                at = self.end
                continue
            value = found.group()
            if group == ESCAPE:
                value = value[1:]
            elif pattern is QUOTED:
                if "\\" in value:
                    value = unescaped(value, start, self._escape_complaint)
            elif value == "\r" and marker:
                self.fail("invalid-character", "Invalid character", "A carriage return stands alone here.", start, at)
            pieces.append(Text(value.lstrip(SPACES) if trim else value, start, at))
            trim = False
        self.height = height
        if height > DEEPEST:
            self.too_deep()
        return pieces, at

    def _closes(self, at: int, marker: str) -> bool:
        """Whether the line at `at` closes the heredoc."""
        stop = self.text.find("\n", at)
        return self.text[at : len(self.text) if stop < 0 else stop].strip(SPACES) == marker

    def _interpolation(self, start: int, end: int) -> Expression:
        """What stands in `${ }`; the closing brace is at hand afterwards."""
        self.newlines = False
        self.end = end
        if self.text.startswith("#", end):
            detail = "Here # starts a comment. To write ${ itself, as for a shell, double the dollar: $${."
            self.fail("unclosed-template", "Template without a value", detail, start, end + 1)
        self.advance()
        if self.kind in ("}", "~}"):
            detail = "A value belongs between the braces. To write ${} itself, double the dollar: $${}."
            self.fail("missing-value", "Template without a value", detail, start, self.end)
        self.depth += 1
        node = self.expression()
        self.depth -= 1
        if self.kind not in ("}", "~}"):
            self._unclosed_sequence(start, "${")
        return node

    def _directive(self, start: int, end: int) -> Piece:
        """A directive; the closing brace is at hand afterwards."""
        self.newlines = False
        self.end = end
        self.advance()
        word = self.text[self.start : self.end] if self.kind == "name" else ""
        if word not in _WORDS:
            hint = did_you_mean(word, _WORDS) if word else ""
            detail = (
                f"One of if, else, endif, for, endfor belongs here.{hint} To write %{{ itself, double the sign: %%{{."
            )
            self.fail("invalid-directive", "Invalid directive", detail)
        self.advance()
        if word == "if":
            condition = self.expression()
        elif word == "for":
            names = self.for_names("'for' directive")
            collection = self.expression()
        if self.kind not in ("}", "~}"):
            self._unclosed_sequence(start, "%{")
        if word == "if":
            return IfMark(condition, start, self.end)
        if word == "for":
            return ForMark(*names, collection, start, self.end)
        return EndMark(word, start, self.end)

    def _unclosed_sequence(self, start: int, opener: str) -> NoReturn:
        """A closing brace belongs where the token at hand is."""
        if self.kind in ("end", "quote", "string", "newline"):
            detail = f"This {opener} is not closed: }} is missing."
            self.fail("unclosed-template", "Unclosed template sequence", detail, start, start + len(opener))
        detail = (
            f"Expected an operator, or the brace that closes {opener}, but found {self.token_name()}. "
            f"To write {opener} itself, as for a shell, double its first character: {opener[0]}{opener}."
        )
        self.fail("extra-characters", "Extra characters in a template sequence", detail)

    def _unclosed_string(self, start: int) -> NoReturn:
        stop = self.text.find("\n", start)
        detail = (
            "This string is not closed on its line. Write a line break as \\n, or a text of several lines as a heredoc: "
            "<<EOT, the lines, then EOT alone."
        )
        self.fail("unclosed-string", "Unclosed string", detail, start, len(self.text) if stop < 0 else stop)

    def _escape_complaint(self, summary: str, detail: str, start: int, end: int) -> None:
        self.report("invalid-escape", summary, detail, start, end)

    def _directive_complaint(self, summary: str, detail: str, start: int, end: int) -> None:
        self.report("unbalanced-directive", summary, detail, start, end)


def _nesting(piece: Piece) -> int:
    """By how much the pieces after this one are deeper inside directives."""
    if isinstance(piece, IfMark | ForMark):
        return 1
    return -1 if isinstance(piece, EndMark) and piece.word != "else" else 0
