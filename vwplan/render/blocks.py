"""What plans and states share when they are shown as blocks: titles, shapes, and the order of addresses."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from vwplan.address import Address
from vwplan.kinds import KINDS
from vwplan.kinds.model import BlockType
from vwplan.plan.shapes import EMPTY, Shape, shape_of
from vwplan.render.words import value_text

Plain = Any

_DIGITS = re.compile(r"(\d+)")


def natural(text: str) -> list[tuple[int, int, str]]:
    """A key for sorting by which `a[2]` comes before `a[10]`."""
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in _DIGITS.split(text) if part]


def block_title(kind: str, key: str) -> str:
    """What stands before the brace: the kind, and the name of the block that declares it."""
    address = Address.parse(key)
    name = address.name
    if address.role:
        name += ".head" if address.role == "head" else f".workers.{address.role}"
    return f'{kind} "{name}"'


def titled(name: str, value: Plain, block: BlockType) -> list[tuple[str, Plain]]:
    """What an argument that is a block holds, each with what stands before its brace."""
    if block.repeated:
        return [(name, item) for item in value]
    if block.label:
        return [(f"{name} {value_text(label)}", item) for label, item in value.items()]
    return [(name, value)]


@lru_cache(maxsize=64)
def shape_of_kind(kind: str) -> Shape:
    """The shape of a kind's arguments; an empty one for a kind that is not declared."""
    declared = KINDS.get(kind)
    return EMPTY if declared is None else shape_of(declared)
