"""HCL's JSON syntax: the same bodies from JSON text.

JSON cannot tell a block from an argument, nor a reference from a string. A schema tells: which names are blocks, with how
many labels, and in which arguments strings hold expressions. Every other string is a template.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from vwplan.diagnostics import Diagnostic, Problems, Range, Source
from vwplan.hcl.json_reader import JsonArray, JsonNode, JsonObject, JsonScalar, JsonString, read_json
from vwplan.hcl.lexer import nfc
from vwplan.hcl.parser import parse_expression, parse_template
from vwplan.hcl.syntax import (
    Attribute,
    Binary,
    Block,
    Body,
    Conditional,
    Expression,
    Label,
    Literal,
    ObjectItems,
    TupleItems,
)


class JsonSchema(Protocol):
    """What a body may hold, as far as JSON leaves it open."""

    def labels(self, name: str) -> int | None:
        """How many labels blocks of this name have here; None where the name is an argument's, or nothing's."""

    def inside(self, name: str, labels: tuple[str, ...]) -> JsonSchema:
        """The schema of the body of such a block."""

    def is_bare(self, name: str) -> bool:
        """Whether strings in this argument hold expressions (references, types) rather than templates."""

    def is_text(self, name: str) -> bool:
        """Whether strings in this argument are just text: it is a constant, and `${` in it means nothing."""


Diagnostics = tuple[Diagnostic, ...]


def parse_json(source: Source, schema: JsonSchema) -> tuple[Body, Diagnostics]:
    """The body of a JSON file, as far as it can be read, and everything that is wrong in it.

    In bodies, members named `//` are ignored; a body or the content of a block may be an array of objects, and null in
    place of a block is none.
    """
    node, problem = read_json(source)
    if node is None or problem is not None:
        return Body(source, {}, (), 0, len(source.text)), (problem,) if problem else ()
    builder = _Builder(source)
    builder.no_null(node, "the file")
    body = builder.body(node, schema, "the file")
    return body, tuple(builder.problems.found)


def parse_json_values(source: Source) -> tuple[Body, Diagnostics]:
    """The body of a JSON file of values: every member an argument, and strings no templates."""
    node, problem = read_json(source)
    if node is None or problem is not None:
        return Body(source, {}, (), 0, len(source.text)), (problem,) if problem else ()
    builder = _Builder(source)
    attributes: dict[str, Attribute] = {}
    if isinstance(node, JsonArray):
        builder.report("invalid-json", "Object required", "A file of values is one object.", node.start, node.end)
        return Body(source, {}, (), node.start, node.end), tuple(builder.problems.found)
    builder.no_null(node, "the file")
    for key, value in builder.content(node, "the file"):
        builder.argument(key, builder.literal(value), attributes)
    return Body(source, attributes, (), node.start, node.end), tuple(builder.problems.found)


class _Builder:
    """Makes bodies and expressions of JSON, and collects what is wrong."""

    __slots__ = ("problems", "source")

    def __init__(self, source: Source) -> None:
        self.source = source
        self.problems = Problems()

    def report(self, code: str, summary: str, detail: str, start: int, end: int) -> None:
        self.problems.add(Diagnostic(code, summary, detail, Range(self.source, start, end)))

    def no_null(self, node: JsonNode, what: str) -> None:
        """Tell that a null stands where an object belongs."""
        if isinstance(node, JsonScalar) and node.value is None:
            self.no_object(node, what)

    def no_object(self, node: JsonNode, what: str) -> None:
        detail = f"An object belongs here, with what {what} holds."
        self.report("invalid-json", "Object required", detail, node.start, node.end)

    def members(self, node: JsonNode, what: str) -> Iterator[tuple[JsonString, JsonNode]]:
        """The members of an object or of an array of objects; null has none."""
        for part in node.items if isinstance(node, JsonArray) else (node,):
            if isinstance(part, JsonObject):
                yield from part.members
            elif part is not node or not isinstance(part, JsonScalar) or part.value is not None:
                self.no_object(part, what)

    def content(self, node: JsonNode, what: str) -> Iterator[tuple[JsonString, JsonNode]]:
        """The members of a body, without those that are comments."""
        return (member for member in self.members(node, what) if member[0].value != "//")

    def body(self, node: JsonNode, schema: JsonSchema, what: str) -> Body:
        attributes: dict[str, Attribute] = {}
        blocks: list[Block] = []
        for key, value in self.content(node, what):
            labels = schema.labels(key.value)
            if labels is None:
                read = self.expression
                if schema.is_bare(key.value):
                    read = self.bare
                elif schema.is_text(key.value):
                    read = self.literal
                self.argument(key, read(value), attributes)
            else:
                self.blocks(key, value, labels, (), schema, blocks)
        return Body(self.source, attributes, tuple(blocks), node.start, node.end)

    def argument(self, key: JsonString, node: Expression, attributes: dict[str, Attribute]) -> None:
        attribute = Attribute(key.value, node, key.start, key.end, node.end)
        first = attributes.setdefault(key.value, attribute)
        if first is not attribute:
            line = self.source.line_number(first.start)
            detail = f"{key.value} is set on line {line} already. Each argument is set once."
            self.report("duplicate-argument", "Argument set twice", detail, key.start, key.end)

    def blocks(
        self,
        kind: JsonString,
        node: JsonNode,
        missing: int,
        labels: tuple[Label, ...],
        schema: JsonSchema,
        blocks: list[Block],
    ) -> None:
        """The blocks of one kind: objects by label, as deep as there are labels, then an object or an array of them."""
        what = f"a block {kind.value}"
        if missing:
            labelled = False
            known = len(self.problems.found)
            for key, value in self.members(node, f"{what}, by its label,"):
                labelled = True
                label = Label(key.value, key.start, key.end)
                self.blocks(kind, value, missing - 1, (*labels, label), schema, blocks)
            if not labelled and len(self.problems.found) == known:
                detail = f"{what} has a label: write it as a member, and in that what the block holds.".capitalize()
                self.report("invalid-json", "Label required", detail, node.start, node.end)
            return
        if isinstance(node, JsonScalar) and node.value is None:
            return
        inner = schema.inside(kind.value, tuple(label.text for label in labels))
        for part in node.items if isinstance(node, JsonArray) else (node,):
            body = self.body(part, inner, what)
            header_end = labels[-1].end if labels else kind.end
            blocks.append(Block(kind.value, labels, body, kind.start, kind.end, header_end, part.end))

    # Expressions

    def expression(self, node: JsonNode) -> Expression:
        """A value whose strings, keys among them, are templates."""
        return self.made(node, self.template, self.template)

    def bare(self, node: JsonNode) -> Expression:
        """A value whose strings are expressions, its keys names."""
        return self.made(node, self.embedded, self.text)

    def literal(self, node: JsonNode) -> Expression:
        """A value whose strings are just text."""
        return self.made(node, self.text, self.text)

    def made(
        self,
        node: JsonNode,
        string: Callable[[JsonString], Expression],
        name: Callable[[JsonString], Expression],
    ) -> Expression:
        if isinstance(node, JsonString):
            return string(node)
        if isinstance(node, JsonScalar):
            return Literal(node.value, node.start, node.end)
        if isinstance(node, JsonArray):
            parts: list[Expression] = []
            for item in node.items:
                parts.append(self.made(item, string, name))
            return TupleItems(tuple(parts), node.start, node.end)
        items: list[tuple[Expression, Expression]] = []
        seen: set[str] = set()
        for key, value in node.members:
            if key.value in seen:
                detail = f"This object has a member {key.value} already."
                self.report("duplicate-key", "Member set twice", detail, key.start, key.end)
            seen.add(key.value)
            items.append((name(key), self.made(value, string, name)))
        return ObjectItems(tuple(items), node.start, node.end)

    def text(self, node: JsonString) -> Expression:
        return Literal(nfc(node.value), node.start, node.end)

    def template(self, node: JsonString) -> Expression:
        if "${" not in node.value and "%{" not in node.value:
            return self.text(node)
        found = self.within(node, parse_template)
        # A template of text alone is the whole string, quotes included, as any other literal is.
        return (
            found if found is None or not isinstance(found, Literal) else found._replace(start=node.start, end=node.end)
        )

    def embedded(self, node: JsonString) -> Expression:
        return self.within(node, parse_expression)

    def within(self, node: JsonString, parse: Callable[[Source], tuple[Expression | None, Diagnostics]]) -> Expression:
        """The syntax within a string, its places being those in the file."""
        place = self.places(node)
        tree, problems = parse(Source(self.source.name, node.value))
        for problem in problems:
            where = problem.subject
            subject = Range(self.source, place(where.start), place(where.end)) if where else None
            context = Range(self.source, node.start, node.end)
            self.problems.add(Diagnostic(problem.code, problem.summary, problem.detail, subject, context))
        if tree is None:
            return Literal(None, node.start, node.end)
        return _moved(tree, place)  # type: ignore[no-any-return]

    def places(self, node: JsonString) -> Callable[[int], int]:
        """Tells for an offset in the string's value where that stands in the file."""
        first = node.start + 1
        if node.end - node.start - 2 == len(node.value):
            return lambda offset: first + offset
        starts: list[int] = []
        for unit in _UNIT.finditer(self.source.text, first, node.end - 1):
            starts.extend([unit.start()] * (len(json.loads(f'"{unit[0]}"')) if len(unit[0]) > 1 else 1))
        starts.append(node.end - 1)
        return lambda offset: starts[min(offset, len(starts) - 1)]


