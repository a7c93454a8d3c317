"""The way back: what an earlier state had, as what is wanted now. Pure; planning and applying are the ordinary ones."""

from __future__ import annotations

import graphlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field, replace
from typing import Any

from vwplan.address import Address
from vwplan.dataclass import dataclass
from vwplan.diagnostics import Diagnostic, DiagnosticError
from vwplan.graph.identity import Identities
from vwplan.graph.model import Lifecycle, Moved, Resource, Wanted, WantedOutput
from vwplan.plan.plain import ManyNames, substituted
from vwplan.plan.planning import without_key
from vwplan.state.history import Version
from vwplan.state.records import IMPORTED, Record, Roster, State, Status

Plain = Any


def previous(versions: Sequence[Version], serial: int) -> int | None:
    """The serial before the last run that was not mere settling; None if there is none to go back to."""
    runs = [version.serial for version in versions if version.run and not version.doing.startswith("recover")]
    last = max((one for one in runs if one <= serial), default=serial)
    return max((version.serial for version in versions if version.serial < last), default=None)


def wanted_of(earlier: State, state: State, public_key: Callable[[str], str] | None = None) -> Wanted:
    """What is wanted, so that a plan from `state` leads back to what an earlier state of the same stack had.

    What exists keeps its identity, wherever it was moved since; what is gone gets a new one, under today's serial, and those that
    refer to it follow. Raises `DiagnosticError` where the earlier records wait for each other in a circle.
    """
    back = _Back(state, public_key)
    records = {key: one for key, one in earlier.records.items() if _planned(one, state)}
    moved = _moves(records, state)
    now = {moved.get(key, key): record for key, record in state.records.items()}
    for key, record in records.items():
        back.place(record, now.get(key))
    names = ManyNames(back.names)
    rosters = {key: _roster(roster, state.rosters.get(key), names) for key, roster in earlier.rosters.items()}
    blocks: dict[str, list[str]] = {}
    for key in records:
        blocks.setdefault(without_key(key), []).append(key)
    groups: dict[str, tuple[str, ...]] = {}
    resources: dict[str, Resource] = {}
    for key, record in records.items():
        depends, waits = _needs(record, records, blocks)
        groups.update({name: tuple(blocks[name]) for name in waits})
        resources[key] = back.resource(record, depends, waits, [*depends, *(one for g in waits for one in blocks[g])])
    told = {key: _Told(key, roster) for key, roster in rosters.items()}
    resources = {
        key: told[one.cluster].introduced(one) if one.cluster in told else one for key, one in resources.items()
    }
    outputs = tuple(
        WantedOutput(name, substituted(out.value, names), out.type, out.sensitive, (), None)
        for name, out in earlier.outputs.items()
    )
    moves = tuple(Moved(source, target, None) for source, target in moved.items())
    # What was imported since existed before, and goes on existing.
    let_go = {key: False for key, one in now.items() if key not in records and one.facts.get(IMPORTED)}
    return Wanted(_in_order(resources, groups), rosters, outputs, moved=moves, removed=let_go, groups=groups)


def _planned(record: Record, state: State) -> bool:
    """Whether a record counts as wanted then. What was merely kept is left as it is, unless more has become of it since."""
    if record.status is not Status.KEPT:
        return True
    now = state.records.get(record.address)
    return now is not None and now.status is not Status.KEPT


def _moves(records: Mapping[str, Record], state: State) -> dict[str, str]:
    """From where to where records go back, so that no two come to have one address."""
    places = {record.identity: key for key, record in state.records.items()}
    moves = {
        places[record.identity]: key
        for key, record in records.items()
        if record.identity in places and places[record.identity] != key
    }
    while True:
        blocked = [source for source, target in moves.items() if target in state.records and target not in moves]
        if not blocked:
            return moves
        for source in blocked:
            del moves[source]


