"""Orphans: what bears a state's mark on the hosts but is in no record, and what it takes to record it again or to delete it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from vwplan.address import Address
from vwplan.dataclass import dataclass
from vwplan.graph.model import Resource, WantedOutput
from vwplan.plan.model import Change, Does, HostSeen, ObservedWorld, Plan, Step, StepVerb
from vwplan.plan.plain import Seal, has_late, overlaid, sealed
from vwplan.provider.api import Expectation, Mark, Observed
from vwplan.provider.law import arguments_digest
from vwplan.state.operations import cluster_of, covers
from vwplan.state.records import Record, Roster, State, Status

Plain = Any


@dataclass(frozen=True, slots=True)
class Orphan:
    """An object with our mark and no record: what was seen of it, on which host, and whether a run that we know wrote it."""

    observed: Observed
    mark: Mark
    host: str
    host_uuid: str
    known: bool

    @property
    def address(self) -> str:
        """The address that it was made for; only a hint, since it may have been moved."""
        return self.mark.address

    @property
    def identity(self) -> str:
        """Its name on the hypervisor."""
        return self.observed.identity


def orphans_of(state: State, world: ObservedWorld, begun: Collection[str] = ()) -> tuple[Orphan, ...]:
    """What bears the state's mark and is in no record of it, by address and birth; `begun` are identities under way."""
    recorded = {record.identity for record in state.records.values()} | set(state.deposed) | set(begun)
    found = [orphan for orphan in marked(world, state) if orphan.identity not in recorded]
    return tuple(sorted(found, key=lambda one: (one.address, one.mark.birth, one.identity)))


def bases_of(state: State, world: ObservedWorld, idle: Mapping[str, Collection[str]]) -> tuple[Orphan, ...]:
    """The bases among `idle` (digests by host) that are no image of this state.

    Nobody's mark is on a base, so another stack's image may still be it; that stack stages it again.
    """
    known = {record.name for record in (*state.records.values(), *state.deposed.values()) if record.kind == "image"}
    found: list[Orphan] = []
    for key, digests in sorted(idle.items()):
        for name in sorted(f"vwplan-{digest}" for digest in digests):
            if name not in known:
                seen = Observed("image", name, name, None, {}, {}, "", ("base",), True, "nothing lies over it")
                found.append(Orphan(seen, Mark(state.lineage, name, name, 0, "", ""), key, world[key].uuid, True))
    return tuple(found)


def marked(world: ObservedWorld, state: State) -> Iterable[Orphan]:
    """All that bears the mark of a state's lineage."""
    for view in world.values():
        for observed in view.objects.values():
            mark = observed.mark
            if mark is not None and mark.lineage == state.lineage:
                known = mark.writer in state.previous_writers
                yield Orphan(observed, mark, view.key, view.uuid, known)


def lineages(world: ObservedWorld) -> Mapping[str, tuple[str, ...]]:
    """The lineages that anything on the hosts bears the mark of, each with the addresses that its objects were made for."""
    found: dict[str, list[str]] = {}
    for view in world.values():
        for observed in view.objects.values():
            if observed.mark is not None:
                found.setdefault(observed.mark.lineage, []).append(observed.mark.address)
    return {lineage: tuple(sorted(addresses)) for lineage, addresses in sorted(found.items())}


def choose(orphans: Sequence[Orphan], given: Sequence[str]) -> tuple[list[Orphan], list[str]]:
    """The orphans that any of the words names, by address, identity or name, and the words that name none."""
    if not given:
        return list(orphans), []

    def named(word: str, one: Orphan) -> bool:
        return word in (one.identity, one.observed.name) or covers(word, one.address)

    missing = [word for word in given if not any(named(word, one) for one in orphans)]
    return [one for one in orphans if any(named(word, one) for word in given)], missing


def places(orphans: Iterable[Orphan], taken: Collection[str]) -> tuple[dict[str, Orphan], list[Orphan]]:
    """Which orphan gets which address, the youngest where several were made for one; and those that get none."""
    given: dict[str, Orphan] = {}
    left: list[Orphan] = []
    for orphan in sorted(orphans, key=lambda one: -one.mark.birth):
        if orphan.address in given and given[orphan.address].identity == orphan.identity:
            # One network over a bridge, seen on another of the hosts that it spans.
            continue
        if orphan.address in taken or orphan.address in given or not _is_address(orphan.address):
            left.append(orphan)
        else:
            given[orphan.address] = orphan
    return given, left


