"""What an earlier state knows nothing of: recorded all the same when it is put in the place of a later one. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from vwplan.state.records import Record, Roster, State, Status

_SOUND = frozenset({Status.PRESENT, Status.KEPT})


def with_younger(earlier: State, now: State) -> tuple[State, tuple[Record, ...]]:
    """An earlier state with all that exists since, and the records that it has beyond its own.

    Nothing that is recorded now goes unrecorded: what is younger is kept, so that no plan destroys it unless it is asked to; and what
    is recorded in both is recorded as it is now, since what was done to it since is not undone by a record. Where
    something was made anew since, the younger object stays in its place and the older one, which is gone or was let go of,
    is not brought back. An object that was moved since goes back to its earlier address, unless a younger one has that: then it
    stays. Where even that is not possible the younger one is left over, as after a replacement. Rosters never fall to an
    epoch that members have heard of. States of two lineages have nothing to do with each other.
    """
    if earlier.lineage != now.lineage:
        return earlier, ()
    alive = {record.identity: record for record in now.records.values()}
    places = {key: _back(record, alive.get(record.identity)) for key, record in earlier.records.items()}
    deposed = {key: now.deposed[key] for key in earlier.deposed if key in now.deposed}
    known = {record.identity for record in places.values()} | deposed.keys()
    younger: list[Record] = []
    for record in now.records.values():
        if record.identity in known or record.status is Status.PENDING:
            continue
        younger.append(record)
        holder = places.get(record.address)
        if holder is None:
            status = Status.KEPT if record.status is Status.PRESENT else record.status
            places[record.address] = replace(record, status=status)
            continue
        moved = alive.get(holder.identity)
        if moved is None:
            places[record.address] = record
            if holder.identity in now.deposed:
                deposed[holder.identity] = now.deposed[holder.identity]
        elif moved.address not in places and moved.address != record.address:
            places[moved.address] = replace(holder, address=moved.address)
            places[record.address] = record
        else:
            deposed[record.identity] = record
    for identity, record in now.deposed.items():
        if identity not in known:
            deposed[identity] = record
            younger.append(record)
    rosters = _rosters(earlier.rosters, now.rosters)
    return replace(earlier, records=places, deposed=deposed, rosters=rosters), tuple(younger)


def _back(record: Record, now: Record | None) -> Record:
    """An earlier record, or what it is by now, in the earlier place; planned or merely kept as it was then, if it is whole."""
    if now is None:
        return record
    status = record.status if {record.status, now.status} <= _SOUND else now.status
    return replace(now, address=record.address, status=status)


def _rosters(earlier: Mapping[str, Roster], now: Mapping[str, Roster]) -> dict[str, Roster]:
    """The earlier rosters, under a new epoch where they differ from those that members have now; and those made since."""
    found = dict(now)
    for key, roster in earlier.items():
        after = now.get(key)
        if after is None:
            found[key] = roster
        elif (list(after.members), dict(after.provides)) != (list(roster.members), dict(roster.provides)):
            found[key] = replace(roster, epoch=after.epoch + 1)
    return found
