"""The `variable` block: its type, its default, and what must hold of its value."""

from __future__ import annotations

from vwplan.diagnostics import Diagnostic, DiagnosticError, Range, Source
from vwplan.hcl.syntax import Attribute, Block
from vwplan.hcl.typeexpr import parse_type
from vwplan.kinds.check import reason_of
from vwplan.spec import mistakes
from vwplan.spec.constants import constant, constant_flag, constant_text
from vwplan.spec.draft import Draft, Place
from vwplan.spec.metaarguments import conditions
from vwplan.spec.model import Condition, Defaults, VariableBlock
from vwplan.spec.resources import named
from vwplan.spec.shapes import TOP_SHAPES
from vwplan.values import DYNAMIC, ConversionError, Null, Type, Value, convert
from vwplan.values.types import is_primitive

RESERVED_NAMES = frozenset({"source", "version", "providers", "count", "for_each", "depends_on", "lifecycle", "locals"})
"""Names that a call of a module has for itself, so that no variable can have them."""


def decode_variable(draft: Draft, block: Block, source: Source) -> None:
    """Read a `variable` block into the draft."""
    name, where, shape = named(draft, block, source), mistakes.header(block, source), TOP_SHAPES["variable"]
    if name is None:
        return
    if name in RESERVED_NAMES:
        subject = Range(source, block.labels[0].start, block.labels[0].end)
        detail = f'No variable can be called "{name}": a call of the module has that word for itself.'
        draft.add(Diagnostic("invalid-name", "Invalid name", detail, subject))
    attributes = block.body.attributes
    for attribute in attributes.values():
        if attribute.name not in shape.arguments:
            draft.add(mistakes.unknown_argument(shape, attribute, source))
    validations: list[Condition] = []
    for inner in block.body.blocks:
        if inner.kind == "validation":
            validations += _about_itself(draft, name, conditions(draft, inner, Place(f"var.{name}"), source))
        else:
            draft.add(mistakes.unknown_block(shape, inner, source))
    type, defaults = _type(draft, attributes.get("type"), source)
    nullable = constant_flag(draft, attributes.get("nullable"), source, True)
    made = VariableBlock(
        name,
        type,
        _default(draft, attributes.get("default"), type, defaults, nullable, source),
        "default" in attributes,
        constant_text(draft, attributes.get("description"), source),
        nullable,
        constant_flag(draft, attributes.get("sensitive"), source, False),
        constant_flag(draft, attributes.get("ephemeral"), source, False),
        tuple(validations),
        where,
        defaults,
        is_primitive(type) or "type" not in attributes,
    )
    first = draft.variables.setdefault(name, made)
    if first is not made:
        draft.add(mistakes.duplicate(f'variable "{name}"', where, first.range))


def _about_itself(draft: Draft, name: str, found: list[Condition]) -> list[Condition]:
    """The validations; those that do not look at their own variable are told."""
    for each in found:
        references = each.condition.references
        if references and not any(one.root == "var" and one.keys[:1] == (name,) for one in references):
            detail = f"The condition does not look at var.{name}, which is what it is to validate."
            draft.add(Diagnostic("constant-condition", "Condition about something else", detail, each.condition.range))
    return found


def _type(draft: Draft, attribute: Attribute | None, source: Source) -> tuple[Type, Defaults | None]:
    """The type constraint, and the defaults within it."""
    if attribute is None:
        return DYNAMIC, None
    try:
        return parse_type(attribute.expression, source)
    except DiagnosticError as error:
        draft.problems.extend(error.diagnostics)
        return DYNAMIC, None


def _default(
    draft: Draft, attribute: Attribute | None, type: Type, defaults: Defaults | None, nullable: bool, source: Source
) -> Value | None:
    """The default, converted; None where there is none or it is wrong, which is told."""
    if attribute is None:
        return None
    value = constant(draft, attribute, source)
    if value is None:
        return None
    subject = Range(source, attribute.expression.start, attribute.expression.end)
    if isinstance(value, Null) and not nullable:
        detail = "The variable is not nullable, so its default cannot be null."
        draft.add(Diagnostic("null-variable", "Null given", detail, subject))
        return None
    try:
        return convert(value if defaults is None else defaults.apply(value), type)
    except ConversionError as error:
        detail = f"The default is not of the variable's type: {reason_of(error, 'default')}."
        draft.add(Diagnostic("wrong-type", "Wrong type", detail, subject))
        return None
