"""Diagnostics as text: what is wrong above, where, with the line shown and underlined, and below what to do."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from vwplan.diagnostics import Diagnostic, Range, Severity, readable
from vwplan.render.theme import Theme, columns, harmless

_NARROWEST = 40


def diagnostics_text(diagnostics: Iterable[Diagnostic], *, colour: bool = False, width: int = 100) -> str:
    """All problems, errors before warnings, each followed by an empty line; no text for none."""
    found = sorted(diagnostics, key=lambda d: d.severity is not Severity.ERROR)
    theme = Theme(colour)
    return "".join(diagnostic_text(one, theme, max(width, _NARROWEST)) + "\n" for one in found)


def diagnostic_text(diagnostic: Diagnostic, theme: Theme, width: int) -> str:
    """One problem as text, ending in a line end."""
    error = diagnostic.severity is Severity.ERROR
    style = "red" if error else "yellow"
    lines = [
        theme.paint("Error: " if error else "Warning: ", style, "bold")
        + theme.paint(harmless(diagnostic.summary), "bold")
    ]
    where = _where(diagnostic)
    if where:
        lines.append(f"  {'on' if diagnostic.subject is not None else 'in'} {harmless(where)}")
    if diagnostic.subject is not None:
        lines += _snippet(diagnostic.subject, theme, style, width)
    for name, value in diagnostic.values:
        lines.append(theme.paint(f"     {harmless(name)} is {harmless(value)}", "dim"))
    if diagnostic.detail:
        lines.append("")
        for paragraph in diagnostic.detail.split("\n"):
            lines += textwrap.wrap(
                harmless(paragraph),
                width - 2,
                initial_indent="  ",
                subsequent_indent="  ",
                break_long_words=False,
                break_on_hyphens=False,  # commands and names are there to be copied
            ) or [""]
    return "\n".join(lines) + "\n"


def _where(diagnostic: Diagnostic) -> str:
    place = str(diagnostic.subject) if diagnostic.subject is not None else ""
    if place and diagnostic.address:
        return f"{place}, in {diagnostic.address}"
    return place or diagnostic.address


def _snippet(subject: Range, theme: Theme, style: str, width: int) -> list[str]:
    """The line of the start with the subject underlined; where it goes on over more lines, how far."""
    source = subject.source
    start = min(subject.start, len(source.text))
    stop = min(max(subject.end, start), len(source.text))
    number, last = source.line_number(start), source.line_number(stop)
    line, first = readable(source.line(number)), source.line_start(number)
    end = stop - first if last == number else len(line)
    before, marked, after = line[: start - first], line[start - first : end], line[end:]
    before, marked, after = _cropped(_flat(before), _flat(marked), _flat(after), width - len(str(number)) - 6)
    gutter = " " * len(str(number))
    bar = theme.paint("|", "dim")
    shown = f"  {theme.paint(str(number), 'dim')} {bar} {before}{theme.paint(marked, 'bold')}{after}".rstrip()
    carets = theme.paint("^" * max(1, columns(marked.rstrip() or marked)), style)
    lines = [shown, f"  {gutter} {bar} {' ' * columns(before)}{carets}"]
    if last > number + 1 or (last == number + 1 and stop > source.line_start(last)):
        lines[-1] += theme.paint(f" to line {last}", "dim")
    return lines


def _flat(text: str) -> str:
    return harmless(text.replace("\t", "    "))


def _cropped(before: str, marked: str, after: str, room: int) -> tuple[str, str, str]:
    """The three pieces of a line cut so that they fit, the marked one kept in sight."""
    if columns(before) + columns(marked) + columns(after) <= room:
        return before, marked, after
    if columns(marked) > room - 8:
        marked = marked[: max(8, room - 12)] + "…"
    left = room - columns(marked)
    if columns(before) > left * 2 // 3:
        before = "…" + before[len(before) - max(4, left // 2) :]
    rest = max(0, left - columns(before) - 1)
    if columns(after) > rest:
        after = after[:rest] + "…"
    return before, marked, after