def record_of(orphan: Orphan, address: str) -> Record:
    """The record of an orphan, with no more than could be seen."""
    observed = orphan.observed
    provider, _, label = orphan.host.rpartition("/")
    return Record(
        address,
        observed.kind,
        observed.identity,
        orphan.mark.birth,
        observed.name,
        provider,
        label,
        orphan.host_uuid,
        observed.arguments,
        observed.facts,
        status=Status.PRESENT if observed.complete else Status.TAINTED,
        writer=orphan.mark.writer,
        digest=observed.digest,
        parts=observed.parts,
    )


def completed(record: Record, mark: Mark, resource: Resource | None, seal: Seal) -> tuple[Record, bool]:
    """The record with what could not be seen taken from the spec, and whether the mark's digest proves that it was so.

    What the spec does not declare is kept, so that no plan deletes it only because it was found again.
    """
    if resource is None:
        kept = record.status is Status.PRESENT
        return (replace(record, status=Status.KEPT) if kept else record), True
    wanted = {name: item for name, item in sealed(resource.arguments, seal).items() if not has_late(item)}
    exact = arguments_digest(wanted) == mark.digest
    arguments = dict(overlaid(wanted, record.arguments))
    if exact:
        arguments = {**wanted, **{name: record.arguments[name] for name in ("power",) if name in record.arguments}}
    facts = {name: item for name, item in {**resource.facts, **record.facts}.items() if not has_late(item)}
    return replace(record, arguments=arguments, facts=facts, depends=resource.depends), exact


def roster_floors(records: Iterable[Record], known: Collection[str], serial: int) -> dict[str, Roster]:
    """Empty rosters for clusters found again, under an epoch that none of their members can have heard of yet."""
    clusters = {cluster_of(record.address) for record in records} - {record.address for record in records}
    return {key: Roster(serial, ()) for key in sorted(clusters) if key not in known}


def deletion(state: State, orphans: Sequence[Orphan], *, stack: str, now: float, world: ObservedWorld) -> Plan:
    """The plan that deletes orphans and does nothing else: machines first, then what they may use."""
    steps = [_delete(f"s{n}", one, ()) for n, one in enumerate(orphans, 1) if one.observed.kind == "workspace"]
    rest = [(n, one) for n, one in enumerate(orphans, 1) if one.observed.kind != "workspace"]
    needs: tuple[str, ...] = ()
    if steps and rest:
        needs = ("s0",)
        machines = tuple(step.id for step in steps)
        steps.append(Step("s0", StepVerb.BARRIER, "", "", "", "", "", needs=machines, timeout=0, cost=0.0))
    steps += [_delete(f"s{n}", one, needs) for n, one in rest]
    changes = tuple(
        Change(
            one.address,
            one.observed.kind,
            Does.DELETE,
            one.identity,
            one.observed.name,
            reason="on no record",
            before=one.observed.arguments,
        )
        for one in orphans
    )
    outputs = tuple(
        WantedOutput(name, output.value, output.type, output.sensitive, (), None)
        for name, output in state.outputs.items()
    )
    hosts = tuple(HostSeen(key, view.uuid, view.problem) for key, view in sorted(world.items()))
    return Plan(state.lineage, state.serial, stack, now, changes, tuple(steps), state.rosters, outputs, hosts=hosts)


def _delete(id: str, orphan: Orphan, needs: tuple[str, ...]) -> Step:
    observed = orphan.observed
    digest = observed.digest if observed.complete else ""
    return Step(
        id,
        StepVerb.DELETE,
        orphan.address,
        observed.kind,
        observed.identity,
        observed.name,
        orphan.host,
        orphan.mark.birth,
        needs,
        observed.arguments,
        expects=Expectation(True, frozenset({orphan.mark.writer}), digest),
        drops=observed.identity,
    )


def _is_address(text: str) -> bool:
    try:
        Address.parse(text)
    except ValueError:
        return False
    return True
