"""The engine: observe, apply, recover. The only room that calls providers, and the owner of all threads."""

from vwplan.engine.apply import OutputOf, Run, apply
from vwplan.engine.calls import OpenConnection, slots_of
from vwplan.engine.clock import SYSTEM, Clock
from vwplan.engine.events import (
    Event,
    Remaining,
    RunEnded,
    RunStarted,
    Settled,
    StateUnwritten,
    StepEnded,
    StepProgress,
    StepResult,
    StepStarted,
    Stopping,
)
from vwplan.engine.interrupt import Interrupt
from vwplan.engine.observe import observe
from vwplan.engine.recover import Recovered, forget, needs_recovery, recover
from vwplan.engine.resolve import Evaluate, Lookup, OpenSecret, Resolver
from vwplan.engine.result import ApplyResult

__all__ = [
    "SYSTEM",
    "ApplyResult",
    "Clock",
    "Evaluate",
    "Event",
    "Interrupt",
    "Lookup",
    "OpenConnection",
    "OpenSecret",
    "OutputOf",
    "Recovered",
    "Remaining",
    "Resolver",
    "Run",
    "RunEnded",
    "RunStarted",
    "Settled",
    "StateUnwritten",
    "StepEnded",
    "StepProgress",
    "StepResult",
    "StepStarted",
    "Stopping",
    "apply",
    "forget",
    "needs_recovery",
    "observe",
    "recover",
    "slots_of",
]
