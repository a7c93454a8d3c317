"""The parser of HCL's native syntax: files into bodies, and single expressions and templates.

A file is read line by line: the common forms of a line (an argument with a literal or a reference, a block's header, a
closing brace) by one pattern, everything else token by token. Reading never fails: what cannot be read is left out of the
tree and told in a diagnostic, and reading goes on with the next line that stands outside brackets.
"""

from __future__ import annotations

import contextlib
import re

from vwplan.diagnostics import Diagnostic, Range, Source
from vwplan.garbage import uncollected
from vwplan.hcl.lexer import nfc, scan
from vwplan.hcl.parser_cursor import DEEPEST, LARGEST, Stop
from vwplan.hcl.parser_recovery import next_item, unclosed_brace
from vwplan.hcl.parser_template import TemplateParser
from vwplan.hcl.syntax import Attribute, Block, Body, Expression, GetAttribute, Label, Literal, Variable

_NAME = r"[A-Za-z_][A-Za-z0-9_-]*+"
_STRING = r'"[^"\\$%\n\r]*+"'
_REMARK = r"(?:(?:\#|//)[^\n]*+)?"
_LINE = re.compile(
    rf"""
    [ \t\n]*+ (?>(?: (?: \r\n | (?:\#|//)[^\n]*+\n ) [ \t\n]*+ )*)                       # blank lines and comments
    (?:
        ({_NAME}) [ \t]*+                                                            # 1 a name, then
        (?:
            = [ \t]*+ (?: ({_STRING}) | ([0-9]{{1,17}}) | ({_NAME}(?:\.{_NAME}){{0,20}}+) )  # 2 a string, 3 a number,
              [ \t]*+ {_REMARK} (?:\r?\n|\Z)                                         # 4 a reference; or
          | ((?>(?:{_STRING} [ \t]*+)*)) \{{ [ \t]*+ {_REMARK} \r?\n                    # 5 labels and a brace; or
          | = (?![=>]) ()                                                            # 6 any other value; or
        )
      | (\}}) [ \t]*+ {_REMARK} (?:\r?\n|\Z)                                         # 7 the end of a block; or
      | (\Z)                                                                         # 8 the end of the text
    )
    """,
    re.VERBOSE,
)
_TEXT, _NUMBER, _REFERENCE, _HEADER, _VALUE, _CLOSE, _END = range(2, 9)
_LABEL = re.compile(_STRING)
_CONSTANTS: dict[str, bool | None] = {"true": True, "false": False, "null": None}
_SURROGATE = re.compile("[\ud800-\udfff]")


