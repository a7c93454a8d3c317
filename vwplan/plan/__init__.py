"""The plan room: desired against recorded against observed, into changes and an explicit, acyclic graph of steps. Pure.

What it offers is found on first use, so that whoever only shows an output or a record does not pay for planning.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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

_ELSEWHERE = {"check": "vwplan.plan.checking", "make": "vwplan.plan.planner"}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_ELSEWHERE.get(name, "vwplan.plan.model")), name)
