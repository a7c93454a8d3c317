"""Whether hosts bear what a plan asks of them: a warning, for how far a host is filled is for its owner to say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from vwplan.diagnostics import Diagnostic, Problems, Severity
from vwplan.plan.decision import Decision
from vwplan.plan.drift import measured
from vwplan.plan.model import Does, HostView
from vwplan.plan.sight import Sight

_RUNNING = ("running", "paused")


def warn_of_full_hosts(
    decided: Iterable[Decision], removals: Iterable[Decision], sight: Sight, problems: Problems
) -> None:
    """Warn where machines would have more memory in all than their host, or one more processors, because of this plan.

    Machines that run there and are not this stack's count too, as far as they can be seen.
    """
    changed: dict[str, list[Decision]] = {}
    for decision in (*decided, *removals):
        if decision.kind == "workspace" and decision.does is not Does.NOTHING and not decision.blocked:
            changed.setdefault(decision.host, []).append(decision)
    for host, those in sorted(changed.items()):
        view = sight.world.get(host)
        if view is None or view.facts is None:
            continue
        _memory(view, view.facts.memory, those, problems)
        _processors(view, view.facts.cpus, those, problems)


def _memory(view: HostView, limit: int, changed: Iterable[Decision], problems: Problems) -> None:
    there = {
        one.identity: _resource(one.arguments, "memory")
        for one in (*view.objects.values(), *view.strangers.values())
        if one.kind == "workspace" and one.arguments.get("power") in _RUNNING
    }
    before = sum(there.values())
    for decision in changed:
        if decision.record is not None and decision.does not in (Does.KEEP, Does.FORGET):
            there.pop(decision.record.identity, None)
        if decision.resource is not None and decision.arguments.get("power") in _RUNNING:
            there[decision.identity] = _resource(decision.arguments, "memory")
    total = sum(there.values())
    if limit and total > limit and total > before:
        has, would = (measured("workspace", "resources.memory", value) for value in (limit, total))
        problems.add(
            Diagnostic(
                "host-full",
                "The host would be too full",
                f"{view.key} has {has} of memory, and with this plan the machines that run there would have {would}. Some may "
                "then not start, or be ended by the host when memory runs out. Plan fewer or smaller ones, or some elsewhere.",
                severity=Severity.WARNING,
            )
        )


def _processors(view: HostView, limit: int, changed: Iterable[Decision], problems: Problems) -> None:
    larger = {
        decision.key: cpus
        for decision in changed
        if decision.resource is not None and (cpus := _resource(decision.arguments, "cpus")) > limit
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


def _resource(arguments: Mapping[str, Any], name: str) -> int:
    """A number among a machine's resources; 0 where it is not known yet, or not given."""
    resources = arguments.get("resources")
    value = resources.get(name) if isinstance(resources, Mapping) else None
    return value if isinstance(value, int) else 0