class BodyParser(TemplateParser):
    """Reads bodies: arguments and blocks."""

    __slots__ = ("ended_early",)

    def __init__(self, source: Source, *, whole: bool = False) -> None:
        super().__init__(source, whole=whole)
        self.ended_early = False

    def body(self, at: int, opener: int) -> Body:
        """The body that starts at `at`: a file's if `opener` is -1, else that of the block whose brace is there.

        Afterwards the cursor's `start` is where the body ends, and its `end` behind the line on which it does.
        """
        attributes: dict[str, Attribute] = {}
        blocks: list[Block] = []
        start, text, plain, match = at, self.text, self.ascii, _LINE.match
        node: Expression
        while True:
            found = match(text, at)
            form = (found.lastindex or 0) if found is not None else 0
            if found is None or form == (_END if opener >= 0 else _CLOSE):
                at = self._item(at, attributes, blocks, opener)
                if at < 0:
                    break
                continue
            at = found.end()
            if form <= _REFERENCE:
                value = found[form]
                first, last = found.span(form)
                if form == _TEXT:
                    node = Literal(value[1:-1] if plain else nfc(value[1:-1]), first, last)
                elif form == _NUMBER:
                    node = Literal(int(value), first, last)
                elif value in _CONSTANTS:
                    node = Literal(_CONSTANTS[value], first, last)
                else:
                    node = _reference(value, first)
                attribute = Attribute(found[1], node, found.start(1), found.end(1), last)
                if attributes.setdefault(attribute.name, attribute) is not attribute:
                    self._duplicate(attribute, attributes)
            elif form == _VALUE:
                at = self._value(found.start(1), found.end(1), at, attributes, opener)
            elif form == _HEADER:
                at = self._plain_block(found, blocks, opener)
            else:
                self.start, self.end = found.start(form), at
                break
        return Body(self.source, attributes, tuple(blocks), start, self.start)

    def _plain_block(self, found: re.Match[str], blocks: list[Block], opener: int) -> int:
        """A block whose header `_LINE` has matched; returns where to read on."""
        labels = found.span(_HEADER)
        texts = [Label(label[0][1:-1], label.start(), label.end()) for label in _LABEL.finditer(self.text, *labels)]
        kind, kind_end = found.span(1)
        return self._block(found[1], tuple(texts), kind, kind_end, labels[1], found.end(), blocks, opener)

    def _block(
        self,
        kind: str,
        labels: tuple[Label, ...],
        start: int,
        kind_end: int,
        brace: int,
        after: int,
        blocks: list[Block],
        opener: int,
    ) -> int:
        """The block whose opening brace is at `brace`, its body being read from `after` on; returns where to read on."""
        self.depth += 1
        if self.depth > DEEPEST:
            self.origin, self.start, self.end = start, brace, brace + 1
            self.depth -= 1
            self.ended_early = True
            with contextlib.suppress(Stop):
                self.too_deep()
            return len(self.text)
        body = self.body(after, brace)
        self.depth -= 1
        end = body.end + 1 if body.end < len(self.text) else body.end
        header_end = labels[-1].end if labels else kind_end
        blocks.append(Block(kind, labels, body, start, kind_end, header_end, end))
        return self.end

    def _value(self, start: int, name_end: int, at: int, attributes: dict[str, Attribute], opener: int) -> int:
        """The argument whose value starts at `at`, up to the end of its line; returns where to read on."""
        depth = self.depth
        self.origin = start
        self.newlines = True
        self.end = at
        try:
            self.advance()
            node = self.expression()
            if self.kind != "newline" and self.kind != "end":
                self.left_over("An argument ends with its line.")
        except Stop:
            self.depth = depth
            return self._recovered(start, opener)
        name = self.text[start:name_end]
        attribute = Attribute(name, node, start, name_end, node.end)
        if attributes.setdefault(name, attribute) is not attribute:
            self._duplicate(attribute, attributes)
        return self.end

    def _duplicate(self, attribute: Attribute, attributes: dict[str, Attribute]) -> None:
        name = attribute.name
        line = self.line_of(attributes[name].start)
        self.origin = attribute.start
        detail = f"{name} is set on line {line} already. Each argument is set once."
        self.report("duplicate-argument", "Argument set twice", detail, attribute.start, attribute.name_end)

    def _item(self, at: int, attributes: dict[str, Attribute], blocks: list[Block], opener: int) -> int:
        """One item of a body, token by token; returns where to read on, or -1 when the body has ended."""
        depth = self.depth
        self.newlines = True
        self.end = at
        try:
            self.advance()
            while self.kind == "newline":
                self.advance()
            self.origin = self.start
            if self.kind == "end":
                if opener >= 0:
                    self._unclosed_block(opener)
                return -1
            if self.kind == "}" and opener >= 0:
                self._line_end(inside=depth > 1)
                return -1
            return self._argument_or_block(attributes, blocks, opener)
        except Stop:
            self.depth = depth
            return self._recovered(self.origin, opener)

    def _argument_or_block(self, attributes: dict[str, Attribute], blocks: list[Block], opener: int) -> int:
        """An argument or a block whose name is at hand."""
        if self.kind != "name":
            self.no_item()
        start, name_end = self.start, self.end
        self.advance()
        if self.kind == "=":
            return self._value(start, name_end, self.end, attributes, opener)
        labels: list[Label] = []
        while self.kind != "{":
            if self.kind == "string":
                labels.append(Label(self.text[self.start + 1 : self.end - 1], self.start, self.end))
                self.advance()
            elif self.kind == "name":
                labels.append(Label(self.text[self.start : self.end], self.start, self.end))
                self.advance()
            elif self.kind == "quote":
                labels.append(self._label())
            else:
                self.no_header(self.text[start:name_end], bool(labels))
        kind, brace = self.text[start:name_end], self.start
        self.advance()
        if self.kind in ("newline", "}", "end"):
            after = brace + 1
            return self._block(kind, tuple(labels), start, name_end, brace, after, blocks, opener)
        body = self._one_line_body(brace)
        header_end = labels[-1].end if labels else name_end
        blocks.append(Block(kind, tuple(labels), body, start, name_end, header_end, self.start + 1))
        self._line_end(inside=opener >= 0)
        return self.end

    def _label(self) -> Label:
        """A label with escapes in it."""
        start = self.start
        node = self.quoted()
        if not isinstance(node, Literal) or not isinstance(node.value, str):
            detail = "A label is fixed: no ${ } and no %{ } can stand in it."
            self.fail("invalid-block", "Template in a label", detail, start, node.end)
        return Label(node.value, start, node.end)

    def _one_line_body(self, brace: int) -> Body:
        """The body of a block on one line, which holds one argument; its closing brace is at hand afterwards."""
        if self.kind != "name":
            self.no_item()
        start, name_end = self.start, self.end
        self.advance()
        if self.kind != "=":
            if self.kind in ("string", "quote", "{", "name"):
                detail = "A block on one line holds one argument. Put a block inside it on lines of its own."
                self.fail("invalid-block", "Block inside a block on one line", detail, start, self.end)
            self.no_item(start, name_end)
        self.advance()
        node = self.expression()
        if self.kind != "}":
            if self.kind == ",":
                detail = "A block on one line holds one argument. For more, put each on a line of its own."
            elif self.kind == "newline":
                detail = "A block whose first argument stands on the line of its brace must be closed on that line."
            elif self.kind == "end":
                self.not_closed("{", brace, "")
            else:
                self.left_over("A block on one line holds one argument, and then its closing brace.")
            self.fail("invalid-block", "Invalid block on one line", detail)
        name = self.text[start:name_end]
        attribute = Attribute(name, node, start, name_end, node.end)
        return Body(self.source, {name: attribute}, (), brace + 1, self.start)

    def _line_end(self, *, inside: bool) -> None:
        """Go past the line's end after a block's closing brace, which is at hand; anything else there is told.

        `inside` says whether the block is inside another. `start` stays at the brace.
        """
        start = self.start
        self.newlines = True
        self.advance()
        if self.kind != "newline" and self.kind != "end":
            self.origin = start
            detail = f"A block ends with its line, but {self.token_name()} follows its closing brace."
            self.report("missing-newline", "Missing newline after a block", detail, self.start, self.end)
            self.end = next_item(self.text, self.start, self.start, nested=inside)
        self.start = start

    def _recovered(self, origin: int, opener: int) -> int:
        """Where to read on after an item that starts at `origin` and could not be read past the token at hand."""
        at = next_item(self.text, origin, self.start, nested=opener >= 0)
        if at < self.start:
            self.rescans += self.start - at
            if self.rescans > len(self.text):
                at = next_item(self.text, self.start, self.start, nested=opener >= 0)
        return at

    def _unclosed_block(self, opener: int) -> None:
        """Tell, once, that the text ends inside a block."""
        if self.ended_early:
            return
        self.ended_early = True
        guess = unclosed_brace(self.text, 0)
        at = opener if guess < 0 else guess
        self.origin = self.text.rfind("\n", 0, at) + 1
        detail = "This brace is not closed before the text ends."
        if guess >= 0 and guess != opener:
            detail = "A brace is missing before the text ends. Judging by the indentation, this is the one not closed."
        self.report("unclosed-block", "Unclosed block", detail, at, at + 1)


