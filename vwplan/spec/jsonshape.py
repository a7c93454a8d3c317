"""What JSON leaves open, told from what is declared: which names are blocks, and where strings are expressions."""

from __future__ import annotations

from vwplan.hcl.jsonsyntax import JsonSchema
from vwplan.kinds import KINDS
from vwplan.kinds.meta import MEMBER_ARGUMENTS
from vwplan.spec.shapes import DATA_SHAPES, KIND_SHAPES, LIFECYCLE_SHAPE, TIMEOUTS_SHAPE, TOP_SHAPES, Shape

_BARE = frozenset(
    {"depends_on", "provider", "providers", "type", "from", "to", "ignore_changes", "replace_triggered_by", "iterator"}
)
"""Arguments whose strings are references or types, where the language has them."""
_TEXTS = {
    "variable": frozenset({"default", "description", "nullable", "sensitive", "ephemeral"}),
    "output": frozenset({"description", "sensitive", "ephemeral"}),
    "module": frozenset({"source", "version"}),
}
"""Arguments of blocks that are constants: their strings are just text, `${` included, as Terraform has it."""


class FileShape:
    """The schema of a file."""

    def labels(self, name: str) -> int | None:
        """How many labels a block of that name has."""
        if name in KINDS:
            return 1
        return len(_TOP_LABELS[name].split()) if name in _TOP_LABELS else None

    def inside(self, name: str, labels: tuple[str, ...]) -> JsonSchema:
        """The schema of such a block's body."""
        if name == "data":
            return BodyShape(DATA_SHAPES.get(labels[0], TOP_SHAPES["data"]))
        return BodyShape(KIND_SHAPES[name] if name in KINDS else TOP_SHAPES[name], name == "check")

    def is_bare(self, name: str) -> bool:
        """No argument stands outside of blocks."""
        return False

    def is_text(self, name: str) -> bool:
        """No argument stands outside of blocks."""
        return False


class BodyShape:
    """The schema of the body of a block that has a shape. `reads` tells that data blocks may stand in it."""

    __slots__ = ("_reads", "_shape")

    def __init__(self, shape: Shape, reads: bool = False) -> None:
        self._shape = shape
        self._reads = reads

    def labels(self, name: str) -> int | None:
        """How many labels a block of that name has here."""
        found = self._shape.blocks.get(name)
        if found is not None:
            return 1 if found.label else 0
        if name in self._shape.meta_blocks:
            return 0
        if name == "data" and self._reads:
            return 2
        return 1 if name == "dynamic" and self._shape.blocks else None

    def inside(self, name: str, labels: tuple[str, ...]) -> JsonSchema:
        """The schema of such a block's body."""
        if name == "data":
            return FileShape().inside(name, labels)
        if name == "dynamic":
            return DynamicShape(self._shape, labels[0] if labels else "")
        if name in self._shape.inner:
            return BodyShape(self._shape.inner[name])
        return BodyShape(LIFECYCLE_SHAPE if name == "lifecycle" else TIMEOUTS_SHAPE)

    def is_bare(self, name: str) -> bool:
        """Whether strings in that argument are references or types."""
        shape = self._shape
        if name not in _BARE or shape.name == "locals":
            return False
        return name in shape.meta_arguments or name in shape.arguments or shape.name in MEMBER_ARGUMENTS

    def is_text(self, name: str) -> bool:
        """Whether strings in that argument are just text."""
        return name in _TEXTS.get(self._shape.name, ())


class DynamicShape:
    """The schema of a `dynamic` block's body: its content is a body of the block that it repeats."""

    __slots__ = ("_shape", "_type")

    def __init__(self, shape: Shape, type: str) -> None:
        self._shape = shape
        self._type = type

    def labels(self, name: str) -> int | None:
        """Only `content` is a block."""
        return 0 if name == "content" else None

    def inside(self, name: str, labels: tuple[str, ...]) -> JsonSchema:
        """The schema of the content."""
        inner = self._shape.inner.get(self._type)
        return BodyShape(inner) if inner is not None else self

    def is_bare(self, name: str) -> bool:
        """Whether strings in that argument are references."""
        return name == "iterator"

    def is_text(self, name: str) -> bool:
        """Whether strings in that argument are just text."""
        return False


_TOP_LABELS = {"provider": "TYPE", "data": "KIND NAME"} | {
    name: ("" if name in ("vwplan", "locals", "moved", "removed", "import") else "NAME")
    for name in TOP_SHAPES
    if name not in ("provider", "data")
}
