"""Diagnostics as text for people: terse above, the place with its line underlined, the full story below."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from vwplan.diagnostics import Diagnostic, Range, Severity

_RED, _YELLOW, _BOLD, _DIM, _OFF = "\033[31m", "\033[33m", "\033[1m", "\033[2m", "\033[0m"

WIDEST = 140
"""Longer source lines are cut around the place that matters."""


def diagnostics_text(diagnostics: Iterable[Diagnostic], *, colour: bool = False, width: int = 100) -> str:
    """Each diagnostic as a paragraph with a bar at its left, errors last so that they are seen."""
    ordered = sorted(diagnostics, key=lambda d: d.severity is Severity.ERROR)
    return "\n".join(_one(diagnostic, colour, width) for diagnostic in ordered)


def _one(diagnostic: Diagnostic, colour: bool, width: int) -> str:
    error = diagnostic.severity is Severity.ERROR
    tint = (_RED if error else _YELLOW) if colour else ""
    bold, dim, off = (_BOLD, _DIM, _OFF) if colour else ("", "", "")
    word = "Error" if error else "Warning"
    lines = [f"{tint}{bold}{word}: {off}{bold}{diagnostic.summary}{off}", ""]
    if diagnostic.address:
        lines.append(f"  with {diagnostic.address},")
    if diagnostic.subject is not None:
        lines += _place(diagnostic.subject, dim, bold, off)
        lines += [f"      {dim}{name} is {value}{off}" for name, value in diagnostic.values]
    if diagnostic.detail:
        if len(lines) > 2:
            lines.append("")
        lines += _wrapped(diagnostic.detail, width - 2)
    bar = f"{tint}│{off} "
    body = "\n".join((bar + line).rstrip() for line in lines)
    return f"{tint}╷{off}\n{body}\n{tint}╵{off}"


def _place(subject: Range, dim: str, bold: str, off: str) -> list[str]:
    source = subject.source
    line, column = source.position(subject.start)
    text = source.line(line)
    last, after = source.position(max(subject.start, subject.end))
    # Of a range over several lines the first is shown, underlined to its end.
    length = max(1, (after if last == line else len(text) + 1) - column)
    cut = 0
    if len(text) > WIDEST:
        cut = max(0, min(column - 1 - WIDEST // 3, len(text) - WIDEST))
        length = min(length, WIDEST - (column - 1 - cut))
    shown = text[cut : cut + WIDEST].replace("\t", " ")
    number = f"{line:>4}: "
    under = " " * (len(number) + column - 1 - cut) + bold + "^" * max(1, length) + off
    return [f"  on {source.name} line {line}, column {column}:", f"{number}{dim}{off}{shown}", under]


def _wrapped(text: str, width: int) -> list[str]:
    lines: list[str] = []
    for paragraph in text.split("\n"):
        # Indented lines are meant as they are: commands to type, examples.
        if paragraph.startswith(" "):
            lines.append(paragraph)
        else:
            lines += textwrap.wrap(paragraph, max(width, 40), break_long_words=False, break_on_hyphens=False) or [""]
    return lines