def _reference(path: str, at: int) -> Expression:
    """The tree of a name with attributes, `a.b.c`, that starts at `at`."""
    root, *names = path.split(".")
    end = at + len(root)
    node: Expression = Variable(root, at, end)
    for name in names:
        end += 1 + len(name)
        node = GetAttribute(node, name, at, end)
    return node


Diagnostics = tuple[Diagnostic, ...]


@uncollected()
def parse_file(source: Source) -> tuple[Body, Diagnostics]:
    """The body of a file, as far as it can be read, and everything that is wrong in it."""
    parser, problem = _parser(source)
    if problem is not None:
        return Body(source, {}, (), 0, len(source.text)), (problem,)
    try:
        body = parser.body(parser.end, -1)
    except RecursionError:
        body = _too_deep(parser)
    return body, tuple(parser.problems.found)


def parse_expression(source: Source) -> tuple[Expression | None, Diagnostics]:
    """The one expression that the text is, None where it cannot be read, and what is wrong.

    As in a file, a line's end outside brackets ends the expression; only blank lines and comments may stand around it.
    """
    parser, problem = _parser(source, whole=True)
    if problem is not None:
        return None, (problem,)
    node: Expression | None = None
    try:
        while parser.kind == "newline":
            parser.advance()
        node = parser.expression()
        if parser.kind != "newline" and parser.kind != "end":
            parser.left_over("This is one expression, which ends with its line.")
        while parser.kind == "newline":
            parser.advance()
        if parser.kind != "end":
            parser.left_over("An expression goes on over lines only within brackets.")
    except Stop:
        node = None
    except RecursionError:
        _too_deep(parser)
        node = None
    return node, tuple(parser.problems.found)


