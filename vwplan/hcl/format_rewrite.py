"""What the formatter changes besides space: wrapped values unwrapped, labels quoted, old type names spelled anew."""

from __future__ import annotations

from collections.abc import Iterator

from vwplan.hcl.format_tokens import Cell, cut
from vwplan.hcl.lexer import nfc
from vwplan.hcl.quoting import quoted
from vwplan.hcl.syntax import Body, Label

_BARE_COLLECTIONS = ("list", "map", "set")
_QUOTED_TYPES = {"string": "string", "list": "list(string)", "map": "map(string)"}


def rewritten(cells: list[Cell], body: Body) -> list[Cell]:
    """The tokens of a file with its values and labels rewritten, every other token as it was."""
    made: list[Cell] = []
    at = 0
    for start, end, what in _places(body, ()):
        while cells[at].start < start:
            made.append(cells[at])
            at += 1
        inside: list[Cell] = []
        while cells[at].start < end:
            inside.append(cells[at])
            at += 1
        if isinstance(what, tuple):
            for label in what:
                made.extend(_string(quoted(nfc(label.text))[1:-1]))
        elif what == "type":
            made.extend(_type(inside))
        else:
            made.extend(_value(inside, cells[at]))
    made.extend(cells[at:])
    return made


def _places(body: Body, within: tuple[str, ...]) -> Iterator[tuple[int, int, str | tuple[Label, ...]]]:
    """Where a value, a variable's type or the labels of a block stand, in the order of the text."""
    items = [(attribute.start, attribute, None) for attribute in body.attributes.values()]
    blocks = [(block.start, None, block) for block in body.blocks]
    for _, attribute, block in sorted([*items, *blocks], key=lambda item: item[0]):
        if attribute is not None:
            kind = "type" if within == ("variable",) and attribute.name == "type" else "value"
            yield attribute.expression.start, attribute.expression.end, kind
        elif block is not None:
            if block.labels:
                yield block.kind_end, block.header_end, block.labels
            yield from _places(block.body, (*within, block.kind))


def _string(inner: str) -> list[Cell]:
    text = [Cell("text", inner)] if inner else []
    return [Cell("quote", '"'), *text, Cell("unquote", '"')]


def _value(cells: list[Cell], after: Cell) -> list[Cell]:
    """The tokens of a value; of `"${x}"` those of `x`, in parentheses where it goes over lines."""
    if len(cells) < 5 or [cell.kind for cell in (*cells[:2], *cells[-2:])] != _WRAPPING:
        return cells
    inside = cells[2:-2]
    strings = 0
    for cell in inside:
        if cell.kind == "quote":
            strings += 1
        elif cell.kind == "unquote":
            strings -= 1
        elif strings <= 0 and cell.kind in ("interpolation", "close", "text"):
            return cells
    while inside and inside[0].kind == "newline":
        inside.pop(0)
    while inside and inside[-1].kind == "newline":
        inside.pop()
    lines = any(cell.kind == "newline" for cell in inside) or _line_ends_outside(inside)
    if lines and not (inside[0].kind == "(" and inside[-1].kind == ")"):
        inside = [Cell("(", "("), *inside, Cell(")", ")")]
    follower = after
    for cell in reversed(inside):
        if cell.kind == "unheredoc" and follower.kind != "newline":
            return cells  # nothing may follow a heredoc's closing marker on its line
        follower = cell
    return inside


def _line_ends_outside(cells: list[Cell]) -> bool:
    """Whether a comment ends a line outside brackets, where it would end the value."""
    depth = 0
    for cell in cells:
        depth += cell.change
        if depth == 0 and cell.ends_line:
            return True
    return False


_WRAPPING = ["quote", "interpolation", "close", "unquote"]


def _type(cells: list[Cell]) -> list[Cell]:
    """The tokens of a variable's type: a bare `list` gets `(any)`, and `"string"` and such lose their quotes."""
    kinds = [cell.kind for cell in cells]
    spelled = ""
    if kinds == ["name"] and cells[0].text in _BARE_COLLECTIONS:
        spelled = cells[0].text + "(any)"
    elif kinds == ["quote", "text", "unquote"]:
        spelled = _QUOTED_TYPES.get(cells[1].text, "")
    if not spelled:
        return cells
    made = [Cell(cell.kind, cell.text) for cell in cut(spelled)[:-1]]
    made[0].spaces = cells[0].spaces
    return made
