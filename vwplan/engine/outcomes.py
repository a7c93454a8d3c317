"""What an answer means for the record: pure, and the same whether a step was just seen to end or is settled much later."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from vwplan.dataclass import dataclass
from vwplan.provider.api import Observed, Outcome
from vwplan.provider.law import arguments_digest
from vwplan.state.records import Ready, Record, Status

Plain = Any


@dataclass(frozen=True, slots=True)
class Left:
    """What a step that did not succeed left: the record as it is now (None: unchanged), or the identity that went."""

    record: Record | None = None
    drops: str = ""
    words: str = ""


def succeeded(
    verb: str, planned: Record, current: Record | None, outcome: Outcome, *, run: str, uuid: str, epoch: int
) -> Record:
    """The record after a step that succeeded: as planned, with what only the call could tell."""
    observed = outcome.observed
    facts: Mapping[str, Plain] = planned.facts
    if current is not None and current.facts:
        facts = {**current.facts, **facts}
    if (observed is not None and observed.facts) or outcome.facts:
        facts = {**facts, **(observed.facts if observed is not None else {}), **outcome.facts}
    written = current.writer if current is not None else ""
    mark = observed.mark if observed is not None else None
    if mark is not None:
        written = mark.writer
    elif verb != "power" or not written:
        written = run
    boot = observed.boot if observed is not None else ""
    ready = _ready(current, outcome, boot)
    if planned.kind == "workspace":
        facts = {**facts, "is_ready": ready is not None}
    return replace(
        planned,
        host_uuid=uuid or planned.host_uuid,
        facts=facts,
        status=Status.PRESENT if planned.status in (Status.PENDING, Status.TAINTED) else planned.status,
        writer=written,
        digest=observed.digest if observed is not None else planned.digest,
        parts=observed.parts if observed is not None else planned.parts,
        ready=ready,
        epoch=epoch if verb == "deliver" and epoch else planned.epoch,
    )


def _ready(current: Record | None, outcome: Outcome, boot: str) -> Ready | None:
    """The event of being ready: this call's, or an earlier one in the same boot."""
    if outcome.ready_at > 0:
        return Ready(outcome.ready_at, boot)
    if current is not None and current.ready is not None and boot and current.ready.boot == boot:
        return current.ready
    return None


def left_behind(
    verb: str,
    planned: Record | None,
    drops: str,
    current: Record | None,
    seen: Observed | None,
    lineage: str,
    writers: Collection[str],
) -> Left:
    """What a begun step left, from all parts of its object: nothing is repeated, everything of ours that exists is recorded.

    `current` is the record that the state has of the identity, `writers` the runs whose mark is ours.
    """
    if verb == "give":
        return _given(drops, seen, lineage)
    if verb == "take":
        return _taken(planned, seen, lineage)
    if verb == "adopt":
        return _adopted(planned, seen, lineage, writers)
    if seen is not None and not _ours(seen, current, lineage, writers):
        return Left(words="is not ours, and is left alone")
    if verb == "delete":
        return _half_deleted(drops, current, seen)
    if planned is None:
        return Left(words="nothing to record")
    if verb == "create":
        return _half_made(planned, seen, writers)
    if verb == "stage":
        return _half_staged(planned, seen)
    if current is None:
        return Left(words="nothing is recorded of it")
    return _half_changed(planned, current, seen, writers)


_BY_NAME = frozenset({"volume", "image"})
"""Kinds whose objects bear no mark: their names, which derive from the identity or the content, say whose they are."""


def _ours(seen: Observed, current: Record | None, lineage: str, writers: Collection[str]) -> bool:
    """Whether an object is this state's, and no other copy of the state wrote it. Parts alone bear no mark."""
    mark = seen.mark
    if mark is None:
        return seen.kind in _BY_NAME or not seen.complete
    if mark.lineage != lineage or mark.identity != seen.identity:
        return False
    return mark.writer in writers or (current is not None and current.writer in ("", mark.writer))


def _given(drops: str, seen: Observed | None, lineage: str) -> Left:
    """An object was to be handed over to another state: its mark tells whose it is."""
    if seen is None:
        return Left(words="is not there any more")
    if seen.mark is None or seen.mark.lineage == lineage:
        return Left(words="was not handed over")
    return Left(drops=drops, words="was handed over")


