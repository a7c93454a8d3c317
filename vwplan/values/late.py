"""Late values: unknown when planning, and told how they will be known.

A name that an expression can refer to (a fact, a local, a variable, an argument) holds unknown leaves that are all `Late`: each
says either which fact it will be, or which expression over which inputs computes it. So what is late can be carried
to apply, and computed there, from the plan alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from vwplan.dataclass import dataclass
from vwplan.values.types import DYNAMIC, Type
from vwplan.values.value import UNREFINED, Refinement, Unknown, Value

Path = tuple[str | int, ...]
"""A way into a value: attribute names and keys."""


@dataclass(frozen=True, slots=True)
class FactOf:
    """What a record will say: the fact or argument at `path` of the resource at `address`."""

    address: str
    path: Path


@dataclass(frozen=True, slots=True)
class Computed:
    """What an expression will come to, followed by a `path` into its value.

    `inputs` are the values of its references by their text, whose unknown leaves are `Late` in turn, or `Sealed` where they come out
    of a file. `files` is what the expression read while planning, by method and argument, sealed likewise where it is
    part of a secret. `place` says where it stands, for diagnostics.
    """

    expression: str
    inputs: Mapping[str, Value]
    path: Path = ()
    files: Mapping[tuple[str, str], object] = field(default_factory=dict)
    place: str = ""


Origin = FactOf | Computed


class Late(Unknown):
    """An unknown value of which is told how it will be known. Operators treat it as any unknown one."""

    __slots__ = ("origin",)

    def __init__(self, type: Type, origin: Origin, refinement: Refinement = UNREFINED) -> None:
        super().__init__(type, refinement)
        self.origin = origin

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Late) and super().__eq__(other) and self.origin == other.origin

    def __hash__(self) -> int:
        return hash((Late, self.type))

    def __repr__(self) -> str:
        return f"Late({self.type!r}, {self.origin!r})"


class Sealed(Unknown):
    """A secret of which only the HMAC is at hand: as unknown as what is late, until somebody gives it again."""

    __slots__ = ("mac",)

    def __init__(self, mac: str) -> None:
        super().__init__(DYNAMIC)
        self.mac = mac

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sealed) and self.mac == other.mac

    def __hash__(self) -> int:
        return hash((Sealed, self.mac))

    def __repr__(self) -> str:
        return f"Sealed({self.mac!r})"
