"""JSON with exact ranges: what `jsonsyntax` makes bodies of. Strict as the standard is, but for its diagnostics."""

from __future__ import annotations

import json
import re
from typing import NamedTuple, NoReturn

from vwplan.diagnostics import Diagnostic, Range, Source, did_you_mean
from vwplan.hcl.parser_cursor import DEEPEST, LARGEST
from vwplan.values.numbers import Number, NumberError, parse_number

_TOKEN = re.compile(
    r"""[ \t\r\n]*+(?:
        ("(?>(?:[^"\\\x00-\x1f]++|\\[^\x00-\x1f])*)")                 # 1 string
      | ([{}\[\]:,])                                     # 2 punctuation
      | (-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?(?![0-9A-Za-z_.+-]))   # 3 number
      | ([A-Za-z_][A-Za-z0-9_]*+)                        # 4 word
      | (\Z)                                             # 5 end
      | (.)                                              # 6 anything else
    )""",
    re.VERBOSE | re.DOTALL,
)
_STRING, _MARK, _NUMBER, _WORD, _END = range(1, 6)
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class JsonString(NamedTuple):
    """A string, its escapes undone; `start` and `end` take the quotes in."""

    value: str
    start: int
    end: int


class JsonScalar(NamedTuple):
    """A number, a bool or null."""

    value: Number | bool | None
    start: int
    end: int


class JsonArray(NamedTuple):
    """An array."""

    items: tuple[JsonNode, ...]
    start: int
    end: int


class JsonObject(NamedTuple):
    """An object: its members in order, of which several may have one name."""

    members: tuple[tuple[JsonString, JsonNode], ...]
    start: int
    end: int


JsonNode = JsonString | JsonScalar | JsonArray | JsonObject


class _Stop(Exception):
    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.summary)
        self.diagnostic = diagnostic


def read_json(source: Source) -> tuple[JsonNode | None, Diagnostic | None]:
    """The value that the text holds, or the first thing that is wrong with it."""
    if len(source.text) > LARGEST:
        detail = f"The text has {len(source.text):,} characters; {LARGEST:,} are the most that are read."
        return None, Diagnostic("source-too-large", "Text too large", detail, Range(source, 0, 0))
    reader = _Reader(source)
    try:
        reader.advance()
        node = reader.value()
        if reader.kind != _END:
            reader.fail("JSON has one value, which is complete before this.")
    except _Stop as stop:
        return None, stop.diagnostic
    except RecursionError:
        return None, reader.problem(f"More than {DEEPEST} brackets are nested here.", 0, 0)
    return node, None


class _Reader:
    """A token at hand, and the functions that read each form."""

    __slots__ = ("depth", "end", "kind", "source", "start", "text")

    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = source.text
        self.depth = 0
        self.kind = self.start = 0
        self.end = 1 if self.text.startswith("\ufeff") else 0

    def advance(self) -> None:
        found = _TOKEN.match(self.text, self.end)
        assert found is not None and found.lastindex is not None
        self.kind = found.lastindex
        self.start, self.end = found.span(self.kind)

    def problem(self, detail: str, start: int, end: int) -> Diagnostic:
        return Diagnostic("invalid-json", "Invalid JSON", detail, Range(self.source, start, end))

    def fail(self, detail: str, start: int = -1, end: int = -1) -> NoReturn:
        if start < 0:
            start, end = self.start, self.end
        raise _Stop(self.problem(detail, start, end))

    def at(self, mark: str) -> bool:
        return self.kind == _MARK and self.text[self.start] == mark

    def value(self) -> JsonNode:
        start, end = self.start, self.end
        if self.kind == _STRING:
            return self.string()
        if self.kind == _NUMBER:
            try:
                number = parse_number(self.text[start:end])
            except NumberError as problem:
                self.fail(f"This number cannot be used: {problem}.")
            self.advance()
            return JsonScalar(number, start, end)
        if self.kind == _WORD:
            word = self.text[start:end]
            if word not in _WORDS:
                hint = did_you_mean(word.lower(), _WORDS)
                self.fail(f"{word} is no JSON value. Text stands in double quotes.{hint}")
            self.advance()
            return JsonScalar(_WORDS[word], start, end)
        if self.at("{") or self.at("["):
            self.depth += 1
            if self.depth > DEEPEST:
                self.fail(f"More than {DEEPEST} brackets are nested here.")
            node = self.object() if self.at("{") else self.array()
            self.depth -= 1
            return node
        return self.no_value()

    def no_value(self) -> NoReturn:
        char = self.text[self.start : self.start + 1]
        detail = "A value belongs here: an object, an array, a string, a number, true, false or null."
        if self.kind == _END:
            detail = "The text ends where a value belongs."
        elif char == "'":
            detail = "Strings stand in double quotes."
        elif char == '"':
            detail = (
                "This string is not closed on its line, or has a control character in it: write \\n for a line break."
            )
        elif char in "/#":
            detail = 'JSON has no comments. A member named "//" is ignored in bodies.'
        elif self.at("]") or self.at("}"):
            detail = "A value belongs here. After the last one stands no comma."
        elif char.isdigit() or char in "+-.":
            detail = "This is no JSON number: digits without a leading zero, as in 10, -1.5 or 2e6."
        self.fail(detail)

    def string(self) -> JsonString:
        start, end = self.start, self.end
        raw = self.text[start:end]
        if "\\" in raw:
            try:
                value: str = json.loads(raw)
            except json.JSONDecodeError as problem:
                at = start + problem.pos
                self.fail('This is no escape sequence of JSON: \\" \\\\ \\/ \\b \\f \\n \\r \\t \\u0000.', at, at + 2)
        else:
            value = raw[1:-1]
        if not value.isascii():
            value = _LONE_SURROGATE.sub("\ufffd", value)
        self.advance()
        return JsonString(value, start, end)

    def array(self) -> JsonArray:
        start = self.start
        self.advance()
        items: list[JsonNode] = []
        if not self.at("]"):
            while True:
                items.append(self.value())
                if not self.at(","):
                    break
                self.advance()
        if not self.at("]"):
            self.unclosed("[", start, "a comma or ]")
        end = self.end
        self.advance()
        return JsonArray(tuple(items), start, end)

    def object(self) -> JsonObject:
        start = self.start
        self.advance()
        members: list[tuple[JsonString, JsonNode]] = []
        if not self.at("}"):
            while True:
                if self.kind != _STRING:
                    self.no_key(start)
                key = self.string()
                if not self.at(":"):
                    hint = " JSON has a colon here, and no =." if self.text[self.start : self.end] == "=" else ""
                    self.fail(f"A colon belongs between the name of a member and its value.{hint}")
                self.advance()
                members.append((key, self.value()))
                if not self.at(","):
                    break
                self.advance()
        if not self.at("}"):
            self.unclosed("{", start, "a comma or }")
        end = self.end
        self.advance()
        return JsonObject(tuple(members), start, end)

    def no_key(self, opened: int) -> NoReturn:
        if self.kind == _END:
            self.unclosed("{", opened, "")
        if self.at("}"):
            self.fail("A member belongs here. After the last one stands no comma.")
        if self.kind == _WORD:
            self.fail("The name of a member stands in double quotes.")
        self.no_value()

    def unclosed(self, opener: str, opened: int, expected: str) -> NoReturn:
        if self.kind == _END:
            self.fail(f"This {opener} is not closed before the text ends.", opened, opened + 1)
        if self.kind not in (_STRING, _MARK, _NUMBER, _WORD):
            self.no_value()
        self.fail(f"Expected {expected} but found {self.text[self.start : self.end][:40]}.")
