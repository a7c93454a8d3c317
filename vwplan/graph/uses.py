"""What an evaluation used: the resources whose arguments and facts went into a value.

The instances that an expression touches say so themselves (see `vwplan.graph.objects`), so that a dependency is on the very
instance that was used, whatever expression found it. Sets of many are kept as groups, told once and shared.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Uses(NamedTuple):
    """Keys of resources, and names of groups of them; each once, in the order of first use."""

    keys: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


NOTHING = Uses()

FEW = 8
"""How many resources are told one by one; more than that are a group."""


class Tracker:
    """Collects what the evaluation that is under way touches. One evaluation is under way at a time."""

    __slots__ = ("groups", "keys")

    def __init__(self) -> None:
        self.keys: dict[str, None] = {}
        self.groups: dict[str, None] = {}

    def touch(self, key: str) -> None:
        """A resource was used."""
        self.keys[key] = None

    def add(self, uses: Uses) -> None:
        """A value was used that was itself made from these."""
        if uses is NOTHING:
            return
        for key in uses.keys:
            self.keys[key] = None
        for group in uses.groups:
            self.groups[group] = None

    def take(self) -> Uses:
        """All that was collected; from here on it collects anew."""
        if not self.keys and not self.groups:
            return NOTHING
        uses = Uses(tuple(self.keys), tuple(self.groups))
        self.keys.clear()
        self.groups.clear()
        return uses

    def drop(self) -> None:
        """Forget what was collected."""
        self.keys.clear()
        self.groups.clear()


class Groups:
    """The groups of resources made so far. Alike sets are one group."""

    __slots__ = ("_by_keys", "table")

    def __init__(self) -> None:
        self.table: dict[str, tuple[str, ...]] = {}
        self._by_keys: dict[tuple[str, ...], str] = {}

    def of(self, keys: Iterable[str], hint: str) -> str:
        """The name of the group of these resources; `hint` says what they are, such as the address of their block."""
        keys = tuple(keys)
        name = self._by_keys.get(keys)
        if name is None:
            name = f"*{hint}"
            while name in self.table:
                name += "'"
            self.table[name] = keys
            self._by_keys[keys] = name
        return name

    def compact(self, uses: Uses, hint: str) -> Uses:
        """The same uses, with many single resources made a group. Images stay single: they are staged where they are used."""
        if len(uses.keys) <= FEW:
            return uses
        images = tuple(key for key in uses.keys if key.startswith("image.") or ".image." in key)
        rest = tuple(key for key in uses.keys if key not in images) if images else uses.keys
        if len(rest) <= FEW:
            return uses
        return Uses(images, (*uses.groups, self.of(rest, hint)))

    def join(self, many: Iterable[Uses]) -> Uses:
        """The uses of several, each once."""
        tracker = Tracker()
        for uses in many:
            tracker.add(uses)
        return tracker.take()
