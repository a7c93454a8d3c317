"""Expressions of HCL's native syntax: one function for each form, by recursive descent with operator precedence."""

from __future__ import annotations

from vwplan.hcl.lexer import nfc
from vwplan.hcl.parser_cursor import DEEPEST
from vwplan.hcl.parser_mistakes import Mistakes
from vwplan.hcl.syntax import (
    Binary,
    Call,
    Conditional,
    Element,
    Expression,
    GetAttribute,
    Index,
    Literal,
    Parenthesised,
    Splat,
    Unary,
    Variable,
)
from vwplan.values.numbers import Number, NumberError, parse_number

_STRENGTH = {
    "||": 2,
    "&&": 3,
    "==": 4,
    "!=": 4,
    ">": 5,
    ">=": 5,
    "<": 5,
    "<=": 5,
    "+": 6,
    "-": 6,
    "*": 7,
    "/": 7,
    "%": 7,
}
"""How strongly each binary operator binds; those of one strength associate to the left. A conditional binds by 1."""

_OPERATORS = 2
"""The level of an expression that is no conditional."""

_CONSTANTS: dict[str, bool | None] = {"true": True, "false": False, "null": None}


class ExpressionParser(Mistakes):
    """Reads expressions. Each method starts on the first token of its form and ends on the token after it."""

    __slots__ = ()

    def expression(self, level: int = 1) -> Expression:
        """An expression whose operators all bind at least as strongly as `level`; at 1 a conditional too.

        Operators in a row lean to the left, however many there are: the height of a tree does not count them.
        """
        self.depth += 1
        if self.depth > DEEPEST:
            self.too_deep()
        start = self.start
        left = self._operand()
        if _STRENGTH.get(self.kind, 0) >= level:
            height = self.height
            while (strength := _STRENGTH.get(self.kind, 0)) >= level:
                operator = self.kind
                self.advance()
                right = self.expression(strength + 1)
                left = Binary(operator, left, right, start, right.end)
                height = max(height, self.height)
            self.grow(height)
        if self.kind == "?" and level == 1:
            left = self._conditional(left, start)
        self.depth -= 1
        return left

    def grow(self, other: int = 0) -> None:
        """Note that the tree is one higher than the tree parsed last, or than `other` where that is higher."""
        height = self.height
        self.height = height = 1 + (height if height > other else other)
        if height > DEEPEST:
            self.too_deep()

    def _conditional(self, condition: Expression, start: int) -> Expression:
        """What follows a condition, be it another conditional; those in a row do not count as nested."""
        outer: list[tuple[Expression, Expression, int]] = []
        otherwise, height = condition, self.height
        while self.kind == "?":
            condition, mark = otherwise, self.start
            self.advance()
            then = self.expression()
            height = max(height, self.height)
            if self.kind != ":":
                if self.kind in ("end", "newline", ")", "]", "}", ","):
                    detail = "A conditional is condition ? a : b. What to take when the condition is false is missing."
                    self.fail("missing-else", "Conditional without an else", detail, mark, then.end)
                self.unexpected("a colon and what to take when the condition is false")
            self.advance()
            outer.append((condition, then, start))
            start = self.start
            otherwise = self.expression(_OPERATORS)
            height = max(height, self.height)
        self.grow(height)
        for condition, then, start in reversed(outer):
            otherwise = Conditional(condition, then, otherwise, start, otherwise.end)
        return otherwise

    def _operand(self) -> Expression:
        """A term with its prefix operators and whatever is taken out of it by `.name`, `[key]` and splats."""
        kind = self.kind
        start = self.start
        node: Expression
        if kind == "name":
            node = self._name()
        elif kind == "string":
            node = self._string()
        elif kind == "quote":
            node = self.quoted()
        elif kind == "number":
            node = Literal(self._number(), start, self.end)
            self.advance()
            self.height = 1
        elif kind == "[":
            node = self.tuple_items()
        elif kind == "{":
            node = self.object_items()
        elif kind == "(":
            node = self._parenthesised()
        elif kind == "-" or kind == "!":
            return self._unary()
        elif kind == "heredoc":
            node = self.heredoc()
        else:
            self.no_expression()
        if self.kind == "." or self.kind == "[":
            return self._traversal(node, start)
        return node

    def _unary(self) -> Expression:
        operator, start = self.kind, self.start
        self.advance()
        self.depth += 1
        if self.depth > DEEPEST:
            self.too_deep()
        operand = self._operand()
        self.depth -= 1
        self.grow()
        return Unary(operator, operand, start, operand.end)

    def _name(self) -> Expression:
        start, end = self.start, self.end
        name = self.text[start:end]
        self.advance()
        if self.kind == "(" or self.kind == "::":
            return self._call(name, start, end)
        self.height = 1
        if name in _CONSTANTS:
            return Literal(_CONSTANTS[name], start, end)
        return Variable(name, start, end)

    def _string(self) -> Expression:
        start, end = self.start, self.end
        text = self.text[start + 1 : end - 1]
        self.advance()
        self.height = 1
        return Literal(text if self.ascii else nfc(text), start, end)

    def _number(self) -> Number:
        """The value of the number at hand."""
        digits = self.text[self.start : self.end]
        if len(digits) < 18 and digits.isdecimal():
            return int(digits)
        try:
            return parse_number(digits)
        except NumberError as problem:
            shown = digits if len(digits) <= 40 else digits[:37] + "..."
            self.fail("invalid-number", "Invalid number", f"{shown} cannot be used: {problem}.")

    def _parenthesised(self) -> Expression:
        start, sensitive = self.start, self.newlines
        self.newlines = False
        self.advance()
        inner = self.expression()
        if self.kind != ")":
            self.not_closed("(", start, "an operator, or the closing parenthesis,")
        end = self.end
        self.newlines = sensitive
        self.advance()
        self.grow()
        return Parenthesised(inner, start, end)

    def _call(self, name: str, start: int, name_end: int) -> Expression:
        while self.kind == "::":
            self.advance()
            if self.kind != "name":
                self.fail("invalid-call", "Invalid function call", "The name of a function belongs after ::.")
            name += "::" + self.text[self.start : self.end]
            name_end = self.end
            self.advance()
        if self.kind != "(":
            detail = f"{name} names a function, which can only be called: write {name}(…)."
            self.fail("invalid-call", "Invalid function call", detail, start, name_end)
        opened, sensitive = self.start, self.newlines
        self.newlines = False
        self.advance()
        arguments: list[Expression] = []
        height, expand = 0, False
        while self.kind != ")":
            arguments.append(self.expression())
            if self.height > height:
                height = self.height
            if self.kind == ",":
                self.advance()
            elif self.kind == "...":
                expand = True
                self.advance()
                if self.kind != ")":
                    self.unexpected("the closing parenthesis (only the last argument may be followed by dots)")
            elif self.kind != ")":
                self.not_closed("(", opened, "a comma before the next argument, or the closing parenthesis,")
        end = self.end
        self.newlines = sensitive
        self.advance()
        self.height = height
        self.grow()
        return Call(name, tuple(arguments), expand, start, name_end, end)

    def _traversal(self, node: Expression, start: int) -> Expression:
        """The node with every `.name`, `.0`, `.*`, `[key]` and `[*]` after it."""
        while True:
            if self.kind == ".":
                self.advance()
                if self.kind == "name":
                    node = GetAttribute(node, self.text[self.start : self.end], start, self.end)
                    self.grow()
                    self.advance()
                elif self.kind == "number":
                    node = self._legacy_index(node, start)
                elif self.kind == "*":
                    node = self._attribute_splat(node, start)
                else:
                    self.no_attribute_name()
            elif self.kind == "[":
                node = self._index(node, start)
            else:
                return node

    def _legacy_index(self, node: Expression, start: int) -> Expression:
        digits = self.text[self.start : self.end]
        if "." in digits:
            first, second = digits.split(".", 1)
            detail = f"This reads as the number {digits}. Write the indexes in brackets: [{first}][{second}]."
            self.fail("legacy-index", "Two indexes with dots", detail)
        key = Literal(self._number(), self.start, self.end)
        self.advance()
        self.grow()
        return Index(node, key, start, key.end)

    def _attribute_splat(self, node: Expression, start: int) -> Expression:
        """`*` after a dot at hand: only names and legacy indexes after it belong to each element."""
        height, marked = self.height, self.start
        each: Expression = Element(marked, self.end)
        self.height = 1
        self.advance()
        while self.kind == ".":
            self.advance()
            if self.kind == "name":
                each = GetAttribute(each, self.text[self.start : self.end], marked, self.end)
                self.grow()
                self.advance()
            elif self.kind == "number":
                each = self._legacy_index(each, marked)
            elif self.kind == "*":
                detail = "After .* only names and numbers may follow. Write [*] for both, which may be nested."
                self.fail("invalid-splat", "A splat inside a splat", detail)
            else:
                self.no_attribute_name()
        self.grow(height)
        return Splat(node, each, False, start, each.end)

    def _index(self, node: Expression, start: int) -> Expression:
        """`[` at hand: an index, or a full splat with all that follows it."""
        height, opened, sensitive = self.height, self.start, self.newlines
        self.advance()
        if self.kind == "*":
            self.advance()
            if self.kind != "]":
                self.not_closed("[", opened, "the closing bracket")
            marker = Element(opened, self.end)
            self.advance()
            self.height = 1
            self.depth += 1
            if self.depth > DEEPEST:
                self.too_deep()
            each = self._traversal(marker, opened)
            self.depth -= 1
            self.grow(height)
            return Splat(node, each, True, start, each.end)
        self.newlines = False
        if self.kind == "newline":
            self.advance()
        key = self.expression()
        if self.kind != "]":
            self.not_closed("[", opened, "the closing bracket")
        end = self.end
        self.newlines = sensitive
        self.advance()
        self.grow(height)
        return Index(node, key, start, end)

    # Forms that subclasses read.

    def tuple_items(self) -> Expression:
        """`[` at hand."""
        raise NotImplementedError

    def object_items(self) -> Expression:
        """`{` at hand."""
        raise NotImplementedError

    def quoted(self) -> Expression:
        """A quote at hand that opens a string with escapes or templates."""
        raise NotImplementedError

    def heredoc(self) -> Expression:
        """The opening of a heredoc at hand."""
        raise NotImplementedError
