"""What stands for a value that is not there: null, and unknown, with what is known of the latter all the same."""

from __future__ import annotations

from vwplan.dataclass import dataclass
from vwplan.values.numbers import Number
from vwplan.values.types import Type


@dataclass(frozen=True, slots=True)
class Refinement:
    """What is known of a value that is not: that it is not null, its prefix, its bounds, its length."""

    not_null: bool = False
    prefix: str = ""
    lower: Number | None = None
    upper: Number | None = None
    min_length: int = 0
    max_length: int | None = None


UNREFINED = Refinement()
NOT_NULL = Refinement(not_null=True)


class Null:
    """The absence of a value of some type; of `DYNAMIC` type where nothing says which."""

    __slots__ = ("type",)

    def __init__(self, type: Type) -> None:
        self.type = type

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Null) and self.type == other.type

    def __hash__(self) -> int:
        return hash((Null, self.type))

    def __repr__(self) -> str:
        return f"Null({self.type!r})"


class Unknown:
    """A value that is known only after apply."""

    __slots__ = ("refinement", "type")

    def __init__(self, type: Type, refinement: Refinement = UNREFINED) -> None:
        self.type = type
        self.refinement = refinement

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Unknown) and self.type == other.type and self.refinement == other.refinement

    def __hash__(self) -> int:
        return hash((Unknown, self.type, self.refinement))

    def __repr__(self) -> str:
        refined = "" if self.refinement == UNREFINED else f", {self.refinement!r}"
        return f"Unknown({self.type!r}{refined})"
