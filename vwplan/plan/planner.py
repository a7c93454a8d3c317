"""Planning: what is wanted, what is recorded and what was observed, into changes and an explicit graph of steps."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from vwplan.diagnostics import Problems
from vwplan.graph.identity import Identities
from vwplan.graph.model import Wanted
from vwplan.kinds.model import Kind
from vwplan.plan.changes import change_of
from vwplan.plan.decide import decide
from vwplan.plan.decision import Decision
from vwplan.plan.draft import Drafts
from vwplan.plan.fullness import judge_loads
from vwplan.plan.model import Does, Drift, ObservedWorld, Plan, PlanOptions, Step, StepVerb
from vwplan.plan.outputs import conditions_left, held, output_changes, with_new_identities
from vwplan.plan.plain import Seal
from vwplan.plan.planning import Planning
from vwplan.plan.refresh import refresh
from vwplan.plan.refusals import Refusals
from vwplan.plan.removal import decide_removals
from vwplan.plan.rosters import keep_rosters, make_deliveries
from vwplan.plan.selection import pick
from vwplan.plan.sequence import Making, make_delete, make_kept, make_up
from vwplan.plan.shapes import Shapes
from vwplan.plan.sight import Sight, check_world, warn_of_lost_state
from vwplan.plan.ties import tie_down, tie_further, tie_heirs, tie_removals, tie_rolling, tie_up
from vwplan.plan.usage import Heirs, Users, heirs_of, pinned, spread_early, users_of
from vwplan.state.records import Record, Roster, State

Plain = Any

_EVERYTHING = PlanOptions()
_NOTHING = Wanted((), {}, ())


def unsealable(value: Plain) -> str:
    """The seal of a stack without secrets: it has no key, so asking it is a mistake."""
    raise ValueError("there is a secret, but no key to seal it with")


def make(
    wanted: Wanted,
    state: State,
    world: ObservedWorld,
    *,
    kinds: Mapping[str, Kind],
    stack: str,
    now: float,
    options: PlanOptions = _EVERYTHING,
    seal: Seal = unsealable,
    public_key: Callable[[str], str] | None = None,
    variables: Mapping[str, Plain] | None = None,
    spec_digest: str = "",
    begun: Collection[str] = (),
) -> Plan:
    """The plan that brings a stack from its state, and from what was observed, to what is wanted.

    `now` is in seconds since the epoch; `seal` turns a secret into its HMAC under the stack's key; `public_key` gives the SSH host key
    of a machine's identity, so that it follows where a machine is made anew; `variables` are those to be
    kept in the plan. `begun` are the identities of steps that are not settled, of which something may be there that no record
    tells of. Raises `DiagnosticError` with all that is refused. Pure: the same values give the same plan.
    """
    if options.destroy:
        wanted = replace(_NOTHING, removed=wanted.removed, moved=wanted.moved, warnings=wanted.warnings)
    problems = Problems(list(wanted.warnings))
    sight = Sight(world, options.refresh)
    if options.refresh:
        check_world(state, sight, problems)
        problems.raise_errors()
        warn_of_lost_state(wanted.resources, state, sight, stack, problems)
    planning = _prepare(wanted, state, sight, kinds, options, seal, problems, begun)
    planning.public_key = public_key
    problems.raise_errors()
    head = Plan(
        state.lineage,
        state.serial,
        stack,
        now,
        (),
        (),
        wanted.rosters,
        wanted.outputs,
        hosts=sight.hosts(wanted.limits),
        checks=wanted.checks,
        moved=wanted.moved,
        destroy=options.destroy,
        refresh_only=options.refresh_only,
        variables=variables or {},
        spec_digest=spec_digest,
    )
    if options.refresh_only:
        # Nothing is made, so what is unknown stays so.
        checks = tuple(replace(check, later=None) for check in head.checks)
        return replace(head, **refresh(planning), checks=checks, rosters=state.rosters, warnings=tuple(problems.found))
    return _plan(planning, wanted, head, problems)


def _prepare(
    wanted: Wanted,
    state: State,
    sight: Sight,
    kinds: Mapping[str, Kind],
    options: PlanOptions,
    seal: Seal,
    problems: Problems,
    begun: Collection[str],
) -> Planning:
    moved = {move.target: move.source for move in wanted.moved if move.source in state.records}
    records: dict[str, Record] = {}
    targets = {source: target for target, source in moved.items()}
    for address, record in state.records.items():
        records[targets.get(address, address)] = record
    imports = {} if options.refresh_only else {one.key: one for one in wanted.imports}
    records.update({key: one.record for key, one in imports.items()})
    picked = pick(
        options,
        {resource.key: resource.depends + resource.groups for resource in wanted.resources} | dict(wanted.groups),
        {address: record.depends for address, record in records.items()},
        problems,
    )
    unseen: Iterable[Record] = ()
    if options.refresh and any(view.problem for view in sight.world.values()):
        unseen = (record for record in records.values() if sight.of(record).problem)
    return Planning(
        state,
        sight,
        Shapes(kinds),
        options,
        seal,
        Refusals(problems, state, sight, {*begun, *(resource.identity for resource in wanted.resources)}),
        Identities(state.lineage),
        records,
        moved,
        picked,
        pinned(unseen),
        wanted.groups,
        imports=imports,
    )


def _plan(planning: Planning, wanted: Wanted, head: Plan, problems: Problems) -> Plan:
    state, decided = planning.state, list[Decision]()
    for resource in wanted.resources:
        decision = decide(planning, resource)
        planning.decisions[resource.key] = decision
        decided.append(decision)
    removals = decide_removals(planning, wanted.removed)
    everything = [*decided, *removals]
    users = users_of(planning, everything)
    heirs = heirs_of(planning, decided, removals)
    spread_early(planning, everything, users, heirs)
    problems.raise_errors()
    judge_loads(decided, removals, planning.sight, state, wanted.limits, problems)
    problems.raise_errors()
    outputs, rosters = with_new_identities(wanted.outputs, planning.all_names), head.rosters
    steps = _steps(planning, wanted, decided, removals, users, heirs)
    alone = {decision.key for decision in everything if decision.blocked}
    if alone:
        outputs = held(outputs, state.outputs, alone, planning.options.destroy)
        rosters = keep_rosters(rosters, state.rosters, alone, {step.key for step in steps})
    changes = tuple(change for change in (change_of(decision) for decision in everything) if change is not None)
    drift: list[Drift] = [decision.drift for decision in everything if decision.drift is not None]
    unseen = planning.sight.refresh and (
        any(view.problem for view in planning.sight.world.values())
        or any(d.glimpse is not None and d.glimpse.problem for d in everything)
    )
    return replace(
        head,
        changes=changes,
        steps=steps,
        rosters=rosters,
        outputs=outputs,
        drift=tuple(drift),
        warnings=tuple(problems.found),
        incomplete=unseen,
        checks=conditions_left(wanted.checks, planning.all_names, alone),
        output_changes=output_changes(outputs, state.outputs, planning.seal),
    )


def _steps(
    planning: Planning,
    wanted: Wanted,
    decided: Sequence[Decision],
    removals: Sequence[Decision],
    users: Users,
    heirs: Heirs,
) -> tuple[Step, ...]:
    rosters: Mapping[str, Roster] = wanted.rosters
    bases = {(d.host, d.name) for d in decided if d.kind == "image" and not d.blocked}
    making = Making(planning, Drafts(), rosters, _reservations(decided), bases)
    for decision in removals:
        if decision.blocked:
            continue
        if decision.does is Does.DELETE:
            decision.ends = make_delete(making, decision)
        elif decision.does in (Does.KEEP, Does.FORGET):
            make_kept(making, decision)
    for decision in decided:
        make_up(making, decision)
    further = tie_up(making, decided)
    tie_heirs(heirs)
    tie_rolling(decided)
    tie_down(decided, users)
    tie_removals(making, removals, users)
    tie_further(making, (*decided, *removals), further)
    make_deliveries(making, decided, removals)
    if making.drafts.all:
        for decision in decided:
            if decision.stale and decision.first is None and not decision.blocked and decision.does is Does.NOTHING:
                making.draft(decision, StepVerb.RECORD, {}, making.record(decision, decision.arguments))
    return making.drafts.steps()


def _reservations(decided: Iterable[Decision]) -> dict[str, tuple[Mapping[str, Plain], ...]]:
    """The addresses planned on each network that is to be made: `{mac, address, hostname}`, by the network's identity."""
    decided = list(decided)
    found: dict[str, list[Mapping[str, Plain]]] = {
        d.identity: [] for d in decided if d.kind == "network" and d.does in (Does.CREATE, Does.REPLACE)
    }
    if not found:
        return {}
    for decision in decided:
        if decision.kind != "workspace":
            continue
        for nic in decision.arguments.get("nic") or ():
            of = found.get(nic.get("network"))
            if of is not None and nic.get("mac") and nic.get("address"):
                hostname = decision.arguments.get("hostname") or decision.name
                of.append({"mac": nic["mac"], "address": nic["address"], "hostname": hostname})
    return {identity: tuple(those) for identity, those in found.items()}
