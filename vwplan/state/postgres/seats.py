"""Addresses, MACs and ranges as rows: each has one owner, whichever stack it is in. And shares of what hosts have to give."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from psycopg import Connection

from vwplan.diagnostics import DiagnosticError
from vwplan.state.claims import WHOLE, Claims, Occupants, Seat
from vwplan.state.fold import Ledger
from vwplan.state.postgres import problems
from vwplan.state.postgres.batch import Batch

_RESERVED = (
    "DO UPDATE SET session = seats.session, "
    "amount = CASE WHEN seats.session IS NULL THEN seats.amount ELSE excluded.amount END"
)
_RECORDED = "DO UPDATE SET stack = excluded.stack, owner = excluded.owner, session = NULL, amount = excluded.amount"
_HANDED = (
    "OR (seats.session IS NULL AND EXISTS (SELECT FROM vwplan.claims AS c JOIN vwplan.sessions AS s ON s.id = c.session "
    "JOIN vwplan.sessions AS me ON me.id = %s WHERE c.stack = seats.stack AND c.exclusive "
    "AND c.name IN (seats.owner, %s) AND s.process = me.process AND s.process <> ''))"
)
"""A process that has the owner's row of another stack too hands over from that stack to this one."""

_PLANNED = " to be"
"""What the name of a share ends in that is only planned: it goes when the real one is written, or its session ends."""


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


def write_seats(
    connection: Connection[Any], stack: int, owners: Mapping[str, Iterable[Seat]], session: str, *, strict: bool = True
) -> None:
    """Let each owner have these seats and no others, for good.

    A diagnostic where one belongs to somebody whose row the session has not claimed; without `strict` it stays theirs.
    """
    connection.execute(
        "DELETE FROM vwplan.seats WHERE stack = %s AND owner = ANY(%b) AND "
        "(session IS NULL OR (session = %s AND amount > 0))",
        (stack, list(owners), session),
    )
    _take(connection, stack, [seat for seats in owners.values() for seat in seats], session, _RECORDED, strict=strict)


def reserve(connection: Connection[Any], stack: int, claims: Claims, session: str) -> None:
    """Take the seats that a plan gives out, until they are recorded or the session ends; what is recorded stays so.

    A diagnostic where a seat belongs to another, and where several at work would give out more of a host than it has.
    """
    _take(connection, stack, [seat for seat in claims.seats if not seat.amount], session, _RESERVED)
    shares: dict[tuple[str, str], Seat] = {}
    for seat in claims.seats:
        if seat.amount > shares.get((seat.scope, seat.value), NOTHING).amount:
            shares[seat.scope, seat.value] = seat
    scopes = sorted({scope for scope, _ in shares})
    for scope in scopes:
        # Whoever claims on the same host waits here until this is committed; all take these locks in the same order.
        connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"vwplan {scope}",))
    more = _increases(connection, shares)
    _take(connection, stack, more, session, _RESERVED)
    for scope in sorted({seat.scope for seat in more} & claims.limits.keys()):
        _check_limit(connection, scope, claims.limits[scope], session)


NOTHING = Seat("", "", "")


def _increases(connection: Connection[Any], shares: Mapping[tuple[str, str], Seat]) -> list[Seat]:
    """The shares as far as they are more than what is recorded, as planned ones."""
    if not shares:
        return []
    recorded: dict[tuple[str, str], int] = {
        (scope, value): amount
        for scope, value, amount in connection.execute(
            "SELECT scope, value, amount FROM vwplan.seats WHERE scope = ANY(%b) AND value = ANY(%b)",
            (sorted({scope for scope, _ in shares}), sorted({value for _, value in shares})),
        )
    }
    return [
        replace(seat, value=seat.value + _PLANNED, amount=seat.amount - recorded.get(key, 0))
        for key, seat in shares.items()
        if seat.amount > recorded.get(key, 0)
    ]


def _check_limit(connection: Connection[Any], scope: str, limit: int, session: str) -> None:
    """Refuse what would be too much together with what others are just giving out. Whoever is alone may give out more: how
    far a host is filled is for its owner to say, and not for us."""
    total, others = connection.execute(
        "SELECT coalesce(sum(amount), 0)::bigint, coalesce(sum(amount) FILTER (WHERE EXISTS (SELECT FROM vwplan.claims AS c "
        "WHERE c.stack = s.stack AND c.name IN (s.owner, %s) AND c.session <> %s AND c.exclusive)), 0)::bigint "
        "FROM vwplan.seats AS s WHERE scope = %s",
        (WHOLE, session, scope),
    ).fetchone() or (0, 0)
    if total > limit and others:
        raise problems.host_full(scope, limit, total, others)


def _take(
    connection: Connection[Any], stack: int, seats: Iterable[Seat], session: str, change: str, *, strict: bool = True
) -> None:
    """Seats in one order for all, so that two who want the same ones do not wait for each other in a circle."""
    ordered = sorted(seats, key=lambda seat: (seat.scope, seat.value, seat.amount))
    wanted = list({(seat.scope, seat.value): seat for seat in ordered}.items())
    if not wanted:
        return
    holder = session if change == _RESERVED else None
    taken = connection.execute(
        "INSERT INTO vwplan.seats (scope, value, stack, owner, session, amount) "
        "SELECT s, v, %s, o, %s, a FROM unnest(%b::text[], %b::text[], %b::text[], %s::bigint[]) AS u (s, v, o, a) "
        f"ON CONFLICT (scope, value) {change} "
        "WHERE (seats.stack = excluded.stack AND (seats.owner = excluded.owner OR (SELECT true FROM vwplan.claims AS c "
        "WHERE c.stack = seats.stack AND c.session = %s AND c.exclusive AND c.name IN (seats.owner, %s) LIMIT 1))) "
        f"{_HANDED if change == _RECORDED else ''} "
        "RETURNING scope, value",
        (
            stack,
            holder,
            [scope for (scope, _), _ in wanted],
            [value for (_, value), _ in wanted],
            [seat.owner for _, seat in wanted],
            [seat.amount for _, seat in wanted],
            session,
            WHOLE,
            *((session, WHOLE) if change == _RECORDED else ()),
        ),
    )
    got = {tuple(row) for row in taken}
    for key, seat in wanted:
        if key not in got and strict:
            raise _taken(connection, seat)


def _taken(connection: Connection[Any], seat: Seat) -> DiagnosticError:
    found = connection.execute(
        "SELECT s.name, t.owner FROM vwplan.seats AS t JOIN vwplan.stacks AS s ON s.id = t.stack "
        "WHERE t.scope = %s AND t.value = %s",
        (seat.scope, seat.value),
    ).fetchone()
    stack, owner = found if found is not None else ("?", "another resource")
    return problems.seat_taken(seat.value, seat.scope, stack, owner)
