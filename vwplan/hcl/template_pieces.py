"""Pieces of a template, flat, and how they become a tree: indentation cut, text melded, directives nested."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from vwplan.hcl.lexer import SPACES, nfc
from vwplan.hcl.syntax import Expression, Literal, TemplateFor, TemplateIf, TemplatePart


class Text(NamedTuple):
    """Literal text, escapes undone and spaces cut where `~` says so. Of a heredoc, at most one line."""

    value: str
    start: int
    end: int


class IfMark(NamedTuple):
    """`%{ if condition }`."""

    condition: Expression
    start: int
    end: int


class ForMark(NamedTuple):
    """`%{ for key, value in collection }`."""

    key: str
    value: str
    collection: Expression
    start: int
    end: int


class EndMark(NamedTuple):
    """`%{ else }`, `%{ endif }` or `%{ endfor }`, by its word."""

    word: str
    start: int
    end: int


Piece = Text | Expression | IfMark | ForMark | EndMark

Complaint = Callable[[str, str, int, int], None]
"""What is told of a directive out of place: summary, detail, start and end."""

_ESCAPE = r"\\(?:u([0-9A-Fa-f]{0,4})|U([0-9A-Fa-f]{0,8})|(.))"
_SIMPLE = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}


def unescaped(text: str, start: int, complain: Complaint) -> str:
    """The text of a quoted string with its backslash sequences undone; wrong ones are told and left as they are."""

    def meaning(found: re.Match[str]) -> str:
        simple = found[3]
        if simple in _SIMPLE:
            return _SIMPLE[simple]
        if simple is not None:
            detail = f'\\{simple} means nothing. A backslash is written \\\\; others are \\n \\r \\t \\" \\u0000 \\U00000000.'
            if simple in "$%":
                detail = f"A literal {simple}{{ is written {simple}{simple}{{, without a backslash."
        else:
            digits = found[1] if found[1] is not None else found[2]
            wanted = 4 if found[1] is not None else 8
            code = int(digits or "0", 16)
            if len(digits) == wanted and code < 0x110000 and not 0xD800 <= code < 0xE000:
                return chr(code)
            detail = f"{found[0]} is no character of Unicode."
            if len(digits) != wanted:
                detail = f"{found[0][:2]} needs {'four' if wanted == 4 else 'eight'} hexadecimal digits after it."
        complain("Invalid escape sequence", detail, start + found.start(), start + found.end())
        return found[0]

    return re.sub(_ESCAPE, meaning, text, flags=re.DOTALL)


def flushed(pieces: list[Piece]) -> list[Piece]:
    """The pieces of a `<<-` heredoc with the indentation cut off that all its lines share.

    A line of nothing but spaces does not count and is left as it is; one that starts with a template sequence has none.
    """
    least = -1
    led: list[tuple[int, Text]] = []
    fresh = True
    for index, piece in enumerate(pieces):
        if not isinstance(piece, Text):
            if fresh:
                least = 0
            fresh = False
            continue
        bare = piece.value.lstrip(SPACES)
        if fresh and (bare or not piece.value.endswith("\n")):
            width = len(piece.value) - len(bare)
            least = width if least < 0 else min(least, width)
            led.append((index, piece))
        fresh = piece.value.endswith("\n")
    if least > 0:
        for index, piece in led:
            pieces[index] = Text(piece.value[least:], piece.start + least, piece.end)
    return pieces


def melded(pieces: list[Piece]) -> list[Piece]:
    """The pieces with neighbouring texts joined and composed (NFC), and empty ones left out."""
    joined: list[Piece] = []
    run: list[Text] = []
    for piece in pieces:
        if isinstance(piece, Text):
            run.append(piece)
        else:
            if run:
                _join(run, joined)
            joined.append(piece)
    if run:
        _join(run, joined)
    return joined


def _join(run: list[Text], to: list[Piece]) -> None:
    value = "".join([text.value for text in run]) if len(run) > 1 else run[0].value
    if value:
        to.append(Literal(value if value.isascii() else nfc(value), run[0].start, run[-1].end))
    run.clear()


class _Open(NamedTuple):
    """A directive that waits for its end: its opening, its branches so far, and the parts around it."""

    mark: IfMark | ForMark
    branches: list[list[TemplatePart]]
    around: list[TemplatePart]


def nested(pieces: list[Piece], complain: Complaint) -> tuple[TemplatePart, ...]:
    """The parts of a template, directives nested. One out of place is told, and the rest of the template dropped."""
    parts: list[TemplatePart] = []
    current = parts
    opened: list[_Open] = []
    for piece in pieces:
        if isinstance(piece, IfMark | ForMark):
            opened.append(_Open(piece, [[]], current))
            current = opened[-1].branches[0]
        elif not isinstance(piece, EndMark):
            current.append(piece)  # type: ignore[arg-type]
        elif (problem := _out_of_place(piece, opened)) is not None:
            complain(f"Unexpected {piece.word}", problem, piece.start, piece.end)
            return tuple(parts)
        elif piece.word == "else":
            current = []
            opened[-1].branches.append(current)
        else:
            mark, branches, current = opened.pop()
            current.append(_whole(mark, branches, piece.end))
    if opened:
        mark = opened[-1].mark
        word = "if" if isinstance(mark, IfMark) else "for"
        detail = f"This {word} is not closed: %{{ end{word} }} is missing before the template ends."
        complain("Unclosed directive", detail, mark.start, mark.end)
    return tuple(parts)


def _whole(mark: IfMark | ForMark, branches: list[list[TemplatePart]], end: int) -> TemplateIf | TemplateFor:
    if isinstance(mark, ForMark):
        return TemplateFor(mark.key, mark.value, mark.collection, tuple(branches[0]), mark.start, end)
    otherwise = tuple(branches[1]) if len(branches) > 1 else ()
    return TemplateIf(mark.condition, tuple(branches[0]), otherwise, mark.start, end)


def _out_of_place(end: EndMark, opened: list[_Open]) -> str | None:
    """What is wrong with an `else`, `endif` or `endfor` here; None if it is right."""
    opener = "for" if end.word == "endfor" else "if"
    if not opened:
        return f"There is no {opener} open here that this {end.word} could belong to."
    mark, branches, _ = opened[-1]
    if isinstance(mark, ForMark) and end.word != "endfor":
        return "The innermost directive open here is a for, which endfor closes and which has no else."
    if isinstance(mark, IfMark) and end.word == "endfor":
        return "The innermost directive open here is an if, which endif closes."
    if end.word == "else" and len(branches) > 1:
        return "This if has an else already. There is no else if: put another if inside the else."
    return None
