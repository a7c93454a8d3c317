"""The coordinator: the one thread that owns the graph of steps, the journal and the events, while workers make the calls.

Each turn it takes what workers answered, lets dependents become ready, writes every end seen and every begin to come in one
go, and only then hands the begun steps out. So whatever a host was told is on disk before it hears of it.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from vwplan.dataclass import dataclass
from vwplan.diagnostics import DiagnosticError
from vwplan.engine import calls, reports
from vwplan.engine.actions import Prepared, Preparer
from vwplan.engine.calls import Answer, Slot
from vwplan.engine.clock import Clock
from vwplan.engine.events import Event, StepProgress, StepStarted, Stopping
from vwplan.engine.interrupt import Interrupt
from vwplan.engine.outcomes import Left, left_behind, succeeded
from vwplan.engine.reach import Reach
from vwplan.engine.schedule import Schedule
from vwplan.engine.tally import Tally
from vwplan.engine.turn import Turn
from vwplan.plan.model import Step, StepVerb
from vwplan.provider.api import Reporter, Unreachable
from vwplan.state.entries import Begun, Ended, Entry, Recorded, Result
from vwplan.state.problems import WriteFailed
from vwplan.state.records import Record
from vwplan.state.store import Session

if TYPE_CHECKING:
    from concurrent.futures import Executor

GRACE = 3.0
"""Seconds that a call has to come back by itself once it was told to stop."""

WAITING = frozenset({StepVerb.POWER, StepVerb.DELIVER})
"""Steps that may wait long for a guest: the first interrupt ends their waiting."""


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


class Coordinator:
    """Carries the steps of one plan out; used once, by one thread."""

    def __init__(
        self,
        schedule: Schedule,
        session: Session,
        preparer: Preparer,
        *,
        run: str,
        reach: Reach,
        executor: Executor,
        clock: Clock,
        interrupt: Interrupt,
        listener: Callable[[Event], None],
    ) -> None:
        self.stopped = ""
        self._schedule = schedule
        self._session = session
        self._preparer = preparer
        self._run = run
        self._reach = reach
        self._executor = executor
        self._clock = clock
        self._interrupt = interrupt
        self._listener = listener
        self._answers: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self._running: dict[str, Running] = {}
        self._abandoned: dict[str, Running] = {}
        self._turn = Turn(session.ledger)
        self._touched: set[str] = set()
        self._unwritten = False
        total = sum(step.verb is not StepVerb.BARRIER for step in schedule.steps.values())
        self.tally = Tally(total, lambda: len(self._running))

    @property
    def abandoned(self) -> int:
        """How many calls never came back."""
        return len(self._abandoned)

    def lookup(self, key: str) -> Record | None:
        """The record at an address, as it is by now."""
        return self._turn.at(key)

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

    # Beginning

    def _run_local(self) -> None:
        """Carry out what needs no provider: all records that change now change together."""
        records: dict[str, Record] = {}
        drops: list[str] = []
        while not self.stopped and (step := self._schedule.local()) is not None:
            if step.verb is StepVerb.RECORD:
                try:
                    record = self._preparer.record(step, self.lookup)
                except Exception as problem:
                    self._fail_unbegun(step, problem, room=False)
                    continue
                if record is not None:
                    record = _kept_up(record, self._turn.of(record.identity), step.identity in self._touched)
                    records[record.identity] = self._turn.set(record)
                drop = step.drops or (step.identity if record is None else "")
                if drop:
                    drops.append(drop)
                    self._turn.drop(drop)
                self.tally.succeed(step, 0.0)
            self._schedule.done(step)
        if records or drops:
            self._turn.entries.append(Recorded(self._run, tuple(records.values()), tuple(drops)))

    def _pick(self) -> list[Prepared]:
        """The steps to begin now."""
        picked: list[Prepared] = []
        while not self.stopped and (step := self._schedule.next()) is not None:
            host = step.host
            if host not in self._reach:
                self._fail_unbegun(step, DiagnosticError(reports.no_host(step)))
                continue
            if self._reach.lost(host):
                self._skip(step, f"the host {host} does not answer")
                continue
            current = self._turn.of(step.identity)
            try:
                prepared = self._preparer.prepare(step, current, step.identity in self._touched, self.lookup)
            except Exception as problem:
                self._fail_unbegun(step, problem)
                continue
            self._touched.add(step.identity)
            picked.append(prepared)
        return picked

    def _commit(self, begins: list[Begun]) -> bool:
        """Write what ended and what is to begin; tell what is now known to be written. False: begin nothing."""
        entries: list[Entry] = [*self._turn.take(), *begins]
        try:
            self._session.write(entries)
        except WriteFailed as problem:
            self._stop_writing(problem)
            return False
        finally:
            self._turn.clear()
            self.tally.tell(self._listener)
        return True

    def _hand_out(self, begun: list[Prepared]) -> None:
        now = self._clock.monotonic()
        for prepared in begun:
            step = prepared.step
            slot = self._reach.take(step.host)
            reporter = Reporter(self._teller(step.id), threading.Event())
            self._running[step.id] = Running(prepared, slot, reporter, now, now + step.timeout)
            self._listener(
                StepStarted(step.id, step.verb.value, step.key, step.kind, step.host, self.tally.remaining())
            )
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
        self._reach.answered(step.host, False)
        elapsed = now - running.started
        note = "the call did not come back"
        self._turn.entries.append(Ended(self._run, step.id, Result.UNCERTAIN, note=note, elapsed=elapsed))
        self.tally.doubt(step, reports.hung(step), elapsed)
        self._give_up(step)

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
            self._reach.give_back(step.host, running.slot)
            self._schedule.free(step)
        self._reach.answered(step.host, not isinstance(answer.problem, Unreachable | calls.OtherHost))
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
            self._turn.drop(drops)
        if prepared.record is not None:
            record = succeeded(
                step.verb.value,
                prepared.record,
                self._turn.of(step.identity),
                outcome,
                run=self._run,
                uuid=answer.uuid,
                epoch=step.epoch,
            )
            self._turn.set(record)
        self._turn.entries.append(Ended(self._run, step.id, Result.DONE, record, drops, outcome.note, answer.elapsed))
        if not running.abandoned:
            self._schedule.done(step)
            self.tally.succeed(step, answer.elapsed, outcome.note)

    def _fail(self, running: Running, answer: Answer) -> None:
        """A call failed: what it left is recorded where it could be read; where not, the step is uncertain."""
        prepared = running.prepared
        step, problem = prepared.step, answer.problem
        assert problem is not None
        left = Left()
        result = Result.FAILED if answer.seen or not answer.begun else Result.UNCERTAIN
        if answer.seen:
            ledger, current = self._session.ledger, self._turn.of(step.identity)
            ours = {self._run, *ledger.writers}
            left = left_behind(
                step.verb.value, prepared.record, prepared.begun.drops, current, answer.left, ledger.lineage, ours
            )
        record = left.record
        if record is not None:
            record = self._turn.set(replace(record, host_uuid=answer.uuid or record.host_uuid))
        if left.drops:
            self._turn.drop(left.drops)
        self._turn.entries.append(
            Ended(self._run, step.id, result, record, left.drops, problem.summary, answer.elapsed)
        )
        if running.abandoned:
            return
        if result is Result.UNCERTAIN:
            self.tally.doubt(step, reports.failed(step, problem, uncertain=True), answer.elapsed)
        else:
            self.tally.fail(step, reports.failed(step, problem, uncertain=False), answer.elapsed)
        self._give_up(step)

    def _give_up(self, step: Step) -> None:
        """A step did not succeed: nothing that needs it is begun."""
        for lost in self._schedule.give_up(step):
            self.tally.skip(lost, f"it needs {step.key}, which failed")

    def _fail_unbegun(self, step: Step, problem: Exception, *, room: bool = True) -> None:
        """A step could not even be prepared."""
        if room:
            self._schedule.free(step)
        found = reports.told(f"Preparing {step.key} failed", problem)
        first, *more = [reports.about(step, diagnostic) for diagnostic in found]
        self.tally.fail(step, first)
        self.tally.diagnostics.extend(more)
        self._give_up(step)

    def _skip(self, step: Step, reason: str) -> None:
        self._schedule.free(step)
        self.tally.skip(step, reason)
        for lost in self._schedule.give_up(step):
            self.tally.skip(lost, f"it needs {step.key}; {reason}")

    def _skip_rest(self) -> None:
        reason = self.stopped or "nothing could begin it"
        for step in self._schedule.never_begun([*self._running, *self._abandoned]):
            self.tally.skip(step, reason)
        self.tally.tell(self._listener)


def _carry_out(
    answers: queue.SimpleQueue[tuple[str, Any]], id: str, slot: Slot, prepared: Prepared, reporter: Reporter
) -> None:
    """A worker's whole work; what it has to say goes through the queue."""
    try:
        answers.put((id, calls.perform(slot, prepared.action, reporter)))
    except BaseException as fatal:
        answers.put((id, fatal))


def _kept_up(planned: Record, current: Record | None, touched: bool) -> Record:
    """A record that only we change, with what earlier steps of this run have seen meanwhile."""
    if current is None or not touched:
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
