"""Steps while the graph is being made: drafts that know each other, and the numbered, ordered steps they become."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Any

from vwplan.dataclass import dataclass
from vwplan.plan.model import Step, StepVerb
from vwplan.provider.api import Expectation
from vwplan.state.records import Record

Plain = Any


@dataclass(slots=True, eq=False)
class Draft:
    """A step to be; `needs` are drafts, each perhaps more than once."""

    verb: StepVerb
    key: str
    kind: str
    identity: str
    name: str
    host: str
    birth: int = 0
    arguments: Mapping[str, Plain] = field(default_factory=dict)
    before: Mapping[str, Plain] | None = None
    changes: tuple[str, ...] = ()
    expects: Expectation | None = None
    record: Record | None = None
    drops: str = ""
    cluster: str = ""
    context: Mapping[str, Plain] | None = None
    reservations: tuple[Mapping[str, Plain], ...] = ()
    epoch: int = 0
    timeout: int = 600
    cost: float = 1.0
    needs: list[Draft] = field(default_factory=list)
    number: int = -1


class Drafts:
    """The drafts of one plan, in the order made, and the barriers between many and many."""

    __slots__ = ("_barriers", "all")

    WIDE = 4
    """From how many on each side a barrier stands between them."""

    def __init__(self) -> None:
        self.all: list[Draft] = []
        self._barriers: dict[tuple[int, ...], Draft | None] = {}

    def add(self, draft: Draft) -> Draft:
        """Take a draft in."""
        self.all.append(draft)
        return draft

    def wait(self, waiting: Draft, needed: Iterable[Draft | None]) -> None:
        """Let a draft wait for others; the second to wait for the same many, and all after it, share a barrier."""
        needs = [draft for draft in needed if draft is not None]
        if len(needs) < self.WIDE:
            waiting.needs.extend(needs)
            return
        needs = list(dict.fromkeys(needs))
        key = tuple(map(id, needs))
        if key not in self._barriers:
            self._barriers[key] = None
            waiting.needs.extend(needs)
            return
        barrier = self._barriers[key]
        if barrier is None:
            barrier = self._barriers[key] = self.barrier(needs)
        waiting.needs.append(barrier)

    def barrier(self, needs: list[Draft]) -> Draft:
        """A barrier behind some drafts."""
        return self.add(Draft(StepVerb.BARRIER, "", "", "", "", "", cost=0.0, timeout=0, needs=needs))

    def steps(self) -> tuple[Step, ...]:
        """The steps, each after those that it needs, else in the order made; `AssertionError` for a cycle."""
        drafts = self.all
        for place, draft in enumerate(drafts):
            draft.number = place
        needs = [sorted({need.number for need in draft.needs}) for draft in drafts]
        waiting = [len(of) for of in needs]
        followers: list[list[int]] = [[] for _ in drafts]
        for place, of in enumerate(needs):
            for need in of:
                followers[need].append(place)
        ready = [place for place, count in enumerate(waiting) if not count]
        order: list[int] = []
        while ready:
            place = heapq.heappop(ready)
            order.append(place)
            for follower in followers[place]:
                waiting[follower] -= 1
                if not waiting[follower]:
                    heapq.heappush(ready, follower)
        assert len(order) == len(drafts), "the steps of a plan wait for each other in a circle"
        names = [""] * len(drafts)
        for rank, place in enumerate(order, 1):
            names[place] = f"s{rank}"
        return tuple(_step(names[place], drafts[place], tuple(names[need] for need in needs[place])) for place in order)


def _step(name: str, draft: Draft, needs: tuple[str, ...]) -> Step:
    return Step(
        name,
        draft.verb,
        draft.key,
        draft.kind,
        draft.identity,
        draft.name,
        draft.host,
        draft.birth,
        needs,
        draft.arguments,
        draft.before,
        draft.changes,
        draft.expects,
        draft.record,
        draft.drops,
        draft.cluster,
        draft.context,
        draft.reservations,
        draft.epoch,
        draft.timeout,
        draft.cost,
    )