def parse_template(source: Source) -> tuple[Expression | None, Diagnostics]:
    """The template that the whole text is, None where it cannot be read, and what is wrong."""
    parser, problem = _parser(source, whole=True)
    if problem is not None:
        return None, (problem,)
    node: Expression | None = None
    try:
        node = parser.bare()
    except Stop:
        node = None
    except RecursionError:
        _too_deep(parser)
        node = None
    return node, tuple(parser.problems.found)


def _parser(source: Source, *, whole: bool = False) -> tuple[BodyParser, Diagnostic | None]:
    """A parser at the start of the source; or what makes reading it pointless."""
    parser = BodyParser(source, whole=whole)
    text = source.text
    if len(text) > LARGEST:
        detail = f"The text has {len(text):,} characters; {LARGEST:,} are the most that are read. Split it into several files."
        return parser, Diagnostic("source-too-large", "Text too large", detail, Range(source, 0, 0))
    broken = -1 if parser.ascii else _broken(text)
    if broken >= 0:
        detail = "Here is something that is no character of Unicode. Files are read as UTF-8: save this one in that encoding."
        where = Range(source, broken, broken + 1)
        return parser, Diagnostic("invalid-encoding", "Invalid encoding", detail, where)
    return parser, None


def _broken(text: str) -> int:
    """Where the first thing is that is no character of Unicode, comments left out; -1 if nothing is."""
    if _SURROGATE.search(text) is None:
        return -1
    at = 0
    for kind, start, end in scan(text):
        if kind == "comment":
            found = _SURROGATE.search(text, at, start)
            if found is not None:
                return found.start()
            at = end
    found = _SURROGATE.search(text, at)
    return -1 if found is None else found.start()


def _too_deep(parser: BodyParser) -> Body:
    """An empty body, after telling that the text is nested deeper than can be read."""
    try:
        parser.too_deep()
    except Stop:
        return Body(parser.source, {}, (), 0, len(parser.text))
