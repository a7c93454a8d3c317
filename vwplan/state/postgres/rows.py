"""A state as rows, and back: loading all of a stack in one snapshot, and writing what entries changed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from psycopg import Connection

from vwplan.dataclass import dataclass
from vwplan.diagnostics import DiagnosticError
from vwplan.state.claims import WHOLE
from vwplan.state.cover import Cover
from vwplan.state.entries import Begun, Entry, RunStarted
from vwplan.state.entries import entry_from_plain as read_entry
from vwplan.state.entries import entry_to_plain as plain_entry
from vwplan.state.fold import WRITERS_KEPT, Ledger
from vwplan.state.postgres.batch import Batch
from vwplan.state.postgres.bodies import Bodies, place_of
from vwplan.state.records import Plain, Record, State
from vwplan.state.wire import (
    output_from_plain,
    record_from_plain,
    record_to_plain,
    roster_from_plain,
)


@dataclass(frozen=True, slots=True)
class StackRow:
    """The row of a stack: its number in this database, and what it has come to. `commits` counts writes of any kind."""

    id: int
    lineage: str
    serial: int
    commits: int
    key_id: str
    moved_to: str


@dataclass(slots=True)
class Loaded:
    """A stack as read: its state with what is under way, the version of each record's row, and whose run is whose."""

    row: StackRow
    ledger: Ledger
    bodies: Bodies
    versions: dict[str, int]
    sessions: dict[str, str]
    """The session of each run that has not ended, or that left something unfinished."""
    live: frozenset[str]
    """The sessions that there are."""


def stack_row(connection: Connection[Any], name: str, *, lock: bool = False) -> StackRow | None:
    """The row of a stack, None if there is none; with `lock` nobody else writes until the transaction ends."""
    found = connection.execute(
        "SELECT id, lineage, serial, commits, key_id, moved_to FROM vwplan.stacks WHERE name = %s"
        + (" FOR UPDATE" if lock else ""),
        (name,),
    ).fetchone()
    return None if found is None else StackRow(*found)


def load(connection: Connection[Any], name: str, cover: Cover) -> Loaded | None:
    """All of a stack, in one snapshot without any lock; None if there is none. Within a transaction, as that sees it."""
    with connection.transaction():
        if connection.info.transaction_status == 2:
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        return load_here(connection, name, cover)


def load_here(connection: Connection[Any], name: str, cover: Cover) -> Loaded | None:
    """All of a stack as the transaction under way sees it."""
    row = stack_row(connection, name)
    if row is None:
        return None
    stack, bodies = (row.id,), Bodies(cover, name, row.lineage)
    records: dict[str, Record] = {}
    deposed: dict[str, Record] = {}
    versions: dict[str, int] = {}
    for identity, address, is_deposed, version, body in connection.execute(
        "SELECT identity, address, deposed, version, body FROM vwplan.records WHERE stack = %s ORDER BY address, identity",
        stack,
    ):
        record = record_from_plain(bodies.plain(body, "record", identity, address, is_deposed, version))
        versions[record.identity] = version
        if is_deposed:
            deposed[record.identity] = record
        else:
            records[record.address] = record
    state = State(
        row.lineage,
        row.serial,
        records,
        deposed,
        {
            key: roster_from_plain(bodies.plain(body, "roster", key))
            for key, body in _pairs(connection, "rosters", "address", stack)
        },
        {
            key: output_from_plain(bodies.plain(body, "output", key))
            for key, body in _pairs(connection, "outputs", "name", stack)
        },
        frozenset(),
        row.key_id,
    )
    ledger = Ledger(state)
    writers = connection.execute(
        "SELECT run FROM (SELECT run, place FROM vwplan.writers WHERE stack = %s ORDER BY place DESC LIMIT %s) AS latest "
        "ORDER BY place",
        (row.id, WRITERS_KEPT),
    )
    ledger.writers = {run: None for (run,) in writers}
    sessions: dict[str, str] = {}
    for run, session, over, *fields in connection.execute(
        "SELECT run, session, result IS NOT NULL, serial, at, who, pid, doing, key_id FROM vwplan.runs AS r "
        "WHERE stack = %s AND (result IS NULL OR EXISTS "
        "(SELECT FROM vwplan.begun AS b WHERE b.stack = r.stack AND b.run = r.run)) ORDER BY serial",
        stack,
    ):
        sessions[run] = session
        if not over:
            ledger.running[run] = RunStarted(run, *fields)
    for begun in begun_steps(connection, row.id, bodies):
        ledger.unfinished[begun.run, begun.step] = begun
    live = connection.execute("SELECT id FROM vwplan.sessions WHERE stack = %s", stack)
    return Loaded(row, ledger, bodies, versions, sessions, frozenset(id for (id,) in live))


