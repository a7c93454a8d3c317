"""Opening a saved plan: its secrets must be at hand again before anything of it is begun."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from vwplan.diagnostics import Diagnostic, DiagnosticError
from vwplan.engine.actions import reads_secrets
from vwplan.engine.resolve import OpenSecret
from vwplan.graph.model import CheckResult, WantedOutput
from vwplan.hcl.late import unsealed
from vwplan.plan.model import Plan, Step
from vwplan.plan.plain import SECRET, is_settled
from vwplan.values import Sensitive, Unknown, Value

Plain = Any

OpenValue = Callable[[str], Value]
"""The value that stands behind an HMAC, as an expression knows it; `KeyError` where none has it."""


def with_secrets(plan: Plan, open_secret: OpenSecret, open_value: OpenValue) -> Plan:
    """A saved plan with the secrets that its late values are computed from.

    What is merely used stays sealed until its step comes, but must be there: `DiagnosticError` where the variables do not give
    again all that the plan will need, with who needs it.
    """
    opening = _Opening(open_secret, open_value)
    steps = tuple([opening.step(step) for step in plan.steps])
    outputs = tuple([opening.output(output) for output in plan.outputs])
    checks = tuple([opening.check(check) for check in plan.checks])
    if opening.missing:
        names = sorted(opening.missing)
        shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
        raise DiagnosticError(
            Diagnostic(
                "sensitive-changed",
                "A sensitive value is not the one that was planned",
                f"Nothing was begun: the plan holds only what stands for the sensitive values of {shown}, and what the "
                "variables and files give now is none of them. Give the same as when planning (--var, --var-file, or VW_VAR_ in "
                "the environment), or plan again.",
            )
        )
    return replace(plan, steps=steps, outputs=outputs, checks=checks)


class _Opening:
    """One walk over a plan. Mappings that steps share are walked once, and stay shared."""

    def __init__(self, open_secret: OpenSecret, open_value: OpenValue) -> None:
        self.missing: set[str] = set()
        self._open_secret = open_secret
        self._open_value = open_value
        self._walked: dict[tuple[int, bool], tuple[Plain, Plain, frozenset[str]]] = {}
        self._lacks: set[str] = set()

    def step(self, step: Step) -> Step:
        """A step whose late values can be computed."""
        reads = reads_secrets(step)
        arguments = self._shared(step.key, step.arguments, reads)
        context = self._shared(step.key, step.context, reads)
        record = step.record
        if record is not None:
            # The record is sealed again: it tells what stands for a secret, whether or not anybody has it.
            theirs = self._shared(step.key, record.arguments, False)
            facts = self._shared(step.key, record.facts, False)
            if theirs is not record.arguments or facts is not record.facts:
                record = replace(record, arguments=theirs, facts=facts)
        if arguments is step.arguments and context is step.context and record is step.record:
            return step
        return replace(step, arguments=arguments, context=context, record=record)

    def output(self, output: WantedOutput) -> WantedOutput:
        """An output that can be computed."""
        if output.kept:
            return output
        value = self._shared(f'the output "{output.name}"', output.value, True)
        return output if value is output.value else replace(output, value=value)

    def check(self, check: CheckResult) -> CheckResult:
        """A condition that can be looked at."""
        later = check.later
        if later is None:
            return check
        told = f"a condition of {check.address}"
        condition, message = (self._shared(told, each, True) for each in (later.condition, later.message))
        return replace(check, later=replace(later, condition=condition, message=message))

    def _shared(self, key: str, value: Plain, reads: bool) -> Plain:
        found = self._walked.get((id(value), reads))
        if found is None:
            self._lacks = set()
            made = value if is_settled(value) else self._walk(value, reads)
            # The value is kept too, so that its id stays its own.
            found = self._walked[id(value), reads] = value, made, frozenset(self._lacks)
        if found[2]:
            self.missing.add(key)
        return found[1]

    def _walk(self, value: Plain, reads: bool) -> Plain:
        if isinstance(value, Mapping):
            if len(value) == 1 and SECRET in value:
                if reads:
                    self._seek(value[SECRET])
                return value
            made = {name: self._walk(item, reads) for name, item in value.items()}
            return value if all(made[name] is item for name, item in value.items()) else made
        if isinstance(value, list | tuple):
            items = [self._walk(item, reads) for item in value]
            return value if _same(items, value) else items
        if isinstance(value, Sensitive):
            inner = self._walk(value.value, reads)
            return value if inner is value.value else Sensitive(inner, value.marks)
        if isinstance(value, Unknown):
            try:
                return unsealed(value, self._open_value)
            except KeyError as missing:
                self._lacks.add(str(missing))
        return value

    def _seek(self, mac: str) -> None:
        try:
            self._open_secret(mac)
        except KeyError:
            self._lacks.add(mac)


def _same(items: Iterable[Plain], others: Iterable[Plain]) -> bool:
    return all(item is other for item, other in zip(items, others, strict=True))
