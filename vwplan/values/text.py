"""Text: its normal form, and grapheme clusters, which are what a reader takes for one character."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Any

_OWN = "[\u0900-\u1cff\u200d\ua800-\uabff\ufffd\U00010a00-\U00011fff\uac00-\ud7ff\U0001f1e6-\U0001f1ff]"
"""Where the rules below and those of the library may differ: scripts that later versions of Unicode join more of, syllables
of Hangul, what stands for a wrong byte, and what joins symbols. (A text: compiled only for text beyond ASCII.)"""

_CLUSTER = r"""(?x)
\r\n
| [\p{GCB=Control}\r\n\uFFFD]
| \p{GCB=Prepend}*+
  (?:
    (?: \p{GCB=L}++ (?: \p{GCB=LV}? \p{GCB=V}++ \p{GCB=T}*+ | \p{GCB=LVT} \p{GCB=T}*+ | \p{GCB=LV}? )
    | \p{GCB=LV} \p{GCB=V}*+ \p{GCB=T}*+
    | \p{GCB=V}++ \p{GCB=T}*+
    | \p{GCB=LVT} \p{GCB=T}*+
    | \p{GCB=T}++
    | \p{Extended_Pictographic}
    | \p{GCB=Regional_Indicator}{1,2}
    )
    (?>(?: \p{GCB=Extend} | \p{GCB=SpacingMark} | \p{GCB=ZWJ} (?>(?: \p{Extended_Pictographic} \p{GCB=Extend}*+ )?) )*)
  | [^\p{GCB=Control}\r\n\uFFFD\p{GCB=Prepend}] [\p{GCB=Extend}\p{GCB=ZWJ}\p{GCB=SpacingMark}]*+
  )
| \p{GCB=Prepend}++
"""
"""A cluster as the scanner behind Terraform cuts it: by the rules of Unicode 15.0, but that a syllable of Hangul and a flag
are joined to a symbol too, that a closed syllable behind an opening one begins a cluster of its own where nothing opens
it, and that what stands for a wrong byte is a cluster by itself."""


@cache
def _cluster(own: bool) -> Any:
    # Imported only for text beyond ASCII: it takes longer than most commands need for anything else.
    import regex  # type: ignore[import-untyped]

    # The library's own is three times as fast.
    return regex.compile(_CLUSTER if own else r"\X")


def clusters(text: str) -> list[str] | str:
    """The grapheme clusters of a text, in order."""
    if text.isascii() and "\r\n" not in text:
        return text
    found: list[str] = _cluster(re.search(_OWN, text) is not None).findall(text)
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
