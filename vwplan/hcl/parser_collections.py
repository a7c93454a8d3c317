"""Lists, objects and `for` expressions of HCL's native syntax."""

from __future__ import annotations

from vwplan.hcl.parser_expression import ExpressionParser
from vwplan.hcl.syntax import Expression, ForObject, ForTuple, Literal, ObjectItems, TupleItems, Variable


class CollectionParser(ExpressionParser):
    """Reads what stands in brackets and braces within an expression."""

    __slots__ = ()

    def tuple_items(self) -> Expression:
        """`[` at hand: a list, or a `for` that makes one."""
        start, sensitive = self.start, self.newlines
        self.newlines = False
        self.advance()
        if self.kind == "name" and self.text[self.start : self.end] == "for":
            return self._for(start, sensitive, "]")
        items: list[Expression] = []
        height = 0
        while self.kind != "]":
            items.append(self.expression())
            if self.height > height:
                height = self.height
            if self.kind == ",":
                self.advance()
            elif self.kind != "]":
                self.not_closed("[", start, "a comma before the next element, or the closing bracket,")
        end = self.end
        self.newlines = sensitive
        self.advance()
        self.height = height
        self.grow()
        return TupleItems(tuple(items), start, end)

    def object_items(self) -> Expression:
        """`{` at hand: an object, or a `for` that makes one."""
        start, sensitive = self.start, self.newlines
        self.newlines = False
        self.advance()
        if self.kind == "name" and self.text[self.start : self.end] == "for":
            return self._for(start, sensitive, "}")
        self.newlines = True
        items: list[tuple[Expression, Expression]] = []
        height = 0
        while self.kind != "}":
            if self.kind == "newline":
                self.advance()
                continue
            if self.kind == "end":
                self.not_closed("{", start, "")
            key = self.expression()
            height = max(height, self.height)
            if isinstance(key, Literal) and (key.value is None or isinstance(key.value, bool)):
                key = Variable(self.text[key.start : key.end], key.start, key.end)
            if self.kind != "=" and self.kind != ":":
                self.no_separator(key, start)
            self.advance()
            items.append((key, self.expression()))
            height = max(height, self.height)
            if self.kind == "," or self.kind == "newline":
                self.advance()
            elif self.kind != "}":
                self.not_closed("{", start, "a new line or a comma before the next key, or the closing brace,")
        end = self.end
        self.newlines = sensitive
        self.advance()
        self.height = height
        self.grow()
        return ObjectItems(tuple(items), start, end)

    def _for(self, start: int, sensitive: bool, closer: str) -> Expression:
        """The rest of a `for` expression, the word `for` being at hand."""
        self.advance()
        key, value = self.for_names("'for' expression")
        collection = self.expression()
        height = self.height
        if self.kind != ":":
            self.unexpected("a colon and then what to make of each element")
        self.advance()
        result_key: Expression | None = None
        result = self.expression()
        height = max(height, self.height)
        if self.kind == "=>":
            if closer == "]":
                detail = "In brackets 'for' makes a list, without keys. For an object write { for … : key => value }."
                self.fail("invalid-for", "Invalid 'for' expression", detail)
            self.advance()
            result_key, result = result, self.expression()
            height = max(height, self.height)
        elif closer == "}":
            self.no_arrow(result)
        group = self.kind == "..."
        if group:
            if closer == "]":
                detail = "Dots group the values of one key, in { for … : key => value... }. In brackets drop them."
                self.fail("invalid-for", "Invalid 'for' expression", detail)
            self.advance()
        condition: Expression | None = None
        if self.kind == "name" and self.text[self.start : self.end] == "if":
            self.advance()
            condition = self.expression()
            height = max(height, self.height)
        if self.kind != closer:
            self.not_closed("[" if closer == "]" else "{", start, "the end of the 'for' expression")
        end = self.end
        self.newlines = sensitive
        self.advance()
        self.height = height
        self.grow()
        if result_key is None:
            return ForTuple(key, value, collection, result, condition, start, end)
        return ForObject(key, value, collection, result_key, result, group, condition, start, end)

    def for_names(self, where: str) -> tuple[str, str]:
        """The one or two names of a `for` and the word `in` after them; the key is empty when there is one name."""
        first, second = "", self._for_name(where)
        if self.kind == ",":
            self.advance()
            first, second = second, self._for_name(where)
        if self.kind != "name" or self.text[self.start : self.end] != "in":
            detail = "The word 'in' belongs here: for value in collection, or for key, value in collection."
            if second == "in":
                detail = "A name for the element belongs before 'in': for value in collection."
            self.fail("invalid-for", f"Invalid {where}", detail)
        self.advance()
        return first, second

    def _for_name(self, where: str) -> str:
        if self.kind != "name":
            self.slip()
            detail = "A name belongs here: for value in collection, or for key, value in collection."
            self.fail("invalid-for", f"Invalid {where}", detail)
        name = self.text[self.start : self.end]
        self.advance()
        return name
