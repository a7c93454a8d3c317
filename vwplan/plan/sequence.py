"""The steps that bring one decision about, in their order; what they wait for elsewhere is tied later."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import field, replace
from typing import Any

from vwplan.dataclass import dataclass
from vwplan.kinds.model import Effect
from vwplan.plan.decide import asks_ready
from vwplan.plan.decision import Decision
from vwplan.plan.draft import Draft, Drafts
from vwplan.plan.model import Does, StepVerb
from vwplan.plan.plain import sealed
from vwplan.plan.planning import Planning, depends_of, lifecycle_of
from vwplan.plan.removal import FORGOTTEN, cluster_of
from vwplan.provider.api import Expectation
from vwplan.state.records import IMPORTED, Record, Roster, Status

Plain = Any

_ABSENT = Expectation(False)

_COSTS = {
    (StepVerb.STAGE, "image"): 10.0,
    (StepVerb.CREATE, "network"): 0.5,
    (StepVerb.CREATE, "volume"): 0.5,
    (StepVerb.DELETE, "workspace"): 2.0,
    (StepVerb.DELETE, "network"): 0.5,
    (StepVerb.DELETE, "volume"): 0.3,
    (StepVerb.DELETE, "image"): 0.3,
    (StepVerb.DELIVER, "workspace"): 0.3,
    (StepVerb.UPDATE, "workspace"): 0.3,
    (StepVerb.ADOPT, "workspace"): 0.1,
    (StepVerb.ADOPT, "network"): 0.1,
    (StepVerb.ADOPT, "volume"): 0.1,
    (StepVerb.RECORD, "workspace"): 0.0,
}
"""Guessed durations in seconds, until earlier runs tell better ones."""

_TIMEOUTS = {StepVerb.STAGE: "create", StepVerb.CREATE: "create", StepVerb.DELETE: "delete"}

ORDINARY_TIMEOUT = 600


@dataclass(slots=True, eq=False)
class Making:
    """What making steps needs: the drafts so far, the rosters wanted, the reservations by network.

    `bases` are host and name of the images wanted; `fresh` the members made or started; `after` the records as they will be.
    `seedless` are members started without a seed of ours, which hear of their roster only when told.
    """

    planning: Planning
    drafts: Drafts
    rosters: Mapping[str, Roster]
    reservations: Mapping[str, tuple[Mapping[str, Plain], ...]] = field(default_factory=dict)
    bases: set[tuple[str, str]] = field(default_factory=set)
    fresh: set[str] = field(default_factory=set)
    after: dict[str, Record] = field(default_factory=dict)
    seedless: set[str] = field(default_factory=set)

    def draft(self, decision: Decision, verb: StepVerb, arguments: Mapping[str, Plain], record: Record | None) -> Draft:
        """A draft about the object that will be; behind the last one of its decision, if there is one."""
        resource = decision.resource
        timeout = ORDINARY_TIMEOUT
        if resource is not None and resource.timeouts:
            timeout = resource.timeouts.get(_TIMEOUTS.get(verb, "update"), timeout)
        draft = Draft(
            verb,
            decision.key,
            decision.kind,
            decision.identity,
            decision.name,
            decision.host,
            decision.birth,
            arguments,
            record=record,
            timeout=timeout,
            cost=_COSTS.get((verb, decision.kind), 1.0),
        )
        if decision.last is not None:
            draft.needs.append(decision.last)
        if decision.first is None:
            decision.first = draft
        decision.last = draft
        if record is not None:
            self.after[decision.key] = record
        return self.drafts.add(draft)

    def record(self, decision: Decision, arguments: Mapping[str, Plain], epoch: int | None = None) -> Record:
        """What the state will say of the object, with these arguments."""
        resource, old = decision.resource, decision.record
        assert resource is not None
        arguments = sealed(arguments, self.planning.seal)
        lifecycle = lifecycle_of(self.planning, decision)
        provider, host = resource.provider, resource.host
        if old is None or decision.renewed:
            return Record(
                decision.key,
                decision.kind,
                decision.identity,
                decision.birth,
                decision.name,
                provider,
                host,
                decision.host_uuid,
                arguments,
                decision.facts,
                depends_of(self.planning, resource),
                epoch=epoch or 0,
                lifecycle=lifecycle,
            )
        facts = {**old.facts, **decision.facts}
        return Record(
            decision.key,
            decision.kind,
            old.identity,
            old.birth,
            decision.name,
            provider,
            host,
            decision.host_uuid or old.host_uuid,
            arguments,
            facts,
            depends_of(self.planning, resource),
            Status.PRESENT,
            old.writer,
            old.digest,
            old.parts,
            old.ready,
            old.epoch if epoch is None else epoch,
            lifecycle,
        )

    def epoch(self, decision: Decision) -> int:
        """The roster epoch that a member made or started now gets with its seed; 0 for what is no member."""
        resource = decision.resource
        if resource is None or not resource.cluster:
            return 0
        roster = self.rosters.get(resource.cluster)
        return 0 if roster is None else roster.epoch


def expectation(decision: Decision) -> Expectation | None:
    """What must be so of the object that exists, just before it is touched; None where nothing may be left of it."""
    record, glimpse = decision.record, decision.glimpse
    if record is None or decision.gone or record.status is Status.PENDING or record.kind == "image":
        return None
    observed = glimpse.observed if glimpse is not None else None
    if decision.imported is not None and observed is not None:
        return Expectation(True, frozenset({record.writer} - {""}), observed.digest)
    writers = {record.writer}
    digest = record.digest
    if observed is not None:
        digest = observed.digest
        if observed.mark is not None:
            writers.add(observed.mark.writer)
        if observed.mark is None or not observed.complete:
            digest = ""
    return Expectation(True, frozenset(writers - {""}), digest)


def make_up(making: Making, decision: Decision) -> None:
    """The steps that bring one resource to what is wanted, but for deleting an old object behind its successor."""
    if decision.blocked:
        return
    if decision.does in (Does.CREATE, Does.REPLACE):
        if decision.renewed and decision.old_first:
            decision.ends = make_delete(making, decision)
            decision.first = decision.last = decision.ends
        _create(making, decision)
        if decision.renewed and not decision.old_first:
            decision.ends = make_delete(making, decision)
            if decision.last is not None:
                decision.ends.needs.append(decision.last)
    elif decision.does in (Does.UPDATE, Does.IMPORT) or decision.releases:
        if decision.imported is not None:
            _adopt(making, decision)
        if decision.kind == "workspace":
            _change_machine(making, decision)
        else:
            _change(making, decision)
    elif decision.does is Does.MOVE:
        making.draft(decision, StepVerb.RECORD, {}, making.record(decision, decision.arguments))


def _adopt(making: Making, decision: Decision) -> None:
    """Mark what is imported before anything else is done to it; recorded as it is."""
    arguments = decision.arguments if decision.does is Does.IMPORT else decision.current
    draft = making.draft(decision, StepVerb.ADOPT, arguments, making.record(decision, arguments))
    draft.expects = expectation(decision)
    assert decision.imported is not None
    draft.drops = decision.imported.replaces


def make_delete(making: Making, decision: Decision) -> Draft:
    """The step that deletes the object that exists; of an image that is still wanted there, only the record goes."""
    record = decision.record
    assert record is not None
    resource = decision.resource
    host = decision.glimpse.host if decision.glimpse is not None else decision.host
    if record.kind == "image" and (host, record.name) in making.bases:
        return making.drafts.add(
            Draft(
                StepVerb.RECORD,
                decision.key,
                "image",
                record.identity,
                record.name,
                host,
                record.birth,
                drops=record.identity,
                cost=0.0,
            )
        )
    timeout = ORDINARY_TIMEOUT
    if resource is not None:
        timeout = resource.timeouts.get("delete", timeout)
    draft = Draft(
        StepVerb.DELETE,
        decision.key,
        record.kind,
        record.identity,
        record.name,
        host,
        record.birth,
        record.arguments,
        expects=expectation(decision),
        drops=record.identity,
        cluster=cluster_of(record.address) if record.kind == "workspace" else "",
        timeout=timeout,
        cost=_COSTS.get((StepVerb.DELETE, record.kind), 1.0),
    )
    return making.drafts.add(draft)


def make_kept(making: Making, decision: Decision) -> None:
    """The steps that leave an object standing, no longer planned: stopped as it asks, and recorded as kept."""
    record = decision.record
    assert record is not None
    observed = decision.glimpse.observed if decision.glimpse is not None else None
    power = observed.arguments.get("power") if observed is not None else record.arguments.get("power")
    wanted = decision.arguments.get("power")
    kept = replace(record, status=Status.KEPT, address=decision.key)
    if decision.does is Does.FORGET:
        kept = replace(kept, lifecycle={**record.lifecycle, FORGOTTEN: True})
    elif record.kind == "workspace" and wanted != power and not (power == "off" and wanted == "paused"):
        kept = replace(kept, arguments=decision.arguments, ready=None)
        draft = making.draft(decision, StepVerb.POWER, decision.arguments, kept)
        draft.expects = expectation(decision)
        decision.ends = draft
        return
    decision.ends = making.draft(decision, StepVerb.RECORD, {}, kept)


def _create(making: Making, decision: Decision) -> None:
    resource, record = decision.resource, decision.record
    assert resource is not None
    pending = record is not None and record.status is Status.PENDING
    arguments = decision.arguments
    if decision.kind == "image":
        _stage(making, decision)
        return
    if decision.kind != "workspace":
        draft = making.draft(decision, StepVerb.CREATE, arguments, making.record(decision, arguments))
        draft.expects = None if pending else _ABSENT
        decision.entry = draft
        if decision.kind == "network":
            draft.reservations = making.reservations.get(decision.identity, ())
        return
    epoch = making.epoch(decision)
    off = arguments if arguments.get("power") == "off" else {**arguments, "power": "off"}
    draft = making.draft(decision, StepVerb.CREATE, off, making.record(decision, off, epoch))
    draft.expects = None if pending else _ABSENT
    decision.entry = draft
    _seed(making, decision, draft, epoch)
    making.fresh.add(decision.key)
    if off is not arguments:
        _power(making, decision, arguments, "off")


def _stage(making: Making, decision: Decision) -> None:
    view = making.planning.sight.world.get(decision.host)
    there = view is not None and decision.name.removeprefix("vwplan-") in view.images
    verb = StepVerb.RECORD if there else StepVerb.STAGE
    making.draft(decision, verb, decision.arguments, making.record(decision, decision.arguments))


def _seed(making: Making, decision: Decision, draft: Draft, epoch: int) -> None:
    resource = decision.resource
    assert resource is not None
    draft.cluster, draft.context, draft.epoch = resource.cluster, resource.context, epoch


def _power(making: Making, decision: Decision, arguments: Mapping[str, Plain], now: str | None) -> None:
    """Bring a machine to its wanted power; where that boots it, with today's roster in its seed."""
    boots = now == "off" and arguments.get("power") in ("running", "paused")
    if boots and decision.record is not None and decision.record.facts.get(IMPORTED) and not decision.renewed:
        # What somebody else made has no seed of ours to read the roster from.
        boots = False
        making.seedless.add(decision.key)
    epoch = making.epoch(decision) if boots else None
    draft = making.draft(decision, StepVerb.POWER, arguments, making.record(decision, arguments, epoch))
    if boots:
        _seed(making, decision, draft, epoch or 0)
        making.fresh.add(decision.key)
    if arguments.get("power") == "running":
        ready = arguments.get("ready")
        limit = ready.get("timeout") if isinstance(ready, Mapping) else None
        if isinstance(limit, int):
            draft.timeout = max(draft.timeout, limit + 120)
        draft.cost = 8.0 if asks_ready(arguments) else 1.0


