"""Which step goes next: of those that wait for nothing more, the one with the longest path behind it.

Each host bears so many calls at once, and the run so many over all hosts. Purely in memory; every operation is at most
logarithmic in the number of steps.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from heapq import heappop, heappush

from vwplan.plan.model import Step, StepVerb

LOCAL = frozenset({StepVerb.RECORD, StepVerb.BARRIER})
"""What needs no provider."""


class Schedule:
    """The steps of a plan on their way: waiting, ready, running, over.

    `slots` tells how many calls a host bears at once, `parallelism` how many may run in all (0: no further bound).
    `durations` are the seconds that such steps took before, by `VERB KIND`; else a step's own guess counts.
    """

    def __init__(
        self,
        steps: Sequence[Step],
        slots: Callable[[str], int],
        parallelism: int = 0,
        durations: Mapping[str, float] | None = None,
    ) -> None:
        self.steps = {step.id: step for step in steps}
        self.left = len(self.steps)
        self._dependents: dict[str, list[str]] = {}
        self._needs: dict[str, int] = {}
        self._over: set[str] = set()
        for step in steps:
            self._needs[step.id] = len(step.needs)
            for need in step.needs:
                self._dependents.setdefault(need, []).append(step.id)
        self._rank = _ranks(steps, self._dependents, durations or {})
        self._slots = slots
        self._room: dict[str, int] = {}
        self._total = parallelism or len(self.steps) + 1
        self._ready: list[tuple[float, int, Step]] = []
        self._full: dict[str, list[tuple[float, int, Step]]] = {}
        self._local: deque[Step] = deque()
        self._order = {step.id: place for place, step in enumerate(steps)}
        for step in steps:
            if not step.needs:
                self._make_ready(step)

    def local(self) -> Step | None:
        """A ready step that needs no provider."""
        return self._local.popleft() if self._local else None

    def next(self) -> Step | None:
        """The ready step to begin now, with room made for it; None when there is none, or no room."""
        while self._ready and self._total > 0:
            entry = heappop(self._ready)
            step = entry[2]
            if step.id in self._over:
                continue
            room = self._room.get(step.host)
            if room is None:
                room = max(1, self._slots(step.host))
            if room == 0:
                heappush(self._full.setdefault(step.host, []), entry)
                continue
            self._room[step.host] = room - 1
            self._total -= 1
            return step
        return None

    def free(self, step: Step) -> None:
        """Give the room of a step back."""
        self._room[step.host] += 1
        self._total += 1
        waiting = self._full.get(step.host)
        if waiting:
            heappush(self._ready, heappop(waiting))

    def done(self, step: Step) -> None:
        """The step succeeded: what waited for it alone is ready."""
        self._end(step)
        for id in self._dependents.get(step.id, ()):
            self._needs[id] -= 1
            if self._needs[id] == 0 and id not in self._over:
                self._make_ready(self.steps[id])

    def give_up(self, step: Step) -> list[Step]:
        """The step did not succeed: all that needs it, however far, is over too and is returned, in the plan's order."""
        self._end(step)
        lost: list[Step] = []
        open = [step.id]
        while open:
            for id in self._dependents.get(open.pop(), ()):
                if id not in self._over:
                    self._end(self.steps[id])
                    lost.append(self.steps[id])
                    open.append(id)
        return sorted(lost, key=lambda one: self._order[one.id])

    def never_begun(self, running: Iterable[str]) -> list[Step]:
        """All steps that are neither over nor running, in the plan's order."""
        out = {*self._over, *running}
        return [step for id, step in self.steps.items() if id not in out]

    def _end(self, step: Step) -> None:
        if step.id not in self._over:
            self._over.add(step.id)
            self.left -= 1

    def _make_ready(self, step: Step) -> None:
        if step.verb in LOCAL:
            self._local.append(step)
        else:
            heappush(self._ready, (-self._rank[step.id], self._order[step.id], step))


def _ranks(
    steps: Sequence[Step], dependents: Mapping[str, Sequence[str]], durations: Mapping[str, float]
) -> dict[str, float]:
    """The length in seconds of the longest path from the beginning of each step to the end of everything.

    Steps come after those that they need, so one pass from the back is enough; where a plan has them in another order the path
    is only guessed too short, which costs time and nothing else.
    """
    ranks: dict[str, float] = {}
    for step in reversed(steps):
        behind = max((ranks.get(id, 0.0) for id in dependents.get(step.id, ())), default=0.0)
        own = 0.0 if step.verb in LOCAL else durations.get(f"{step.verb.value} {step.kind}", step.cost)
        ranks[step.id] = own + behind
    return ranks
