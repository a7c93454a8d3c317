"""Tokens of HCL's native syntax: the patterns they are cut by, and the whole sequence for who needs every one.

The parser asks for one token at a time (`Cursor` in `parser_cursor`); the formatter and error recovery read the
sequence that `scan` gives. Every pattern is possessive where it repeats, so that no text makes one run away.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

SPACES = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
"""What Unicode calls white space: cut off by `~`, counted by `<<-`, allowed around a closing heredoc marker."""

# A letter or `_`, then letters, digits, `_` and `-`, or anything beyond ASCII (see `name_length`). Said by what is left
# out, because classes that hold half of Unicode take long to compile.
NAME_PATTERN = r"[^\x00-@\[-^`{-\x7f][^\x00-,./:-@\[-^`{-\x7f]*+"
_COMMENT = r"/\*[^*]*+(?>(?:\*(?!/)[^*]*+)*)\*/"
_TOKEN = rf"""
    ({NAME_PATTERN})                                               # 1 name
  | ("[^"\\$%\n\r]*+")                                      # 2 string without escapes or templates
  | ((?:(?:\#|//)[^\n]*+)?\r?\n)                            # 3 newline, with the comment before it
  | (<<-?{NAME_PATTERN}\r?\n)                                      # 4 heredoc opening
  | (/\*)                                                   # 5 comment without end
  | (\.\.\.|[=!<>]=|=>|&&|\|\||::|~\}}|[\[\]().,*/%+\-=<>!?:{{}}])     # 6 punctuation
  | ([0-9](?>(?:\.*+(?:[0-9]++|[eE][+-]?[0-9]))*))             # 7 number
  | (")                                                     # 8 quote that opens any other string
  | (\Z)                                                    # 9 end of the text
  | (.)                                                     # 10 anything else
"""
INLINE = re.compile(rf"(?>(?:[ \t]++|{_COMMENT}|(?:\#|//)[^\n]*+\Z)*)(?:{_TOKEN})", re.VERBOSE | re.DOTALL)
"""The next token where a newline ends things."""
FREE = re.compile(rf"(?>(?:[ \t\n]++|\r\n|(?:\#|//)[^\n]*+|{_COMMENT})*)(?:{_TOKEN})", re.VERBOSE | re.DOTALL)
"""The next token inside brackets, where newlines are no more than space."""

NAME = 1
KINDS = ("", "name", "string", "newline", "heredoc", "open comment", "", "number", "quote", "end", "other")
"""What the cursor calls a token, by its group in the pattern; punctuation is called by its own text."""

QUOTED = re.compile(r'((?>(?:[^"\\$%\n\r]++|\\[^\n\r])+))|(\$\$\{~?|%%\{~?)|(\$\{~?)|(%\{~?)|(")|([$%])')
"""The next piece of a quoted string; nothing matches at a line's or the text's end, or at a backslash there."""
UNQUOTED = re.compile(r"([^$%\n\r]*+\r?\n|[^$%\n\r]++)|(\$\$\{~?|%%\{~?)|(\$\{~?)|(%\{~?)|(?!)()|([$%\r])")
"""The next piece of a heredoc or bare template, cut at line ends; nothing matches at the text's end."""
TEXT, ESCAPE, INTERPOLATION, DIRECTIVE, CLOSE, SIGN = range(1, 7)

_WORD_START = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Nl"})
_WORD_PART = _WORD_START | {"Mn", "Mc", "Nd", "Pc"}
_MORE_STARTS = "\u1885\u1886\u2118\u212e\u309b\u309c"
_MORE_PARTS = _MORE_STARTS + "\u00b7\u0387\u1369\u136a\u136b\u136c\u136d\u136e\u136f\u1370\u1371\u19da"


@lru_cache(maxsize=4096)
def name_length(word: str) -> int:
    """How many of the characters of `word` are a name: Unicode ID_Start, then ID_Continue or `-`; 0 when none.

    The patterns above take any character beyond ASCII for a part of a name; this tells the true ones.
    """
    for index, char in enumerate(word):
        if char < "\x80":
            continue
        if index == 0:
            fits = unicodedata.category(char) in _WORD_START or char in _MORE_STARTS
        else:
            fits = unicodedata.category(char) in _WORD_PART or char in _MORE_PARTS
        if not fits or char == "\u2e2f":
            return index
    return len(word)


def nfc(text: str) -> str:
    """The text composed, as the value of every string is (Unicode's NFC)."""
    return unicodedata.normalize("NFC", text)


_WHOLE_NAME = re.compile(NAME_PATTERN)


def is_name(text: str) -> bool:
    """Whether the text is one HCL name."""
    return _WHOLE_NAME.fullmatch(text) is not None and name_length(text) == len(text)


class Token(NamedTuple):
    """One token of a text: its kind, and where it starts and ends (exclusive).

    Kinds: `name number newline comment other end`, any punctuation by its own text, and for templates
    `quote text unquote heredoc line unheredoc interpolation directive close`. A comment up to a line's end holds the
    newline; `quote`…`unquote` and `heredoc`…`unheredoc` enclose `text` (quoted) and `line` (a heredoc's) pieces;
    `interpolation` and `directive` are `${` and `%{` with a `~` if there is one, and `close` ends either.
    """

    kind: str
    start: int
    end: int


_SPACE = re.compile(r"[ \t]*+")
_REMARK = re.compile(rf"(?:\#|//)[^\n]*+\n?|{_COMMENT}")
_RAW = re.compile(_TOKEN, re.VERBOSE | re.DOTALL)


def scan(text: str, at: int = 0) -> Iterator[Token]:
    """Every token of a text from `at` on, comments too, ending with one of kind `end`.

    A wrong text is cut as well as can be: a string that its line does not close ends there.
    """
    # What is open, innermost last: `{`, `$` for a template sequence, `"`, or `<` with a heredoc's marker.
    stack: list[str] = []
    while True:
        opened = stack[-1] if stack else ""
        if opened == '"' and (found := QUOTED.match(text, at)) is None:
            stack.pop()
            continue
        if opened == '"' and found is not None:
            token = _piece(("text", "unquote"), found.lastindex, at, found.end(), stack)
        elif opened[:1] == "<":
            token = _line(text, at, opened[1:], stack)
        else:
            token = _plain(text, at, stack)
            if token.kind == "string":
                yield Token("quote", token.start, token.start + 1)
                if token.end - token.start > 2:
                    yield Token("text", token.start + 1, token.end - 1)
                token = Token("unquote", token.end - 1, token.end)
        yield token
        if token.kind == "end":
            return
        at = token.end


def _piece(names: tuple[str, str], group: int | None, start: int, end: int, stack: list[str]) -> Token:
    """A piece of a template, by the group of `QUOTED` or `UNQUOTED` that matched; the stack is kept up."""
    if group in (INTERPOLATION, DIRECTIVE):
        stack.append("$")
        return Token("interpolation" if group == INTERPOLATION else "directive", start, end)
    if group == CLOSE:
        stack.pop()
        return Token(names[1], start, end)
    return Token(names[0], start, end)


def _line(text: str, at: int, marker: str, stack: list[str]) -> Token:
    """The next piece of a heredoc: some of a line, or the closing marker with the spaces before it."""
    if text[at - 1] == "\n":
        stop = text.find("\n", at)
        line = text[at : len(text) if stop < 0 else stop]
        if line.strip(SPACES) == marker:
            stack.pop()
            return Token("unheredoc", at, at + len(line.removesuffix("\r")))
    found = UNQUOTED.match(text, at)
    if found is None:
        stack.clear()
        return Token("end", at, at)
    return _piece(("line", ""), found.lastindex, at, found.end(), stack)


def _plain(text: str, at: int, stack: list[str]) -> Token:
    """The token outside templates that starts at `at` or after the spaces there; the stack is kept up."""
    at = _SPACE.match(text, at).end()  # type: ignore[union-attr]
    remark = _REMARK.match(text, at)
    if remark is not None:
        return Token("comment", at, remark.end())
    found = _RAW.match(text, at)
    assert found is not None and found.lastindex is not None
    end = found.end()
    match kind := KINDS[found.lastindex] or found.group():
        case "name" if not (word := found.group()).isascii():
            length = name_length(word)
            return Token("name", at, at + length) if length else Token("other", at, at + 1)
        case "open comment":
            return Token("/", at, at + 1)
        case "heredoc":
            stack.append("<" + text[at + 2 : end].lstrip("-").rstrip("\r\n"))
        case "quote":
            stack.append('"')
        case "{":
            stack.append("{")
        case "}" | "~}":
            if (stack.pop() if stack else "") == "$" or kind == "~}":
                return Token("close", at, end)
    return Token(kind, at, end)