def _needs(
    record: Record, records: Mapping[str, Record], blocks: Mapping[str, Sequence[str]]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What a record needs of what is wanted: single addresses, and blocks of which it needs every instance."""
    own = without_key(record.address)
    depends = tuple(one for one in record.depends if one in records and one != record.address)
    waits = tuple(one for one in record.depends if one not in records and one in blocks and one != own)
    return depends, waits


@dataclass(slots=True)
class _Back:
    """Who has which identity on the way back, and what others therefore have to call it."""

    state: State
    public_key: Callable[[str], str] | None
    names: dict[str, str] = field(default_factory=dict)
    _own: dict[str, Mapping[str, str]] = field(default_factory=dict)
    _is: dict[str, tuple[str, int]] = field(default_factory=dict)

    def place(self, record: Record, now: Record | None) -> None:
        """Settle the identity of what is wanted at a record's address: that of what is there, else a new one."""
        if now is not None:
            identity, birth = now.identity, now.birth
        else:
            birth = self.state.serial
            identity = Identities(self.state.lineage).identity(record.address, birth)
        self._is[record.address] = identity, birth
        old = record.identity
        if identity != old and record.kind != "image":
            names = {old: identity, old.replace("-", "")[:10]: identity.replace("-", "")[:10]}
            if record.kind == "workspace" and self.public_key is not None:
                names[self.public_key(old)] = self.public_key(identity)
            self._own[record.address] = names
            self.names.update(names)

    def resource(
        self, record: Record, depends: tuple[str, ...], groups: tuple[str, ...], needed: Iterable[str]
    ) -> Resource:
        """What is wanted in a record's place."""
        names: dict[str, str] = {}
        if self._own:
            for key in (record.address, *needed):
                names.update(self._own.get(key, {}))
        identity, birth = self._is[record.address]
        address = Address.parse(record.address)
        lifecycle = record.lifecycle
        facts = record.facts
        if identity != record.identity:
            # What comes in its place is vwplan's own.
            facts = {name: value for name, value in facts.items() if name not in (IMPORTED, "disks")}
        return Resource(
            address,
            record.address,
            record.kind,
            identity,
            birth,
            substituted(record.name, names) if names else record.name,
            record.provider,
            record.host,
            substituted(record.arguments, names) if names else record.arguments,
            substituted(facts, names) if names else facts,
            depends,
            Lifecycle(
                prevent_destroy=bool(lifecycle.get("prevent_destroy")),
                replace_triggers=tuple(lifecycle.get("replace_triggers", {}).items()),
            ),
            None,
            cluster=str(address.cluster) if address.role else "",
            groups=groups,
        )


def _roster(roster: Roster, now: Roster | None, names: Mapping[str, str]) -> Roster:
    """The roster as it was, under an epoch that rises wherever it differs from today's."""
    members = tuple(substituted(member, names) for member in roster.members)
    back = replace(roster, members=members, provides=substituted(roster.provides, names))
    if now is None:
        return back
    same = list(now.members) == list(members) and dict(now.provides) == dict(back.provides)
    return replace(back, epoch=now.epoch if same else now.epoch + 1)


class _Told:
    """What the members of a cluster are told: all of it the same for each, but for who it is itself."""

    def __init__(self, cluster: str, roster: Roster) -> None:
        address = Address.parse(cluster)
        members = list(roster.members)
        self._entries = {one["name"]: one for one in members}
        self._shared = {
            "cluster": address.name + ("" if address.key is None else f"-{address.key}"),
            "epoch": roster.epoch,
            "members": members,
            "provides": roster.provides,
            "hosts": {one["address"]: [one["hostname"], one["name"]] for one in members if one["address"] is not None},
        }

    def introduced(self, resource: Resource) -> Resource:
        """A member with what its seed tells it; one that is not in the roster as it is."""
        address = resource.address
        entry = self._entries.get("head" if address.role == "head" else f"{address.role}-{address.member}")
        if entry is None:
            return resource
        own = {name: entry[name] for name in ("name", "hostname", "role", "key", "address")}
        return replace(resource, context={**self._shared, "self": own})


def _in_order(resources: Mapping[str, Resource], groups: Mapping[str, Sequence[str]]) -> tuple[Resource, ...]:
    """The resources, each after what it needs; a group is one node, so that many may wait for many."""
    sorter: graphlib.TopologicalSorter[tuple[str, str]] = graphlib.TopologicalSorter()
    for name, keys in groups.items():
        sorter.add(("group", name), *(("one", key) for key in keys))
    for key, resource in resources.items():
        needs = [*(("one", one) for one in resource.depends), *(("group", one) for one in resource.groups)]
        sorter.add(("one", key), *needs)
    try:
        return tuple(resources[key] for sort, key in sorter.static_order() if sort == "one")
    except graphlib.CycleError as cycle:
        keys = ", ".join(dict.fromkeys(key for _, key in cycle.args[1]))
        raise DiagnosticError(
            Diagnostic(
                "cycle", "Cycle", f"In the earlier state these wait for each other: {keys}. There is no way back."
            )
        ) from cycle
