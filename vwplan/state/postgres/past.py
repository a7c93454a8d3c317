"""What a stack was: every version that its entries tell of, over the bases that they follow."""

from __future__ import annotations

from typing import Any

from psycopg import Connection

from vwplan.state.cover import Cover
from vwplan.state.entries import Begun, RunStarted
from vwplan.state.entries import entry_from_plain as read_entry
from vwplan.state.fold import Ledger
from vwplan.state.history import KEPT, Version
from vwplan.state.postgres.bodies import Bodies
from vwplan.state.postgres.rows import insert_entries, load_here, stack_row
from vwplan.state.records import State

LEAST = 5000
"""The number of entries since the last base up to which none is made."""


def add_base(connection: Connection[Any], stack: int, commit: int, state: State, bodies: Bodies) -> None:
    """Keep a whole state, from which later entries go on."""
    connection.execute(
        "INSERT INTO vwplan.bases (stack, commit, serial, records, snapshot) VALUES (%s, %s, %s, %s, %s)",
        (stack, commit, state.serial, len(state.records), bodies.snapshot(state)),
    )


def tidy(connection: Connection[Any], name: str, cover: Cover) -> None:
    """Make a new base when many entries follow the last one, and forget what comes before the oldest that is kept."""
    row = stack_row(connection, name, lock=True)
    if row is None:
        return
    counted = connection.execute(
        "SELECT count(*), (SELECT count(*) FROM vwplan.records WHERE stack = %s) FROM vwplan.entries WHERE stack = %s "
        "AND commit > (SELECT coalesce(max(commit), 0) FROM vwplan.bases WHERE stack = %s)",
        (row.id, row.id, row.id),
    ).fetchone()
    if counted is None or counted[0] <= max(LEAST, 4 * counted[1]):
        return
    loaded = load_here(connection, name, cover)
    if loaded is None:
        return
    ledger = loaded.ledger
    commit = row.commits + 1
    connection.execute("UPDATE vwplan.stacks SET commits = %s WHERE id = %s", (commit, row.id))
    add_base(connection, row.id, commit, ledger.state(), loaded.bodies)
    # What is under way is told again, so that no version loses it.
    insert_entries(connection, row.id, commit, [*ledger.running.values(), *ledger.unfinished.values()], loaded.bodies)
    connection.execute(
        "DELETE FROM vwplan.bases WHERE stack = %s AND commit NOT IN "
        "(SELECT commit FROM vwplan.bases WHERE stack = %s ORDER BY commit DESC LIMIT %s)",
        (row.id, row.id, KEPT),
    )
    connection.execute(
        "DELETE FROM vwplan.entries WHERE stack = %s AND commit < (SELECT min(commit) FROM vwplan.bases WHERE stack = %s)",
        (row.id, row.id),
    )
    connection.execute(
        "DELETE FROM vwplan.runs AS r WHERE stack = %s AND result IS NOT NULL AND serial < "
        "(SELECT min(serial) FROM vwplan.bases WHERE stack = %s) AND NOT EXISTS "
        "(SELECT FROM vwplan.begun AS b WHERE b.stack = r.stack AND b.run = r.run)",
        (row.id, row.id),
    )


def versions(connection: Connection[Any], stack: int) -> tuple[Version, ...]:
    """Every version that can be had back, newest first."""
    found: dict[int, Version] = {}
    for serial, records in connection.execute(
        "SELECT serial, records FROM vwplan.bases WHERE stack = %s ORDER BY commit", (stack,)
    ):
        found[serial] = Version(serial, "", 0.0, "", "", "", records)
    for run, serial, at, who, doing, result, records in connection.execute(
        "SELECT run, serial, at, who, doing, coalesce(result, 'unfinished'), coalesce(records, "
        "(SELECT count(*) FROM vwplan.records AS x WHERE x.stack = r.stack AND NOT deposed)) FROM vwplan.runs AS r "
        "WHERE stack = %s AND serial >= (SELECT min(serial) FROM vwplan.bases WHERE stack = %s)",
        (stack, stack),
    ):
        found[serial] = Version(serial, run, at, who, doing, result, records)
    return tuple(sorted(found.values(), key=lambda version: -version.serial))


def find(
    connection: Connection[Any], stack: int, serial: int | None, bodies: Bodies
) -> tuple[State, tuple[Begun, ...]] | None:
    """The state of a serial as it was last, or the newest; with the steps that were unfinished then. None if there is none."""
    base = connection.execute(
        "SELECT commit, serial, snapshot FROM vwplan.bases WHERE stack = %s AND (%s::bigint IS NULL OR serial <= %s) "
        "ORDER BY commit DESC LIMIT 1",
        (stack, serial, serial),
    ).fetchone()
    if base is None:
        return None
    start = bodies.state(bytes(base[2]), base[1])
    ledger, bodies = Ledger(start), bodies.of(start.lineage)
    for commit, place, body in connection.execute(
        "SELECT commit, place, body FROM vwplan.entries WHERE stack = %s AND commit >= %s AND commit < "
        "(SELECT coalesce(min(commit), 9223372036854775807) FROM vwplan.bases WHERE stack = %s AND commit > %s) "
        "ORDER BY commit, place",
        (stack, base[0], stack, base[0]),
    ):
        entry = read_entry(bodies.plain(body, "entry", commit, place))
        if serial is not None and isinstance(entry, RunStarted) and entry.serial > serial:
            break
        ledger.take(entry)
    if serial is not None and ledger.serial != serial:
        return None
    return ledger.state(), tuple(ledger.unfinished.values())
