"""What an apply came to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field

from vwplan.dataclass import dataclass
from vwplan.diagnostics import Diagnostic, Severity
from vwplan.plan.model import Does, Plan, Step, StepVerb
from vwplan.state.records import OutputValue, State


@dataclass(frozen=True, slots=True)
class ApplyResult:
    """The truth about a run: resources added, changed and destroyed whole; steps that failed, are uncertain, or were never begun.

    `diagnostics` say why. `interrupted` is how often the user asked to stop. `abandoned` calls still hang in their threads: the
    process must leave with `os._exit` or it waits for them. `unwritten`: the state could not be written. `state` is
    what is known now, written or not.
    """

    run: str
    added: int
    changed: int
    destroyed: int
    failed: int
    uncertain: int
    skipped: int
    state: State
    diagnostics: tuple[Diagnostic, ...] = ()
    outputs: Mapping[str, OutputValue] = field(default_factory=dict)
    interrupted: int = 0
    abandoned: int = 0
    unwritten: bool = False
    imported: int = 0

    @property
    def ok(self) -> bool:
        """Whether everything that was planned was done and written down."""
        grave = any(each.severity is Severity.ERROR for each in self.diagnostics)
        return not (self.failed or self.uncertain or self.skipped or self.unwritten or grave)


def count(plan: Plan, done: set[str]) -> tuple[int, int, int]:
    """How many resources were added, changed and destroyed, counting only those of which every step was done."""
    made: dict[tuple[str, str], list[Step]] = {}
    deleted: dict[str, list[Step]] = {}
    for step in plan.steps:
        if step.verb is StepVerb.DELETE:
            deleted.setdefault(step.key, []).append(step)
        elif step.verb is not StepVerb.BARRIER:
            made.setdefault((step.key, step.identity), []).append(step)
    added = changed = destroyed = 0
    for change in plan.changes:
        whole = _all(made.get((change.key, change.identity)), done)
        if change.does in (Does.CREATE, Does.REPLACE):
            added += whole
        elif change.does is Does.UPDATE:
            changed += whole
        if change.does in (Does.DELETE, Does.REPLACE):
            destroyed += _all(deleted.get(change.key), done)
    return added, changed, destroyed


def count_imports(plan: Plan, done: set[str]) -> int:
    """How many resources were imported."""
    return sum(step.verb is StepVerb.ADOPT and step.id in done for step in plan.steps)


def _all(steps: Sequence[Step] | None, done: set[str]) -> bool:
    return bool(steps) and all(step.id in done for step in steps or ())