def _change(making: Making, decision: Decision) -> None:
    """A change of a network, a volume or an image: in place, or only in our record."""
    if decision.kind != "image" and _touches(decision):
        draft = making.draft(decision, StepVerb.UPDATE, decision.arguments, making.record(decision, decision.arguments))
        draft.before = decision.current
        draft.changes = _changes(decision, ())
        draft.expects = expectation(decision)
    elif decision.imported is None:
        making.draft(decision, StepVerb.RECORD, {}, making.record(decision, decision.arguments))


def _touches(decision: Decision) -> bool:
    return any(d.effect in (Effect.LIVE, Effect.RESTART) for d in decision.differences if d.path != "power")


def _changes(decision: Decision, outside: Container[str]) -> tuple[str, ...]:
    """The paths that a call is to change: of blocks that are repeated or labelled, the block's name."""
    found: dict[str, None] = {}
    for difference in decision.differences:
        if difference.effect not in (Effect.LIVE, Effect.RESTART) or difference.path == "power":
            continue
        path = ".".join(difference.path.split("[", 1)[0].split(".")[:2])
        if path not in outside:
            found[path] = None
    return tuple(found)


def _change_machine(making: Making, decision: Decision) -> None:
    """A change of a machine: taken off what is replaced, changed while it runs or while it is off, brought to its power."""
    current, wanted = decision.current or decision.arguments, decision.arguments
    power = now = current.get("power")
    lists = _released_lists(decision)
    touches = _touches(decision)
    restart = touches and any(d.effect is Effect.RESTART for d in decision.differences)
    if restart and now in ("running", "paused"):
        off = {**current, "power": "off"}
        record = making.record(decision, off)
        making.draft(decision, StepVerb.POWER, off, replace(record, ready=None)).cost = 2.0
        power = "off"
        decision.outage = True
    if lists:
        free = {**current, **lists, "power": power}
        draft = making.draft(decision, StepVerb.RELEASE, free, making.record(decision, free))
        draft.before, draft.changes = current, tuple(lists)
        decision.release = draft
        back = {**current, **{name: wanted[name] for name in lists if name in wanted}, "power": power}
        draft = making.draft(decision, StepVerb.ATTACH, back, making.record(decision, back))
        draft.before, draft.changes = free, tuple(lists)
        decision.entry = draft
        current = back
    changes = _changes(decision, lists)
    if changes:
        new = {**wanted, "power": power}
        draft = making.draft(decision, StepVerb.UPDATE, new, making.record(decision, new))
        draft.before, draft.changes = current, changes
    if power != wanted.get("power") or decision.unready:
        _power(making, decision, wanted, power)
    if decision.first is None:
        making.draft(decision, StepVerb.RECORD, {}, making.record(decision, wanted))
    else:
        decision.first.expects = expectation(decision)
        if decision.last is not None and decision.last.verb is not StepVerb.POWER and not changes:
            decision.last.record = making.after[decision.key] = making.record(decision, {**wanted, "power": power})


def _released_lists(decision: Decision) -> dict[str, list[Plain]]:
    """The blocks that refer to what is replaced, without the items that do."""
    lists: dict[str, list[Plain]] = {}
    if not decision.releases:
        return lists
    for name, items in decision.current.items():
        if isinstance(items, list | tuple) and any(isinstance(item, Mapping) for item in items):
            left = [item for item in items if not decision.releases.intersection(_texts(item))]
            if len(left) != len(items):
                lists[name] = left
    return lists


def _texts(item: Plain) -> list[str]:
    return [value for value in item.values() if isinstance(value, str)] if isinstance(item, Mapping) else []
