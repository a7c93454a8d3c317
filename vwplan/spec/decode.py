"""The contents of blocks, decoded against what is declared of them: arguments and nested blocks into parts."""

from __future__ import annotations

from dataclasses import replace

from vwplan.diagnostics import Diagnostic, Range, Source
from vwplan.hcl.evaluate import Compiled, MappingScope
from vwplan.hcl.lexer import is_name
from vwplan.hcl.syntax import Attribute, Block, Body, Literal, ObjectItems, TupleItems, Variable
from vwplan.kinds import Unfit, take
from vwplan.kinds.check import range_not_yet
from vwplan.kinds.forms import FORMS
from vwplan.kinds.meta import ERROR_MESSAGE
from vwplan.kinds.model import Argument, BlockType
from vwplan.spec import mistakes
from vwplan.spec.constants import constant_text
from vwplan.spec.draft import Draft, Place
from vwplan.spec.model import Dynamic, Given, Nested, Part
from vwplan.spec.shapes import Shape

_NOWHERE = MappingScope()


def decode_part(draft: Draft, body: Body, shape: Shape, place: Place, where: Range) -> Part:
    """What a block says, `where` being its header. Names that are read elsewhere (meta-arguments) are left out."""
    source = body.source
    arguments: dict[str, Given] = {}
    for name, attribute in body.attributes.items():
        argument = shape.arguments.get(name)
        if argument is not None:
            arguments[name] = given(draft, argument, attribute, source, place)
        elif name not in shape.meta_arguments:
            draft.add(mistakes.unknown_argument(shape, attribute, source))
    blocks = _blocks(draft, body, shape, place) if body.blocks else {}
    if id(source) not in draft.broken:
        _missing(draft, body, shape, arguments, blocks, where)
    return Part(arguments, blocks)


def given(draft: Draft, argument: Argument, attribute: Attribute, source: Source, place: Place) -> Given:
    """An argument as given; a constant is looked at now, anything else once it is evaluated."""
    expression = attribute.expression
    where = Range(source, attribute.start, attribute.end)
    if argument is ERROR_MESSAGE:
        return Given(argument, draft.compile(expression, source, place), where)
    compiled = draft.compile(expression, source, place, argument)
    if isinstance(expression, Literal):
        take_constant(draft, argument, compiled)
    elif isinstance(expression, ObjectItems) and "range" in argument.later:
        draft.add(mistakes.unfit(range_not_yet(argument), compiled.range))
    return Given(argument, compiled, where)


def take_constant(draft: Draft, argument: Argument, compiled: Compiled) -> None:
    """Tell where a literal is not what an argument takes."""
    literal = compiled.expression
    assert isinstance(literal, Literal)
    value = literal.value
    if value is None and not argument.required:
        return
    try:
        take(argument, compiled.evaluate(_NOWHERE))
    except Unfit as problem:
        draft.add(mistakes.unfit(problem, compiled.range))


def _blocks(draft: Draft, body: Body, shape: Shape, place: Place) -> dict[str, tuple[Nested, ...]]:
    found: dict[str, list[Nested]] = {}
    firsts: dict[tuple[str, str], Nested] = {}
    for block in body.blocks:
        type = shape.blocks.get(block.kind)
        if type is not None:
            if block.kind in _MEMBERS:
                continue
            nested = _nested(draft, block, type, shape.inner[block.kind], place, body.source)
        elif block.kind == "dynamic":
            nested = _dynamic(draft, block, shape, place, body.source)
        else:
            if block.kind not in shape.meta_blocks:
                draft.add(mistakes.unknown_block(shape, block, body.source))
            continue
        if nested is None:
            continue
        if nested.dynamic is None and not nested.type.repeated:
            first = firsts.setdefault((nested.type.name, nested.label), nested)
            if first is not nested:
                draft.add(mistakes.duplicate(mistakes.label_of(nested.type, nested.label), nested.range, first.range))
                continue
        found.setdefault(nested.type.name, []).append(nested)
    return {name: tuple(blocks) for name, blocks in found.items()}


_MEMBERS = frozenset({"head", "workers"})
"""Blocks of a cluster that are read as members, each with its own meta-arguments."""


def _nested(draft: Draft, block: Block, type: BlockType, shape: Shape, place: Place, source: Source) -> Nested | None:
    where = mistakes.header(block, source)
    label = ""
    if len(block.labels) != (1 if type.label else 0):
        draft.add(mistakes.wrong_labels(block, type.label, source))
        return None
    if type.label:
        label = block.labels[0].text
        fault = FORMS[type.label_form].fault(label) if type.label_form else ""
        if fault:
            subject = Range(source, block.labels[0].start, block.labels[0].end)
            draft.add(Diagnostic("invalid-form", "Invalid label", f"{type.name}: {fault}", subject))
    return Nested(type, label, decode_part(draft, block.body, shape, place, where), where)


