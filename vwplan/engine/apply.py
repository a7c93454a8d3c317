"""Apply: carry a plan out, and write down what became of it."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from vwplan.dataclass import dataclass
from vwplan.diagnostics import Diagnostic, DiagnosticError
from vwplan.engine import reports
from vwplan.engine.actions import Preparer
from vwplan.engine.calls import OpenConnection, Slot
from vwplan.engine.clock import SYSTEM, Clock
from vwplan.engine.coordinator import Coordinator
from vwplan.engine.events import Event, RunEnded, RunStarted, StateUnwritten
from vwplan.engine.interrupt import Interrupt
from vwplan.engine.reach import Reach
from vwplan.engine.resolve import Evaluate, Lookup, OpenSecret, Resolver, refuse_late, refuse_secret
from vwplan.engine.result import ApplyResult, count, count_imports
from vwplan.engine.schedule import Schedule
from vwplan.engine.tally import Tally
from vwplan.graph.model import WantedOutput
from vwplan.plan.model import Plan, StepVerb
from vwplan.plan.plain import SECRET
from vwplan.provider.api import HostConfiguration
from vwplan.state import entries
from vwplan.state.keys import StackKey
from vwplan.state.operations import cluster_of
from vwplan.state.problems import WriteFailed
from vwplan.state.records import OutputValue
from vwplan.state.store import Session
from vwplan.values import Sensitive

if TYPE_CHECKING:
    from concurrent.futures import Executor

CLOSING = 2.0
"""Seconds that connections have to close."""

SPARE_THREADS = 64
"""Threads beyond the slots, for calls that were given up and still hang."""

OutputOf = Callable[[WantedOutput, Lookup], OutputValue]
"""The value of an output, from the records that there are at the end; raises `DiagnosticError`."""


@dataclass(frozen=True, slots=True)
class Run:
    """What one run is: its random id, the command in words, the hosts, how to reach them, and how many calls each bears."""

    id: str
    doing: str
    hosts: Mapping[str, HostConfiguration]
    open: OpenConnection
    slots: Callable[[str], int]
    clock: Clock = SYSTEM
    listener: Callable[[Event], None] = lambda event: None


def apply(
    plan: Plan,
    session: Session,
    run: Run,
    *,
    key: StackKey | None = None,
    evaluate: Evaluate = refuse_late,
    open_secret: OpenSecret = refuse_secret,
    output_of: OutputOf | None = None,
    plan_text: bytes | None = None,
    parallelism: int = 0,
    interrupt: Interrupt | None = None,
    rescue_folders: Sequence[Path] = (),
    executor: Executor | None = None,
) -> ApplyResult:
    """Carry out the steps of a plan, and only those, recording what each came to.

    `plan_text` is the plan as it is stored beside the journal. `parallelism` bounds all calls at once (0: what the hosts
    bear). Where the state cannot be written, what was not is put into the first of the stack's folder and `rescue_folders` that
    takes it. Raises `DiagnosticError` when nothing was begun: the plan is stale, or no run could be started.
    """
    _refuse_stale(plan, session, key)
    run = replace(run, listener=_unfailing(run.listener))
    started = run.clock.monotonic()
    resolver = Resolver(key, evaluate, open_secret)
    begun = session.start(run.id, run.clock.time(), run.doing, plan=plan_text, key_id=key.id if key is not None else "")
    run.listener(RunStarted(run.id, begun.serial, sum(step.verb is not StepVerb.BARRIER for step in plan.steps)))
    session.write(_opening(plan, session, run.id))
    uuids = {host.key: host.uuid for host in plan.hosts}
    durations = session.durations()
    schedule = Schedule(plan.steps, run.slots, parallelism, durations)
    reach = Reach(run.hosts, uuids, run.open)
    interrupt = interrupt or Interrupt()
    with _executing(executor, _threads(run, parallelism)) as working:
        coordinator = Coordinator(
            schedule,
            session,
            Preparer(resolver, key, plan.lineage, run.id, uuids),
            run=run.id,
            reach=reach,
            executor=working,
            clock=run.clock,
            interrupt=interrupt,
            listener=run.listener,
        )
        coordinator.work()
        if interrupt.level < 2:
            _close(working, reach.idle)
    tally = coordinator.tally
    if interrupt.level < 2 and not session.broken:
        # At the second interrupt nothing more is written: the next command settles what is under way, and ends the run.
        result = "interrupted" if interrupt.level else "failed" if tally.troubled else "done"
        try:
            refused = _conditions(plan, tally, coordinator.lookup, resolver)
            told = output_of or _output_of(resolver)
            session.write(_closing(plan, session, run.id, tally, coordinator.lookup, told, refused))
            session.finish(entries.RunEnded(run.id, run.clock.time(), result))
            _learn(session, durations, tally)
        except WriteFailed as problem:
            tally.diagnostics.extend(problem.diagnostics)
    if _unwritten(session):
        _rescue(session, run, tally, rescue_folders)
    return _result(plan, session, run, tally, coordinator.abandoned, interrupt.level, run.clock.monotonic() - started)


def _unfailing(listener: Callable[[Event], None]) -> Callable[[Event], None]:
    """A listener that is not listened to any more once it has failed: a closed terminal must not stop an apply."""
    deaf = False

    def tell(event: Event) -> None:
        nonlocal deaf
        if not deaf:
            try:
                listener(event)
            except Exception:
                deaf = True

    return tell


@contextmanager
def _executing(given: Executor | None, threads: int) -> Iterator[Executor]:
    """The executor given, or threads of our own, which are not waited for: some may hang."""
    if given is not None:
        yield given
        return
    from concurrent.futures import ThreadPoolExecutor

    own = ThreadPoolExecutor(threads, "vwplan")
    try:
        yield own
    finally:
        own.shutdown(wait=False, cancel_futures=True)


def _refuse_stale(plan: Plan, session: Session, key: StackKey | None) -> None:
    ledger = session.ledger
    if plan.lineage != ledger.lineage:
        reason = f"it was made from a state of lineage {plan.lineage}, and this stack's is of lineage {ledger.lineage}"
        if not plan.state_serial:
            # Each plan of a stack without a state is made for a lineage of its own.
            reason = "it was made when this stack had no state yet, and another plan has been applied since"
    elif plan.state_serial != ledger.serial:
        reason = f"it was made from serial {plan.state_serial} of the state, which is at serial {ledger.serial} now"
    elif session.dead_runs or not {begun.host for begun in session.unfinished}.isdisjoint(
        step.host for step in plan.steps
    ):
        reason = "an earlier run was cut short, and what it left is not settled yet (`vwplan recover` settles it)"
    elif key is not None and ledger.key_id not in ("", key.id):
        reason = f"it was made under the stack key {key.id}, and this stack's is {ledger.key_id} now"
    else:
        return
    raise DiagnosticError(
        Diagnostic("plan-stale", "The plan is out of date", f"Nothing was done: {reason}. Plan again.")
    )


def _opening(plan: Plan, session: Session, run: str) -> list[entries.Entry]:
    """What holds from the start: adopted objects, and rosters as they were planned."""
    opening: list[entries.Entry] = []
    if plan.adopted:
        opening.append(entries.Recorded(run, plan.adopted))
    known = session.ledger.rosters
    rosters = {key: roster for key, roster in plan.rosters.items() if known.get(key) != roster}
    if rosters:
        opening.append(entries.Rosters(run, rosters))
    return opening


def _closing(
    plan: Plan, session: Session, run: str, tally: Tally, lookup: Lookup, output_of: OutputOf, refused: Container[str]
) -> list[entries.Entry]:
    """What holds from the end on: outputs, and no rosters of clusters that are gone."""
    closing: list[entries.Entry] = []
    outputs = _outputs(plan, session, tally, lookup, output_of, refused)
    if outputs != session.ledger.outputs:
        closing.append(entries.Outputs(run, outputs))
    gone = [key for key in session.ledger.rosters if key not in plan.rosters]
    if gone:
        left = {cluster_of(address) for address in session.ledger.records}
        gone = [key for key in gone if key not in left]
    if gone:
        closing.append(entries.Rosters(run, {}, tuple(gone)))
    return closing


def _conditions(plan: Plan, tally: Tally, lookup: Lookup, resolver: Resolver) -> frozenset[str]:
    """Look at the conditions that were unknown; the addresses of what must not be, as one of them does not hold."""
    if all(check.later is None for check in plan.checks):
        return frozenset()
    from vwplan.engine.conditions import look

    told, refused = look(plan, tally.spoiled, lookup, resolver)
    tally.diagnostics.extend(told)
    return refused


def _outputs(
    plan: Plan, session: Session, tally: Tally, lookup: Lookup, output_of: OutputOf, refused: Container[str]
) -> dict[str, OutputValue]:
    """The root's outputs; one that is refused, or whose resources did not all come out, keeps its earlier value."""
    before = session.ledger.outputs
    found: dict[str, OutputValue] = {}
    for wanted in plan.outputs:
        kept = before.get(wanted.name)
        gone = tally.spoiled and not tally.spoiled.isdisjoint(wanted.depends)
        if wanted.kept or gone or f"output.{wanted.name}" in refused:
            if kept is not None:
                found[wanted.name] = kept
            continue
        try:
            found[wanted.name] = output_of(wanted, lookup)
        except Exception as problem:
            tally.diagnostics.extend(reports.told(f'Computing the output "{wanted.name}" failed', problem))
            if kept is not None:
                found[wanted.name] = kept
    return found


