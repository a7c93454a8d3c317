"""A plan that only imports: what else the spec asks for is left to the next one."""

from __future__ import annotations

from dataclasses import replace

from vwplan.graph.model import WantedOutput
from vwplan.plan.model import Change, Does, Plan, StepVerb
from vwplan.state.records import State


def only_import(plan: Plan, state: State, address: str) -> Plan:
    """The plan without all that does not import the object at an address: it is marked and recorded as it is.

    Outputs and rosters stay as they are in the state.
    """
    steps = tuple(replace(step, needs=()) for step in plan.steps if step.verb is StepVerb.ADOPT and step.key == address)
    changes = tuple(_as_it_is(change) for change in plan.changes if change.imported and change.key == address)
    outputs = tuple(
        WantedOutput(name, None, output.type, output.sensitive, (), None, kept=True)
        for name, output in state.outputs.items()
    )
    return replace(
        plan,
        changes=changes,
        steps=steps,
        rosters=state.rosters,
        outputs=outputs,
        drift=(),
        checks=(),
        moved=(),
        output_changes={},
    )


def _as_it_is(change: Change) -> Change:
    return replace(
        change, does=Does.IMPORT, differences=(), effect=None, reason="", causes=(), after=change.before, outage=False
    )
