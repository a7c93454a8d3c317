"""The coordinator: the one thread that owns the graph of steps, the journal and the events, while workers make the calls.

Each turn it takes what workers answered, lets dependents become ready, writes every end seen and every begin to come in one
go, and only then hands the begun steps out. So whatever a host was told is on disk before it hears of it.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from typing import Any

from vwplan.diagnostics import Diagnostic, DiagnosticError
from vwplan.engine import calls, reports
from vwplan.engine.actions import Prepared, Preparer
from vwplan.engine.calls import Answer, OpenConnection, Slot
from vwplan.engine.clock import Clock
from vwplan.engine.events import Event, Remaining, StepEnded, StepProgress, StepResult, StepStarted, Stopping
from vwplan.engine.interrupt import Interrupt
from vwplan.engine.outcomes import left_behind, succeeded
from vwplan.engine.schedule import Schedule
from vwplan.plan.model import Step, StepVerb
from vwplan.provider.api import HostConfiguration, Reporter, Unreachable
from vwplan.state.entries import Begun, Ended, Entry, Recorded, Result
from vwplan.state.problems import WriteFailed
from vwplan.state.records import Record
from vwplan.state.store import Session

GRACE = 3.0
"""Seconds that a call has to come back by itself once it was told to stop."""

WAITING = frozenset({StepVerb.POWER, StepVerb.DELIVER})
"""Steps that may wait long for a guest: the first interrupt ends their waiting."""

LOST_AFTER = 2
"""How many calls in a row a host may fail to answer before no more of its steps are tried."""


@dataclass(slots=True)
class Running:
    """A step that a worker is carrying out."""

    prepared: Prepared
    slot: Slot
    reporter: Reporter
    started: float
    deadline: float
    told: bool = False
    abandoned: bool = False


@dataclass(slots=True)
class Tally:
    """What happened so far."""

    done: set[str] = field(default_factory=set)
    failed: int = 0
    uncertain: int = 0
    skipped: int = 0
    ended: int = 0
    diagnostics: list[Diagnostic] = field(default_factory=list)
    durations: dict[str, list[float]] = field(default_factory=dict)
    spoiled: set[str] = field(default_factory=set)
    """Keys of resources of which a step did not succeed."""


class Coordinator:
    """Carries the steps of one plan out; used once, by one thread."""

    def __init__(
        self,
        schedule: Schedule,
        session: Session,
        preparer: Preparer,
        *,
        run: str,
        hosts: Mapping[str, HostConfiguration],
        uuids: Mapping[str, str],
        open_connection: OpenConnection,
        executor: Executor,
        clock: Clock,
        interrupt: Interrupt,
        listener: Callable[[Event], None],
    ) -> None:
        self.tally = Tally()
        self.stopped = ""
        self._schedule = schedule
        self._session = session
        self._preparer = preparer
        self._run = run
        self._hosts = hosts
        self._uuids = uuids
        self._open = open_connection
        self._executor = executor
        self._clock = clock
        self._interrupt = interrupt
        self._listener = listener
        self._total = sum(step.verb is not StepVerb.BARRIER for step in schedule.steps.values())
        self._answers: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self._running: dict[str, Running] = {}
        self._abandoned: dict[str, Running] = {}
        self._idle: dict[str, list[Slot]] = {}
        self._silent: dict[str, int] = {}
        self._entries: list[Entry] = []
        self._events: list[Event] = []
        self._fresh: dict[str, Record | None] = {}
        self._identities: dict[str, Record | None] = {}
        self._touched: set[str] = set()
        self._unwritten = False

    @property
    def abandoned(self) -> int:
        """How many calls never came back."""
        return len(self._abandoned)

    @property
    def slots(self) -> list[Slot]:
        """The slots that nobody uses."""
        return [slot for slots in self._idle.values() for slot in slots]

    def lookup(self, key: str) -> Record | None:
        """The record at an address, as it is by now."""
        return self._fresh[key] if key in self._fresh else self._session.ledger.records.get(key)

    def work(self) -> None:
        """Carry out all steps that can be; returns when nothing runs any more, or at the second interrupt."""
        self._interrupt.listen(lambda: self._answers.put(("", None)))
        try:
            while True:
                self._heed_interrupt()
                self._run_local()
                begun = self._pick()
                written = self._commit([prepared.begun for prepared in begun])
                if written:
                    self._hand_out(begun)
                if not self._running or self._interrupt.level > 1:
                    break
                self._wait()
        finally:
            self._interrupt.listen(None)
        if self._interrupt.level > 1:
            self._take_answers(block=False)
            self._commit([])
        self._skip_rest()

    def _current(self, identity: str) -> Record | None:
        if identity in self._identities:
            return self._identities[identity]
        return self._session.ledger.find(identity)

    def _remaining(self) -> Remaining:
        return Remaining(self.tally.ended, self._total, len(self._running))

    # Beginning

    def _run_local(self) -> None:
        """Carry out what needs no provider: all records that change now change together."""
        records: dict[str, Record] = {}
        drops: list[str] = []
        while not self.stopped and (step := self._schedule.local()) is not None:
            if step.verb is StepVerb.RECORD:
                try:
                    record = self._preparer.record(step, self.lookup)
                except DiagnosticError as problem:
                    self._fail_unbegun(step, problem.diagnostics, room=False)
                    continue
                if record is not None:
                    records[record.identity] = self._note(
                        _kept_up(record, self._current(record.identity), step, self._touched)
                    )
                drop = step.drops or (step.identity if record is None else "")
                if drop:
                    drops.append(drop)
                    self._identities[drop] = None
                self._count_done(step, 0.0, "")
            self._schedule.done(step)
        if records or drops:
            self._entries.append(Recorded(self._run, tuple(records.values()), tuple(drops)))

    def _note(self, record: Record) -> Record:
        """Remember a record of this turn until it is written."""
        self._fresh[record.address] = record
        self._identities[record.identity] = record
        return record

    def _pick(self) -> list[Prepared]:
        """The steps to begin now."""
        picked: list[Prepared] = []
        while not self.stopped and (step := self._schedule.next()) is not None:
            host = step.host
            if host not in self._hosts:
                self._fail_unbegun(step, [reports.no_host(step)])
                continue
            if self._silent.get(host, 0) >= LOST_AFTER:
                self._skip(step, f"the host {host} does not answer")
                continue
            current = self._current(step.identity)
            try:
                prepared = self._preparer.prepare(step, current, step.identity in self._touched, self.lookup)
            except DiagnosticError as problem:
                self._fail_unbegun(step, problem.diagnostics)
                continue
            self._touched.add(step.identity)
            picked.append(prepared)
        return picked

    def _commit(self, begins: list[Begun]) -> bool:
        """Write what ended and what is to begin; tell what is now known to be written. False: begin nothing."""
        entries = [*self._entries, *begins]
        self._entries.clear()
        try:
            self._session.write(entries)
        except WriteFailed as problem:
            self._stop_writing(problem)
            return False
        finally:
            self._fresh.clear()
            self._identities.clear()
            events, self._events = self._events, []
            for event in events:
                self._listener(event)
        return True

    def _hand_out(self, begun: list[Prepared]) -> None:
        now = self._clock.monotonic()
        for prepared in begun:
            step = prepared.step
            idle = self._idle.get(step.host)
            slot = idle.pop() if idle else Slot(self._hosts[step.host], self._open, self._uuids.get(step.host, ""))
            reporter = Reporter(self._teller(step.id), threading.Event())
            self._running[step.id] = Running(prepared, slot, reporter, now, now + step.timeout)
            self._listener(StepStarted(step.id, step.verb.value, step.key, step.kind, step.host, self._remaining()))
            self._executor.submit(_carry_out, self._answers, step.id, slot, prepared, reporter)

    def _teller(self, id: str) -> Callable[[str], None]:
        put = self._answers.put
        return lambda words: put((id, words))

    # Waiting

    def _wait(self) -> None:
        """Wait for an answer, the next deadline or an interrupt, and take all that there is."""
        now = self._clock.monotonic()
        nearest = min(running.deadline for running in self._running.values())
        self._take_answers(block=True, timeout=max(0.0, nearest - now))
        self._keep_deadlines()

    def _take_answers(self, *, block: bool, timeout: float = 0.0) -> None:
        try:
            message = self._answers.get(block, timeout) if block else self._answers.get_nowait()
            while True:
                self._take(*message)
                message = self._answers.get_nowait()
        except queue.Empty:
            return

    def _take(self, id: str, said: object) -> None:
        if isinstance(said, Answer):
            self._end(id, said)
        elif isinstance(said, str):
            running = self._running.get(id)
            if running is not None:
                elapsed = self._clock.monotonic() - running.started
                self._listener(StepProgress(id, running.prepared.step.key, said, elapsed))
        elif isinstance(said, BaseException):
            raise said

    def _keep_deadlines(self) -> None:
        now = self._clock.monotonic()
        for running in list(self._running.values()):
            if now < running.deadline:
                continue
            if not running.told:
                running.told = True
                running.reporter.stop.set()
                running.deadline = now + GRACE
            else:
                self._abandon(running, now)

    def _abandon(self, running: Running, now: float) -> None:
        """Give a call up that does not come back: nobody knows what it did. Its slot is never used again."""
        step = running.prepared.step
        del self._running[step.id]
        self._abandoned[step.id] = running
        running.abandoned = True
        self._schedule.free(step)
        self._silent[step.host] = self._silent.get(step.host, 0) + 1
        elapsed = now - running.started
        self._entries.append(
            Ended(self._run, step.id, Result.UNCERTAIN, note="the call did not come back", elapsed=elapsed)
        )
        self.tally.uncertain += 1
        self._give_up(step, reports.hung(step), StepResult.UNCERTAIN, elapsed)

    def _heed_interrupt(self) -> None:
        if self._interrupt.level and not self.stopped:
            self._stop("interrupted")

    def _stop(self, reason: str) -> None:
        self.stopped = reason
        for running in self._running.values():
            if running.prepared.step.verb in WAITING:
                running.reporter.stop.set()
        self._listener(Stopping(reason, len(self._running)))

    def _stop_writing(self, problem: WriteFailed) -> None:
        if not self._unwritten:
            self.tally.diagnostics.extend(problem.diagnostics)
        self._unwritten = True
        if not self.stopped:
            self._stop("the state cannot be written")

    # Ending

    def _end(self, id: str, answer: Answer) -> None:
        running = self._running.pop(id, None) or self._abandoned.pop(id)
        step = running.prepared.step
        if running.abandoned:
            running.slot.close()
        else:
            self._idle.setdefault(step.host, []).append(running.slot)
            self._schedule.free(step)
        if answer.problem is None or not isinstance(answer.problem, Unreachable | calls.OtherHost):
            self._silent[step.host] = 0
        else:
            self._silent[step.host] = self._silent.get(step.host, 0) + 1
        if answer.outcome is not None:
            self._succeed(running, answer)
        else:
            self._fail(running, answer)

    def _succeed(self, running: Running, answer: Answer) -> None:
        prepared = running.prepared
        step, outcome = prepared.step, answer.outcome
        assert outcome is not None
        drops = prepared.begun.drops
        record = None
        if drops:
            self._identities[drops] = None
        if prepared.record is not None:
            current = self._current(step.identity)
            record = self._note(
                succeeded(
                    step.verb.value,
                    prepared.record,
                    current,
                    outcome,
                    run=self._run,
                    uuid=answer.uuid,
                    epoch=step.epoch,
                )
            )
        self._entries.append(Ended(self._run, step.id, Result.DONE, record, drops, outcome.note, answer.elapsed))
        if running.abandoned:
            return
        self.tally.durations.setdefault(f"{step.verb.value} {step.kind}", []).append(answer.elapsed)
        self._schedule.done(step)
        self._count_done(step, answer.elapsed, outcome.note)

    def _fail(self, running: Running, answer: Answer) -> None:
        """A call failed: what it left is recorded where it could be read; where not, the step is uncertain."""
        prepared = running.prepared
        step, problem = prepared.step, answer.problem
        assert problem is not None
        if not answer.begun:
            result, record, drops = Result.FAILED, None, ""
        elif answer.seen:
            ledger = self._session.ledger
            left = left_behind(
                step.verb.value,
                prepared.record,
                prepared.begun.drops,
                self._current(step.identity),
                answer.left,
                ledger.lineage,
                {self._run, *ledger.writers},
            )
            result, record, drops = Result.FAILED, left.record, left.drops
        else:
            result, record, drops = Result.UNCERTAIN, None, ""
        if record is not None:
            record = self._note(replace(record, host_uuid=answer.uuid or record.host_uuid))
        if drops:
            self._identities[drops] = None
        self._entries.append(Ended(self._run, step.id, result, record, drops, problem.summary, answer.elapsed))
        if running.abandoned:
            return
        if result is Result.UNCERTAIN:
            self.tally.uncertain += 1
        else:
            self.tally.failed += 1
        told = StepResult.UNCERTAIN if result is Result.UNCERTAIN else StepResult.FAILED
        self._give_up(step, reports.failed(step, problem, uncertain=result is Result.UNCERTAIN), told, answer.elapsed)

    def _give_up(self, step: Step, diagnostic: Diagnostic, result: StepResult, elapsed: float) -> None:
        """Count a step out that did not succeed, and with it all that needs it."""
        self.tally.diagnostics.append(diagnostic)
        self._lose(step, result, elapsed, diagnostic.detail or diagnostic.summary)
        for lost in self._schedule.give_up(step):
            self._count_skipped(lost, f"it needs {step.key}, which failed")

    def _fail_unbegun(self, step: Step, diagnostics: Iterable[Diagnostic], *, room: bool = True) -> None:
        if room:
            self._schedule.free(step)
        self.tally.failed += 1
        first, *more = [reports.about(step, diagnostic) for diagnostic in diagnostics]
        self.tally.diagnostics.extend(more)
        self._give_up(step, first, StepResult.FAILED, 0.0)

    def _skip(self, step: Step, reason: str) -> None:
        self._schedule.free(step)
        self._count_skipped(step, reason)
        for lost in self._schedule.give_up(step):
            self._count_skipped(lost, f"it needs {step.key}; {reason}")

    def _skip_rest(self) -> None:
        reason = self.stopped or "nothing could begin it"
        for step in self._schedule.never_begun([*self._running, *self._abandoned]):
            self._count_skipped(step, reason)
        for event in self._events:
            self._listener(event)
        self._events.clear()

    def _count_done(self, step: Step, elapsed: float, note: str) -> None:
        self.tally.done.add(step.id)
        self.tally.ended += 1
        self._tell_end(step, StepResult.OK, elapsed, note)

    def _count_skipped(self, step: Step, reason: str) -> None:
        if step.verb is StepVerb.BARRIER:
            return
        self.tally.skipped += 1
        self._lose(step, StepResult.SKIPPED, 0.0, reason)

    def _lose(self, step: Step, result: StepResult, elapsed: float, note: str) -> None:
        self.tally.ended += 1
        self.tally.spoiled.add(step.key)
        self._tell_end(step, result, elapsed, note)

    def _tell_end(self, step: Step, result: StepResult, elapsed: float, note: str) -> None:
        self._events.append(
            StepEnded(step.id, step.verb.value, step.key, step.kind, result, elapsed, note, self._remaining())
        )


def _carry_out(
    answers: queue.SimpleQueue[tuple[str, Any]], id: str, slot: Slot, prepared: Prepared, reporter: Reporter
) -> None:
    """A worker's whole work; what it has to say goes through the queue."""
    try:
        answers.put((id, calls.perform(slot, prepared.action, reporter)))
    except BaseException as fatal:
        answers.put((id, fatal))


def _kept_up(planned: Record, current: Record | None, step: Step, touched: set[str]) -> Record:
    """A record that only we change, with what earlier steps of this run have seen meanwhile."""
    if current is None or step.identity not in touched:
        return planned
    return replace(
        planned,
        facts={**current.facts, **planned.facts},
        writer=current.writer,
        digest=current.digest,
        parts=current.parts,
        ready=current.ready,
        host_uuid=current.host_uuid,
    )
