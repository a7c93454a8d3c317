"""Recover: find out what a dead run's begun steps left, and record that. Nothing is repeated; a fresh plan decides what next."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from vwplan.dataclass import dataclass
from vwplan.diagnostics import Diagnostic, Severity
from vwplan.engine import calls
from vwplan.engine.apply import Run
from vwplan.engine.calls import Answer, Slot
from vwplan.engine.events import Settled
from vwplan.engine.observe import at_once
from vwplan.engine.outcomes import left_behind
from vwplan.provider.api import HostConfiguration, ProviderError
from vwplan.state.entries import Begun, Ended, Entry, Recorded, Result, RunEnded
from vwplan.state.records import Record, Status
from vwplan.state.store import Session

DEADLINE = 60.0
"""Seconds that a host has to tell of all that is asked of it."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """What settling found: a sentence for each step settled, the steps that could not be settled yet, and why not."""

    lines: tuple[str, ...] = ()
    left: tuple[Begun, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def anything(self) -> bool:
        """Whether there was anything to settle."""
        return bool(self.lines or self.left)


def needs_recovery(session: Session) -> bool:
    """Whether an earlier run was cut short, or left a step whose end was never seen."""
    return bool(session.unfinished or session.dead_runs)


def recover(session: Session, run: Run, *, deadline: float = DEADLINE) -> Recovered:
    """Settle every step that was begun and whose end is not known, as a run of its own.

    For each, all parts of its identity are read: whole: recorded as observed; partial: tainted, with its parts; none: pending,
    keeping its birth; a begun delete: the record stays until every part is gone. Steps of a host that cannot be reached stay
    unfinished. Raises `WriteFailed` when what was found cannot be written.
    """
    if not needs_recovery(session):
        return Recovered()
    begun = session.unfinished
    dead = session.dead_runs
    by_host: dict[str, list[Begun]] = {}
    for step in begun:
        by_host.setdefault(step.host, []).append(step)
    answers = at_once(
        {key: _looker(run, key, steps) for key, steps in by_host.items() if key in run.hosts}, deadline, run.clock
    )
    settled: list[Entry] = []
    records = session.ledger.records
    told: list[Settled] = []
    left: list[Begun] = []
    diagnostics: list[Diagnostic] = []
    for key, steps in by_host.items():
        found = answers.get(key)
        seen = found if isinstance(found, dict) else {}
        unread = [step for step in steps if (step.run, step.step) not in seen or not seen[step.run, step.step].seen]
        for step in steps:
            answer = seen.get((step.run, step.step))
            if answer is not None and answer.seen:
                ended = _settle(session, step, answer)
                settled += _in_place(ended, records, run.id)
                doing = _DOING.get(step.verb, step.verb)
                told.append(Settled(step.key, f"{step.key}: {doing} was begun before: {ended.note}"))
        if unread:
            left += unread
            diagnostics.append(_unsettled(key, found, seen, key in run.hosts))
    _write(session, run, settled, [one.run for one in dead], left)
    for event in told:
        run.listener(event)
    return Recovered(tuple(event.sentence for event in told), tuple(left), tuple(diagnostics))


_DOING = {
    "create": "creating it",
    "update": "changing it",
    "power": "switching it",
    "release": "releasing it",
    "attach": "attaching it",
    "deliver": "delivering the roster",
    "delete": "deleting it",
    "stage": "staging it",
    "give": "handing it over",
    "take": "taking it over",
    "adopt": "importing it",
}


def _looker(run: Run, key: str, steps: Sequence[Begun]) -> Callable[[], dict[tuple[str, str], Answer]]:
    host: HostConfiguration = run.hosts[key]

    def look() -> dict[tuple[str, str], Answer]:
        uuid = next((step.host_uuid for step in steps if step.host_uuid), "")
        slot = Slot(host, run.open, uuid)
        try:
            return {(step.run, step.step): calls.inspect(slot, step.kind, step.identity, step.name) for step in steps}
        finally:
            slot.close()

    return look


def _settle(session: Session, step: Begun, answer: Answer) -> Ended:
    ledger = session.ledger
    writers = {step.run, *ledger.writers}
    current = ledger.find(step.identity)
    found = left_behind(step.verb, step.record, step.drops, current, answer.left, ledger.lineage, writers)
    record = found.record
    if record is not None and answer.uuid:
        record = replace(record, host_uuid=answer.uuid)
    return Ended(step.run, step.step, Result.SETTLED, record, found.drops, found.words)


def _in_place(ended: Ended, records: Mapping[str, Record], run: str) -> list[Entry]:
    """An end that takes no address from a younger object: one that was made meanwhile, elsewhere, keeps it.

    The older one is then left over, as after a replacement; where nothing of it exists, nothing is recorded.
    """
    old = ended.record
    new = None if old is None else records.get(old.address)
    if old is None or new is None or new.identity == old.identity or new.birth <= old.birth:
        return [ended]
    if old.status is Status.PENDING:
        return [replace(ended, record=None)]
    return [Recorded(run, (), (new.identity,)), ended, Recorded(run, (new,))]


def forget(session: Session, run: Run, host: str) -> tuple[Begun, ...]:
    """Let go of every unfinished step on a host that is gone for good, as a run of its own; gives those steps.

    What is recorded stays recorded; what such a step may have made there, and no record tells of, is nobody's any more. Should the
    host come back, marks of those runs are still ours.
    """
    gone = tuple(step for step in session.unfinished if step.host == host)
    if not gone:
        return ()
    now = run.clock.time()
    session.start(run.id, now, run.doing)
    writers = tuple(dict.fromkeys(step.run for step in gone))
    note = "was let go of: its host is gone for good"
    ends = [Ended(step.run, step.step, Result.SETTLED, note=note) for step in gone]
    session.write([Recorded(run.id, writers=writers), *ends])
    session.finish(RunEnded(run.id, run.clock.time(), "done"))
    return gone


def _write(session: Session, run: Run, settled: Sequence[Entry], dead: Sequence[str], left: Sequence[Begun]) -> None:
    """Write what was found, as a run of its own where it changes anything, and end the dead runs."""
    now = run.clock.time()
    over = [RunEnded(id, now, "settled") for id in dead]
    if not settled:
        session.write(over)
        return
    session.start(run.id, now, run.doing)
    session.write([*settled, *over])
    session.finish(RunEnded(run.id, run.clock.time(), "failed" if left else "done"))


def _unsettled(key: str, found: object, seen: Mapping[tuple[str, str], Answer], configured: bool) -> Diagnostic:
    if not configured:
        reason = "it is not a host of this configuration"
    elif found is None:
        reason = "it did not answer in time"
    else:
        problem = found if isinstance(found, Exception) else next((a.problem for a in seen.values() if a.problem), None)
        reason = f"{problem.summary}. {problem.detail}" if isinstance(problem, ProviderError) else str(problem)
    return Diagnostic(
        "not-settled",
        "An earlier run is not settled",
        f"What steps begun on {key} left could not be read: {reason.removesuffix('.')}. They stay noted, and the next command "
        f"that changes this stack looks again.",
        severity=Severity.WARNING,
    )
