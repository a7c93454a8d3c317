"""What is wrong, and what to write instead: the complaints of the parser, common slips named.

Read only when something is already wrong, so nothing here needs to be fast.
"""

from __future__ import annotations

import unicodedata
from typing import NoReturn

from vwplan.hcl.parser_cursor import Cursor
from vwplan.hcl.syntax import Expression, GetAttribute, Variable

_INVALID = ("invalid-character", "Invalid character")
_OPERATOR = ("unsupported-operator", "Unsupported operator")
_CHARACTERS = {
    "'": ("single-quotes", "Single quotes", "Strings stand in double quotes: write \" in place of '."),
    "`": (
        *_INVALID,
        "Backquotes mean nothing here. A text of several lines is a heredoc: <<EOT, the lines, then EOT alone.",
    ),
    ";": (
        *_INVALID,
        "Semicolons separate nothing here: arguments and blocks end with their line, commas separate the elements "
        "of a list.",
    ),
    "&": (*_OPERATOR, 'There are no operators on bits. For "and" write &&.'),
    "|": (*_OPERATOR, 'There are no operators on bits. For "or" write ||.'),
    "^": (*_OPERATOR, "There are no operators on bits. A power is pow(base, exponent)."),
    "~": (*_OPERATOR, 'There are no operators on bits. For "not" write !.'),
    "$": (*_INVALID, "Outside strings a name is written bare: drop the $, and the braces if there are any."),
    "\\": (
        *_INVALID,
        "A backslash means something in quoted strings only. An expression in parentheses may go on over lines.",
    ),
    "\0": (*_INVALID, "There is a zero byte here. Is this a text file?"),
    "\r": (*_INVALID, "There is a carriage return without a line feed here. Lines end with LF or CRLF."),
    "\ufeff": (*_INVALID, "There is a byte order mark in the middle of the text. Delete it."),
}
_CURLY = "“”„‟«»‘’‚‛"
_DASHES = "‐‑‒–—―−"
_OPERATORS = {
    "===": "Equality is ==.",
    "!==": "Inequality is !=.",
    "<>": "Inequality is !=.",
    "??": "For a value in place of null write coalesce(a, b), or try(a, b) where a may fail.",
    "?.": "Where an attribute may be missing write try(a.b, null).",
    "**": "A power is pow(base, exponent).",
    "++": "There is no increment: nothing here changes once it has a value.",
    "+=": "Nothing here changes once it has a value. Give the sum a name of its own.",
    ":=": "An argument is set with =.",
    "<<": "A heredoc opens with << or <<- and a marker, after which the line must end.",
}
_WORDS = {
    "and": 'For "and" write &&.',
    "or": 'For "or" write ||.',
    "not": 'For "not" write !.',
    "is": "To compare, write == or !=.",
    "in": "Whether a list has an element is contains(list, element).",
    "if": "A choice is written condition ? a : b.",
    "else": "A choice is written condition ? a : b.",
}
_NAMES = {
    "newline": "the end of the line",
    "end": "the end of the text",
    "string": "a string",
    "quote": "a string",
    "heredoc": "a heredoc",
}


