"""Changing a stack's rows over to another cover: turning encryption on or off, and changing its key."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any

from psycopg import Connection

from vwplan.dataclass import dataclass
from vwplan.diagnostics import DiagnosticError
from vwplan.state.cover import Cover
from vwplan.state.postgres.bodies import Bodies
from vwplan.state.postgres.rows import stack_row

_KEY = (
    "CASE WHEN left(body::text, 17) = '{\"vwplan_sealed\":' "
    'THEN substring(left(body::text, 1024) FROM \'"key":({[^{}]*}),"text"\') END'
)
"""What a row says of its key, without looking into the rest: what is in the clear may hold what `text` has no room for."""

_HEAD = 4096


@dataclass(frozen=True, slots=True)
class Table:
    """A table with bodies: the columns that name a row in it, their types, and those that tell its place."""

    name: str
    what: str
    key: tuple[str, ...]
    types: tuple[str, ...]
    place: tuple[str, ...]


TABLES = (
    Table("records", "record", ("identity",), ("text",), ("identity", "address", "deposed", "version")),
    Table("rosters", "roster", ("address",), ("text",), ("address",)),
    Table("outputs", "output", ("name",), ("text",), ("name",)),
    Table("begun", "begun", ("run", "step"), ("text", "text"), ("run", "step")),
    Table("entries", "entry", ("commit", "place"), ("bigint", "integer"), ("commit", "place")),
)


def reseal(connection: Connection[Any], name: str, cover: Cover) -> int:
    """Put every body of a stack that lies under another cover under this one; gives how many.

    Nobody writes meanwhile, and who has read before loses nothing: a row's version stays. What cannot be read stays as it is.
    """
    row = stack_row(connection, name)
    if row is None or not _any(connection, row.id, Bodies(cover, name, row.lineage)):
        return 0
    with connection.transaction():
        row = stack_row(connection, name, lock=True)
        assert row is not None
        bodies = Bodies(cover, name, row.lineage)
        done = sum(_reseal_table(connection, row.id, table, bodies) for table in TABLES)
        return done + _reseal_bases(connection, row.id, bodies) + _reseal_plans(connection, row.id, bodies)


def _any(connection: Connection[Any], stack: int, bodies: Bodies) -> bool:
    return (
        any(_stale(connection, stack, table, bodies) for table in TABLES)
        or next(_other_texts(connection, stack, "bases", "snapshot", "commit", bodies), None) is not None
        or next(_other_texts(connection, stack, "runs", "plan", "run", bodies), None) is not None
    )


def _stale(connection: Connection[Any], stack: int, table: Table, bodies: Bodies) -> list[str | None]:
    """The keys, as text (None: none), under which some rows lie, and should not."""
    found = []
    for (key,) in connection.execute(f"SELECT DISTINCT {_KEY} FROM vwplan.{table.name} WHERE stack = %s", (stack,)):
        with contextlib.suppress(DiagnosticError):
            if not bodies.covers(None if key is None else json.loads(key)):
                found.append(key)
    return found


def _reseal_table(connection: Connection[Any], stack: int, table: Table, bodies: Bodies) -> int:
    done = 0
    for key in _stale(connection, stack, table, bodies):
        lineages = _lineages(connection, stack, bodies)
        columns = [*table.key, *table.place]
        rows = connection.execute(
            f"SELECT {', '.join(columns)}, body FROM vwplan.{table.name} WHERE stack = %s "
            f"AND {_KEY} IS NOT DISTINCT FROM %s",
            (stack, key),
        ).fetchall()
        new: list[tuple[Any, ...]] = []
        for *values, body in rows:
            place = values[len(table.key) :]
            of = bodies.of(_lineage_at(lineages, values[0], bodies)) if table.name == "entries" else bodies
            with contextlib.suppress(DiagnosticError):
                text = of.text(of.plain(body, table.what, *place), table.what, *place)
                new.append((*values[: len(table.key)], text))
        arrays = ", ".join(f"%s::{type}[]" for type in table.types)
        names = ", ".join(f"k{number}" for number in range(len(table.key)))
        same = " AND ".join(f"t.{column} = u.k{number}" for number, column in enumerate(table.key))
        connection.execute(
            f"UPDATE vwplan.{table.name} AS t SET body = u.b::json FROM unnest({arrays}, %s::text[]) AS u ({names}, b) "
            f"WHERE t.stack = %s AND {same}",
            (*(list(column) for column in zip(*new, strict=True)), stack)
            if new
            else (*([[]] * (len(table.key) + 1)), stack),
        )
        done += len(new)
    return done


def _lineages(connection: Connection[Any], stack: int, bodies: Bodies) -> list[tuple[int, str]]:
    """From which commit on the stack had which lineage, latest first."""
    found = []
    for commit, serial, snapshot in connection.execute(
        "SELECT commit, serial, snapshot FROM vwplan.bases WHERE stack = %s ORDER BY commit DESC", (stack,)
    ):
        with contextlib.suppress(DiagnosticError):
            found.append((commit, bodies.state(bytes(snapshot), serial).lineage))
    return found


def _lineage_at(lineages: list[tuple[int, str]], commit: int, bodies: Bodies) -> str:
    return next((lineage for start, lineage in lineages if start <= commit), bodies.lineage)


def _other_texts(
    connection: Connection[Any], stack: int, table: str, column: str, key: str, bodies: Bodies
) -> Iterator[Any]:
    """The keys of the rows of which a whole text lies under another cover."""
    for name, head in connection.execute(
        f"SELECT {key}, substring({column} FOR {_HEAD}) FROM vwplan.{table} WHERE stack = %s AND {column} IS NOT NULL",
        (stack,),
    ).fetchall():
        with contextlib.suppress(DiagnosticError):
            if not bodies.covered(bytes(head)):
                yield name


def _reseal_bases(connection: Connection[Any], stack: int, bodies: Bodies) -> int:
    done = 0
    for commit in list(_other_texts(connection, stack, "bases", "snapshot", "commit", bodies)):
        found = connection.execute(
            "SELECT serial, snapshot FROM vwplan.bases WHERE stack = %s AND commit = %s", (stack, commit)
        ).fetchone()
        with contextlib.suppress(DiagnosticError):
            assert found is not None
            text = bodies.snapshot(bodies.state(bytes(found[1]), found[0]))
            connection.execute(
                "UPDATE vwplan.bases SET snapshot = %s WHERE stack = %s AND commit = %s", (text, stack, commit)
            )
            done += 1
    return done


def _reseal_plans(connection: Connection[Any], stack: int, bodies: Bodies) -> int:
    done = 0
    for run in list(_other_texts(connection, stack, "runs", "plan", "run", bodies)):
        found = connection.execute(
            "SELECT serial, plan FROM vwplan.runs WHERE stack = %s AND run = %s", (stack, run)
        ).fetchone()
        with contextlib.suppress(DiagnosticError):
            assert found is not None
            text = bodies.plan(bodies.plan_text(bytes(found[1])), found[0])
            connection.execute("UPDATE vwplan.runs SET plan = %s WHERE stack = %s AND run = %s", (text, stack, run))
            done += 1
    return done
