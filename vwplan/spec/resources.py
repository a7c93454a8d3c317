"""Blocks of kinds: `workspace "NAME" { … }` and its like into resource blocks, a cluster's with its members."""

from __future__ import annotations

from dataclasses import replace

from vwplan.diagnostics import Diagnostic, Range, Source, did_you_mean
from vwplan.hcl.lexer import is_name
from vwplan.hcl.syntax import Block, Body, Literal, TupleItems
from vwplan.kinds import KINDS
from vwplan.kinds.forms import FORMS
from vwplan.spec import mistakes
from vwplan.spec.decode import decode_part
from vwplan.spec.draft import Draft, Place
from vwplan.spec.metaarguments import decode_meta
from vwplan.spec.model import MemberBlock, ResourceBlock
from vwplan.spec.shapes import KIND_SHAPES, Shape


def decode_resource(draft: Draft, block: Block, source: Source) -> None:
    """Read a block of a kind into the draft."""
    kind, where = KINDS[block.kind], mistakes.header(block, source)
    name = named(draft, block, source)
    if name is None:
        return
    shape, key = KIND_SHAPES[block.kind], f"{block.kind}.{name}"
    outside = Place(key)
    place = _inside(outside, block.body)
    if block.kind == "cluster":
        place = replace(place, cluster=name)
    made = ResourceBlock(
        kind,
        name,
        decode_part(draft, block.body, shape, place, where),
        decode_meta(draft, block.body, shape, place, outside, block.kind),
        where,
        _members(draft, block, shape, place, name) if block.kind == "cluster" else (),
    )
    first = draft.resources.get(key)
    if first is not None:
        draft.add(mistakes.duplicate(f'{block.kind} "{name}"', where, first.range))
        return
    draft.resources[key] = made


def named(draft: Draft, block: Block, source: Source) -> str | None:
    """The name that a block's one label gives it; None where it has none, which has been told then."""
    if len(block.labels) != 1:
        draft.add(mistakes.wrong_labels(block, "NAME", source))
        return None
    label = block.labels[0]
    if not is_name(label.text):
        draft.add(mistakes.bad_name(label.text, Range(source, label.start, label.end)))
        return None
    return label.text


def _inside(outside: Place, body: Body) -> Place:
    """The place of what is in a block, where its own `count` and `for_each` mean something."""
    count, each = "count" in body.attributes, "for_each" in body.attributes
    if not count and not each:
        return outside
    return replace(outside, count=outside.count or count, each=outside.each or each)


def _members(draft: Draft, block: Block, shape: Shape, place: Place, name: str) -> tuple[MemberBlock, ...]:
    """The head and the workers of a cluster, head first."""
    source = block.body.source
    heads: list[MemberBlock] = []
    workers: dict[str, MemberBlock] = {}
    for inner in block.body.blocks:
        where = mistakes.header(inner, source)
        if inner.kind == "head":
            if inner.labels:
                draft.add(mistakes.wrong_labels(inner, "", source))
            if heads:
                draft.add(mistakes.duplicate("The head", where, heads[0].range))
                continue
            heads.append(_member(draft, inner, "head", shape.inner["head"], place, name))
        elif inner.kind == "workers":
            if len(inner.labels) != 1:
                draft.add(mistakes.wrong_labels(inner, "ROLE", source))
                continue
            label = inner.labels[0]
            subject = Range(source, label.start, label.end)
            if label.text == "head" or FORMS["role"].fault(label.text):
                detail = f'"{label.text}" is not a role. A role is a name other than head, such as "compute".'
                draft.add(Diagnostic("invalid-name", "Invalid name", detail, subject))
                continue
            if label.text in workers:
                draft.add(mistakes.duplicate(f'workers "{label.text}"', where, workers[label.text].range))
                continue
            workers[label.text] = _member(draft, inner, label.text, shape.inner["workers"], place, name)
    members = (*heads, *workers.values())
    if id(source) not in draft.broken:
        if not heads and "head" not in mistakes.meant(shape, block.body):
            draft.add(mistakes.missing_block(shape, "head", mistakes.header(block, source)))
        _look_for_images(draft, block, members)
    for inner in block.body.blocks:
        if inner.kind in ("head", "workers"):
            _look_at_after(draft, inner, workers)
    return members


def _member(draft: Draft, block: Block, role: str, shape: Shape, place: Place, cluster: str) -> MemberBlock:
    where = mistakes.header(block, block.body.source)
    node = f"cluster.{cluster}.head" if role == "head" else f"cluster.{cluster}.workers.{role}"
    outside = replace(place, node=node)
    inside = _inside(outside, block.body) if role != "head" else outside
    part = decode_part(draft, block.body, shape, inside, where)
    return MemberBlock(role, part, decode_meta(draft, block.body, shape, inside, outside, "workspace"), where)


def _look_for_images(draft: Draft, block: Block, members: tuple[MemberBlock, ...]) -> None:
    """Tell of members that start from nothing: neither they nor the cluster name an image or environment."""
    given = ("environment", "image")
    meant = mistakes.meant(KIND_SHAPES["cluster"], block.body)
    if any(name in block.body.attributes or name in meant for name in given):
        return
    for member in members:
        if not any(name in member.part.arguments for name in given):
            shape = KIND_SHAPES["cluster"].inner["head" if member.role == "head" else "workers"]
            draft.add(mistakes.missing_any(shape, given, member.range))


def _look_at_after(draft: Draft, block: Block, workers: dict[str, MemberBlock]) -> None:
    """Tell of roles in `after` that the cluster does not have, as far as they are written out."""
    attribute = block.body.attributes.get("after")
    if attribute is None or not isinstance(attribute.expression, TupleItems):
        return
    roles = ["head", *workers]
    for item in attribute.expression.items:
        if isinstance(item, Literal) and isinstance(item.value, str) and item.value not in roles:
            detail = (
                f'The cluster has no role "{item.value}".{did_you_mean(item.value, roles)} It has {", ".join(roles)}.'
            )
            subject = Range(block.body.source, item.start, item.end)
            draft.add(Diagnostic("unknown-role", "Unknown role", detail, subject))
