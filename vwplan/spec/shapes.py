"""Shapes of blocks, looked up quickly: what is declared of a kind or block, with the meta-arguments it takes, by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from vwplan.kinds import KINDS
from vwplan.kinds.language import MODULE, OPEN, TOP
from vwplan.kinds.meta import (
    COUNT,
    DEPENDS_ON,
    FOR_EACH,
    LIFECYCLE,
    MEMBER_ARGUMENTS,
    META_ABSENT,
    META_ARGUMENTS,
    META_BLOCKS,
    TIMEOUTS,
)
from vwplan.kinds.model import Absent, Argument, BlockType, Kind
from vwplan.kinds.sources import SOURCES


class Shape:
    """What a block may hold, by name.

    `meta_arguments` and `meta_blocks` are taken too, but read elsewhere. `inner` has the shapes of the blocks, `within` the
    block that an argument belongs to, for those who write it one level too high. An `open` block takes arguments of any name.
    """

    __slots__ = (
        "absent",
        "any_of",
        "arguments",
        "blocks",
        "facts",
        "inner",
        "meta_arguments",
        "meta_blocks",
        "name",
        "one_of",
        "open",
        "required",
        "required_blocks",
        "within",
    )

    def __init__(
        self,
        declared: Kind | BlockType,
        meta_arguments: tuple[Argument, ...] = (),
        meta_blocks: tuple[BlockType, ...] = (),
        absent: tuple[Absent, ...] = (),
    ) -> None:
        self.name = declared.name
        self.arguments: Mapping[str, Argument] = {argument.name: argument for argument in declared.arguments}
        self.blocks: Mapping[str, BlockType] = {block.name: block for block in declared.blocks}
        self.absent: Mapping[str, Absent] = {each.name: each for each in (*absent, *declared.absent)}
        self.meta_arguments = frozenset(argument.name for argument in meta_arguments)
        self.meta_blocks = frozenset(block.name for block in meta_blocks)
        self.required = tuple(argument.name for argument in declared.arguments if argument.required)
        self.required_blocks = tuple(block.name for block in declared.blocks if block.required)
        self.one_of = declared.one_of if isinstance(declared, BlockType) else ()
        self.any_of = declared.any_of if isinstance(declared, Kind) else ()
        self.facts = frozenset(fact.name for fact in declared.facts) if isinstance(declared, Kind) else frozenset()
        self.open = isinstance(declared, BlockType) and declared.name in OPEN
        self.inner: Mapping[str, Shape] = {block.name: _inner(block) for block in declared.blocks}
        self.within: Mapping[str, str] = {
            argument: name
            for name, shape in self.inner.items()
            if name not in MEMBER_ARGUMENTS
            for argument in shape.arguments
        }

    @property
    def names(self) -> frozenset[str]:
        """All names that it takes."""
        return frozenset((*self.arguments, *self.blocks)) | self.meta_arguments | self.meta_blocks


def _inner(block: BlockType) -> Shape:
    if block.name in MEMBER_ARGUMENTS:
        return Shape(block, MEMBER_ARGUMENTS[block.name], META_BLOCKS, META_ABSENT)
    return Shape(block)


KIND_SHAPES: Mapping[str, Shape] = MappingProxyType(
    {name: Shape(kind, META_ARGUMENTS, META_BLOCKS, META_ABSENT) for name, kind in KINDS.items()}
)
"""The shapes of the kinds."""

_CONDITIONS_ONLY = replace(LIFECYCLE, arguments=())
"""What is read has conditions, and nothing that could happen to it."""

_UNPROVIDED = (COUNT, FOR_EACH, DEPENDS_ON)

DATA_SHAPES: Mapping[str, Shape] = MappingProxyType(
    {
        name: Shape(kind, META_ARGUMENTS if name != "stack" else _UNPROVIDED, (_CONDITIONS_ONLY,), META_ABSENT)
        for name, kind in SOURCES.items()
    }
)
"""The shapes of `data` blocks, by kind."""

TOP_SHAPES: Mapping[str, Shape] = MappingProxyType({block.name: Shape(block) for block in TOP})
"""The shapes of the other blocks of a file."""

CALL_SHAPE = Shape(MODULE, (COUNT, FOR_EACH, DEPENDS_ON))
"""The shape of a call of a module, with the meta-arguments that it takes."""

LIFECYCLE_SHAPE = Shape(LIFECYCLE)
CONDITIONS_SHAPE = Shape(_CONDITIONS_ONLY)
TIMEOUTS_SHAPE = Shape(TIMEOUTS)
