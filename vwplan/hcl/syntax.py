"""The typed tree of an HCL file: bodies, attributes, blocks and expressions, each with its exact range.

Every node carries `start` and `end`, character offsets into its source (end exclusive); the source itself is told once,
by the `Body`. Nodes are immutable tuples, because a large module has hundreds of thousands of them.
"""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from vwplan.diagnostics import Source


class Literal(NamedTuple):
    """A number, a bool, `null`, or the text of a string without interpolation (escapes already undone)."""

    value: str | int | Fraction | bool | None
    start: int
    end: int


class Template(NamedTuple):
    """A quoted string or heredoc of several parts: `Literal` strings, expressions, and directives.

    A template of one interpolation alone, `"${x}"`, is a `Wrap`; of literal text alone, a `Literal`.
    """

    parts: tuple[TemplatePart, ...]
    start: int
    end: int


class Wrap(NamedTuple):
    """A template that is one interpolation and nothing else: its value is the expression's own, type kept."""

    expression: Expression
    start: int
    end: int


class TemplateIf(NamedTuple):
    """`%{ if condition }…%{ else }…%{ endif }`; without else, `otherwise` is empty."""

    condition: Expression
    then: tuple[TemplatePart, ...]
    otherwise: tuple[TemplatePart, ...]
    start: int
    end: int


class TemplateFor(NamedTuple):
    """`%{ for key, value in collection }…%{ endfor }`; `key` is empty when only one name is given."""

    key: str
    value: str
    collection: Expression
    body: tuple[TemplatePart, ...]
    start: int
    end: int


class Variable(NamedTuple):
    """A bare name: the root of a reference, or a name bound by a `for`."""

    name: str
    start: int
    end: int


class GetAttribute(NamedTuple):
    """`object.name`."""

    object: Expression
    name: str
    start: int
    end: int


class Index(NamedTuple):
    """`collection[key]`, and the legacy `collection.0` (key a literal number)."""

    collection: Expression
    key: Expression
    start: int
    end: int


class Splat(NamedTuple):
    """`source[*]…` (`full`) or `source.*…`: `each` is what is done to every element, with `Element` in its place."""

    source: Expression
    each: Expression
    full: bool
    start: int
    end: int


class Element(NamedTuple):
    """The element under a splat, inside `Splat.each`."""

    start: int
    end: int


class Call(NamedTuple):
    """`name(arguments…)`; `expand` when the last argument is followed by `...`. Name may be `ns::name`."""

    name: str
    arguments: tuple[Expression, ...]
    expand: bool
    start: int
    name_end: int
    end: int


class Conditional(NamedTuple):
    """`condition ? then : otherwise`."""

    condition: Expression
    then: Expression
    otherwise: Expression
    start: int
    end: int


class Binary(NamedTuple):
    """`left operator right`; operator is one of `+ - * / % == != < <= > >= && ||`."""

    operator: str
    left: Expression
    right: Expression
    start: int
    end: int


class Unary(NamedTuple):
    """`-operand` or `!operand`."""

    operator: str
    operand: Expression
    start: int
    end: int


class Parenthesised(NamedTuple):
    """`(inner)`: kept, because an object key in parentheses is an expression and one without is a name."""

    inner: Expression
    start: int
    end: int


class TupleItems(NamedTuple):
    """`[a, b, …]`."""

    items: tuple[Expression, ...]
    start: int
    end: int


class ObjectItems(NamedTuple):
    """`{ key = value, … }`. A bare name as key, even `true`, is a `Variable` in the tree; it means its own text."""

    items: tuple[tuple[Expression, Expression], ...]
    start: int
    end: int


class ForTuple(NamedTuple):
    """`[for key, value in collection : result if condition]`; `key` empty when only one name is given."""

    key: str
    value: str
    collection: Expression
    result: Expression
    condition: Expression | None
    start: int
    end: int


class ForObject(NamedTuple):
    """`{for key, value in collection : result_key => result... if condition}`; `group` when `...` is there."""

    key: str
    value: str
    collection: Expression
    result_key: Expression
    result: Expression
    group: bool
    condition: Expression | None
    start: int
    end: int


Expression = (
    Literal
    | Template
    | Wrap
    | Variable
    | GetAttribute
    | Index
    | Splat
    | Element
    | Call
    | Conditional
    | Binary
    | Unary
    | Parenthesised
    | TupleItems
    | ObjectItems
    | ForTuple
    | ForObject
)

TemplatePart = Expression | TemplateIf | TemplateFor


class Attribute(NamedTuple):
    """`name = expression`. `start`/`end` span the whole; the name ends at `name_end`."""

    name: str
    expression: Expression
    start: int
    name_end: int
    end: int


class Label(NamedTuple):
    """A block's label, quoted or bare."""

    text: str
    start: int
    end: int


class Block(NamedTuple):
    """`kind "label" … { body }`. `start`/`header_end` span the header up to and without the brace."""

    kind: str
    labels: tuple[Label, ...]
    body: Body
    start: int
    kind_end: int
    header_end: int
    end: int


class Body(NamedTuple):
    """What a file or a block holds: attributes by name (a duplicate is an error) and blocks in order."""

    source: Source
    attributes: dict[str, Attribute]
    blocks: tuple[Block, ...]
    start: int
    end: int
