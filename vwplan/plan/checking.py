"""What must be so of every plan; asked by tests, and of plans read from files."""

from __future__ import annotations

from vwplan.plan.model import Plan, StepVerb


def check(plan: Plan) -> list[str]:
    """What is wrong with a plan's steps, as sentences; empty for a sound one.

    Ids are unique, each step comes after all that it needs (so there is no circle), every call has what it needs, and no step
    needs itself or a step that is not there.
    """
    wrong: list[str] = []
    seen: set[str] = set()
    for step in plan.steps:
        if step.id in seen:
            wrong.append(f"{step.id} is there twice")
        for need in step.needs:
            if need not in seen:
                wrong.append(f"{step.id} needs {need}, which does not come before it")
        seen.add(step.id)
        if step.verb is StepVerb.BARRIER:
            continue
        # What an image or a network over a bridge has on a further host is in no record of its own.
        may_be_further = step.kind in ("image", "network")
        if step.verb is StepVerb.DELETE and (step.record is not None or not (step.drops or may_be_further)):
            wrong.append(f"{step.id} deletes, but leaves a record")
        if step.verb not in (StepVerb.DELETE, StepVerb.RECORD) and step.record is None and not may_be_further:
            wrong.append(f"{step.id} leaves no record")
        if step.verb is not StepVerb.RECORD and not (step.identity and step.host):
            wrong.append(f"{step.id} says not whom, or where")
        if step.record is not None and step.record.identity != step.identity:
            wrong.append(f"{step.id} records another object than it is about")
    return wrong
