"""The layout of formatted text, in three passes over its lines: indentation, spaces between tokens, columns.

A line has up to three cells: what leads, the assignment from its `=` on, and the comment at its end. The assignments of
neighbouring lines start in one column, and so do their comments.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from vwplan.hcl.format_tokens import Cell

_INSIDE = frozenset({"text", "line"})
_BEFORE_NEGATION = frozenset(
    {"", "(", "{", "[", "=", ":", ",", "?", "+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "&&", "||", "!"}
)


class Line:
    """One line of tokens, in its cells. Lines within a heredoc or a comment belong to the one that opens it."""

    __slots__ = ("assign", "comment", "lead")

    def __init__(self, cells: list[Cell]) -> None:
        self.lead = cells
        self.assign: list[Cell] = []
        self.comment: list[Cell] = []
        if len(cells) > 1 and cells[-1].kind == "comment":
            self.comment = [cells.pop()]
        for index, cell in enumerate(cells):
            if index and cell.kind == "=":
                # Only an assignment that is whole on its line is aligned: brackets left open tell one that is not.
                if not sum(each.change for each in cells[index:]):
                    self.lead, self.assign = cells[:index], cells[index:]
                break


def lay_out(cells: list[Cell]) -> None:
    """Set the spaces before each token of a file; the last token is the one at the text's end, which keeps its own."""
    lines: list[Line] = []
    line: list[Cell] = []
    for cell in cells[:-1]:
        line.append(cell)
        if cell.ends_line:
            lines.append(Line(line))
            line = []
    if line:
        lines.append(Line(line))
    _indent(lines)
    for each in lines:
        _space(each.lead)
        _space(each.assign)
        if each.assign:
            each.assign[0].spaces = 1
    _align(lines, lambda line: line.assign, lambda line: _columns(line.lead))
    _align(lines, lambda line: line.comment, lambda line: _columns(line.lead) + _columns(line.assign))


def _indent(lines: list[Line]) -> None:
    """Indent each line by what is open; brackets opened together on one line count as one step."""
    steps: list[int] = []
    for line in lines:
        first = line.lead[0]
        if first.kind == "newline":
            first.spaces = 0
            continue
        change = 0
        for cell in line.lead:
            change += cell.change
            if cell.kind == "heredoc":
                break
        change += sum(cell.change for cell in line.assign)
        if change > 0:
            first.spaces = 2 * len(steps)
            steps.append(change)
            continue
        while change < 0 and steps:
            if -change < steps[-1]:
                steps[-1] += change
                break
            change += steps.pop()
        first.spaces = 2 * len(steps)


def _space(cells: Sequence[Cell]) -> None:
    """Set the spaces between tokens of one cell to none or one."""
    before = ""
    for index in range(len(cells) - 1):
        cell, after = cells[index], cells[index + 1]
        after.spaces = 1 if _apart(before, cell, after) else 0
        before = cell.kind


def _apart(before: str, cell: Cell, after: Cell) -> bool:
    """Whether a space stands between a token and the one after it; `before` is the kind of the one before both."""
    kind, then = cell.kind, after.kind
    if then == "newline" or kind == "." or then in (".", ",", "..."):
        return False
    if (kind == "name" and then in ("(", "::")) or (kind == "::" and then == "name"):
        return False
    if kind == ",":
        return True
    if kind in _INSIDE or then in _INSIDE or kind in ("quote", "heredoc") or then in ("unquote", "unheredoc"):
        return False
    if kind == "name" and cell.text == "in" and before == "name":
        return True
    if then == "[" and (kind in ("name", "number") or cell.change < 0):
        return False
    if kind == "!":
        return False
    if kind == "-":
        return before not in _BEFORE_NEGATION
    if kind == "{" or then == "}":
        return not (kind == "{" and then == "}")
    if (kind in ("interpolation", "directive") and then == "{") or (kind == "}" and then == "close"):
        return True
    if kind == "close" and then in ("interpolation", "directive"):
        return False
    return cell.change <= 0 and after.change >= 0


def _align(lines: list[Line], cell: Callable[[Line], list[Cell]], width: Callable[[Line], int]) -> None:
    """Start the given cell of neighbouring lines that have one in the same column, one space behind the widest."""
    run: list[tuple[Cell, int]] = []
    for line in lines:
        if cells := cell(line):
            run.append((cells[0], width(line)))
        elif run:
            _flush(run)
    if run:
        _flush(run)


def _flush(run: list[tuple[Cell, int]]) -> None:
    widest = max(width for _, width in run)
    for cell, width in run:
        cell.spaces = widest - width + 1
    run.clear()


def _columns(cells: Sequence[Cell]) -> int:
    """How many columns tokens take: one for each space and for each character as its reader sees it."""
    return sum(cell.spaces + _characters(cell.text) for cell in cells)


def _characters(text: str) -> int:
    if text.isascii():
        return len(text) - text.count("\r\n")
    from vwplan.values.text import cluster_count  # its regular expressions load slowly, and most texts do without

    return cluster_count(text)
