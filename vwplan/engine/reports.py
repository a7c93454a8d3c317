"""Failures of steps as diagnostics."""

from __future__ import annotations

from dataclasses import replace

from vwplan.diagnostics import Diagnostic, DiagnosticError
from vwplan.plan.model import Step, StepVerb
from vwplan.provider.api import ProviderError

_DOING = {
    StepVerb.STAGE: "Staging",
    StepVerb.CREATE: "Creating",
    StepVerb.UPDATE: "Changing",
    StepVerb.POWER: "Switching",
    StepVerb.RELEASE: "Releasing",
    StepVerb.ATTACH: "Attaching",
    StepVerb.DELIVER: "Delivering the roster to",
    StepVerb.DELETE: "Deleting",
    StepVerb.ADOPT: "Importing",
    StepVerb.RECORD: "Recording",
    StepVerb.BARRIER: "Waiting for",
}


def failed(step: Step, problem: ProviderError, *, uncertain: bool) -> Diagnostic:
    """A call failed."""
    detail = f"{_DOING[step.verb]} {step.key} on {step.host} failed. {problem.detail}".strip()
    if uncertain:
        detail += " What it left could not be read; the next command that changes this stack looks again."
    return Diagnostic("step-uncertain" if uncertain else "step-failed", problem.summary, detail, address=step.key)


def hung(step: Step) -> Diagnostic:
    """A call did not come back before its deadline."""
    return Diagnostic(
        "step-uncertain",
        "The host did not answer in time",
        f"{_DOING[step.verb]} {step.key} on {step.host} took longer than {step.timeout} s and did not stop when told to. What "
        f"it left is not known; the next command that changes this stack looks. A longer time is given by `timeouts`.",
        address=step.key,
    )


def no_host(step: Step) -> Diagnostic:
    """The plan names a host that is not configured."""
    return Diagnostic(
        "no-such-host",
        "The host is not configured",
        f"{step.key} is planned on {step.host}, which is not a host of this configuration.",
        address=step.key,
    )


def told(what: str, problem: Exception) -> tuple[Diagnostic, ...]:
    """Why something failed; the run goes on without it, even where nobody thought of such a failure."""
    if isinstance(problem, DiagnosticError):
        return problem.diagnostics
    detail = (
        f"{what}: {type(problem).__name__}: {problem}. This is a bug in vwplan, not in your spec; please report it."
    )
    return (Diagnostic("unexpected", "Something unexpected went wrong", detail),)


def about(step: Step, diagnostic: Diagnostic) -> Diagnostic:
    """A diagnostic, told of a step's resource."""
    return diagnostic if diagnostic.address else replace(diagnostic, address=step.key)
