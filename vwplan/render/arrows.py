"""What the drawings of graphs share: who waits for whom, and what a step is called."""

from __future__ import annotations

from collections.abc import Iterator

from vwplan.graph.model import Wanted
from vwplan.plan.model import Step, StepVerb


def waits(wanted: Wanted) -> Iterator[tuple[str, str]]:
    """Each resource with each one, or each group of many, that it needs; then each group with those in it."""
    for resource in wanted.resources:
        for used in (*resource.depends, *resource.groups):
            yield resource.key, used
    for group, keys in wanted.groups.items():
        for key in keys:
            yield group, key


def step_label(step: Step) -> str:
    """What a step does, in a few words."""
    if step.verb is StepVerb.POWER:
        return f"power {step.arguments.get('power', '')} {step.key}"
    return f"{step.verb.value} {step.key}".strip()
