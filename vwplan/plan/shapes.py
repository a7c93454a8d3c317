"""Kinds as comparing needs them: arguments and blocks by name, at every depth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from vwplan.dataclass import dataclass
from vwplan.kinds.model import Argument, BlockType, Effect, Kind

Plain = Any


@dataclass(frozen=True, slots=True)
class Shape:
    """What may stand in a block: its arguments, and its blocks each with their own shape."""

    arguments: Mapping[str, Argument]
    blocks: Mapping[str, tuple[BlockType, Shape]]


EMPTY = Shape({}, {})
"""The shape of what is not declared."""


def shape_of(declared: Kind | BlockType) -> Shape:
    """The shape of a kind or of a block."""
    return Shape(
        {argument.name: argument for argument in declared.arguments},
        {block.name: (block, shape_of(block)) for block in declared.blocks},
    )


class Shapes:
    """The shapes of all kinds and their claims, looked up by the kind's name."""

    __slots__ = ("_claims", "_shapes")

    def __init__(self, kinds: Mapping[str, Kind]) -> None:
        self._shapes = {name: shape_of(kind) for name, kind in kinds.items()}
        self._claims = {name: kind.claims for name, kind in kinds.items()}

    def of(self, kind: str) -> Shape:
        """The shape of a kind; an empty one for a kind that is not declared."""
        return self._shapes.get(kind, EMPTY)

    def claims(self, kind: str, name: str, arguments: Mapping[str, Plain]) -> set[tuple[str, Plain]]:
        """What an object of that name and those arguments holds that no other on its host may hold."""
        held: set[tuple[str, Plain]] = set()
        for path in self._claims.get(kind, ()):
            if path == "name":
                held.add((path, name))
                continue
            for value in _values(arguments, path.replace("[]", "").split(".")):
                if isinstance(value, str | int):
                    held.add((path, value))
        return held


def _values(found: Plain, names: list[str]) -> Iterator[Plain]:
    """The values at a path, through every item of a list on the way."""
    if isinstance(found, list | tuple):
        for item in found:
            yield from _values(item, names)
    elif not names:
        if found is not None and found != "":
            yield found
    elif isinstance(found, Mapping):
        yield from _values(found.get(names[0]), names[1:])


def effect_of_argument(shape: Shape, name: str) -> Effect:
    """The effect of an edit of one argument; of what is not declared, only the record's."""
    argument = shape.arguments.get(name)
    return Effect.RECORD if argument is None else argument.effect