def _taken(planned: Record | None, seen: Observed | None, lineage: str) -> Left:
    """An object was to be taken over from another state."""
    if planned is None or seen is None or seen.mark is None or seen.mark.lineage != lineage:
        return Left(words="was not taken over")
    record = replace(planned, writer=seen.mark.writer, digest=seen.digest, parts=seen.parts)
    return Left(record, words="was taken over")


def _adopted(planned: Record | None, seen: Observed | None, lineage: str, writers: Collection[str]) -> Left:
    """An object that exists was to be imported: it is ours once it bears our mark."""
    mark = None if seen is None else seen.mark
    if planned is None or seen is None or mark is None or mark.lineage != lineage or mark.writer not in writers:
        return Left(words="was not imported")
    return Left(replace(_as_seen(planned, planned, seen), writer=mark.writer), words="was imported")


def _half_made(planned: Record, seen: Observed | None, writers: Collection[str]) -> Left:
    if seen is None:
        return Left(replace(planned, status=Status.PENDING, parts=(), digest="", ready=None), words="nothing was made")
    if not seen.complete:
        parts = ", ".join(seen.parts)
        record = replace(planned, status=Status.TAINTED, parts=seen.parts, digest=seen.digest, ready=None)
        return Left(_marked(record, seen, writers), words=f"half-made ({parts}), to be made anew")
    if seen.mark is not None and seen.mark.digest != arguments_digest(planned.arguments):
        record = replace(planned, status=Status.TAINTED, parts=seen.parts, digest=seen.digest, ready=None)
        return Left(_marked(record, seen, writers), words="was made from other arguments, to be made anew")
    return Left(_marked(_as_seen(planned, planned, seen), seen, writers), words="was made")


def _half_staged(planned: Record, seen: Observed | None) -> Left:
    """Bases are shared and never half there: present only when complete."""
    if seen is None or not seen.complete:
        return Left(words="was not staged")
    return Left(replace(planned, parts=seen.parts, digest=seen.digest), words="was staged")


def _half_changed(planned: Record, current: Record, seen: Observed | None, writers: Collection[str]) -> Left:
    if seen is None:
        # Nobody knows who took it away: the next plan sees that it is gone, and says so.
        return Left(words="is not there any more")
    if not seen.complete:
        record = replace(current, status=Status.TAINTED, parts=seen.parts, digest=seen.digest, ready=None)
        return Left(_marked(record, seen, writers), words="has lost parts, to be made anew")
    record = _as_seen(planned, current, seen)
    return Left(_marked(record, seen, writers), words="was left as it is now recorded")


def _half_deleted(drops: str, current: Record | None, seen: Observed | None) -> Left:
    if seen is None:
        return Left(drops=drops, words="was deleted")
    if current is None or seen.complete:
        return Left(words="is still there")
    record = replace(current, status=Status.TAINTED, parts=seen.parts, digest=seen.digest, ready=None)
    return Left(record, words=f"half-deleted ({', '.join(seen.parts)} left)")


def _as_seen(planned: Record, current: Record, seen: Observed) -> Record:
    """A whole object as observed: an argument counts as applied where it is seen to be so, else it is as it was before."""
    arguments = dict(current.arguments)
    for name, value in planned.arguments.items():
        if name in seen.arguments and _agrees(value, seen.arguments[name]):
            arguments[name] = value
    if current is planned and "power" in seen.arguments:
        arguments["power"] = seen.arguments["power"]
    ready = current.ready if current.ready is not None and seen.boot == current.ready.boot else None
    return replace(
        current,
        arguments=arguments,
        facts={**current.facts, **seen.facts},
        parts=seen.parts,
        digest=seen.digest,
        ready=ready,
    )


def _agrees(planned: Plain, seen: Plain) -> bool:
    """Whether what is seen agrees with what was planned, in so far as it can be seen."""
    if isinstance(planned, Mapping) and isinstance(seen, Mapping):
        return all(name in planned and _agrees(planned[name], value) for name, value in seen.items())
    if isinstance(planned, list | tuple) and isinstance(seen, list | tuple):
        return len(planned) == len(seen) and all(_agrees(a, b) for a, b in zip(planned, seen, strict=True))
    return bool(planned == seen)


def _marked(record: Record, seen: Observed, writers: Collection[str]) -> Record:
    """The record with the mark's writer, where that is one of ours; another copy's mark is left to be noticed."""
    mark = seen.mark
    if mark is not None and mark.writer != record.writer and mark.writer in writers:
        return replace(record, writer=mark.writer)
    return record