class Mistakes(Cursor):
    """The cursor with a complaint for each way of going wrong. Each of them reports and gives the item up."""

    __slots__ = ()

    def token_name(self) -> str:
        """The token at hand as a diagnostic calls it."""
        if self.kind in _NAMES:
            return _NAMES[self.kind]
        shown = self.text[self.start : self.end]
        return shown if len(shown) <= 40 else shown[:37] + "..."

    def unexpected(self, expected: str) -> NoReturn:
        """Something else belongs where the token at hand is."""
        self.slip()
        self.fail("unexpected-token", "Unexpected token", f"Expected {expected} but found {self.token_name()}.")

    def no_expression(self) -> NoReturn:
        """A value belongs where the token at hand is."""
        self.slip()
        detail = f"A value belongs here, but {self.token_name()} was found."
        if self.kind == ".":
            detail = "A value belongs here. A fraction has a digit before its point: 0.5."
        elif self.kind == ",":
            detail = "A value belongs here, before the comma. Is there one comma too many?"
        elif self.kind == "...":
            detail = "Dots follow the last argument of a call, f(list...); here a value belongs."
        elif self.kind == "newline":
            detail = "A value belongs here, on the same line. An expression in parentheses may go on over lines."
        self.fail("missing-value", "Missing value", detail)

    def slip(self) -> None:
        """Complain if the token at hand, perhaps with the one before it, is a known slip."""
        if self.kind == "other":
            self._character()
        if self.kind == "open comment":
            self.fail("unclosed-comment", "Unclosed comment", "This comment is not closed: */ is missing.")
        for start, length in ((self.start - 2, 3), (self.start - 1, 2), (self.start, 3), (self.start, 2)):
            written = self.text[start : start + length] if start >= 0 else ""
            if len(written) == length and written in _OPERATORS:
                self.fail(*_OPERATOR, f"{written} is no operator here. {_OPERATORS[written]}", start, start + length)
        if self.kind == "name":
            self._word()

    def _character(self) -> NoReturn:
        char = self.text[self.start]
        end = self.end
        if char in _CHARACTERS:
            code, summary, detail = _CHARACTERS[char]
            if char == "'" and (close := self.text.find("'", end, end + 200)) >= 0 and "\n" not in self.text[end:close]:
                end = close + 1
        else:
            code, summary = _INVALID
            detail = _other_character(char)
        self.fail(code, summary, detail, self.start, end)

    def _word(self) -> None:
        word = self.text[self.start : self.end]
        if self.start and self.text[self.start - 1].isdigit():
            self.fail(
                "invalid-number",
                "Letters after a number",
                f"{word} cannot follow a number. Digits are not grouped, and text such as a size stands in quotes.",
            )
        if word in _WORDS:
            self.fail(*_OPERATOR, f"{word} is no operator. {_WORDS[word]}")

    def not_closed(self, opener: str, opened: int, expected: str) -> NoReturn:
        """Something else belongs where the token at hand is, or the bracket `opener`, opened at `opened`, is not closed."""
        if self.kind == "end":
            self.fail(
                "unclosed-bracket",
                "Unclosed bracket",
                f"This {opener} is not closed before the text ends.",
                opened,
                opened + len(opener),
            )
        self.slip()
        line = self.line_of(opened)
        where = f" (the {opener} is on line {line})" if line != self.line_of(self.start) else ""
        found = self.token_name()
        if found == "for" and opener in "[{":
            found = "for: it stands before the value, as in [for x in list : value]"
        if self.kind == "=" and opener != "{":
            found = "=, which sets an argument: is the bracket before it not closed? To compare, write =="
        self.fail("missing-separator", "Missing separator", f"Expected {expected}{where} but found {found}.")

    def no_separator(self, key: Expression, opened: int) -> NoReturn:
        """`=` or `:` belongs after an object's key."""
        if self.kind == "end":
            self.not_closed("{", opened, "")
        if self.kind == "name" and isinstance(key, GetAttribute | Variable):
            detail = "= belongs between a key and its value. A key with dots or spaces in it stands in quotes."
        elif self.kind in ("newline", ",", "}"):
            detail = "This key has no value: write key = value. For a list use brackets: [a, b]."
        elif self.kind == "=>":
            detail = "Between a key and its value stands =; an arrow belongs only into { for … : key => value }."
        else:
            self.slip()
            detail = f"Expected = and a value after the key but found {self.token_name()}."
        self.fail("missing-separator", "Missing value of a key", detail)

    def no_arrow(self, result: Expression) -> NoReturn:
        """`=>` belongs into a `for` that makes an object."""
        if self.kind in ("}", "end", "...", "name"):
            detail = "In braces 'for' makes an object: { for … : key => value }. For a list write [for … : value]."
            self.fail("invalid-for", "Invalid 'for' expression", detail, result.start, result.end)
        self.unexpected("=> and the value of the key")

    def no_attribute_name(self) -> NoReturn:
        """A name belongs after a dot."""
        if self.kind == "[":
            detail = "An index follows without a dot: write a[0]."
        elif self.kind in ("string", "quote"):
            detail = 'A name in quotes stands in brackets: write a["b"].'
        else:
            detail = f"The name of an attribute belongs after the dot, but {self.token_name()} was found."
        self.fail("invalid-attribute-name", "Invalid attribute name", detail)

    def left_over(self, context: str) -> NoReturn:
        """An expression is complete, and more follows on its line. `context` says what should be there."""
        self.slip()
        if self.kind == ",":
            detail = "No comma here: an argument ends with its line. A list of values stands in brackets: [a, b]."
        elif self.kind in (")", "]", "}"):
            detail = f"This {self.kind} closes nothing."
        elif self.kind == ":":
            detail = "A colon belongs to a conditional, condition ? a : b, and there is no ? before it."
        elif self.kind == "=":
            detail = "One = sets an argument; to compare, write ==."
        elif self.kind == "(":
            detail = "Values have no methods: a function stands before its arguments, as in upper(local.name)."
        elif self.text.endswith("not ", 0, self.start):
            detail = 'For "not" write !.'
        elif self.kind == "...":
            detail = "Dots follow the last argument of a call: f(list...)."
        else:
            detail = f"The expression is complete before {self.token_name()}. {context}"
        self.fail("extra-characters", "Extra characters after the expression", detail)

    def no_item(self, start: int = -1, end: int = -1) -> NoReturn:
        """An argument or a block belongs where the token at hand is; or `=` after a name from `start` to `end`."""
        detail = f"An argument, name = value, or a block belongs here, but {self.token_name()} was found."
        if start >= 0:
            detail = f"To set {self.text[start:end]} write {self.text[start:end]} = and a value."
        elif self.kind in ("string", "quote"):
            detail = "The name of an argument or a block is not quoted."
            if self.kind == "string":
                start, end = self.start, self.end
        elif self.kind in ("}", ")", "]"):
            detail = f"This {self.kind} closes nothing. Is there one too many, or was another left out before it?"
        elif self.kind == "{":
            detail = "A block has a name before its brace."
        elif self.kind == "=":
            detail = "The name of the argument is missing before this =."
        else:
            self.slip()
        self.fail("item-required", "Argument or block required", detail, start, end)

    def no_header(self, name: str, labels: bool) -> NoReturn:
        """After `name` at the start of an item, and perhaps labels, something belongs to neither argument nor block."""
        kind = self.kind
        if kind == "newline" or kind == "end":
            detail = f"{name} stands alone here: write {name} = and a value, or {name} {{ … }} for a block."
            if labels:
                detail = "The opening brace of a block stands on the same line as its name."
        elif kind == "=":
            detail = "Only a block has labels, and it has no =: a brace belongs here."
        elif kind == "==":
            detail = f"One = sets an argument: {name} = and a value. Two compare."
        elif kind == ":":
            detail = f"An argument is set with =: {name} = and a value."
        elif kind == "." or kind == "[":
            detail = f"Only a whole argument can be set: {name} = and a value. Names have no dots or brackets in them."
        elif kind == "(":
            detail = "A function is called only within the value of an argument."
        else:
            self.slip()
            detail = f"After {name} belongs = and a value, or the labels and the brace of a block; {self.token_name()} was found."
        self.fail("invalid-block", "Invalid argument or block", detail)


def _other_character(char: str) -> str:
    if char in _CURLY:
        return 'This is a typographic quote, as word processors and web pages write them: write " in its place.'
    if char in _DASHES:
        return "This is a dash and no minus: write - in its place."
    name = unicodedata.name(char, "")
    said = f"U+{ord(char):04X}" + (f" ({name})" if name else "")
    if unicodedata.category(char) in ("Zs", "Cf", "Zl", "Zp"):
        return f"An invisible character, {said}, stands here. Delete it, or write a space."
    return f"The character {said} has no meaning here. Text stands in double quotes."
