"""Handing objects over from one stack to another: the new mark on each object, and the records of both, so that a crash is settled.

Both journals say what is begun before a host hears of it. Whose an object is, its mark alone says: where that is the other's, the
giver's record goes; where it is not, the taker records nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from threading import Event

from vwplan.dataclass import dataclass
from vwplan.engine import calls
from vwplan.engine.apply import Run
from vwplan.engine.calls import Answer, Slot
from vwplan.engine.observe import at_once
from vwplan.engine.outcomes import left_behind
from vwplan.plan.plain import is_secret, strings
from vwplan.provider.api import Action, Expectation, Mark, Reporter, Verb
from vwplan.provider.law import arguments_digest
from vwplan.state.entries import Begun, Ended, Entry, Recorded, Result, Rosters, RunEnded
from vwplan.state.records import Record, Roster, State, Status
from vwplan.state.store import Session

Pair = tuple[Record, Record]
"""A record of the giver, and what it becomes in the taker's state."""

PATIENCE = 60.0
"""Seconds that a host has for its first object; each further one adds a second."""


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What became of each: those that are the other stack's now, and those that are not, with why."""

    done: tuple[Pair, ...]
    failed: tuple[tuple[Record, str], ...]


def hand_over(
    giver: Session, taker: Session, pairs: Sequence[Pair], rosters: Mapping[str, Roster], drops: Sequence[str], run: Run
) -> HandedOver:
    """Hand objects over, as a run of the same id in both stacks.

    `rosters` are those that the taker gets, `drops` the clusters whose rosters the giver loses, both once all is handed over.
    Raises `WriteFailed` when a journal cannot be written; what is under way then is settled by the next command on each stack.
    """
    now = run.clock.time()
    giver.start(run.id, now, run.doing)
    taker.start(run.id, now, run.doing)
    quiet = [pair for pair in pairs if _is_unmarked(pair[0])]
    marked = [pair for pair in pairs if not _is_unmarked(pair[0])]
    if quiet:
        taker.write([Recorded(run.id, tuple(new for _, new in quiet))])
        giver.write([Recorded(run.id, (), tuple(old.identity for old, _ in quiet))])
    taker.write([_begun(run, place, new, "take") for place, (_, new) in enumerate(marked)])
    giver.write([_begun(run, place, old, "give") for place, (old, _) in enumerate(marked)])
    answers = _ask(giver, taker, marked, run)
    ends = [_ended(giver, taker, run, place, pair, answers.get(place)) for place, pair in enumerate(marked)]
    taker.write([taken for _, taken, _ in ends])
    giver.write([given for given, _, _ in ends])
    failed = tuple((old, why) for (old, _), (_, _, why) in zip(marked, ends, strict=True) if why)
    if not failed:
        if rosters:
            taker.write([Rosters(run.id, dict(rosters))])
        if drops:
            giver.write([Rosters(run.id, {}, tuple(drops))])
    for session in (taker, giver):
        session.finish(RunEnded(run.id, run.clock.time(), "failed" if failed else "done"))
    lost = {old.identity for old, _ in failed}
    return HandedOver(tuple(pair for pair in pairs if pair[0].identity not in lost), failed)


def _is_unmarked(record: Record) -> bool:
    """Whether nothing on a host says whose it is: a shared base, or what does not exist yet."""
    return record.kind == "image" or record.status is Status.PENDING


def strained(state: State, pairs: Sequence[Pair]) -> tuple[list[str], list[str]]:
    """What does not travel well: those with sensitive arguments, sealed under a key of the giver's; and who is parted from what.

    The second are sentences on objects of which one stays while the other, which refers to it, goes.
    """
    going = {old.identity: old for old, _ in pairs}
    staying = {one.identity: one for one in state.records.values() if one.identity not in going}
    parted = [
        f"{old.address} uses {staying[text].address}, which stays"
        for old in going.values()
        for text in strings(old.arguments)
        if text in staying
    ]
    parted += [
        f"{one.address}, which stays, uses {going[text].address}"
        for one in staying.values()
        for text in strings(one.arguments)
        if text in going
    ]
    return [old.address for old in going.values() if _has_secret(old.arguments)], parted


