"""The shared store: states of many stacks in one PostgreSQL database, changed by many at once.

A row per resource, claimed by whoever changes it; sessions with a lease, so that a dead holder is noticed; every entry kept, so
that any version can be had back. The only place that knows psycopg, which is imported when a store is opened.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vwplan.diagnostics import Diagnostic, DiagnosticError
from vwplan.state.cover import CLEAR, Cover

if TYPE_CHECKING:
    from vwplan.state.postgres.store import PostgresStore

__all__ = ["open_store"]


def open_store(conninfo: str, root: Path, stack: str = "default", *, cover: Cover = CLEAR) -> PostgresStore:
    """The store of one stack in the database that libpq's connection string names; nothing is connected yet.

    `root` (`.vwplan`) is where the stack key lies, and what is remembered of the state here; `cover` is how what is written lies
    in the database. A diagnostic without psycopg.
    """
    try:
        from vwplan.state.postgres.store import PostgresStore
    except ImportError as missing:
        raise DiagnosticError(
            Diagnostic(
                "no-psycopg",
                "The shared state needs psycopg",
                f'state "postgres" needs the Python package psycopg, which is not usable here ({missing}). Install it: '
                "pip install 'vwplan[postgres]'",
            )
        ) from missing
    return PostgresStore(conninfo, root, stack, cover=cover)
