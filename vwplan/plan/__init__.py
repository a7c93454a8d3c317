"""The plan room: desired against recorded against observed, into changes and an explicit, acyclic graph of steps. Pure."""

from vwplan.plan.checking import check
from vwplan.plan.model import (
    Change,
    Difference,
    Does,
    Drift,
    HostSeen,
    HostView,
    ObservedWorld,
    Plan,
    PlanOptions,
    Step,
    StepVerb,
)
from vwplan.plan.planner import make

__all__ = [
    "Change",
    "Difference",
    "Does",
    "Drift",
    "HostSeen",
    "HostView",
    "ObservedWorld",
    "Plan",
    "PlanOptions",
    "Step",
    "StepVerb",
    "check",
    "make",
]