def begun_steps(connection: Connection[Any], stack: int, bodies: Bodies, *, lenient: bool = False) -> Iterator[Begun]:
    """The steps that were begun and whose end is not known, oldest first; `lenient` passes over what cannot be read."""
    for run, step, body in connection.execute(
        "SELECT run, step, body FROM vwplan.begun WHERE stack = %s ORDER BY place", (stack,)
    ):
        try:
            begun = read_entry(bodies.plain(body, "begun", run, step))
        except DiagnosticError:
            if lenient:
                continue
            raise
        assert isinstance(begun, Begun)
        yield begun


def _pairs(connection: Connection[Any], table: str, key: str, stack: tuple[int]) -> Iterable[tuple[str, Plain]]:
    return connection.execute(f"SELECT {key}, body FROM vwplan.{table} WHERE stack = %s ORDER BY {key}", stack)


class Conflict(Exception):
    """A row is not as it was read, though it was claimed."""


def write(
    connection: Connection[Any], stack: int, session: str, batch: Batch, versions: Mapping[str, int], bodies: Bodies
) -> None:
    """Write a batch in the transaction under way, but for its entries: those come last, with the stack's own row."""
    _write_records(connection, stack, batch, versions, bodies)
    for table, key, rows in (("rosters", "address", batch.rosters), ("outputs", "name", batch.outputs)):
        _write_named(connection, stack, table, key, rows, bodies)
    for entry in batch.started:
        insert_run(connection, stack, session, entry, None)
    _write_begun(connection, stack, batch, bodies)
    for run in batch.writers:
        connection.execute("DELETE FROM vwplan.writers WHERE stack = %s AND run = %s", (stack, run))
        connection.execute("INSERT INTO vwplan.writers (stack, run) VALUES (%s, %s)", (stack, run))
    for ended in batch.ended:
        connection.execute(
            "UPDATE vwplan.runs SET result = %s, plan = NULL, records = "
            "(SELECT count(*) FROM vwplan.records AS r WHERE r.stack = runs.stack AND NOT deposed) "
            "WHERE stack = %s AND run = %s",
            (ended.result, stack, ended.run),
        )


def _write_records(
    connection: Connection[Any], stack: int, batch: Batch, versions: Mapping[str, int], bodies: Bodies
) -> None:
    """Rows that change are taken away, if they are as they were read, and put back under the next version.

    All go before any comes, so that two resources can change places.
    """
    old = [identity for identity in batch.records if identity in versions]
    if old:
        gone = connection.execute(
            "DELETE FROM vwplan.records AS r USING unnest(%b::text[], %s::bigint[]) AS u (identity, version) "
            "WHERE r.stack = %s AND r.identity = u.identity AND r.version = u.version",
            (old, [versions[identity] for identity in old], stack),
        )
        if gone.rowcount != len(old):
            raise Conflict
    new = [(record, deposed) for record, deposed in batch.records.values() if record is not None]
    if new:
        numbers = [versions.get(record.identity, 0) + 1 for record, _ in new]
        connection.execute(
            "INSERT INTO vwplan.records (stack, identity, address, deposed, version, body) "
            "SELECT %s, i, a, d, v, b::json FROM unnest(%b::text[], %b::text[], %s::bool[], %s::bigint[], %b::text[]) "
            "AS u (i, a, d, v, b)",
            (
                stack,
                [record.identity for record, _ in new],
                [record.address for record, _ in new],
                [deposed for _, deposed in new],
                numbers,
                [
                    bodies.text(record_to_plain(record), *place_of(record, deposed, number))
                    for (record, deposed), number in zip(new, numbers, strict=True)
                ],
            ),
        )


def _write_named(
    connection: Connection[Any], stack: int, table: str, key: str, rows: Mapping[str, Plain], bodies: Bodies
) -> None:
    gone = [name for name, body in rows.items() if body is None]
    if gone:
        connection.execute(f"DELETE FROM vwplan.{table} WHERE stack = %s AND {key} = ANY(%b)", (stack, gone))
    there = {name: bodies.text(body, table[:-1], name) for name, body in rows.items() if body is not None}
    if there:
        connection.execute(
            f"INSERT INTO vwplan.{table} (stack, {key}, body) "
            f"SELECT %s, n, b::json FROM unnest(%b::text[], %b::text[]) AS u (n, b) "
            f"ON CONFLICT (stack, {key}) DO UPDATE SET body = excluded.body",
            (stack, list(there), list(there.values())),
        )