def _output_of(resolver: Resolver) -> OutputOf:
    def output_of(wanted: WantedOutput, lookup: Lookup) -> OutputValue:
        value = resolver.known(wanted.value, lookup)
        if wanted.sensitive and isinstance(value, Mapping) and set(value) == {SECRET}:
            # As an earlier state kept it, which is all that a way back to that state needs.
            return OutputValue(value, wanted.type, wanted.sensitive)
        value = resolver.opened(value)
        if wanted.sensitive:
            # Of a secret the state keeps what stands for it, never the value.
            value = resolver.sealed(Sensitive(value))
        return OutputValue(value, wanted.type, wanted.sensitive)

    return output_of


def _threads(run: Run, parallelism: int) -> int:
    slots = sum(run.slots(key) for key in run.hosts)
    return (min(slots, parallelism) if parallelism else slots) + SPARE_THREADS


def _close(executor: Executor, slots: Sequence[Slot]) -> None:
    """Close connections without waiting long: a host that hangs must not keep the command from ending."""
    from concurrent.futures import wait

    wait([executor.submit(slot.close) for slot in slots], CLOSING)


def _learn(session: Session, before: Mapping[str, float], tally: Tally) -> None:
    """Remember how long steps took, half by this run and half by earlier ones."""
    learnt = dict(before)
    for name, seconds in tally.durations.items():
        mean = sum(seconds) / len(seconds)
        learnt[name] = (learnt[name] + mean) / 2 if name in learnt else mean
    if learnt != before:
        session.keep_durations(learnt)


