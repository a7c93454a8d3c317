"""YAML as Terraform writes it, letter for letter: block style, every string in double quotes or as a literal block.

Written here because no library gives this text: strings quoted always, lines folded behind the 80th column at spaces,
characters beyond the Basic Multilingual Plane escaped, and `...` behind a document that is one plain scalar.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from vwplan.values import ListValue, MapValue, Null, ObjectValue, SetValue, TupleValue, Value, number_text

WIDTH = 80
LONGEST_KEY = 128
"""Bytes that a key may have to stand on one line with its value."""

_BREAKS = "\n\u2028\u2029"
_KEY_BREAKS = f"{_BREAKS}\r\x85"
"""What a key may not have within it to stand on one line with its value."""
_ESCAPES = {
    "\0": "0",
    "\a": "a",
    "\b": "b",
    "\t": "t",
    "\n": "n",
    "\v": "v",
    "\f": "f",
    "\r": "r",
    "\x1b": "e",
    '"': '"',
    "\\": "\\",
    "\x85": "N",
    "\u2028": "L",
    "\u2029": "P",
}


def yaml_text(value: Value) -> str:
    """A known value without marks as a YAML document."""
    writer = _Writer()
    if isinstance(value, MapValue | ObjectValue) and value.items:
        writer.mapping(value.items, 0, True)
    elif isinstance(value, ListValue | SetValue | TupleValue) and value.items:
        writer.sequence(value.items, 0, True)
    else:
        writer.scalar(value, 0)
    plain = not isinstance(value, str | MapValue | ObjectValue | ListValue | SetValue | TupleValue)
    writer.finish_line()
    return "".join(writer.out) + ("...\n" if plain else "")


class _Writer:
    __slots__ = ("column", "out")

    def __init__(self) -> None:
        self.out: list[str] = []
        self.column = 0

    def put(self, text: str) -> None:
        self.out.append(text)
        self.column += len(text)

    def finish_line(self) -> None:
        if self.column:
            self.out.append("\n")
            self.column = 0

    def indent(self, indent: int) -> None:
        self.finish_line()
        self.put(" " * indent)

    def mapping(self, items: Mapping[str, Value], indent: int, inline: bool) -> None:
        """The entries, the first of them on the line at hand if `inline`."""
        for key, item in items.items():
            if not inline:
                self.indent(indent)
            inline = False
            if len(key.encode()) <= LONGEST_KEY and not any(char in _KEY_BREAKS for char in key):
                self.quoted(key, indent, fold=False)
                self.put(":")
                self.behind_key(item, indent)
            else:
                self.put("? ")
                self.scalar(key, indent + 2)
                self.indent(indent)
                self.put(":")
                self.inline(item, indent)

    def behind_key(self, item: Value, indent: int) -> None:
        """A value behind `key:`; a sequence is not indented further."""
        if isinstance(item, MapValue | ObjectValue) and item.items:
            self.mapping(item.items, indent + 2, False)
        elif isinstance(item, ListValue | SetValue | TupleValue) and item.items:
            self.sequence(item.items, indent, False)
        else:
            self.put(" ")
            self.scalar(item, indent + 2)

    def inline(self, item: Value, indent: int) -> None:
        """A value behind `-` or `:` of an entry with a long key, starting on the same line."""
        self.put(" ")
        if isinstance(item, MapValue | ObjectValue) and item.items:
            self.mapping(item.items, indent + 2, True)
        elif isinstance(item, ListValue | SetValue | TupleValue) and item.items:
            self.sequence(item.items, indent + 2, True)
        else:
            self.scalar(item, indent + 2)

    def sequence(self, items: Sequence[Value], indent: int, inline: bool) -> None:
        """The items, the first of them on the line at hand if `inline`."""
        for item in items:
            if not inline:
                self.indent(indent)
            inline = False
            self.put("-")
            self.inline(item, indent)

    def scalar(self, value: Value, indent: int) -> None:
        """A value that is no collection, or an empty one; further lines of it start at `indent`, at least two."""
        match value:
            case str():
                if "\n" in value and _literal_allowed(value):
                    self.literal(value, max(indent, 2))
                else:
                    self.quoted(value, max(indent, 2), fold=True)
            case bool():
                self.put("true" if value else "false")
            case int() | Fraction():
                self.put(number_text(value))
            case Null():
                self.put("null")
            case MapValue() | ObjectValue():
                self.put("{}")
            case _:
                self.put("[]")

    def literal(self, text: str, indent: int) -> None:
        """A literal block, with hints for indentation and for line breaks at the end."""
        self.put("|")
        if text[0] in " " + _BREAKS:
            self.put("2")
        if text[-1] not in _BREAKS:
            self.put("-")
        elif len(text) == 1 or text[-2] in _BREAKS:
            self.put("+")
        self.finish_line()
        broken = True
        for char in text:
            if char in _BREAKS:
                self.out.append(char)
                self.column = 0
                broken = True
                continue
            if broken:
                self.put(" " * indent)
                broken = False
            self.put(char)

    def quoted(self, text: str, indent: int, *, fold: bool) -> None:
        """Text in double quotes, folded at spaces behind the 80th column if it may be."""
        self.put('"')
        after_space = False
        marked = text[:1] == "\ufeff"  # Then every character is taken for a byte order mark, and escaped.
        for at, char in enumerate(text):
            if char == " " and not marked:
                if fold and 0 < at < len(text) - 1 and not after_space and self.column > WIDTH:
                    self.indent(indent)
                    if text[at + 1] == " ":
                        self.put("\\")
                else:
                    self.put(char)
                after_space = True
                continue
            after_space = False
            self.put(char if not marked and _printable(char) and char not in _ESCAPES else _escaped(char))
        self.put('"')


def _printable(char: str) -> bool:
    code = ord(char)
    if code < 0xA0:
        return 0x20 <= code <= 0x7E or code == 0x0A
    return code < 0xD800 or (0xE000 <= code <= 0xFFFD and code != 0xFEFF)


def _escaped(char: str) -> str:
    short = _ESCAPES.get(char)
    if short is not None:
        return f"\\{short}"
    code = ord(char)
    if code <= 0xFF:
        return f"\\x{code:02X}"
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"


def _literal_allowed(text: str) -> bool:
    """Whether a literal block can hold the text: nothing unprintable, no space at the end of it or before a break."""
    if text[-1] == " " or not all(map(_printable, text)):
        return False
    return not any(f" {line_break}" in text for line_break in _BREAKS)
