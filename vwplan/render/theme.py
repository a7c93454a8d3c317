"""Colours on a terminal: a handful of styles by name, as plain ANSI codes, or nothing at all."""

from __future__ import annotations

import re
import unicodedata

from vwplan.dataclass import dataclass

_CODES = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "magenta": "35",
    "cyan": "36",
}

_UNPRINTABLE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


_WITHOUT_WIDTH = frozenset({"Mn", "Me", "Cf"})
"""Accents, and what joins or chooses between signs."""


@dataclass(frozen=True, slots=True)
class Theme:
    """Paints text, or leaves it as it is where there are no colours."""

    colour: bool

    def paint(self, text: str, *styles: str) -> str:
        """The text in some styles."""
        if not self.colour or not styles or not text:
            return text
        codes = ";".join(_CODES[style] for style in styles)
        return f"\x1b[{codes}m{text}\x1b[0m"


def harmless(text: str) -> str:
    """The text with what could move a cursor, change colours or turn writing round made visible."""
    if text.isascii() and text.isprintable():
        return text
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def columns(text: str) -> int:
    """How many columns a text takes on a terminal."""
    if text.isascii():
        return len(text)
    return sum(_columns_of(character) for character in text)


def _columns_of(character: str) -> int:
    if unicodedata.category(character) in _WITHOUT_WIDTH:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
