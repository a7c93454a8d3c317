"""Addresses and MACs as rows: each has one owner, whichever stack it is in."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from psycopg import Connection

from vwplan.state.claims import WHOLE, Occupants, Seat
from vwplan.state.fold import Ledger
from vwplan.state.postgres import problems
from vwplan.state.postgres.rows import Batch


def occupants_of(ledger: Ledger) -> Occupants:
    """Who sits where in a state."""
    found = Occupants()
    for records in (ledger.records, ledger.deposed):
        for record in records.values():
            found.put(record.identity, record)
    for (run, step), begun in ledger.unfinished.items():
        if begun.record is not None:
            found.put(f"{run} {step}", begun.record)
    return found


def follow(occupants: Occupants, ledger: Ledger, batch: Batch) -> set[Seat]:
    """Bring the occupants up to a batch that was laid over the ledger; gives the seats of all addresses concerned."""
    for identity, (record, _) in batch.records.items():
        if record is None:
            occupants.remove(identity)
        else:
            occupants.put(identity, record)
    for (run, step), begun in batch.begun.items():
        if begun is None or begun.record is None:
            occupants.remove(f"{run} {step}")
        else:
            occupants.put(f"{run} {step}", begun.record)
    return {seat for address in batch.addresses for seat in occupants.seats(address)}


def write_seats(
    connection: Connection[Any], stack: int, owners: Collection[str], seats: Iterable[Seat], ours: Collection[str]
) -> None:
    """Let the owners have these seats and no others; a diagnostic where one belongs to somebody not among `ours`."""
    connection.execute(
        "DELETE FROM vwplan.seats WHERE stack = %s AND owner = ANY(%s) AND session IS NULL", (stack, list(owners))
    )
    _take(connection, stack, seats, ours, None)


def reserve(
    connection: Connection[Any], stack: int, session: str, seats: Iterable[Seat], ours: Collection[str]
) -> None:
    """Take the seats that a plan gives out, until they are recorded or the session ends."""
    _take(connection, stack, seats, ours, session)


def _take(
    connection: Connection[Any], stack: int, seats: Iterable[Seat], ours: Collection[str], session: str | None
) -> None:
    """Seats in one order for all, so that two who want the same ones do not wait for each other in a circle."""
    wanted = sorted({(seat.scope, seat.value): seat for seat in seats}.items())
    if not wanted:
        return
    # A reservation never takes what is recorded: the owner's own is there already.
    change = (
        "DO UPDATE SET owner = excluded.owner, session = NULL"
        if session is None
        else "DO UPDATE SET session = seats.session"
    )
    everything = WHOLE in ours
    taken = connection.execute(
        "INSERT INTO vwplan.seats (scope, value, stack, owner, session) "
        "SELECT s, v, %s, o, %s FROM unnest(%s::text[], %s::text[], %s::text[]) AS u (s, v, o) "
        f"ON CONFLICT (scope, value) {change} "
        "WHERE seats.stack = excluded.stack AND (%s OR seats.owner = excluded.owner OR seats.owner = ANY(%s)) "
        "RETURNING scope, value",
        (
            stack,
            session,
            [scope for (scope, _), _ in wanted],
            [value for (_, value), _ in wanted],
            [seat.owner for _, seat in wanted],
            everything,
            list(ours),
        ),
    )
    got = {tuple(row) for row in taken}
    for key, seat in wanted:
        if key in got:
            continue
        found = connection.execute(
            "SELECT s.name, t.owner FROM vwplan.seats AS t JOIN vwplan.stacks AS s ON s.id = t.stack "
            "WHERE t.scope = %s AND t.value = %s",
            key,
        ).fetchone()
        stack_name, owner = found if found is not None else ("?", "another resource")
        raise problems.seat_taken(seat.value, seat.scope, stack_name, owner)
