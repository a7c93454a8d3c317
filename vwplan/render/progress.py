"""What an apply tells while it works, as lines of text."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from vwplan.dataclass import dataclass
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
from vwplan.plan.model import Plan, StepVerb
from vwplan.render.theme import Theme, harmless
from vwplan.render.words import counted

_DOING = {
    "stage": "Staging",
    "create": "Creating",
    "update": "Updating",
    "release": "Releasing",
    "attach": "Attaching",
    "deliver": "Delivering the roster",
    "delete": "Destroying",
    "adopt": "Importing",
    "record": "Recording",
}

_DONE = {
    "stage": "Staged",
    "create": "Created",
    "update": "Updated",
    "release": "Released",
    "attach": "Attached",
    "deliver": "Roster delivered",
    "delete": "Destroyed",
    "adopt": "Imported",
    "record": "Recorded",
}


_POWERING = {"running": "Starting", "paused": "Pausing", "off": "Stopping"}

_POWERED = {"running": "Running", "paused": "Paused", "off": "Off"}


@dataclass(frozen=True, slots=True)
class Power:
    """What a step brings a machine to, and whether it waits until the machine is ready."""

    wanted: str
    ready: bool


Powers = Mapping[str, Power]
"""What each step of power does, by the step's id."""

_UNTOLD: Powers = MappingProxyType({})


def powers_of(plan: Plan) -> Powers:
    """What the steps of power of a plan do."""
    found: dict[str, Power] = {}
    for step in plan.steps:
        if step.verb is StepVerb.POWER:
            wanted = str(step.arguments.get("power", ""))
            found[step.id] = Power(wanted, wanted == "running" and bool(step.arguments.get("ready")))
    return found


def doing_text(event: StepStarted, powers: Powers) -> str:
    """What a step does, in a word or two: `Creating`, `Starting`."""
    power = powers.get(event.step)
    return _DOING.get(event.verb, event.verb) if power is None else _POWERING.get(power.wanted, "Switching")


def event_line(event: Event, powers: Powers = _UNTOLD, *, colour: bool = False) -> str:
    """One event as a line without its end; empty for one that has nothing to tell."""
    theme = Theme(colour)
    match event:
        case RunStarted():
            return f"Run {event.run} begins: {counted(event.steps, 'step')}." if event.steps else ""
        case StepStarted():
            return f"{theme.paint(event.key, 'bold')}: {doing_text(event, powers)}..."
        case StepProgress():
            words = f": {harmless(event.words)}" if event.words else ""
            return f"{theme.paint(event.key, 'bold')}: still at it{words} [{elapsed_text(event.elapsed)}]"
        case StepEnded():
            return _ended(event, powers.get(event.step), theme)
        case Settled():
            return f"{theme.paint(event.key, 'bold')}: {harmless(event.sentence)}"
        case Stopping():
            return theme.paint(_stopping(event), "yellow")
        case StateUnwritten():
            return theme.paint(f"The state could not be written. {_saved(event)}", "red", "bold")
        case RunEnded():
            return ""
    return ""


def _ended(event: StepEnded, power: Power | None, theme: Theme) -> str:
    key, note = theme.paint(event.key, "bold"), f" ({harmless(event.note)})" if event.note else ""
    left = remaining_text(event.remaining)
    if event.result is StepResult.OK:
        return f"{key}: {_done(event, power)} after {elapsed_text(event.elapsed)}{note} [{left}]"
    if event.result is StepResult.SKIPPED:
        return f"{key}: {theme.paint(f'{event.verb} not begun', 'yellow')}{note}"
    words = "failed" if event.result is StepResult.FAILED else "has an unknown outcome"
    return f"{key}: {theme.paint(f'{event.verb} {words}', 'red')} after {elapsed_text(event.elapsed)}{note} [{left}]"


def _done(event: StepEnded, power: Power | None) -> str:
    if power is None:
        return _DONE.get(event.verb, event.verb)
    return _POWERED.get(power.wanted, "Switched") + (" and ready" if power.ready else "")


def _stopping(event: Stopping) -> str:
    reason = harmless(event.reason)
    told = f"{reason[:1].upper()}{reason[1:]}: nothing more is begun."
    if not event.running:
        return told
    return f"{told} Waiting for {counted(event.running, 'running step')}; a second Ctrl-C leaves at once."


def _saved(event: StateUnwritten) -> str:
    if event.path:
        return f"What was not written lies in {event.path}."
    return f"What was not written is this:\n{event.text}"


def remaining_text(remaining: Remaining) -> str:
    """How far a run has come: `7/12`."""
    return f"{remaining.ended}/{remaining.total}"


def elapsed_text(seconds: float) -> str:
    """A duration for people: `0.3s`, `12s`, `2m05s`."""
    if seconds < 10:
        return f"{seconds:.1f}s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}m{rest:02}s" if minutes else f"{rest}s"
