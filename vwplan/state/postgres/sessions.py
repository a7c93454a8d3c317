"""Who is at work on a stack: sessions as rows, who of them is dead, and what each has claimed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from psycopg import Connection

from vwplan.dataclass import dataclass
from vwplan.diagnostics import DiagnosticError
from vwplan.state import problems as common
from vwplan.state.claims import WHOLE, Claims
from vwplan.state.folder import Folder
from vwplan.state.lock import Holder
from vwplan.state.postgres import problems
from vwplan.state.postgres.process import is_gone


@dataclass(frozen=True, slots=True)
class Other:
    """Another session on the same stack.

    `left` is in how many seconds its lease lapses, below zero when it has; `wait` in how many it counts as dead: a call
    that it began may act until its deadline.
    """

    holder: Holder
    gate: bool
    left: float
    wait: float
    dead: bool


_COLUMNS = "s.id, s.who, s.host, s.pid, s.since, s.doing, s.gate, s.process"
_BEGUN = (
    "EXISTS (SELECT FROM vwplan.runs AS r JOIN vwplan.begun AS b ON b.stack = r.stack AND b.run = r.run "
    "WHERE r.stack = s.stack AND r.session = s.id)"
)


def others(connection: Connection[Any], stack: int, own: str = "") -> list[Other]:
    """The other sessions of a stack, oldest first."""
    found: list[Other] = []
    for *fields, gate, process, left, wait in connection.execute(
        f"SELECT {_COLUMNS}, extract(epoch FROM s.lapses - clock_timestamp())::float8, "
        f"(extract(epoch FROM s.lapses - clock_timestamp()) + CASE WHEN {_BEGUN} THEN s.longest ELSE 0 END)::float8 "
        "FROM vwplan.sessions AS s WHERE s.stack = %s AND s.id <> %s ORDER BY s.since, s.id",
        (stack, own),
    ):
        found.append(Other(Holder(*fields), gate, left, wait, wait < 0 or is_gone(process)))
    return found


def open_session(
    connection: Connection[Any], stack: int, holder: Holder, process: str, lease: float, folder: Folder
) -> None:
    """Come in at the gate: one session at a time settles and plans. What dead sessions had claimed becomes its own.

    A diagnostic where somebody else is in the gate. In a transaction that has the stack's row locked.
    """
    there = others(connection, stack, holder.id)
    for other in there:
        if other.gate and not other.dead:
            raise common.locked(folder, other.holder)
    connection.execute(
        "INSERT INTO vwplan.sessions (id, stack, who, host, pid, since, doing, process, gate, lapses) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, true, clock_timestamp() + make_interval(secs => %s)) "
        "ON CONFLICT (id) DO NOTHING",
        (holder.id, stack, holder.who, holder.host, holder.pid, holder.since, holder.doing, process, lease),
    )
    for other in there:
        if other.dead:
            connection.execute(
                "UPDATE vwplan.claims SET session = %s WHERE session = %s AND exclusive", (holder.id, other.holder.id)
            )
            connection.execute("DELETE FROM vwplan.sessions WHERE id = %s", (other.holder.id,))


def claim(connection: Connection[Any], stack: int, own: str, claims: Claims, folder: Folder) -> None:
    """Claim rows, all of them or none; a diagnostic says who has one. In a transaction that has the stack's row locked."""
    writes, reads = sorted(claims.writes), sorted(claims.reads - claims.writes)
    clashes: dict[str, list[str]] = {}
    for name, session in connection.execute(
        "SELECT c.name, c.session FROM vwplan.claims AS c WHERE c.stack = %s AND c.session <> %s AND "
        "(c.name = ANY(%b) OR (c.name = ANY(%b) AND c.exclusive) OR c.name = %s OR %s) ORDER BY c.name",
        (stack, own, writes, reads, WHOLE, WHOLE in claims.writes),
    ):
        clashes.setdefault(session, []).append(name)
    if clashes:
        raise _clash(connection, stack, own, clashes, folder, WHOLE in claims.writes)
    connection.execute(
        "INSERT INTO vwplan.claims (stack, name, session, exclusive) "
        "SELECT %s, n, %s, e FROM unnest(%b::text[], %s::bool[]) AS u (n, e) "
        "ON CONFLICT (stack, name, session) DO UPDATE SET exclusive = claims.exclusive OR excluded.exclusive",
        (stack, own, [*writes, *reads], [True] * len(writes) + [False] * len(reads)),
    )
    connection.execute(
        "UPDATE vwplan.sessions SET longest = greatest(%s, 1) WHERE id = %s AND NOT EXISTS "
        "(SELECT FROM vwplan.runs WHERE session = %s)",
        (claims.longest, own, own),
    )


def _clash(
    connection: Connection[Any], stack: int, own: str, clashes: dict[str, list[str]], folder: Folder, whole: bool
) -> DiagnosticError:
    for other in others(connection, stack, own):
        names = clashes.get(other.holder.id)
        if names:
            shown = names if not whole else [WHOLE]
            return problems.claimed(shown, other.holder, folder, other.wait if other.left < 0 else None)
    return common.locked(folder, None)


def claimed_by(connection: Connection[Any], own: str) -> set[str]:
    """The rows that a session has for itself alone."""
    found: Iterable[tuple[str]] = connection.execute(
        "SELECT name FROM vwplan.claims WHERE session = %s AND exclusive", (own,)
    )
    return {name for (name,) in found}
