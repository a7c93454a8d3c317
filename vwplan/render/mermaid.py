"""Graphs in the language of Mermaid, which many wikis and forges draw."""

from __future__ import annotations

from vwplan.graph.model import Wanted
from vwplan.plan.model import Plan
from vwplan.render.arrows import step_label, waits


def resources(wanted: Wanted) -> str:
    """What depends on what: an arrow from each resource to those that it needs."""
    names = {resource.key: f"r{place}" for place, resource in enumerate(wanted.resources)}
    names.update({group: f"g{place}" for place, group in enumerate(wanted.groups)})
    lines = ["flowchart BT"]
    lines += [f"  {name}{_box(key)}" for key, name in names.items() if key not in wanted.groups]
    lines += [f"  {names[group]}(( ))" for group in wanted.groups]
    lines += [f"  {names[user]} --> {names[used]}" for user, used in waits(wanted) if used in names]
    return "\n".join(lines) + "\n"


def steps(plan: Plan) -> str:
    """Which step waits for which: an arrow from each step to those that it needs."""
    lines = ["flowchart BT"]
    for step in plan.steps:
        lines.append(f"  {step.id}{_box(step_label(step)) if step.key else '(( ))'}")
        lines.extend(f"  {step.id} --> {need}" for need in step.needs)
    return "\n".join(lines) + "\n"


def _box(text: str) -> str:
    safe = text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;").replace(">", "&gt;")
    return f'["{safe}"]'
