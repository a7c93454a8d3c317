"""Meta-arguments of a block: how many, of which provider, after what, and what may happen to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from vwplan.diagnostics import Diagnostic, Range, Source
from vwplan.hcl.evaluate import Compiled, Reference
from vwplan.hcl.lexer import is_name
from vwplan.hcl.syntax import (
    Attribute,
    Block,
    Body,
    Literal,
    TupleItems,
    Variable,
)
from vwplan.kinds import argument_of, block_of
from vwplan.spec import mistakes
from vwplan.spec.constants import keyed_reference, reference, reference_list
from vwplan.spec.decode import decode_part, take_constant
from vwplan.spec.draft import Draft, Place
from vwplan.spec.model import Condition, LifecycleBlock, Meta
from vwplan.spec.shapes import CONDITIONS_SHAPE, KIND_SHAPES, LIFECYCLE_SHAPE, TIMEOUTS_SHAPE, TOP_SHAPES, Shape

NO_META = Meta()


def decode_meta(draft: Draft, body: Body, shape: Shape, place: Place, outside: Place, kind: str) -> Meta:
    """The meta-arguments in a body, as far as its shape takes them.

    `place` is that of the block's arguments, `outside` that of `count` and `for_each`, which cannot refer to themselves.
    `kind` is the kind whose paths `ignore_changes` names.
    """
    attributes, source = body.attributes, body.source
    if not (shape.meta_arguments & attributes.keys()) and not body.blocks:
        return NO_META
    lifecycle: LifecycleBlock | None = None
    timeouts: Mapping[str, Compiled] | None = None
    where: dict[str, Range] = {}
    for block in body.blocks:
        if block.kind not in shape.meta_blocks:
            continue
        header = mistakes.header(block, source)
        if block.kind in where:
            draft.add(mistakes.duplicate(block.kind, header, where[block.kind]))
            continue
        where[block.kind] = header
        if block.labels:
            draft.add(mistakes.wrong_labels(block, "", source))
        if block.kind == "lifecycle":
            lifecycle = _lifecycle(draft, block, place, kind, source)
        else:
            timeouts = _timeouts(draft, block, place, source)
    depends_on = attributes.get("depends_on") if "depends_on" in shape.meta_arguments else None
    provider = attributes.get("provider") if "provider" in shape.meta_arguments else None
    named, key = _provider(draft, provider, source, place) if provider else (None, None)
    return Meta(
        *_repetition(draft, body, shape, outside),
        depends_on=_depends_on(draft, depends_on, source, place) if depends_on else (),
        provider=named,
        provider_key=key,
        timeouts=timeouts or {},
        lifecycle=lifecycle or LifecycleBlock(),
    )


def _repetition(draft: Draft, body: Body, shape: Shape, outside: Place) -> tuple[Compiled | None, Compiled | None]:
    attributes, source = body.attributes, body.source
    count = attributes.get("count") if "count" in shape.meta_arguments else None
    for_each = attributes.get("for_each") if "for_each" in shape.meta_arguments else None
    if count is not None and for_each is not None:
        detail = "count and for_each exclude each other: count makes a list, for_each a map."
        subject = mistakes.name_of(for_each, source)
        draft.add(Diagnostic("conflicting-arguments", "Arguments that exclude each other", detail, subject))
    return (
        draft.compile(count.expression, source, outside) if count is not None else None,
        draft.compile(for_each.expression, source, outside) if for_each is not None else None,
    )


def _depends_on(draft: Draft, attribute: Attribute, source: Source, place: Place) -> tuple[Reference, ...]:
    found = reference_list(draft, attribute, source)
    draft.depends += [(place, each) for each in found]
    return found


PROVIDER_KEY_ROOTS = frozenset({"each", "count", "var", "local", "parent"})
"""What the key of a provider may be made from: hosts must be known before anything is planned."""


def _provider(
    draft: Draft, attribute: Attribute, source: Source, place: Place
) -> tuple[Reference | None, Compiled | None]:
    inside = replace(place, roots=PROVIDER_KEY_ROOTS, words="the key of a provider")
    found, key = keyed_reference(draft, attribute.expression, source, '"provider"', inside)
    if found is not None:
        draft.provider_uses.append((found, key is not None))
    return found, key


def _timeouts(draft: Draft, block: Block, place: Place, source: Source) -> Mapping[str, Compiled]:
    part = decode_part(draft, block.body, TIMEOUTS_SHAPE, place, mistakes.header(block, source))
    return {name: each.value for name, each in part.arguments.items()}


def _lifecycle(draft: Draft, block: Block, place: Place, kind: str, source: Source) -> LifecycleBlock:
    shape, body = LIFECYCLE_SHAPE if kind else CONDITIONS_SHAPE, block.body
    for attribute in body.attributes.values():
        if attribute.name not in shape.arguments:
            draft.add(mistakes.unknown_argument(shape, attribute, source))
    made: dict[str, Compiled] = {}
    for name in ("prevent_destroy", "replace"):
        found = body.attributes.get(name)
        if found is not None and name in shape.arguments:
            made[name] = draft.compile(found.expression, source, place, shape.arguments[name])
            if isinstance(found.expression, Literal):
                take_constant(draft, shape.arguments[name], made[name])
    before: list[Condition] = []
    after: list[Condition] = []
    for inner in body.blocks:
        if inner.kind == "precondition":
            before += conditions(draft, inner, place, source)
        elif inner.kind == "postcondition":
            after += conditions(draft, inner, _with_self(place), source)
        else:
            draft.add(mistakes.unknown_block(shape, inner, source))
    triggers = body.attributes.get("replace_triggered_by")
    ignored = body.attributes.get("ignore_changes")
    return LifecycleBlock(
        made.get("prevent_destroy"),
        made.get("replace"),
        _ignored(draft, ignored, kind, source) if ignored is not None else (),
        _triggers(draft, triggers, place, source) if triggers is not None else (),
        tuple(before),
        tuple(after),
    )


def _with_self(place: Place) -> Place:
    return replace(place, itself=True)


def conditions(draft: Draft, block: Block, place: Place, source: Source) -> list[Condition]:
    """The condition that a `validation`, `precondition`, `postcondition` or `assert` block says, if it says one."""
    where = mistakes.header(block, source)
    if block.labels:
        draft.add(mistakes.wrong_labels(block, "", source))
    part = decode_part(draft, block.body, _CONDITIONS[block.kind], place, where)
    condition, message = part.arguments.get("condition"), part.arguments.get("error_message")
    if condition is None or message is None:
        return []
    if not condition.value.references:
        detail = "The condition refers to nothing, so it always comes to the same. Refer to what it is about."
        draft.add(Diagnostic("constant-condition", "Condition that refers to nothing", detail, condition.value.range))
    return [Condition(condition.value, message.value, where)]


_CONDITIONS = {
    name: shape
    for whole in (LIFECYCLE_SHAPE, TOP_SHAPES["variable"], TOP_SHAPES["check"])
    for name, shape in whole.inner.items()
    if name in ("validation", "precondition", "postcondition", "assert")
}


def _triggers(draft: Draft, attribute: Attribute, place: Place, source: Source) -> tuple[Compiled, ...]:
    if not isinstance(attribute.expression, TupleItems):
        detail = '"replace_triggered_by" takes a list: [workspace.NAME, …].'
        subject = Range(source, attribute.expression.start, attribute.expression.end)
        draft.add(Diagnostic("wrong-type", "Wrong type", detail, subject))
        return ()
    return tuple(draft.compile(item, source, place) for item in attribute.expression.items)


def _path(kind: str, found: Reference) -> str:
    """The path that a reference spells, as plans tell it: a name that is a key of a map goes behind a dot."""
    path = found.root
    for step in found.steps:
        if step.attribute or (is_name(str(step.key)) and kind and argument_of(kind, path) is not None):
            path += f".{step.key}"
        else:
            path += f"[{step.key}]" if isinstance(step.key, int) else f'["{step.key}"]'
    return path


def _ignored(draft: Draft, attribute: Attribute, kind: str, source: Source) -> tuple[str, ...]:
    """The paths that `ignore_changes` names, dotted; `("all",)` for all."""
    expression = attribute.expression
    if isinstance(expression, Variable) and expression.name == "all":
        return ("all",)
    if not isinstance(expression, TupleItems):
        detail = '"ignore_changes" takes a list of arguments, such as [tags, resources.memory], or all.'
        draft.add(Diagnostic("wrong-type", "Wrong type", detail, Range(source, expression.start, expression.end)))
        return ()
    paths = []
    for item in expression.items:
        found = reference(draft, item, source, '"ignore_changes"', quoted=True)
        if found is None:
            continue
        path = _path(kind, found)
        if kind and argument_of(kind, path) is None and block_of(kind, path) is None:
            shape = KIND_SHAPES[kind]
            names = [*shape.arguments, *shape.blocks]
            detail = f'{mistakes.the(shape)} has no argument "{path}".{mistakes.nearest(found.root, names)}'
            if path == "all":
                detail = "all stands for every argument, and not in a list: write ignore_changes = all."
            draft.add(Diagnostic("unknown-argument", "Unknown argument", detail, found.range))
            continue
        paths.append(path)
    return tuple(paths)
