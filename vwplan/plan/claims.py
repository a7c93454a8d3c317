"""What a plan is about, as claims: so that two applies on disjoint parts of one stack can run at once."""

from __future__ import annotations

from vwplan.plan.model import Does, Plan
from vwplan.state.claims import Claims, Seat, memory_scope, seats_of
from vwplan.state.operations import cluster_of
from vwplan.state.records import State


def claims_of(plan: Plan, state: State) -> Claims:
    """The rows that carrying a plan out writes and those that it relies on, with the addresses, MACs, ranges and memory that it gives out.

    `state` is what the plan was made from.
    """
    places = {record.identity: record.address for record in state.records.values()}
    places.update((record.identity, record.address) for record in state.deposed.values())
    writes: set[str] = set()
    reads: set[str] = set()
    seats: set[Seat] = set()
    for step in plan.steps:
        if not step.identity and step.record is None:
            continue
        writes.add(step.key)
        if step.drops in places:
            writes.add(places[step.drops])
        if step.identity in places:
            writes.add(places[step.identity])
        if step.record is not None:
            writes.add(step.record.address)
            reads.update(step.record.depends)
            seats.update(seats_of(step.record))
    for change in plan.changes:
        if change.does is not Does.NOTHING:
            writes.update(key for key in (change.key, change.previous) if key)
    for moved in plan.moved:
        writes.update((moved.source, moved.target))
    writes.update(record.address for record in plan.adopted)
    writes.update(key for key, roster in plan.rosters.items() if state.rosters.get(key) != roster)
    reads.update(cluster_of(key) for key in writes)
    for output in plan.outputs:
        # One that says nothing of what is changed here comes out the same for whoever computes it.
        if output.name in plan.output_changes and not writes.isdisjoint(output.depends):
            writes.add(f"output.{output.name}")
    if plan.destroy:
        writes.update(key for key in state.rosters if key not in plan.rosters)
    limits = {memory_scope(host.uuid or host.key): host.memory for host in plan.hosts if host.memory}
    longest = max((float(step.timeout) for step in plan.steps), default=0.0)
    wanted = tuple(sorted(seats, key=lambda seat: (seat.scope, seat.value, seat.amount)))
    return Claims(frozenset(writes), frozenset(reads - writes), wanted, longest, limits)
