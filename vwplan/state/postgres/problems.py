"""What can be wrong with a shared state, as diagnostics that say what to do about it."""

from __future__ import annotations

from collections.abc import Sequence

from vwplan.diagnostics import DiagnosticError
from vwplan.state.folder import Folder, command_line
from vwplan.state.lock import Holder
from vwplan.state.problems import (
    DAMAGED,
    FOREIGN,
    LOCK_LOST,
    MISSING,
    NEWER,
    NO_VERSION,
    NOT_LOCKED,
    OLDER,
    OTHER_LOCK,
    UNWRITABLE,
    Sort,
    WriteFailed,
)

ELSEWHERE = Sort("state-elsewhere", "The state is in another store")


def unreachable(reason: str) -> DiagnosticError:
    """The server does not answer, or does not let us in."""
    return Sort("state-unreachable", "The shared state cannot be reached").error(
        f"PostgreSQL says: {reason}. That does not mean that nothing exists, so nothing is planned. Check the conninfo of "
        f'state "postgres"; passwords come from PGPASSFILE or PGSERVICE.',
    )


def unwritable(reason: str) -> WriteFailed:
    """A write failed, or its outcome cannot be found out."""
    return UNWRITABLE.stop(
        f"Writing to PostgreSQL failed: {reason}. Nothing more is begun.",
    )


def lease_lost(stack: str) -> WriteFailed:
    """Somebody took this session over."""
    return LOCK_LOST.stop(
        f'This command\'s session on the stack "{stack}" is not there any more: its lease lapsed and another command took '
        "it over, or somebody broke it with force-unlock. Nothing more is begun or written.",
    )


def went_back(stack: str) -> WriteFailed:
    """The database has forgotten a commit."""
    return OLDER.stop(
        f'The database has lost what this command wrote to the stack "{stack}" before: an older copy, or a standby that '
        "lagged behind, was put in its place. Nothing more is begun.",
    )


def paused(stack: str) -> WriteFailed:
    """The lease ran out between writing and acting."""
    return Sort("lease-lapsed", "The lease lapsed").stop(
        f'This command stood still for longer than its lease on the stack "{stack}". What it was about to begin was not '
        "begun; the next command settles it.",
    )


def changed_under(stack: str) -> WriteFailed:
    """A claimed row was changed by somebody else."""
    return Sort("state-changed", "The state was changed under this command").stop(
        f'Rows of the stack "{stack}" that this command has claimed were changed by something else. Nothing more is begun.',
    )


def altered(name: str, reason: str, stack: str) -> DiagnosticError:
    """A row is not as it was written."""
    return DAMAGED.error(
        f"{name} cannot be trusted: {reason}. Nothing is planned over that. Restore the database from its backup; or go back to the "
        f"newest state that is whole: {command_line(stack, 'state restore')}",
    )


def newer_schema(found: int, known: int) -> DiagnosticError:
    """The tables were made by a later vwplan."""
    return NEWER.error(
        f"The tables in the database are of version {found}; this vwplan knows them up to {known}. Use the version that made "
        "them, or a later one.",
    )


def claimed(names: Sequence[str], holder: Holder, folder: Folder, wait: float | None) -> DiagnosticError:
    """Somebody else has claimed rows that are needed."""
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    shown = "the whole stack" if list(names) == ["*"] else shown
    until = ""
    if wait is not None:
        until = f" Its lease has lapsed; it counts as dead in {max(1, round(wait))} s."
    return Sort("state-claimed", "Another command is changing the same resources").error(
        f"{shown}: {holder.sentence()}{until} Wait for it, or use --lock-timeout=5m. Only if it will never end by "
        f"itself: {folder.command('force-unlock ' + holder.id)}",
    )


def seat_taken(what: str, scope: str, stack: str, owner: str) -> DiagnosticError:
    """An address or MAC that is planned belongs to another resource."""
    return Sort("seat-taken", "An address is taken").error(
        f'{what} in {scope} belongs to {owner} of the stack "{stack}", or is being given to it. Plan again once that is done, '
        "or choose another.",
        owner,
    )


