"""Graphs in the language of Graphviz."""

from __future__ import annotations

import json

from vwplan.graph.model import Wanted
from vwplan.plan.model import Plan
from vwplan.render.arrows import step_label, waits


def resources(wanted: Wanted) -> str:
    """What depends on what: an arrow from each resource to those that it needs."""
    lines = ["digraph resources {", "  rankdir = BT;", "  node [shape = box];"]
    for resource in wanted.resources:
        lines.append(f"  {_quoted(resource.key)};")
    for user, used in waits(wanted):
        lines.append(f"  {_quoted(user)} -> {_quoted(used)};")
    lines += [f"  {_quoted(name)} [shape = point];" for name in wanted.groups]
    return "\n".join([*lines, "}"]) + "\n"


def steps(plan: Plan) -> str:
    """Which step waits for which: an arrow from each step to those that it needs."""
    lines = ["digraph steps {", "  rankdir = BT;", "  node [shape = box];"]
    for step in plan.steps:
        shape = "" if step.key else ", shape = point"
        lines.append(f"  {step.id} [label = {_quoted(step_label(step))}{shape}];")
        lines.extend(f"  {step.id} -> {need};" for need in step.needs)
    return "\n".join([*lines, "}"]) + "\n"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
