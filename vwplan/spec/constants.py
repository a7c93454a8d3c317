"""Values that a block must say outright: names, descriptions, switches; and references that stand for themselves."""

from __future__ import annotations

import re

from vwplan.diagnostics import Diagnostic, Range, Severity, Source
from vwplan.hcl import parse_expression
from vwplan.hcl.evaluate import Compiled, EvaluationError, MappingScope, Reference, compile_expression
from vwplan.hcl.evaluation.tree import as_reference, spine
from vwplan.hcl.syntax import Attribute, Expression, Index, Literal, Parenthesised, TupleItems, Variable
from vwplan.kinds.check import reason_of
from vwplan.spec.draft import Draft, Place
from vwplan.values import BOOL, STRING, ConversionError, ListType, ListValue, Null, Type, Value, convert

_EMPTY = MappingScope()


def constant(draft: Draft, attribute: Attribute, source: Source) -> Value | None:
    """The value of an argument that must be one; None where it is not, which has been told then."""
    compiled = compile_expression(attribute.expression, source)
    if compiled.references or compiled.functions:
        detail = f'"{attribute.name}" must be said outright: nothing can be referred to or called here.'
        draft.add(Diagnostic("not-constant", "Not a constant", detail, compiled.range))
        return None
    try:
        return compiled.evaluate(_EMPTY)
    except EvaluationError as error:
        draft.problems.extend(error.diagnostics)
        return None


def constant_text(draft: Draft, attribute: Attribute | None, source: Source, default: str = "") -> str:
    """The text that an argument says outright; the default where there is none."""
    found = _converted(draft, attribute, source, STRING)
    return found if isinstance(found, str) else default


def constant_flag(draft: Draft, attribute: Attribute | None, source: Source, default: bool) -> bool:
    """The yes or no that an argument says outright; the default where there is none."""
    found = _converted(draft, attribute, source, BOOL)
    return found if isinstance(found, bool) else default


def constant_texts(draft: Draft, attribute: Attribute | None, source: Source) -> tuple[str, ...]:
    """The texts in a list that an argument says outright; none where there is none."""
    found = _converted(draft, attribute, source, ListType(STRING))
    return tuple(item for item in found.items if isinstance(item, str)) if isinstance(found, ListValue) else ()


def _converted(draft: Draft, attribute: Attribute | None, source: Source, type: Type) -> Value | None:
    if attribute is None:
        return None
    found = constant(draft, attribute, source)
    if found is None:
        return None
    if isinstance(found, Null):
        detail = f'"{attribute.name}" cannot be null. Leave it out to have what it is by itself.'
        draft.add(Diagnostic("wrong-type", "Null given", detail, _range(attribute.expression, source)))
        return None
    try:
        return convert(found, type)
    except ConversionError as error:
        detail = f'"{attribute.name}" does not take this value: {reason_of(error, attribute.name)}.'
        draft.add(Diagnostic("wrong-type", "Wrong type", detail, _range(attribute.expression, source)))
        return None


def reference(
    draft: Draft, expression: Expression, source: Source, what: str, *, quoted: bool = False
) -> Reference | None:
    """The reference that an expression is; None where it is something else, which has been told then.

    With `quoted`, text that spells a reference is taken for it, as Terraform still does, and warned of.
    """
    node = expression
    while isinstance(node, Parenthesised):
        node = node.inner
    if quoted and isinstance(node, Literal) and isinstance(node.value, str):
        node = _spelt(draft, node, node.value, source)
    root, chain = spine(node)
    if isinstance(root, Variable):
        found = as_reference(root, chain, source)
        if len(found.steps) == len(chain):
            return found
        detail = f"{what} takes a fixed reference: its keys must be written out."
    elif isinstance(root, Literal) and isinstance(root.value, str):
        detail = f"{what} takes a reference: write {root.value or 'it'} without quotes."
    else:
        detail = f"{what} takes a reference such as workspace.NAME."
    draft.add(Diagnostic("not-a-reference", "Not a reference", detail, _range(expression, source)))
    return None


def _spelt(draft: Draft, node: Literal, text: str, source: Source) -> Expression:
    """The reference that a text spells, with the places that it has in the source; the text where it spells none."""
    around = _NOT_LINE_END.sub(" ", source.text[: node.start + 1])
    found, problems = parse_expression(Source(source.name, around + text))
    if found is None or problems or not isinstance(spine(found)[0], Variable):
        return node
    detail = f"Write {text} without quotes. As text it is taken for the reference that it spells, as Terraform does."
    at = Range(source, node.start, node.end)
    draft.add(Diagnostic("quoted-reference", "Reference in quotes", detail, at, severity=Severity.WARNING))
    return found


_NOT_LINE_END = re.compile(r"[^\n]")


def keyed_reference(
    draft: Draft, expression: Expression, source: Source, what: str, place: Place
) -> tuple[Reference | None, Compiled | None]:
    """A reference whose last key may be an expression, and that expression where it is one."""
    node = expression
    while isinstance(node, Parenthesised):
        node = node.inner
    if not isinstance(node, Index) or isinstance(node.key, Literal):
        return reference(draft, expression, source, what, quoted=True), None
    found = reference(draft, node.collection, source, what)
    return found, None if found is None else draft.compile(node.key, source, place)


def reference_list(draft: Draft, attribute: Attribute, source: Source) -> tuple[Reference, ...]:
    """The references in a list such as `depends_on`."""
    if not isinstance(attribute.expression, TupleItems):
        detail = f'"{attribute.name}" takes a list of references: [workspace.NAME, …].'
        draft.add(Diagnostic("wrong-type", "Wrong type", detail, _range(attribute.expression, source)))
        return ()
    what = f'"{attribute.name}"'
    found = [reference(draft, item, source, what, quoted=True) for item in attribute.expression.items]
    return tuple(each for each in found if each is not None)


def _range(expression: Expression, source: Source) -> Range:
    return Range(source, expression.start, expression.end)
