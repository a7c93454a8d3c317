"""Text: its normal form, and grapheme clusters, which are what a reader takes for one character."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Any

_CONJOINED = re.compile("[\u0900-\u1cff\ua800-\uabff\U00010a00-\U00011fff]")
"""Scripts some of whose consonants later versions of Unicode take for one cluster, as versions up to 15.0 do not."""

_CLUSTER = r"""(?x)
\r\n
| [\p{GCB=Control}\r\n]
| \p{GCB=Prepend}*+
  (?: \p{GCB=L}*+ (?: \p{GCB=V}++ | \p{GCB=LV} \p{GCB=V}*+ | \p{GCB=LVT} ) \p{GCB=T}*+
  | \p{GCB=L}++
  | \p{GCB=T}++
  | \p{GCB=Regional_Indicator}{2}
  | \p{Extended_Pictographic} (?> (?: \p{GCB=Extend}*+ \p{GCB=ZWJ} \p{Extended_Pictographic} )* )
  | [^\p{GCB=Control}\r\n]
  )
  [\p{GCB=Extend}\p{GCB=ZWJ}\p{GCB=SpacingMark}]*+
| \p{GCB=Prepend}++ [\p{GCB=Extend}\p{GCB=ZWJ}\p{GCB=SpacingMark}]*+
"""
"""A cluster by the rules of Unicode 15.0, whichever version the library below follows."""


@cache
def _cluster(conjoined: bool) -> Any:
    # Imported only for text beyond ASCII: it takes longer than most commands need for anything else.
    import regex  # type: ignore[import-untyped]

    # The library's own is three times as fast.
    return regex.compile(_CLUSTER if conjoined else r"\X")


def clusters(text: str) -> list[str] | str:
    """The grapheme clusters of a text, in order."""
    if text.isascii() and "\r\n" not in text:
        return text
    found: list[str] = _cluster(_CONJOINED.search(text) is not None).findall(text)
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
