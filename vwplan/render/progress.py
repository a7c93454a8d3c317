"""What an apply tells while it works, as lines of text."""

from __future__ import annotations

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
from vwplan.render.theme import Theme, harmless

_DOING = {
    "stage": "Staging",
    "create": "Creating",
    "update": "Updating",
    "power": "Setting the power",
    "release": "Releasing",
    "attach": "Attaching",
    "deliver": "Delivering the roster",
    "delete": "Destroying",
    "record": "Recording",
}

_DONE = {
    "stage": "Staged",
    "create": "Created",
    "update": "Updated",
    "power": "Power set",
    "release": "Released",
    "attach": "Attached",
    "deliver": "Roster delivered",
    "delete": "Destroyed",
    "record": "Recorded",
}


def event_line(event: Event, *, colour: bool = False) -> str:
    """One event as a line without its end; empty for one that has nothing to tell."""
    theme = Theme(colour)
    match event:
        case RunStarted():
            return f"Run {event.run} begins: {event.steps} steps." if event.steps else ""
        case StepStarted():
            return f"{theme.paint(event.key, 'bold')}: {_DOING.get(event.verb, event.verb)}..."
        case StepProgress():
            words = f": {harmless(event.words)}" if event.words else ""
            return f"{theme.paint(event.key, 'bold')}: still at it{words} [{elapsed_text(event.elapsed)}]"
        case StepEnded():
            return _ended(event, theme)
        case Settled():
            return f"{theme.paint(event.key, 'bold')}: {harmless(event.sentence)}"
        case Stopping():
            return theme.paint(f"{harmless(event.reason)} Waiting for {event.running} running steps.", "yellow")
        case StateUnwritten():
            return theme.paint(f"The state could not be written. {_saved(event)}", "red", "bold")
        case RunEnded():
            return ""
    return ""


def _ended(event: StepEnded, theme: Theme) -> str:
    key, note = theme.paint(event.key, "bold"), f" ({harmless(event.note)})" if event.note else ""
    left = remaining_text(event.remaining)
    if event.result is StepResult.OK:
        return f"{key}: {_DONE.get(event.verb, event.verb)} after {elapsed_text(event.elapsed)}{note} [{left}]"
    if event.result is StepResult.SKIPPED:
        return f"{key}: {theme.paint(f'{event.verb} not begun', 'yellow')}{note}"
    words = "failed" if event.result is StepResult.FAILED else "has an unknown outcome"
    return f"{key}: {theme.paint(f'{event.verb} {words}', 'red')} after {elapsed_text(event.elapsed)}{note} [{left}]"


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
