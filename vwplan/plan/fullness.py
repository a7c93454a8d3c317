"""Whether hosts bear what a plan asks of them: an error beyond what the owner of a host allows, a warning beyond what it has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from vwplan.diagnostics import Diagnostic, Problems, Severity
from vwplan.graph.placement import Load, load_of, total
from vwplan.plan.decision import Decision
from vwplan.plan.drift import measured
from vwplan.plan.model import Does, HostView
from vwplan.plan.sight import Sight
from vwplan.provider.api import Limits
from vwplan.state.records import State, Status


def judge_loads(
    decided: Iterable[Decision],
    removals: Iterable[Decision],
    sight: Sight,
    state: State,
    limits: Mapping[str, Limits],
    problems: Problems,
) -> None:
    """Refuse what takes a host beyond the limits of its owner, and warn where it would have more than the host itself has.

    `limits` are by the host's key. Only a plan that adds to a host is judged. Machines that run there and are not this stack's count
    too, as far as they can be seen.
    """
    changed: dict[str, list[Decision]] = {}
    left: dict[str, list[Decision]] = {}
    for decision in (*decided, *removals):
        if decision.kind == "workspace" and decision.does is not Does.NOTHING and not decision.blocked:
            changed.setdefault(decision.host, []).append(decision)
            if decision.glimpse is not None and decision.glimpse.host != decision.host:
                left.setdefault(decision.glimpse.host, []).append(decision)
    for key, those in sorted(changed.items()):
        view = sight.world.get(key)
        there = _there(view, key, state)
        before = total(there.values())
        for decision in (*those, *left.get(key, ())):
            if decision.record is not None and decision.does not in (Does.KEEP, Does.FORGET):
                there.pop(decision.record.identity, None)
        for decision in those:
            if decision.resource is not None:
                there[decision.identity] = load_of(decision.arguments)
        after = total(there.values())
        bounds = limits.get(key)
        if bounds is not None:
            _refuse(key, bounds, before, after, those, problems)
        if view is not None and view.facts is not None:
            _warn_of_memory(view, view.facts.memory, before.memory, after.memory, problems)
            _warn_of_processors(view, view.facts.cpus, those, problems)


def _there(view: HostView | None, key: str, state: State) -> dict[str, Load]:
    """What each machine on a host takes of it, by identity: as seen, or where nothing was looked at, as recorded."""
    if view is None or not view.uuid:
        return {
            record.identity: load_of(record.arguments)
            for record in (*state.records.values(), *state.deposed.values())
            if record.kind == "workspace"
            and record.status is not Status.PENDING
            and f"{record.provider}/{record.host}" == key
        }
    ours = {one.identity: load_of(one.arguments) for one in view.objects.values() if one.kind == "workspace"}
    others = {
        one.identity: replace(load_of(one.arguments), workspaces=0)
        for one in view.strangers.values()
        if one.kind == "workspace"
    }
    return others | ours


def _refuse(
    key: str, limits: Limits, before: Load, after: Load, changed: Iterable[Decision], problems: Problems
) -> None:
    first = min((d for d in changed if d.resource is not None), key=lambda d: d.key, default=None)
    for name, words, limit, was, would in (
        ("cpus", "processors", limits.cpus, before.cpus, after.cpus),
        ("memory", "of memory", limits.memory, before.memory, after.memory),
        ("workspaces", "workspaces", limits.workspaces, before.workspaces, after.workspaces),
    ):
        if limit is None or would <= max(limit, was):
            continue
        allowed, asked = str(limit), str(would)
        if name == "memory":
            allowed, asked = (measured("workspace", "resources.memory", number) for number in (limit, would))
        whose = "there would be" if name == "workspaces" else "the machines that run there would have"
        problems.add(
            Diagnostic(
                "over-limit",
                "More than the host's owner allows",
                f"The limits of {key} allow {allowed} {words}, and with this plan {whose} {asked}. Plan fewer or smaller ones, "
                f"put some elsewhere, or ask for a higher limit ({name} in its limits).",
                None if first is None or first.resource is None else first.resource.range,
            )
        )


def _warn_of_memory(view: HostView, limit: int, before: int, after: int, problems: Problems) -> None:
    if limit and after > limit and after > before:
        has, would = (measured("workspace", "resources.memory", value) for value in (limit, after))
        problems.add(
            Diagnostic(
                "host-full",
                "The host would be too full",
                f"{view.key} has {has} of memory, and with this plan the machines that run there would have {would}. Some may "
                "then not start, or be ended by the host when memory runs out. Plan fewer or smaller ones, or some elsewhere.",
                severity=Severity.WARNING,
            )
        )


def _warn_of_processors(view: HostView, limit: int, changed: Iterable[Decision], problems: Problems) -> None:
    larger = {
        decision.key: cpus
        for decision in changed
        if decision.resource is not None and (cpus := load_of(decision.arguments, "running").cpus) > limit
    }
    if limit and larger:
        first = sorted(larger)[:3]
        shown = ", ".join(f"{key} ({larger[key]})" for key in first) + (
            f" and {len(larger) - 3} more" if len(larger) > 3 else ""
        )
        problems.add(
            Diagnostic(
                "many-processors",
                "More processors than the host has",
                f"{view.key} has {limit}, and these would have more: {shown}. That makes them slower, not faster.",
                severity=Severity.WARNING,
            )
        )
