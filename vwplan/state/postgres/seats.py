"""Addresses and MACs as rows: each has one owner, whichever stack it is in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from psycopg import Connection

from vwplan.diagnostics import DiagnosticError
from vwplan.state.claims import WHOLE, Occupants, Seat
from vwplan.state.fold import Ledger
from vwplan.state.postgres import problems
from vwplan.state.postgres.rows import Batch

_RESERVED = "DO UPDATE SET session = seats.session"
_RECORDED = "DO UPDATE SET owner = excluded.owner, session = NULL"


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


def follow(occupants: Occupants, ledger: Ledger, batch: Batch, *, all: bool = False) -> dict[str, set[Seat]]:
    """Bring the occupants up to a batch that was laid over the ledger; gives the seats of each address where they change.

    With `all`, of every address concerned.
    """
    before = {address: occupants.seats(address) for address in batch.addresses}
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
    after = {address: occupants.seats(address) for address in batch.addresses}
    return {address: seats for address, seats in after.items() if all or seats != before[address]}


def write_seats(connection: Connection[Any], stack: int, owners: Mapping[str, Iterable[Seat]], session: str) -> None:
    """Let each owner have these seats and no others, for good.

    A diagnostic where one belongs to somebody whose row the session has not claimed.
    """
    connection.execute(
        "DELETE FROM vwplan.seats WHERE stack = %s AND owner = ANY(%b) AND session IS NULL", (stack, list(owners))
    )
    _take(connection, stack, [seat for seats in owners.values() for seat in seats], session, _RECORDED)


def reserve(connection: Connection[Any], stack: int, seats: Iterable[Seat], session: str) -> None:
    """Take the seats that a plan gives out, until they are recorded or the session ends; what is recorded stays so."""
    _take(connection, stack, seats, session, _RESERVED)


def _take(connection: Connection[Any], stack: int, seats: Iterable[Seat], session: str, change: str) -> None:
    """Seats in one order for all, so that two who want the same ones do not wait for each other in a circle."""
    wanted = sorted({(seat.scope, seat.value): seat for seat in seats}.items())
    if not wanted:
        return
    holder = session if change == _RESERVED else None
    taken = connection.execute(
        "INSERT INTO vwplan.seats (scope, value, stack, owner, session) "
        "SELECT s, v, %s, o, %s FROM unnest(%b::text[], %b::text[], %b::text[]) AS u (s, v, o) "
        f"ON CONFLICT (scope, value) {change} "
        "WHERE seats.stack = excluded.stack AND (seats.owner = excluded.owner OR (SELECT true FROM vwplan.claims AS c "
        "WHERE c.stack = seats.stack AND c.session = %s AND c.exclusive AND c.name IN (seats.owner, %s) LIMIT 1)) "
        "RETURNING scope, value",
        (
            stack,
            holder,
            [scope for (scope, _), _ in wanted],
            [value for (_, value), _ in wanted],
            [seat.owner for _, seat in wanted],
            session,
            WHOLE,
        ),
    )
    got = {tuple(row) for row in taken}
    for key, seat in wanted:
        if key not in got:
            raise _taken(connection, seat)


def _taken(connection: Connection[Any], seat: Seat) -> DiagnosticError:
    found = connection.execute(
        "SELECT s.name, t.owner FROM vwplan.seats AS t JOIN vwplan.stacks AS s ON s.id = t.stack "
        "WHERE t.scope = %s AND t.value = %s",
        (seat.scope, seat.value),
    ).fetchone()
    stack, owner = found if found is not None else ("?", "another resource")
    return problems.seat_taken(seat.value, seat.scope, stack, owner)
