"""What all of planning shares: the state, the sight of the world, and the decisions made so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any

from vwplan.dataclass import dataclass
from vwplan.graph.identity import Identities
from vwplan.graph.model import Imported, Resource
from vwplan.plan.decision import Decision
from vwplan.plan.model import PlanOptions
from vwplan.plan.plain import ManyNames, Seal, sealed, substituted
from vwplan.plan.refusals import Refusals
from vwplan.plan.shapes import Shapes
from vwplan.plan.sight import Sight
from vwplan.state.records import Record, State

Plain = Any


@dataclass(slots=True, eq=False)
class Planning:
    """What all of planning needs to know, and the decisions made so far.

    `records` are the state's by the addresses that they have from now on. `picked` are the addresses that the plan is about,
    None for all. `groups` are the keys of resources by the name of a group. `pinned` are the identities that something on a
    host that could not be seen refers to. `renewed` are, by address, the old and
    new names of what is made anew: its identity, and of a machine also its public key; `anew` are the addresses by the new names.
    `public_key` gives that of an identity.
    `imports` are by address; their records are among `records`.
    """

    state: State
    sight: Sight
    shapes: Shapes
    options: PlanOptions
    seal: Seal
    refusals: Refusals
    identities: Identities
    records: dict[str, Record]
    moved: Mapping[str, str]
    picked: frozenset[str] | None
    pinned: frozenset[str] = frozenset()
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    decisions: dict[str, Decision] = field(default_factory=dict)
    public_key: Callable[[str], str] | None = None
    imports: Mapping[str, Imported] = field(default_factory=dict)
    renewed: dict[str, Mapping[str, str]] = field(default_factory=dict)
    anew: dict[str, str] = field(default_factory=dict)
    blocked: bool = False
    _all_names: dict[str, str] = field(default_factory=dict)
    _group_names: dict[str, ManyNames] = field(default_factory=dict)
    _group_blocked: dict[str, str] = field(default_factory=dict)
    _group_blocks: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def names_in(self, group: str) -> Mapping[str, str]:
        """Old and new names of what is made anew in a group, all of which has been decided."""
        found = self._group_names.get(group)
        if found is None:
            names: dict[str, str] = {}
            for key in self.groups.get(group, ()):
                names.update(self.renewed.get(key, {}))
            found = self._group_names[group] = ManyNames(names)
        return found

    def names_of(self, kind: str, old: str, new: str) -> Mapping[str, str]:
        """What others may hold of an object, before and after it is made anew."""
        names = {old: new}
        if kind == "workspace" and self.public_key is not None:
            names[self.public_key(old)] = self.public_key(new)
        return names

    def renew(self, key: str, names: Mapping[str, str]) -> None:
        """Note the old and new names of what is made anew."""
        self.renewed[key] = names
        self._all_names.update(names)
        self.anew.update(dict.fromkeys(names.values(), key))

    @property
    def all_names(self) -> Mapping[str, str]:
        """Old and new names of all that is made anew so far."""
        return self._all_names

    def blocked_in(self, group: str) -> str:
        """The first resource of a group of which nothing can be done; empty without one."""
        found = self._group_blocked.get(group)
        if found is None:
            found = self._group_blocked[group] = next(filter(self.is_blocked, self.groups.get(group, ())), "")
        return found

    def blocks_in(self, group: str) -> tuple[str, ...]:
        """The addresses without their last key of all in a group, each once."""
        found = self._group_blocks.get(group)
        if found is None:
            found = tuple(dict.fromkeys(map(without_key, self.groups.get(group, ()))))
            self._group_blocks[group] = found
        return found

    def is_blocked(self, key: str) -> bool:
        """Whether nothing can be done about a resource."""
        decision = self.decisions.get(key)
        return decision is not None and bool(decision.blocked)


def without_key(address: str) -> str:
    """An address without its last key: a role of a cluster instance, or a block."""
    return address.rpartition("[")[0] if address.endswith("]") else address


def depends_of(planning: Planning, resource: Resource) -> tuple[str, ...]:
    """What a record says that its object needs: addresses, and for groups those of the blocks that all are instances of."""
    if not resource.groups:
        return resource.depends
    found = dict.fromkeys(resource.depends)
    for group in resource.groups:
        found.update(dict.fromkeys(planning.blocks_in(group)))
    return tuple(found)


def lifecycle_of(planning: Planning, decision: Decision) -> Mapping[str, Plain]:
    """What a record keeps for when the spec is gone; only what is not as usual."""
    resource, arguments = decision.resource, decision.arguments
    assert resource is not None
    kept: dict[str, Plain] = {}
    if resource.lifecycle.prevent_destroy:
        kept["prevent_destroy"] = True
    if arguments.get("on_destroy") not in (None, "destroy"):
        kept["on_destroy"] = arguments["on_destroy"]
    if arguments.get("keep"):
        kept["keep"] = True
    if resource.lifecycle.replace_triggers:
        names = planning.all_names
        kept["replace_triggers"] = {
            text: sealed(substituted(value, names), planning.seal)
            for text, value in resource.lifecycle.replace_triggers
        }
    return kept