def _unwritten(session: Session) -> bool:
    """Whether anything happened that is not written down. A begin that is not was never acted upon."""
    return any(not isinstance(entry, entries.Begun) for entry in session.unsaved)


def _rescue(session: Session, run: Run, tally: Tally, folders: Sequence[Path]) -> None:
    """The state could not be written: what was not goes to the first place that takes it, and the user is told where."""
    path = session.save_rescue(run.id, folders)
    if path is not None:
        how = f"What was done and not written lies in {path}: it must be in the stack's folder"
    else:
        how = f"What was done and not written is printed here: save it as rescue.{run.id}.jsonl in the stack's folder"
    detail = f"{how} for the next command that changes this stack to take it in."
    told = Diagnostic("state-unwritten", "Not all that was done could be written down", detail)
    tally.diagnostics.append(told)
    text = "" if path is not None else session.rescue().decode("utf-8", "surrogatepass")
    run.listener(StateUnwritten(told, str(path or ""), text))


def _result(
    plan: Plan, session: Session, run: Run, tally: Tally, abandoned: int, interrupted: int, elapsed: float
) -> ApplyResult:
    added, changed, destroyed = count(plan, tally.done)
    imported = count_imports(plan, tally.done)
    run.listener(RunEnded(added, changed, destroyed, tally.failed, tally.uncertain, tally.skipped, elapsed, imported))
    return ApplyResult(
        run.id,
        added,
        changed,
        destroyed,
        tally.failed,
        tally.uncertain,
        tally.skipped,
        session.state(),
        tuple(tally.diagnostics),
        dict(session.ledger.outputs),
        interrupted,
        abandoned,
        _unwritten(session),
        imported,
    )
