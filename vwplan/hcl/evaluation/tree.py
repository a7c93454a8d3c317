"""Reading syntax trees: the parts of a node, and references with their steps."""

from __future__ import annotations

from collections.abc import Iterator

from vwplan.diagnostics import Source
from vwplan.hcl.evaluation.scope import Reference, Step
from vwplan.hcl.syntax import (
    Binary,
    Call,
    Conditional,
    Element,
    Expression,
    ForObject,
    ForTuple,
    GetAttribute,
    Index,
    Literal,
    ObjectItems,
    Parenthesised,
    Splat,
    Template,
    TemplateFor,
    TemplateIf,
    TemplatePart,
    TupleItems,
    Unary,
    Variable,
    Wrap,
)


def spine(node: Expression) -> tuple[Expression, list[GetAttribute | Index]]:
    """What a chain of `.name` and `[key]` starts from, and the chain in order."""
    chain: list[GetAttribute | Index] = []
    while isinstance(node, GetAttribute | Index):
        chain.append(node)
        node = node.object if isinstance(node, GetAttribute) else node.collection
    chain.reverse()
    return node, chain


def as_reference(root: Variable, chain: list[GetAttribute | Index], source: Source) -> Reference:
    """The reference of a root and as much of the chain behind it as is literal."""
    steps: list[Step] = []
    for access in chain:
        if isinstance(access, GetAttribute):
            steps.append(Step(access.name, True, access.object.end, access.end))
            continue
        key = access.key.value if isinstance(access.key, Literal) else None
        if not isinstance(key, str | int) or isinstance(key, bool):
            break
        steps.append(Step(key, False, access.collection.end, access.end))
    end = steps[-1].end if steps else root.end
    return Reference(root.name, tuple(steps), source, root.start, end, len(steps) < len(chain))


def object_key(node: Expression) -> str | None:
    """The name that an object key is by being a bare word, or None if it is an expression."""
    if isinstance(node, Variable):
        return node.name
    if isinstance(node, Literal) and (node.value is None or isinstance(node.value, bool)):
        return {None: "null", True: "true", False: "false"}[node.value]
    return None


def references(node: TemplatePart, source: Source, bound: frozenset[str] = frozenset()) -> Iterator[Reference]:
    """Every reference within a node to a root that no `for` around it binds (`bound` being bound outside)."""
    match node:
        case GetAttribute() | Index():
            root, chain = spine(node)
            if isinstance(root, Variable):
                if root.name not in bound:
                    yield as_reference(root, chain, source)
            else:
                yield from references(root, source, bound)
            for access in chain:
                if isinstance(access, Index):
                    yield from references(access.key, source, bound)
        case Variable():
            if node.name not in bound:
                yield as_reference(node, [], source)
        case ForTuple() | ForObject() | TemplateFor():
            yield from references(node.collection, source, bound)
            inner = bound | {node.key, node.value}
            for part in _loop_parts(node):
                yield from references(part, source, inner)
        case _:
            for part in parts(node):
                yield from references(part, source, bound)


def _loop_parts(node: ForTuple | ForObject | TemplateFor) -> Iterator[TemplatePart]:
    if isinstance(node, TemplateFor):
        yield from node.body
        return
    if isinstance(node, ForObject):
        yield node.result_key
    yield node.result
    if node.condition is not None:
        yield node.condition


def operators(node: Expression) -> tuple[Expression, list[Binary]]:
    """What a row of operators starts with, and the operators in order: each has all before it on its left."""
    row: list[Binary] = []
    while isinstance(node, Binary):
        row.append(node)
        node = node.left
    row.reverse()
    return node, row


def conditionals(node: Expression) -> tuple[list[Conditional], Expression]:
    """Conditionals in a row, each being what the one before it has behind its colon, and what the last has there."""
    row: list[Conditional] = []
    while isinstance(node, Conditional):
        row.append(node)
        node = node.otherwise
    return row, node


def parts(node: TemplatePart) -> Iterator[TemplatePart]:
    """The nodes directly within a node; of operators or conditionals in a row all that they stand between."""
    match node:
        case Literal() | Variable() | Element():
            return
        case Template():
            yield from node.parts
        case Wrap():
            yield node.expression
        case TemplateIf():
            yield node.condition
            yield from node.then
            yield from node.otherwise
        case GetAttribute():
            yield node.object
        case Index():
            yield node.collection
            yield node.key
        case Splat():
            yield node.source
            yield node.each
        case Call():
            yield from node.arguments
        case Conditional():
            chain, last = conditionals(node)
            for each in chain:
                yield each.condition
                yield each.then
            yield last
        case Binary():
            first, row = operators(node)
            yield first
            for operator in row:
                yield operator.right
        case Unary():
            yield node.operand
        case Parenthesised():
            yield node.inner
        case TupleItems():
            yield from node.items
        case ObjectItems():
            for key, value in node.items:
                if object_key(key) is None:
                    yield key
                yield value
        case ForTuple() | ForObject() | TemplateFor():
            yield node.collection
            yield from _loop_parts(node)
