"""Making a stack, and putting a whole state in the place of another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from psycopg import Connection

from vwplan.state.claims import WHOLE
from vwplan.state.cover import Cover
from vwplan.state.entries import Begun
from vwplan.state.fold import Ledger
from vwplan.state.postgres import rows, seats
from vwplan.state.postgres.batch import Batch
from vwplan.state.postgres.bodies import Bodies
from vwplan.state.postgres.past import add_base
from vwplan.state.records import State
from vwplan.state.wire import output_to_plain, roster_to_plain


def make(connection: Connection[Any], name: str, state: State, cover: Cover) -> rows.StackRow:
    """Make a stack that has a state from the start. Whoever makes it at the same time waits, and then finds it."""
    connection.execute(
        "INSERT INTO vwplan.stacks (name, lineage, serial, key_id) VALUES (%s, %s, %s, %s) ON CONFLICT (name) DO NOTHING",
        (name, state.lineage, state.serial, state.key_id),
    )
    row = rows.stack_row(connection, name, lock=True)
    if row is None:
        raise rows.Conflict
    if row.commits == 0 and row.lineage == state.lineage:
        put(connection, row, state, (), Bodies(cover, name, state.lineage))
    return row


def put(
    connection: Connection[Any], row: rows.StackRow, state: State, unfinished: Sequence[Begun], bodies: Bodies
) -> None:
    """Put a state in the place of what a stack has; runs that were under way there are over."""
    stack, bodies = row.id, bodies.of(state.lineage)
    for table in ("records", "rosters", "outputs", "begun", "writers", "seats"):
        connection.execute(f"DELETE FROM vwplan.{table} WHERE stack = %s", (stack,))
    connection.execute("UPDATE vwplan.runs SET result = 'replaced' WHERE stack = %s AND result IS NULL", (stack,))
    commit = row.commits + 1
    connection.execute(
        "UPDATE vwplan.stacks SET lineage = %s, serial = %s, commits = %s, key_id = %s, moved_to = '' WHERE id = %s",
        (state.lineage, state.serial, commit, state.key_id, stack),
    )
    rows.touch(connection, stack, state.serial, (WHOLE,))
    batch = Batch(unfinished)
    batch.records = {record.identity: (record, False) for record in state.records.values()}
    batch.records |= {record.identity: (record, True) for record in state.deposed.values()}
    batch.rosters = {key: roster_to_plain(roster) for key, roster in state.rosters.items()}
    batch.outputs = {name: output_to_plain(output) for name, output in state.outputs.items()}
    batch.begun = {(begun.run, begun.step): begun for begun in unfinished}
    batch.writers = sorted(state.previous_writers)
    rows.write(connection, stack, "", batch, {}, bodies)
    ledger = Ledger(state)
    for begun in unfinished:
        ledger.take(begun)
    occupants = seats.occupants_of(ledger)
    owners = {record.address for record, _ in batch.records.values() if record is not None}
    seats.write_seats(connection, stack, {owner: occupants.seats(owner) for owner in owners}, "")
    add_base(connection, stack, commit, state, bodies)
    if unfinished:
        rows.insert_entries(connection, stack, commit, unfinished, bodies)


def all_runs(connection: Connection[Any], stack: int) -> frozenset[str]:
    """The ids of all runs that there were: their marks may turn up on objects."""
    return frozenset(
        run
        for (run,) in connection.execute(
            "SELECT run FROM vwplan.runs WHERE stack = %s UNION SELECT run FROM vwplan.writers WHERE stack = %s",
            (stack, stack),
        )
    )