def _write_begun(connection: Connection[Any], stack: int, batch: Batch, bodies: Bodies) -> None:
    ended: dict[str, list[str]] = {}
    for (run, step), left in batch.begun.items():
        if left is None:
            ended.setdefault(run, []).append(step)
    for run, steps in ended.items():
        connection.execute(
            "DELETE FROM vwplan.begun WHERE stack = %s AND run = %s AND step = ANY(%b)", (stack, run, steps)
        )
    begun = [entry for entry in batch.begun.values() if entry is not None]
    if begun:
        connection.execute(
            "INSERT INTO vwplan.begun (stack, run, step, body) "
            "SELECT %s, r, s, b::json FROM unnest(%b::text[], %b::text[], %b::text[]) WITH ORDINALITY AS u (r, s, b, o) "
            "ORDER BY o ON CONFLICT (stack, run, step) DO UPDATE SET body = excluded.body",
            (
                stack,
                [entry.run for entry in begun],
                [entry.step for entry in begun],
                [bodies.text(plain_entry(entry), "begun", entry.run, entry.step) for entry in begun],
            ),
        )


def insert_run(connection: Connection[Any], stack: int, session: str, run: RunStarted, plan: bytes | None) -> None:
    """Note a run and whose it is."""
    connection.execute(
        "INSERT INTO vwplan.runs (stack, run, session, serial, at, who, pid, doing, key_id, plan) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (stack, run) DO NOTHING",
        (stack, run.run, session, run.serial, run.at, run.who, run.pid, run.doing, run.key_id, plan),
    )


def append(
    connection: Connection[Any], stack: int, entries: Sequence[Entry], bodies: Bodies, *, starts: bool = False
) -> tuple[int, int]:
    """Add entries to what happened, under the next number of a commit; gives that and the stack's serial.

    The stack's own row is locked by this, so it comes last. With `starts` the serial is one higher.
    """
    higher = max((entry.serial for entry in entries if isinstance(entry, RunStarted)), default=0)
    key = next((entry.key_id for entry in entries if isinstance(entry, RunStarted) and entry.key_id), "")
    found = connection.execute(
        "UPDATE vwplan.stacks SET commits = commits + 1, serial = greatest(serial + %s, %s), "
        "key_id = coalesce(nullif(%s, ''), key_id) WHERE id = %s RETURNING commits, serial",
        (int(starts), higher, key, stack),
    ).fetchone()
    if found is None:
        raise Conflict
    if entries:
        insert_entries(connection, stack, found[0], entries, bodies)
    return found[0], found[1]


def insert_entries(
    connection: Connection[Any], stack: int, commit: int, entries: Sequence[Entry], bodies: Bodies
) -> None:
    """Add the entries of one commit."""
    connection.execute(
        "INSERT INTO vwplan.entries (stack, commit, place, body) "
        "SELECT %s, %s, o, b::json FROM unnest(%b::text[]) WITH ORDINALITY AS u (b, o)",
        (
            stack,
            commit,
            [bodies.text(plain_entry(entry), "entry", commit, place) for place, entry in enumerate(entries, 1)],
        ),
    )


def touch(connection: Connection[Any], stack: int, serial: int, names: Collection[str]) -> None:
    """Note that a run of that serial may change these rows: plans that waited since then are not to rely on them."""
    connection.execute(
        "INSERT INTO vwplan.touched (stack, name, serial) SELECT %s, n, %s FROM unnest(%b::text[]) AS u (n) ORDER BY n "
        "ON CONFLICT (stack, name) DO UPDATE SET serial = greatest(touched.serial, excluded.serial)",
        (stack, serial, sorted(names)),
    )


def touched(connection: Connection[Any], stack: int, serial: int, names: Collection[str]) -> frozenset[str]:
    """Those of these rows that runs above a serial may have changed, and `*` where that may be any row."""
    found = connection.execute(
        "SELECT name FROM vwplan.touched WHERE stack = %s AND name = ANY(%b) AND serial > %s",
        (stack, [*names, WHOLE], serial),
    )
    return frozenset(name for (name,) in found)
