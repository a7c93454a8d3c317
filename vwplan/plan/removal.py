"""Deciding about what is recorded but not wanted any more: deleted, kept, forgotten, or left as it is."""

from __future__ import annotations

import re
from collections.abc import Mapping

from vwplan.address import Address
from vwplan.kinds.model import Effect
from vwplan.plan.decision import Decision
from vwplan.plan.drift import drift_of
from vwplan.plan.model import Does
from vwplan.plan.plain import strings
from vwplan.plan.planning import Planning
from vwplan.state.records import Record, Status

_KEYS = re.compile(r'\[(?:\d++|"(?>(?:[^"\\]|\\.)*)")\]')

FORGOTTEN = "forgotten"
"""In a kept record's `lifecycle`: the spec has let go of the object; it is never listed, adopted or destroyed."""


def decide_removals(planning: Planning, removed: Mapping[str, bool]) -> list[Decision]:
    """What is to be done about each record that no resource stands for, by address."""
    found: list[Decision] = []
    for address in sorted(planning.records.keys() - planning.decisions.keys()):
        decision = _removal(planning, address, planning.records[address], removed)
        if decision is not None:
            found.append(decision)
    for _, record in sorted(planning.state.deposed.items()):
        decision = _begin(planning, record.address, record)
        decision.deposed, decision.does, decision.reason = True, Does.DELETE, "left over from an earlier replacement"
        _block(planning, decision)
        found.append(decision)
    _keep_with(found)
    for decision in found:
        if decision.does is Does.DELETE and not decision.blocked and not decision.deposed:
            planning.refusals.destroying(decision)
    return found


def _begin(planning: Planning, address: str, record: Record) -> Decision:
    glimpse = planning.sight.of(record)
    return Decision(
        address,
        record.kind,
        Does.NOTHING,
        record.identity,
        record.name,
        record.birth,
        record.arguments,
        record.facts,
        glimpse.host,
        glimpse.uuid,
        None,
        record,
        glimpse,
        current=record.arguments,
        gone=glimpse.gone,
    )


def _block(planning: Planning, decision: Decision) -> None:
    assert decision.glimpse is not None and decision.record is not None
    if planning.picked is not None and decision.key not in planning.picked:
        decision.blocked = "not among the targets"
    elif decision.glimpse.problem:
        decision.blocked = f"the host {decision.host} could not be seen"
    elif decision.record.identity in planning.pinned or decision.handle in planning.pinned:
        decision.blocked = "something on a host that could not be seen uses it"


def _removal(planning: Planning, address: str, record: Record, removed: Mapping[str, bool]) -> Decision | None:
    destroy = _told(address, removed) if removed else None
    if record.lifecycle.get(FORGOTTEN):
        return None
    decision = _begin(planning, address, record)
    if record.status is Status.KEPT and not planning.options.kept and destroy is not True and not decision.gone:
        return None
    _block(planning, decision)
    observed = decision.glimpse.observed if decision.glimpse is not None else None
    decision.does = Does.DELETE
    if destroy is False:
        decision.does, decision.reason = Does.FORGET, "removed from the spec, without destroying it"
    elif decision.gone:
        decision.reason = "deleted outside vwplan already"
        if not planning.options.destroy:
            decision.drift = drift_of(record, observed, (), gone=True)
    elif record.status is Status.TAINTED:
        decision.reason = "half-made before"
    elif record.status is Status.PRESENT and destroy is None and not planning.options.kept:
        how = record.lifecycle.get("on_destroy")
        if how in ("shutdown", "pause"):
            decision.does, decision.effect = Does.KEEP, Effect.LIVE
            decision.reason = f'on_destroy = "{how}"'
            power = "off" if how == "shutdown" else "paused"
            decision.arguments = {**record.arguments, "power": power}
        elif record.lifecycle.get("keep"):
            decision.does, decision.effect, decision.reason = Does.KEEP, Effect.RECORD, "keep = true"
    if decision.does is Does.DELETE and not decision.reason:
        decision.reason = "" if planning.options.destroy else "not in the spec any more"
        if record.status is Status.KEPT:
            decision.reason = "kept until now"
    return decision


def _told(address: str, removed: Mapping[str, bool]) -> bool | None:
    """What a `removed` block says of an address, of the block that it is of, or of the cluster or module that it was in."""
    if address in removed:
        return removed[address]
    name = _KEYS.sub("", address)
    while name:
        if name in removed:
            return removed[name]
        name = name.rpartition(".")[0]
    return None


def _keep_with(found: list[Decision]) -> None:
    """What a kept object refers to is kept with it, and so on down."""
    keepers = [decision for decision in found if decision.does in (Does.KEEP, Does.FORGET)]
    if not keepers:
        return
    by_handle: dict[str, list[Decision]] = {}
    for decision in found:
        by_handle.setdefault(decision.handle, []).append(decision)
    while keepers:
        keeper = keepers.pop()
        for text in strings(keeper.current):
            for used in by_handle.get(text, ()):
                if used.does is Does.DELETE:
                    used.does, used.effect, used.reason = Does.KEEP, Effect.RECORD, f"{keeper.key} uses it"
                    keepers.append(used)


def cluster_of(address: str) -> str:
    """The cluster instance that an address is a member of; empty for what is no member."""
    parsed = Address.parse(address)
    return str(parsed.cluster) if parsed.role else ""
