"""Bringing a state from one store to another: all of it, under a serial above all known, with the old place given up."""

from __future__ import annotations

from vwplan.dataclass import dataclass
from vwplan.diagnostics import Diagnostic, DiagnosticError
from vwplan.state.local import LocalStore, Stored
from vwplan.state.lock import Holder
from vwplan.state.postgres.store import PostgresStore
from vwplan.state.records import State
from vwplan.state.snapshot import write_snapshot


@dataclass(frozen=True, slots=True)
class Migrated:
    """What a migration did: the state in its new place, the serial that it had in the old one, and where that is kept."""

    state: State
    before: int
    kept: str


def to_postgres(source: LocalStore, target: PostgresStore, holder: Holder, *, timeout: float = 0.0) -> Migrated:
    """Bring the state in files to a database. The files stay beside, under a name that nothing reads.

    The source's lock is held until they are put aside, so that nobody changes what was brought over. Done again after it was
    cut short, it goes on where it was.
    """
    with source.lock(holder, lineage="", timeout=timeout) as session:
        if session.unfinished or session.dead_runs:
            raise _unsettled()
        state = session.state()
        _refuse_other(state, target.stored_unchecked())
        target.push(holder, write_snapshot(state), timeout=timeout)
        made = _checked(state, target.stored_unchecked())
        kept = source.folder.path.with_name(f"{source.folder.stack}.migrated-{state.serial}")
        source.folder.known.unlink(missing_ok=True)
        source.folder.path.rename(kept)
        return Migrated(made, state.serial, str(kept))


def to_local(source: PostgresStore, target: LocalStore, holder: Holder, *, timeout: float = 0.0) -> Migrated:
    """Bring the state in a database to files. The rows stay, marked as moved, so that whoever still looks there is told."""
    with source.lock(holder, lineage="", timeout=timeout) as session:
        if session.unfinished or session.dead_runs or source.holders() != (holder,):
            raise _unsettled()
        state = session.state()
        _refuse_other(state, target.read())
        target.push(holder, write_snapshot(state), timeout=timeout)
        made = _checked(state, target.read())
        session.retire(f"to files, by {holder.who} on {holder.host}")
    source.forget()
    return Migrated(made, state.serial, "the database, marked as moved")


def _refuse_other(state: State, there: Stored | None) -> None:
    if there is not None and there.state.lineage != state.lineage:
        raise DiagnosticError(
            Diagnostic(
                "state-foreign",
                "Another state is there already",
                f"The store to migrate to has a state of lineage {there.state.lineage}, and this one is of lineage "
                f"{state.lineage}. Choose another stack or database; nothing was changed.",
            )
        )


def _checked(state: State, there: Stored | None) -> State:
    """What was written, once it is known to be the same in all but its serial."""
    made = None if there is None else there.state
    same = made is not None and (made.records, made.deposed, made.rosters, made.outputs, made.key_id) == (
        state.records,
        state.deposed,
        state.rosters,
        state.outputs,
        state.key_id,
    )
    if made is None or not same:
        raise DiagnosticError(
            Diagnostic(
                "not-migrated",
                "The state did not come over whole",
                "What was written to the other store reads back differently. The old place stays the one that counts.",
            )
        )
    return made


def _unsettled() -> DiagnosticError:
    return DiagnosticError(
        Diagnostic(
            "unsettled",
            "Somebody is at work on the state",
            "A run is under way, or was cut short and is not settled. Let it end, or run `vwplan recover`, and migrate then.",
        )
    )
