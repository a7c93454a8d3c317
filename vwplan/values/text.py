"""Text: its normal form, and grapheme clusters, which are what a reader takes for one character."""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Any


@cache
def _cluster() -> Any:
    # Imported only for text beyond ASCII: it takes longer than most commands need for anything else.
    import regex  # type: ignore[import-untyped]

    return regex.compile(r"\X")


def clusters(text: str) -> list[str] | str:
    """The grapheme clusters of a text, in order."""
    if text.isascii() and "\r\n" not in text:
        return text
    found: list[str] = _cluster().findall(text)
    return found


def cluster_count(text: str) -> int:
    """How many grapheme clusters a text has."""
    return len(clusters(text))


def normal(text: str) -> str:
    """The text in normal form C, as all strings are, with what cannot be encoded replaced."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return unicodedata.normalize("NFC", text)
