"""The tables, and how a database comes to have them: numbered changes, each made once, under an advisory lock."""

from __future__ import annotations

from typing import Any

from psycopg import Connection

from vwplan.state.postgres import problems

_LOCK = 0x7677706C616E01
"""The advisory lock under which the schema is changed."""

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE vwplan.stacks (
        id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        name text NOT NULL UNIQUE,
        lineage text NOT NULL,
        serial bigint NOT NULL DEFAULT 0,
        commits bigint NOT NULL DEFAULT 0,
        key_id text NOT NULL DEFAULT '',
        moved_to text NOT NULL DEFAULT ''
    );
    CREATE TABLE vwplan.records (
        stack integer NOT NULL REFERENCES vwplan.stacks ON DELETE CASCADE,
        identity text NOT NULL,
        address text NOT NULL,
        deposed boolean NOT NULL,
        version bigint NOT NULL,
        body json NOT NULL,
        PRIMARY KEY (stack, identity)
    );
    CREATE UNIQUE INDEX records_address ON vwplan.records (stack, address) WHERE NOT deposed;
    CREATE TABLE vwplan.rosters (
        stack integer NOT NULL REFERENCES vwplan.stacks ON DELETE CASCADE,
        address text NOT NULL,
        body json NOT NULL,
        PRIMARY KEY (stack, address)
    );
    CREATE TABLE vwplan.outputs (
        stack integer NOT NULL REFERENCES vwplan.stacks ON DELETE CASCADE,
        name text NOT NULL,
        body json NOT NULL,
        PRIMARY KEY (stack, name)
    );
    CREATE TABLE vwplan.runs (
        stack integer NOT NULL REFERENCES vwplan.stacks ON DELETE CASCADE,
        run text NOT NULL,
        session text NOT NULL,
        serial bigint NOT NULL,
        at double precision NOT NULL,
        who text NOT NULL,
        pid integer NOT NULL,
        doing text NOT NULL,
        key_id text NOT NULL,
        result text,
        records integer,
        plan bytea,
        PRIMARY KEY (stack, run)
    );
    CREATE TABLE vwplan.begun (
        stack integer NOT NULL REFERENCES vwplan.stacks ON DELETE CASCADE,
        run text NOT NULL,
        step text NOT NULL,
        place bigint GENERATED ALWAYS AS IDENTITY,
        body json NOT NULL,
        PRIMARY KEY (stack, run, step)
    );
    CREATE TABLE vwplan.writers (
        stack integer NOT NULL REFERENCES vwplan.stacks ON DELETE CASCADE,
        run text NOT NULL,
        place bigint GENERATED ALWAYS AS IDENTITY,
        PRIMARY KEY (stack, run)
    );
    CREATE TABLE vwplan.entries (
        stack integer NOT NULL REFERENCES vwplan.stacks ON DELETE CASCADE,
        commit bigint NOT NULL,
        place integer NOT NULL,
        body json NOT NULL,
        PRIMARY KEY (stack, commit, place)
    );
    CREATE TABLE vwplan.bases (
        stack integer NOT NULL REFERENCES vwplan.stacks ON DELETE CASCADE,
        commit bigint NOT NULL,
        serial bigint NOT NULL,
        records integer NOT NULL,
        at timestamptz NOT NULL DEFAULT clock_timestamp(),
        snapshot bytea NOT NULL,
        PRIMARY KEY (stack, commit)
    );
    CREATE TABLE vwplan.durations (
        stack integer NOT NULL REFERENCES vwplan.stacks ON DELETE CASCADE,
        name text NOT NULL,
        seconds double precision NOT NULL,
        PRIMARY KEY (stack, name)
    );
    CREATE TABLE vwplan.sessions (
        id text PRIMARY KEY,
        stack integer NOT NULL REFERENCES vwplan.stacks ON DELETE CASCADE,
        who text NOT NULL,
        host text NOT NULL,
        pid integer NOT NULL,
        since double precision NOT NULL,
        doing text NOT NULL,
        process text NOT NULL,
        gate boolean NOT NULL,
        batch bigint NOT NULL DEFAULT 0,
        longest double precision NOT NULL DEFAULT 600,
        lapses timestamptz NOT NULL
    );
    CREATE INDEX sessions_stack ON vwplan.sessions (stack);
    CREATE TABLE vwplan.claims (
        stack integer NOT NULL REFERENCES vwplan.stacks ON DELETE CASCADE,
        name text NOT NULL,
        session text NOT NULL REFERENCES vwplan.sessions ON DELETE CASCADE,
        exclusive boolean NOT NULL,
        PRIMARY KEY (stack, name, session)
    );
    CREATE INDEX claims_session ON vwplan.claims (session);
    CREATE TABLE vwplan.seats (
        scope text NOT NULL,
        value text NOT NULL,
        stack integer NOT NULL REFERENCES vwplan.stacks ON DELETE CASCADE,
        owner text NOT NULL,
        session text REFERENCES vwplan.sessions ON DELETE CASCADE,
        PRIMARY KEY (scope, value)
    );
    CREATE INDEX seats_owner ON vwplan.seats (stack, owner);
    CREATE INDEX seats_session ON vwplan.seats (session) WHERE session IS NOT NULL;
    """,
    """
    CREATE TABLE vwplan.touched (
        stack integer NOT NULL REFERENCES vwplan.stacks ON DELETE CASCADE,
        name text NOT NULL,
        serial bigint NOT NULL,
        PRIMARY KEY (stack, name)
    );
    INSERT INTO vwplan.touched SELECT id, '*', serial FROM vwplan.stacks;
    """,
    """
    ALTER TABLE vwplan.seats ADD COLUMN amount bigint NOT NULL DEFAULT 0 CHECK (amount >= 0);
    """,
)
"""What each version adds to the one before it; one that was released is never edited."""


def version(connection: Connection[Any]) -> int:
    """The version of the tables that are there; 0 where there are none."""
    # Not to_regclass: within a transaction that may remember that there was none before somebody else made it.
    there = connection.execute(
        "SELECT FROM pg_class WHERE relname = 'version' "
        "AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'vwplan')"
    ).fetchone()
    if there is None:
        return 0
    found = connection.execute("SELECT max(number) FROM vwplan.version").fetchone()
    return int(found[0] or 0) if found is not None else 0


def ensure(connection: Connection[Any], *, make: bool) -> bool:
    """Whether the tables are there in this version; with `make` they are brought to it. A diagnostic for newer ones."""
    found = version(connection)
    if found < len(MIGRATIONS) and make:
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
            found = _migrate(connection)
    if found > len(MIGRATIONS):
        raise problems.newer_schema(found, len(MIGRATIONS))
    return found == len(MIGRATIONS)


def _migrate(connection: Connection[Any]) -> int:
    """Make what is missing; whoever came first may have done it meanwhile."""
    found = version(connection)
    if found == 0:
        if connection.execute("SELECT FROM pg_namespace WHERE nspname = 'vwplan'").fetchone() is None:
            connection.execute("CREATE SCHEMA vwplan")
        connection.execute(
            "CREATE TABLE vwplan.version (number integer PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())"
        )
    for number in range(found + 1, len(MIGRATIONS) + 1):
        connection.execute(MIGRATIONS[number - 1].encode())
        connection.execute("INSERT INTO vwplan.version (number) VALUES (%s)", (number,))
    return max(found, len(MIGRATIONS))