def _dynamic(draft: Draft, block: Block, shape: Shape, place: Place, source: Source) -> Nested | None:
    """A `dynamic "TYPE" { for_each, iterator, labels, content { … } }` block."""
    where = mistakes.header(block, source)
    if len(block.labels) != 1:
        draft.add(mistakes.wrong_labels(block, "TYPE", source))
        return None
    name = block.labels[0].text
    subject = Range(source, block.labels[0].start, block.labels[0].end)
    type = shape.blocks.get(name)
    if type is None or name in _MEMBERS:
        if name in shape.meta_blocks or name in _MEMBERS:
            detail = f'"{name}" cannot be made by a dynamic block.'
        else:
            detail = f'There is no block "{name}" here that could be repeated.{mistakes.nearest(name, shape.blocks)}'
        draft.add(Diagnostic("unknown-block", "Unknown block", detail, subject))
        return None
    attributes = block.body.attributes
    for attribute in attributes.values():
        if attribute.name not in ("for_each", "iterator", "labels"):
            detail = (
                f'A dynamic block takes for_each, iterator and labels, not "{attribute.name}". '
                f"Arguments of {name} belong in its content block."
            )
            draft.add(Diagnostic("unknown-argument", "Unknown argument", detail, mistakes.name_of(attribute, source)))
    for_each = attributes.get("for_each")
    contents = [inner for inner in block.body.blocks if inner.kind == "content"]
    for inner in block.body.blocks:
        if inner.kind != "content":
            detail = f'A dynamic block holds one block, content, not "{inner.kind}".'
            draft.add(Diagnostic("unknown-block", "Unknown block", detail, mistakes.header(inner, source)))
    if for_each is None or len(contents) != 1:
        if for_each is None:
            detail = "A dynamic block needs for_each: what it is repeated over."
            draft.add(Diagnostic("missing-argument", "Missing argument", detail, where))
        if len(contents) != 1:
            detail = "A dynamic block needs one block content { … }: what is repeated."
            draft.add(Diagnostic("missing-block", "Missing block", detail, where))
        return None
    iterator = _iterator(draft, attributes.get("iterator"), source) or name
    collection = draft.compile(for_each.expression, source, place)
    inside = replace(place, iterators=place.iterators | {iterator})
    labels = _labels(draft, attributes.get("labels"), type, where, source, inside)
    part = decode_part(draft, contents[0].body, shape.inner[name], inside, mistakes.header(contents[0], source))
    return Nested(type, "", part, where, Dynamic(collection, iterator, labels, where))


def _iterator(draft: Draft, attribute: Attribute | None, source: Source) -> str:
    if attribute is None:
        return ""
    expression = attribute.expression
    name = expression.name if isinstance(expression, Variable) else constant_text(draft, attribute, source)
    if not is_name(name):
        subject = Range(source, expression.start, expression.end)
        draft.add(Diagnostic("invalid-name", "Invalid name", '"iterator" takes a name, without quotes.', subject))
        return ""
    return name


def _labels(
    draft: Draft, attribute: Attribute | None, type: BlockType, where: Range, source: Source, place: Place
) -> tuple[Compiled, ...]:
    wanted = 1 if type.label else 0
    if attribute is None:
        if wanted:
            detail = f"A dynamic block of {type.name} needs labels = [{type.label}], one for each."
            draft.add(Diagnostic("wrong-labels", "Missing label", detail, where))
        return ()
    expression = attribute.expression
    if not isinstance(expression, TupleItems) or len(expression.items) != wanted:
        form = f"[{type.label}]" if wanted else "none at all"
        subject = Range(source, expression.start, expression.end)
        draft.add(Diagnostic("wrong-labels", "Wrong labels", f"The labels of {type.name} are {form}.", subject))
        return ()
    return tuple(draft.compile(item, source, place) for item in expression.items)


def _missing(
    draft: Draft,
    body: Body,
    shape: Shape,
    arguments: dict[str, Given],
    blocks: dict[str, tuple[Nested, ...]],
    where: Range,
) -> None:
    if any(name in shape.absent and shape.absent[name].later for name in body.attributes):
        return  # what is not there yet may stand in for what is missing, and has been told
    lacking: list[tuple[tuple[str, ...], Diagnostic]] = []
    for name in shape.required:
        if name not in arguments:
            lacking.append(((name,), mistakes.missing_argument(shape, name, where)))
    for name in shape.required_blocks:
        if name not in blocks and name not in _MEMBERS:
            lacking.append(((name,), mistakes.missing_block(shape, name, where)))
    for group in shape.one_of:
        count = sum(name in arguments for name in group)
        if not count:
            lacking.append((group, mistakes.missing_any(shape, group, where)))
        elif count > 1:
            last = [arguments[name] for name in group if name in arguments][-1]
            draft.add(mistakes.not_together(shape, group, last.range))
    for group in shape.any_of:
        if not any(name in arguments for name in group):
            lacking.append((group, mistakes.missing_any(shape, group, where)))
    if lacking:
        meant = mistakes.meant(shape, body)
        for group, problem in lacking:
            if meant.isdisjoint(group):
                draft.add(problem)
