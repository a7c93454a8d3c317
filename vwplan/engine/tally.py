"""What became of the steps so far: counted, and told once it is written down."""

from __future__ import annotations

from collections.abc import Callable

from vwplan.diagnostics import Diagnostic
from vwplan.engine.events import Event, Remaining, StepEnded, StepResult
from vwplan.plan.model import Step, StepVerb


class Tally:
    """Counts of steps by how they ended, why they did not succeed, and how long those took that did.

    `done` are ids of steps, `spoiled` the addresses of resources of which a step did not succeed. Ends are told to the
    listener by `tell`, after the commit that makes them true. Barriers are nobody's business.
    """

    def __init__(self, total: int, running: Callable[[], int]) -> None:
        self.done: set[str] = set()
        self.spoiled: set[str] = set()
        self.failed = 0
        self.uncertain = 0
        self.skipped = 0
        self.diagnostics: list[Diagnostic] = []
        self.durations: dict[str, list[float]] = {}
        self._ended = 0
        self._total = total
        self._running = running
        self._events: list[Event] = []

    @property
    def troubled(self) -> bool:
        """Whether any step did not succeed."""
        return bool(self.failed or self.uncertain or self.skipped)

    def remaining(self) -> Remaining:
        """What is left."""
        return Remaining(self._ended, self._total, self._running())

    def succeed(self, step: Step, elapsed: float, note: str = "") -> None:
        """A step is done."""
        self.done.add(step.id)
        if step.verb is not StepVerb.RECORD:
            self.durations.setdefault(f"{step.verb.value} {step.kind}", []).append(elapsed)
        self._end(step, StepResult.OK, elapsed, note)

    def fail(self, step: Step, diagnostic: Diagnostic, elapsed: float = 0.0) -> None:
        """A step failed, and it is known what it left."""
        self.failed += 1
        self._lose(step, StepResult.FAILED, diagnostic, elapsed)

    def doubt(self, step: Step, diagnostic: Diagnostic, elapsed: float) -> None:
        """Nobody knows what became of a step."""
        self.uncertain += 1
        self._lose(step, StepResult.UNCERTAIN, diagnostic, elapsed)

    def skip(self, step: Step, reason: str) -> None:
        """A step was never begun."""
        if step.verb is not StepVerb.BARRIER:
            self.skipped += 1
            self.spoiled.add(step.key)
            self._end(step, StepResult.SKIPPED, 0.0, reason)

    def tell(self, listener: Callable[[Event], None]) -> None:
        """Tell of the ends since the last time."""
        events, self._events = self._events, []
        for event in events:
            listener(event)

    def _lose(self, step: Step, result: StepResult, diagnostic: Diagnostic, elapsed: float) -> None:
        self.diagnostics.append(diagnostic)
        self.spoiled.add(step.key)
        self._end(step, result, elapsed, f"{diagnostic.summary}. {diagnostic.detail}")

    def _end(self, step: Step, result: StepResult, elapsed: float, note: str) -> None:
        self._ended += 1
        self._events.append(
            StepEnded(step.id, step.verb.value, step.key, step.kind, result, elapsed, note, self.remaining())
        )