def host_full(scope: str, limit: int, total: int, others: int) -> DiagnosticError:
    """Several at work at once would give out more of a host than it has."""
    return Sort("host-full", "The host would be too full").error(
        f"Of the {scope}, {limit} MiB, machines would have {total} MiB with what this plan gives them. Another command is just giving "
        f"out or changing {others} MiB of that. Wait for it, or use --lock-timeout=5m; plan smaller machines, or elsewhere.",
    )


def stale() -> DiagnosticError:
    """The state changed while this command waited."""
    return Sort("plan-stale", "The plan is out of date").error(
        "Nothing was done: the state was changed while this command waited for another one. Plan again.",
    )


def missing(folder: Folder, lineage: str, serial: int) -> DiagnosticError:
    """The database has no such stack, though there was one."""
    return MISSING.error(
        f'The database has no state of the stack "{folder.stack}", but it had one at serial {serial} of lineage {lineage}. '
        "That does not mean that nothing exists, so nothing is planned. Correct the conninfo, restore the database from its "
        f"backup, or push a state that was pulled: {folder.command('state push FILE')}",
    )


def older(folder: Folder, serial: int, known: int) -> DiagnosticError:
    """The database is an older copy."""
    return OLDER.error(
        f'The stack "{folder.stack}" is at serial {serial} in the database, but serial {known} is known to have been written: '
        f"an older copy was put in its place. Put the newer one back, or accept this one: {folder.command('state restore')}",
    )


def foreign(folder: Folder, found: str, known: str) -> DiagnosticError:
    """The database has another stack of that name."""
    return FOREIGN.error(
        f'The stack "{folder.stack}" in the database is of lineage {found}, but this folder\'s is of lineage {known}. Choose '
        "another name with --stack, or correct the conninfo.",
    )


def older_push(folder: Folder, serial: int, known: int) -> DiagnosticError:
    """The pushed state is an earlier one than is there."""
    return OLDER.error(
        f'The pushed state is at serial {serial}, but the stack "{folder.stack}" in the database is at serial {known}. Pull again and '
        "change that, or use --force if what happened since is to be forgotten.",
    )


def foreign_push(folder: Folder, pushed: str, known: str) -> DiagnosticError:
    """The pushed state is another stack's."""
    return FOREIGN.error(
        f'The pushed state is of lineage {pushed}, and the stack "{folder.stack}" in the database is of lineage {known}. Push it under '
        "another name with --stack, or use --force if it is to take this one's place.",
    )


def no_version(folder: Folder, serial: int | None, there: str) -> DiagnosticError:
    """The history has no such serial."""
    wanted = "no state that can be trusted" if serial is None else f"no state of serial {serial}"
    adopt = folder.command("state adopt --from-hosts")
    left = "" if there else f" To rebuild it from the marks on the hosts: {adopt}"
    return NO_VERSION.error(
        f'Of the stack "{folder.stack}" the database has {wanted}. There are: {there or "none"}.{left}',
    )


def not_locked(folder: Folder) -> DiagnosticError:
    """Nobody is at work."""
    return NOT_LOCKED.error(f'Nobody is at work on the stack "{folder.stack}".')


def other_lock(folder: Folder, given: str, holder: Holder) -> DiagnosticError:
    """The session to be broken is another one."""
    detail = f'Nobody who is at work on the stack "{folder.stack}" has the id "{given}". {holder.sentence()}'
    return OTHER_LOCK.error(detail)


def elsewhere(folder: Folder, what: str, command: str) -> DiagnosticError:
    """There is a state, but in another store than the spec says."""
    return ELSEWHERE.error(
        f'The stack "{folder.stack}" has its state {what}, not where the spec says. Nothing is planned over that. Bring it '
        f"over: {folder.command(command)}",
    )


def moved_away(folder: Folder, where: str) -> DiagnosticError:
    """The state was migrated to another store."""
    return ELSEWHERE.error(
        f'The state of the stack "{folder.stack}" was moved out of this database: {where}. Correct the `state` block of the '
        "spec.",
    )