_UNIT = re.compile(r"\\u[dD][89abAB]..\\u[dD][c-fC-F]..|\\u....|\\.|.", re.DOTALL)
_PLACES = frozenset({"start", "end", "name_end"})


_LEANING: dict[type, str] = {Binary: "left", Conditional: "otherwise"}
"""Where operators in a row are nested in one another, each in the field of that name; rows may be long."""


def _moved(node: Any, place: Callable[[int], int]) -> Any:
    """A tree with every place put through `place`. Loops rather than comprehensions, which would nest twice as deep."""
    if not isinstance(node, tuple):
        return node
    fields = getattr(node, "_fields", None)
    if fields is None:
        moved: list[Any] = []
        for each in node:
            moved.append(_moved(each, place))
        return tuple(moved)
    row: list[Any] = []
    while (leaning := _LEANING.get(type(node), "")) and isinstance(getattr(node, leaning), type(node)):
        row.append(node)
        node = getattr(node, leaning)
    made = _moved_fields(node, "", place)
    for each in reversed(row):
        made = _moved_fields(each, leaning, place)._replace(**{leaning: made})
    return made


def _moved_fields(node: Any, but: str, place: Callable[[int], int]) -> Any:
    """A node moved with all in it, the field `but` left as it is."""
    moved: list[Any] = []
    for name, value in zip(node._fields, node, strict=True):
        if name in _PLACES:
            moved.append(place(value))
        else:
            moved.append(value if name == but else _moved(value, place))
    return type(node)(*moved)
