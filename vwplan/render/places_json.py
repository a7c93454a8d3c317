"""Where `terraform validate -json` points, for problems that people are shown a little more, or a little less, of.

A person sees the whole argument that is wrong underlined; Terraform names where it starts. What is compared here with the syntax
tree is a place alone: no problem is told of anything else than before.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator
from functools import lru_cache

from vwplan.dataclass import dataclass
from vwplan.diagnostics import Diagnostic, Range, Source, readable
from vwplan.hcl.parser import parse_file
from vwplan.hcl.syntax import (
    Attribute,
    Binary,
    Block,
    Body,
    Call,
    Conditional,
    Expression,
    ForObject,
    ForTuple,
    GetAttribute,
    Index,
    Literal,
    ObjectItems,
    Splat,
    Template,
    TupleItems,
    Unary,
    Variable,
)

Place = tuple[int, int]
"""Where something starts and ends."""

_STEPS = {"data": 3, "module": 3}
"""How many names a reference has that names a thing; two where nothing else is said."""

_NAMING = frozenset({"undeclared-reference", "reference-not-allowed"})


@dataclass(frozen=True, slots=True)
class Tree:
    """The expressions of a file by their places.

    `named` has calls by the place of their name, `given` the innermost call by the place of an argument or of the last few,
    `nodes` the outermost expression at a place, `chains` the ends of references by where they start, shortest first,
    `headers` where the blocks at the top have their kinds and labels, in order, `blocks` all blocks by that place, and
    `arguments` the ends of arguments by the places of their names.
    """

    named: dict[Place, Call]
    given: dict[Place, Call]
    nodes: dict[Place, Expression]
    chains: dict[int, list[int]]
    headers: list[Place]
    blocks: dict[Place, Block]
    arguments: dict[Place, int]


@lru_cache(maxsize=16)
def tree_of(source: Source) -> Tree:
    """The tree of a file; empty for what is in JSON, or no spec at all."""
    tree = Tree({}, {}, {}, {}, [], {}, {})
    if not source.name.endswith(".hcl"):
        return tree
    body, _ = parse_file(Source(source.name, readable(source.text)))
    tree.headers.extend(sorted((block.start, block.header_end) for block in body.blocks))
    for node in _expressions(body):
        if isinstance(node, Block):
            tree.blocks[node.start, node.header_end] = node
        elif isinstance(node, Attribute):
            tree.arguments[node.start, node.name_end] = node.end
        else:
            tree.nodes.setdefault((node.start, node.end), node)
        if isinstance(node, Call):
            _note_call(tree, node)
        elif isinstance(node, GetAttribute):
            _note_chain(tree, node)
    return tree


def place_of(diagnostic: Diagnostic, subject: Range) -> Range:
    """The stretch at which Terraform tells a problem that is told at `subject` here."""
    found = _place(diagnostic, subject, (subject.start, subject.end))
    return subject if found is None else Range(subject.source, *found)


def _place(diagnostic: Diagnostic, subject: Range, at: Place) -> Place | None:
    tree, text = tree_of(subject.source), subject.source.text
    match diagnostic.code:
        case "invalid-argument" | "surplus-argument" if at in tree.given:
            call = tree.given[at]
            first = next(each for each in call.arguments if each.start == at[0])
            return None if call.expand and first is call.arguments[-1] else start_of(first, text)
        case "invalid-argument" if at in tree.named and (arguments := tree.named[at].arguments):
            return start_of(arguments[0], text)
        case "surplus-argument" if at in tree.named and (arguments := tree.named[at].arguments):
            return (arguments[-1].start, arguments[-1].end)
        case "function-failed" | "nothing-succeeded" if at in tree.named:
            return _opened(tree.named[at], text)
        case "missing-argument" if at in tree.named:
            call = tree.named[at]
            return _opened(call, text) if call.name == "try" else (call.end - 1, call.end)
        case "null-operand" if (whole := diagnostic.context) is not None:
            return (whole.start, whole.end)
        case "missing-argument" | "wrong-labels" if at in tree.blocks:
            block = tree.blocks[at]
            opening = text.find("{", block.header_end)
            return (opening, opening + 1) if diagnostic.code == "missing-argument" or not block.labels else None
        case "unknown-block" if at in tree.blocks:
            return (at[0], tree.blocks[at].kind_end)
        case "duplicate" if (end := tree.arguments.get(at)) is not None:
            return (at[0], end)
        case "not-constant" if isinstance(tree.nodes.get(at), GetAttribute):
            return (at[0], text.find(".", at[0]))
        case "sensitive-output":
            return _header(tree, at)
        case "inconsistent-branches":
            node = tree.nodes.get(at)
            return (node.then.start, node.otherwise.end) if isinstance(node, Conditional) else None
        case code if code in _NAMING:
            return _named(tree, text, at)
    return None


def _header(tree: Tree, at: Place) -> Place | None:
    """The header of the block at the top of the file that a place is in."""
    index = bisect.bisect_right(tree.headers, at) - 1
    return tree.headers[index] if index >= 0 else None


def _named(tree: Tree, text: str, at: Place) -> Place | None:
    """A reference to what is not there, as far as it names one thing: `nope.a` of `nope.a.b`."""
    root = text[at[0] : at[1]].partition(".")[0].partition("[")[0].strip()
    ends = tree.chains.get(at[0], [])
    steps = _STEPS.get(root, 2) - 1
    if root == "self":
        return (at[0], at[0] + len(root))
    return (at[0], max(at[1], ends[min(steps, len(ends)) - 1])) if ends else None


def start_of(node: Expression, text: str) -> Place:
    """The first thing that stands in an expression: what it opens with, or its first operand."""
    while True:
        match node:
            case Conditional():
                node = node.condition
            case Binary():
                node = node.left
            case Template() if node.parts:
                first = node.parts[0]
                return (first.start, first.end)
            case Call():
                return _opened(node, text)
            case Unary() | TupleItems() | ObjectItems() | ForTuple() | ForObject():
                return (node.start, node.start + 1)
            case Literal() if isinstance(node.value, str) and text.startswith('"', node.start):
                return (node.start + 1, max(node.start + 1, node.end - 1))
            case Splat():
                marker = node.source.end
                return (marker, text.find("]", marker) + 1 if node.full else text.find("*", marker) + 1)
            case Index() if not isinstance(node.key, Literal):
                opening = text.find("[", node.collection.end)
                return (opening, opening + 1)
            case _:
                return (node.start, node.end)


def _opened(call: Call, text: str) -> Place:
    return (call.start, text.find("(", call.name_end) + 1)


def _note_call(tree: Tree, call: Call) -> None:
    tree.named[call.start, call.name_end] = call
    if call.arguments:
        end = call.arguments[-1].end
        for each in call.arguments:
            for place in ((each.start, each.end), (each.start, end)):
                inner = tree.given.get(place)
                if inner is None or inner.end - inner.start > call.end - call.start:
                    tree.given[place] = call


def _note_chain(tree: Tree, node: GetAttribute) -> None:
    """A row of names behind a root is noted once, from its outermost name."""
    if node.start in tree.chains:
        return
    ends = []
    inner: Expression = node
    while isinstance(inner, GetAttribute):
        ends.append(inner.end)
        inner = inner.object
    if isinstance(inner, Variable):
        tree.chains[node.start] = ends[::-1]


def _expressions(body: Body) -> Iterator[Expression | Block | Attribute]:
    """Every node of a file that has a place, outer ones first."""
    todo: list[object] = [body]
    while todo:
        node = todo.pop()
        if isinstance(node, tuple):
            if hasattr(node, "start"):
                yield node  # type: ignore[misc]
            todo += node
        elif isinstance(node, dict):
            todo += node.values()