def _has_secret(value: object) -> bool:
    if is_secret(value):
        return True
    if isinstance(value, Mapping):
        return any(_has_secret(item) for item in value.values())
    return isinstance(value, list | tuple) and any(_has_secret(item) for item in value)


def _begun(run: Run, place: int, record: Record, verb: str) -> Begun:
    taken = verb == "take"
    host = f"{record.provider}/{record.host}"
    return Begun(
        run.id,
        f"h{place}",
        verb,
        record.address,
        record.kind,
        record.identity,
        record.name,
        host,
        record.host_uuid,
        record.birth,
        record if taken else None,
        "" if taken else record.identity,
    )


def _ask(giver: Session, taker: Session, marked: Sequence[Pair], run: Run) -> dict[int, Answer]:
    """Have each host write the new marks, all hosts at once; by place in `marked`, those that did not answer in time left out."""
    by_host: dict[str, list[int]] = {}
    for place, (old, _) in enumerate(marked):
        by_host.setdefault(f"{old.provider}/{old.host}", []).append(place)
    found: dict[int, Answer] = {}
    tasks = {
        key: _writer(giver, taker, marked, places, run, key, found)
        for key, places in by_host.items()
        if key in run.hosts
    }
    most = max((len(places) for places in by_host.values()), default=0)
    at_once(tasks, PATIENCE + most, run.clock)
    # What a slow host still answers later must not be taken for half of the truth.
    return dict(found)


def _writer(
    giver: Session,
    taker: Session,
    marked: Sequence[Pair],
    places: Sequence[int],
    run: Run,
    key: str,
    found: dict[int, Answer],
) -> Callable[[], None]:
    lineages = giver.ledger.lineage, taker.ledger.lineage
    actions = {place: _action(*marked[place], run, *lineages) for place in places}
    uuid = marked[places[0]][0].host_uuid

    def work() -> None:
        slot = Slot(run.hosts[key], run.open, uuid)
        try:
            for place, action in actions.items():
                found[place] = calls.perform(slot, action, Reporter(lambda words: None, Event()))
        finally:
            slot.close()

    return work


def _action(old: Record, new: Record, run: Run, giver: str, taker: str) -> Action:
    mark = Mark(taker, new.identity, new.address, new.birth, arguments_digest(new.arguments), run.id)
    expects = Expectation(True, frozenset({old.writer} - {""}), "", giver)
    return Action(Verb.UPDATE, new.kind, new.identity, new.name, mark, new.arguments, expects, before=old.arguments)


def _ended(
    giver: Session, taker: Session, run: Run, place: int, pair: Pair, answer: Answer | None
) -> tuple[Entry, Entry, str]:
    """The ends for giver and taker, and why it failed; empty where it did not."""
    old, new = pair
    step = f"h{place}"
    if answer is None or (answer.outcome is None and answer.begun and not answer.seen):
        why = (
            "its host is not of this configuration, or did not answer in time; the next command looks what became of it"
        )
        uncertain = Ended(run.id, step, Result.UNCERTAIN, note=why)
        return uncertain, uncertain, why
    if not answer.begun:
        why = "" if answer.problem is None else answer.problem.summary
        failed = Ended(run.id, step, Result.FAILED, note=why)
        return failed, failed, why or "its host could not be asked"
    seen = answer.left if answer.outcome is None else answer.outcome.observed
    writers = {run.id}
    given = left_behind("give", None, old.identity, old, seen, giver.ledger.lineage, writers)
    taken = left_behind("take", new, "", None, seen, taker.ledger.lineage, writers)
    why = ""
    if taken.record is None:
        problem = answer.problem
        why = taken.words if problem is None else f"{problem.summary}. {problem.detail}".strip()
    result = Result.DONE if not why else Result.FAILED
    record = None if taken.record is None else replace(taken.record, host_uuid=answer.uuid or new.host_uuid)
    return (
        Ended(run.id, step, result, None, given.drops, given.words, answer.elapsed),
        Ended(run.id, step, result, record, "", taken.words, answer.elapsed),
        why,
    )
