"""Deciding, resource by resource in the order of dependency, what is to be done; no steps yet.

A resource that is made anew has a new identity, so the arguments of those that refer to it differ, and each one's effect
decides in its turn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from vwplan.graph.model import Resource
from vwplan.kinds.model import Effect
from vwplan.plan.compare import differences, drifted, greatest
from vwplan.plan.decision import Decision
from vwplan.plan.drift import drift_of
from vwplan.plan.model import Difference, Does, Drift
from vwplan.plan.plain import overlaid, placed, sealed, substituted, within
from vwplan.plan.planning import Planning, depends_of, lifecycle_of
from vwplan.plan.sight import Glimpse
from vwplan.provider.api import Observed
from vwplan.state.records import Record, Status

Plain = Any


_NO_NAMES: Mapping[str, str] = {}


def decide(planning: Planning, resource: Resource) -> Decision:
    """What is to be done about one resource wanted, when all that it depends on has been decided."""
    record = planning.records.get(resource.key)
    decision = _begin(planning, resource, record)
    _names(planning, decision)
    if planning.picked is not None and resource.key not in planning.picked:
        decision.blocked = "not among the targets"
        return decision
    decision.blocked = _blocked(planning, resource, decision.glimpse)
    if decision.blocked:
        planning.blocked = True
        return decision
    if record is None:
        decision.does = Does.CREATE
        planning.refusals.taken(decision)
        return decision
    if record.status is Status.PENDING:
        decision.does, decision.reason = Does.CREATE, "its creation was begun before, and left nothing"
        return decision
    assert decision.glimpse is not None
    observed = decision.glimpse.observed
    if decision.imported is None:
        if record.kind != "image" and observed is not None:
            planning.refusals.foreign(decision, observed)
        if not _exists(planning, decision, record, decision.glimpse):
            return decision
    _compare(planning, decision, record, observed)
    return decision


def _begin(planning: Planning, resource: Resource, record: Record | None) -> Decision:
    glimpse = None if record is None else planning.sight.of(record)
    host = f"{resource.provider}/{resource.host}"
    view = planning.sight.world.get(host)
    uuid = view.uuid if view is not None else ""
    place = (resource.provider, resource.host)
    if record is not None and _follows(resource, record):
        # A base is the same on every host, and none is taken away here: it is looked for where it is wanted.
        glimpse = planning.sight.of(replace(record, provider=resource.provider, host=resource.host, host_uuid=""))
    elif record is not None and glimpse is not None and (record.provider, record.host) == place:
        host, uuid = glimpse.host, glimpse.uuid
    name = resource.name if record is None or resource.kind == "image" else record.name
    return Decision(
        resource.key,
        resource.kind,
        Does.NOTHING,
        resource.identity,
        name,
        resource.birth,
        resource.arguments,
        resource.facts,
        host,
        uuid,
        resource,
        record,
        glimpse,
        planning.imports.get(resource.key),
        causes=resource.causes,
        previous=planning.moved.get(resource.key, ""),
    )


def _follows(resource: Resource, record: Record) -> bool:
    """Whether an image is wanted on another host than before, with the same bytes."""
    moved = (resource.provider, resource.host) != (record.provider, record.host)
    return resource.kind == "image" and resource.name == record.name and moved


def _blocked(planning: Planning, resource: Resource, glimpse: Glimpse | None) -> str:
    if planning.sight.refresh:
        key = f"{resource.provider}/{resource.host}"
        problem = planning.sight.host_problem(key)
        if glimpse is not None and glimpse.problem:
            problem, key = glimpse.problem, glimpse.host
        if problem:
            return f"the host {key} could not be seen"
    if planning.blocked:
        needed = next(filter(planning.is_blocked, resource.depends), "")
        needed = needed or next(filter(None, map(planning.blocked_in, resource.groups)), "")
        if needed:
            return f"it needs {needed}, of which nothing can be done"
    return ""


def _names(planning: Planning, decision: Decision) -> None:
    """Put the new identities of what is made anew into the arguments."""
    if not planning.renewed or decision.resource is None:
        return
    names: dict[str, str] = {}
    for needed in decision.resource.depends:
        names.update(planning.renewed.get(needed, _NO_NAMES))
    if names:
        decision.arguments = substituted(decision.arguments, names)
    for group in decision.resource.groups:
        many = planning.names_in(group)
        if many:
            decision.arguments = substituted(decision.arguments, many)


def _exists(planning: Planning, decision: Decision, record: Record, glimpse: Glimpse) -> bool:
    """Whether the object is there whole; where not, it is decided to make it anew."""
    observed = glimpse.observed
    if record.kind == "image" and decision.name == record.name and (glimpse.gone or record.status is Status.TAINTED):
        decision.does, decision.gone, decision.reason = Does.CREATE, True, "half-made before"
        assert decision.resource is not None
        if _follows(decision.resource, record):
            decision.reason = f"needed on {decision.host} now"
        elif record.status is not Status.TAINTED:
            decision.drift, decision.reason = drift_of(record, None, (), gone=True), "deleted outside vwplan"
        return False
    if glimpse.gone or (observed is not None and not observed.complete and observed.mark is None):
        decision.gone = record.status is not Status.TAINTED
        decision.drift = drift_of(record, observed, (), gone=True)
        if decision.gone:
            _renew(planning, decision, "deleted outside vwplan", old_first=True)
            decision.does = Does.CREATE
        else:
            _renew(planning, decision, "half-made before", old_first=True)
        return False
    if record.status is Status.TAINTED:
        _renew(planning, decision, "half-made before", old_first=True)
        return False
    if observed is not None and not observed.complete:
        decision.drift = drift_of(record, observed, (), gone=False)
        missing = [part for part in record.parts if part not in observed.parts]
        words = "parts of it are missing" + (f": {', '.join(missing)}" if missing else "")
        _renew(planning, decision, words, old_first=True)
        return False
    return True


def _renew(planning: Planning, decision: Decision, reason: str, *, old_first: bool = False) -> None:
    """Give the object of a resource a successor under a new identity; the old one goes first where both claim the same."""
    record, resource = decision.record, decision.resource
    assert record is not None and resource is not None
    if record.identity in planning.pinned and not decision.gone:
        decision.blocked = "something on a host that could not be seen uses it"
        planning.blocked = True
        return
    decision.does, decision.renewed, decision.reason = Does.REPLACE, True, reason
    decision.effect = Effect.REPLACE
    serial = planning.state.serial
    new = planning.identities.identity(decision.key, serial)
    decision.birth = serial
    decision.identity = new
    if decision.kind != "image":
        names = {record.identity: new, record.identity.replace("-", "")[:10]: new.replace("-", "")[:10]}
        decision.arguments = substituted(decision.arguments, names)
        decision.facts = substituted(decision.facts, names)
        decision.name = substituted(resource.name, names)
        planning.renew(decision.key, planning.names_of(decision.kind, record.identity, new))
    shapes = planning.shapes
    held = shapes.claims(decision.kind, record.name, record.arguments)
    claimed = shapes.claims(decision.kind, decision.name, decision.arguments)
    decision.old_first = decision.kind != "image" and (old_first or not held.isdisjoint(claimed))
    if not decision.gone:
        planning.refusals.replacing(decision)
        decision.asks = resource.lifecycle.replace == "ask" and decision.key not in planning.options.replace


def _compare(planning: Planning, decision: Decision, record: Record, observed: Observed | None) -> None:
    resource = decision.resource
    assert resource is not None
    decision.current = _current(planning, decision, record, observed)
    found: list[Difference] = []
    if decision.arguments is not decision.current and decision.arguments != decision.current:
        found = differences(decision.arguments, decision.current, planning.shapes.of(decision.kind), planning.seal)
        if found:
            found = _compared(resource, decision, found)
    if decision.host_uuid and record.host_uuid and decision.host_uuid != record.host_uuid:
        was = f"{record.provider}/{record.host}"
        found.append(Difference("host", was, f"{resource.provider}/{resource.host}", Effect.REPLACE))
    if decision.kind == "image":
        found = _image_differences(decision, record, found)
    if decision.imported is not None and decision.arguments.get("name", record.name) != record.name:
        found.append(Difference("name", record.name, decision.arguments["name"], Effect.REPLACE))
    if decision.kind == "network" and observed is not None and observed.status == "inactive":
        if decision.imported is None:
            seen = Difference("status", "active", "inactive", Effect.LIVE)
            decision.drift = decision.drift or Drift(decision.key, f"{decision.key} does not run", (seen,))
        found.append(Difference("status", "inactive", "active", Effect.LIVE))
    kept_safe = bool(record.lifecycle.get("prevent_destroy", False))
    if decision.imported is None and resource.lifecycle.prevent_destroy is not kept_safe:
        found.append(Difference("lifecycle.prevent_destroy", kept_safe, not kept_safe, Effect.RECORD))
    decision.differences = found
    decision.effect = greatest(found)
    _weigh(planning, decision, record, observed)


def _current(planning: Planning, decision: Decision, record: Record, observed: Observed | None) -> Mapping[str, Plain]:
    """The arguments as they are: what is recorded, and over it what was observed where that differs."""
    current = record.arguments
    if observed is None:
        return current
    if decision.imported is not None:
        # What nobody can see in an object is taken to be as the spec says: there is nothing else to go by.
        return imported_arguments(decision.arguments, record.arguments)
    power = observed.arguments.get("power")
    moved = power is not None and power != current.get("power")
    if observed.digest == record.digest and not moved:
        return current
    resource = decision.resource
    found = drifted(current, observed.arguments, planning.shapes.of(decision.kind))
    found = [d for d in found if resource is None or not _outside(resource.unset, d.path)]
    if found:
        decision.drift = drift_of(record, observed, found, gone=False)
        current = overlaid(current, observed.arguments)
    return current


def imported_arguments(wanted: Mapping[str, Plain], seen: Mapping[str, Plain]) -> Mapping[str, Plain]:
    """The arguments of an object that is imported: as seen, and what cannot be seen as wanted."""
    found: Mapping[str, Plain] = overlaid(wanted, seen)
    return found


def _outside(unset: frozenset[str], path: str) -> bool:
    return bool(unset) and any(within(path, outer) for outer in unset)


def _compared(resource: Resource, decision: Decision, found: list[Difference]) -> list[Difference]:
    """The differences that count: not what was left to choose, and not what the spec says to ignore."""
    kept: list[Difference] = []
    for difference in found:
        ignored = resource.lifecycle.ignore_changes
        if _outside(resource.unset, difference.path) or (
            ignored and ("all" in ignored or any(within(difference.path, outer) for outer in ignored))
        ):
            decision.arguments = placed(decision.arguments, difference.path, difference.before)
        else:
            kept.append(difference)
    return kept


def _image_differences(decision: Decision, record: Record, found: list[Difference]) -> list[Difference]:
    """An image is its digest: the same bytes from elsewhere are the same image."""
    if decision.name == record.name:
        return [replace(d, effect=Effect.RECORD) if d.effect is Effect.REPLACE else d for d in found]
    digests = [f"sha256:{name.removeprefix('vwplan-')}" for name in (record.name, decision.name)]
    return [*found, Difference("id", digests[0], digests[1], Effect.REPLACE)]


def _weigh(planning: Planning, decision: Decision, record: Record, observed: Observed | None) -> None:
    """Settle what is done, from the differences and from what else asks for something."""
    resource = decision.resource
    assert resource is not None
    trigger = _triggered(planning, resource, record)
    asked = decision.key in planning.options.replace
    if not asked:
        planning.refusals.shrinking(decision)
    if decision.imported is not None:
        _weigh_import(planning, decision, record, asked)
        return
    if decision.effect is Effect.REPLACE or trigger or asked:
        reason = "asked for by --replace" if asked else trigger
        _renew(planning, decision, reason or _said(planning, decision, Effect.REPLACE))
        return
    if decision.effect is not None:
        decision.does = Does.UPDATE
        decision.reason = _said(planning, decision, decision.effect)
    elif record.status is Status.KEPT:
        decision.does, decision.reason, decision.effect = Does.UPDATE, "kept until now, and wanted again", Effect.RECORD
    elif decision.previous:
        decision.does, decision.effect = Does.MOVE, Effect.RECORD
    decision.unready = _unready(decision, record, observed)
    if decision.unready and decision.does in (Does.NOTHING, Does.MOVE):
        decision.does, decision.effect = Does.UPDATE, Effect.LIVE
        decision.reason = "not known to be ready since it was started"
    decision.stale = _stale(planning, decision, record)


def _weigh_import(planning: Planning, decision: Decision, record: Record, asked: bool) -> None:
    """What exists is imported as it is, or changed in place; it is never made anew."""
    if decision.effect is Effect.REPLACE or asked:
        planning.refusals.import_anew(decision, asked=asked)
        return
    decision.does = Does.IMPORT if decision.effect is None else Does.UPDATE
    decision.unready = _unready(decision, record, None)


def _said(planning: Planning, decision: Decision, effect: Effect) -> str:
    """What changed, in a few words: the paths with the greatest effect, or what is made anew beneath them."""
    those = [d for d in decision.differences if d.effect is effect]
    anew = planning.anew
    beneath = dict.fromkeys(anew[d.after] for d in those if isinstance(d.after, str) and d.after in anew)
    paths = list(dict.fromkeys(d.path for d in those if not isinstance(d.after, str) or d.after not in anew))
    said = [f"{key} is made anew" for key in beneath]
    if paths:
        words = ", ".join(paths[:3]) + (f" and {len(paths) - 3} more" if len(paths) > 3 else "")
        drift = decision.drift.differences if decision.drift is not None else ()
        outside = any(within(path, d.path) or within(d.path, path) for path in paths for d in drift)
        said.append(f"{words} changed" + (" outside vwplan" if outside else ""))
    return "; ".join(said)


def _triggered(planning: Planning, resource: Resource, record: Record) -> str:
    triggers = resource.lifecycle.replace_triggers
    if not triggers:
        return ""
    known = record.lifecycle.get("replace_triggers", {})
    names = planning.all_names
    for text, value in triggers:
        if text in known and known[text] != sealed(substituted(value, names), planning.seal):
            return f"{text} changed"
    return ""


def asks_ready(arguments: Mapping[str, Plain]) -> bool:
    """Whether a workspace is to be waited for: it is to run, and says what being ready means."""
    ready = arguments.get("ready")
    return (
        arguments.get("power") == "running"
        and isinstance(ready, Mapping)
        and any(value and name != "timeout" for name, value in ready.items())
    )


def _unready(decision: Decision, record: Record, observed: Observed | None) -> bool:
    if decision.kind != "workspace" or not asks_ready(decision.arguments):
        return False
    if decision.current.get("power") != "running":
        return False
    if record.ready is None:
        return True
    return observed is not None and bool(observed.boot) and record.ready.boot != observed.boot


def _stale(planning: Planning, decision: Decision, record: Record) -> bool:
    """Whether something that only we note is not recorded as it is."""
    resource = decision.resource
    assert resource is not None
    if depends_of(planning, resource) != record.depends or (resource.host, resource.provider) != (
        record.host,
        record.provider,
    ):
        return True
    facts = record.facts
    return any(facts.get(name) != value for name, value in resource.facts.items()) or (
        lifecycle_of(planning, decision) != record.lifecycle
    )
