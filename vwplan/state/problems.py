"""What can be wrong with a stored state, as diagnostics that say what to do about it.

What has the same code and summary wherever the state lies is a `Sort`; what is to be said and done differs, and is told by the
functions here and in `vwplan.state.postgres.problems`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vwplan.dataclass import dataclass
from vwplan.diagnostics import Diagnostic, DiagnosticError
from vwplan.state.folder import Folder

if TYPE_CHECKING:
    from vwplan.state.lock import Holder


class WriteFailed(DiagnosticError):
    """The state could not be written: nothing more may be begun."""


@dataclass(frozen=True, slots=True)
class Sort:
    """A sort of problem: its code, and its summary."""

    code: str
    summary: str

    def error(self, detail: str, address: str = "") -> DiagnosticError:
        """A problem of this sort, to be raised; `address` is what it is about."""
        return DiagnosticError(Diagnostic(self.code, self.summary, detail, address=address))

    def stop(self, detail: str) -> WriteFailed:
        """One after which nothing more may be begun."""
        return WriteFailed(Diagnostic(self.code, self.summary, detail))


MISSING = Sort("state-missing", "The state is missing")
DAMAGED = Sort("state-damaged", "The state is damaged")
OLDER = Sort("state-older", "The state is an older one")
FOREIGN = Sort("state-foreign", "The state belongs to another stack")
NEWER = Sort("state-newer-format", "The state was written by a later vwplan")
UNWRITABLE = Sort("state-unwritable", "The state cannot be written")
LOCK_LOST = Sort("lock-lost", "The lock was taken away")
NOT_LOCKED = Sort("not-locked", "The state is not locked")
OTHER_LOCK = Sort("other-lock", "That is not the lock's id")
NO_VERSION = Sort("no-such-version", "No such version of the state")


def missing(folder: Folder, what: str, *, whole: bool = True) -> DiagnosticError:
    """A file of the state is not there, though there was one; `whole` tells that the history has one that can be trusted."""
    return MISSING.error(
        f"{what} is not there, but this stack had a state. That does not mean that nothing exists, so nothing is "
        f"planned. {_restore(folder, whole)}",
    )


def damaged(folder: Folder, what: str, reason: str, *, whole: bool = True) -> DiagnosticError:
    """A file of the state is not as it was written; `whole` tells that the history has a state that can be trusted."""
    return DAMAGED.error(
        f"{what} cannot be trusted: {reason}. It is left as it is, and nothing is planned. {_restore(folder, whole)}",
    )


def cut(folder: Folder, found: int, known: int) -> DiagnosticError:
    """The journal has fewer entries than are known to have been written."""
    return DAMAGED.error(
        f"The journal in {folder.path} has {found} entries, but {known} were written: its end was cut off. {_restore(folder)}",
    )


def older(folder: Folder, serial: int, known: int) -> DiagnosticError:
    """The state is an earlier one than is known."""
    return OLDER.error(
        f"The state in {folder.path} is at serial {serial}, but serial {known} is known to have been written: an older "
        f"copy was put in its place. Put the newer one back, or accept the newest that is there: "
        f"{folder.command('state restore')}",
    )


def older_push(folder: Folder, serial: int, known: int) -> DiagnosticError:
    """The pushed state is an earlier one than is here."""
    return OLDER.error(
        f"The pushed state is at serial {serial}, but {folder.path} is at serial {known}. Pull again and change that, or use "
        f"--force if what happened since is to be forgotten.",
    )


def not_pushable(folder: Folder, problem: Exception) -> DiagnosticError:
    """What is to be pushed is no state that can be trusted."""
    return Sort("not-a-state", "That is no state").error(
        f"What is to be pushed cannot be trusted: {problem}. Nothing was changed. Push a file as `{folder.command('state pull')}` "
        f"printed it, whole and unaltered.",
    )


def stale_rescue(folder: Folder, what: str) -> DiagnosticError:
    """What a run could not write in time was left beside the state, but the state has moved on."""
    return Sort("state-moved-on", "What was rescued follows another state").error(
        f"{what} was left by a run that could not write its journal, but the state in {folder.path} has been written since. "
        f"Compare the two; then remove that file.",
    )


def foreign(folder: Folder, reason: str) -> DiagnosticError:
    """The state is that of another stack."""
    return FOREIGN.error(
        f"What is in {folder.path} was put there from elsewhere: {reason}. Put the right folder back. If this one is "
        f"wanted under this name, remove {folder.known} first.",
    )


def newer(folder: Folder, what: str, format: int) -> DiagnosticError:
    """The state was written by a later vwplan."""
    return NEWER.error(
        f"{what} has format {format}, which this version does not know. Use the version that wrote it, or a later one.",
    )


def sealed_later(name: str, format: int) -> DiagnosticError:
    """A file or row was sealed by a later vwplan."""
    return Sort("state-newer-format", "It was encrypted by a later vwplan").error(
        f"{name} is encrypted in format {format}, which this version does not know. Use the version that wrote it, or a later one."
    )


def copied(folder: Folder, original: str) -> DiagnosticError:
    """The folder is a copy, and the original is still there."""
    return Sort("state-copied", "Another copy of this state exists").error(
        f"{folder.path} was copied from {original}, which is still there with the same lineage. Both would change the "
        f"same machines. Work there, or remove one of the two; `{folder.command('state fork')}` gives this one a "
        f"lineage of its own, with no machines in it.",
    )


def locked(folder: Folder, holder: Holder | None) -> DiagnosticError:
    """Somebody else holds the lock."""
    whose = f"{holder.sentence()} " if holder is not None else ""
    unlock = f"force-unlock {holder.id}" if holder is not None else "force-unlock"
    return Sort("state-locked", "The state is locked").error(
        f"Another command is changing this stack. {whose}Wait for it, or use --lock-timeout=5m. Only if it "
        f"will never end by itself: {folder.command(unlock)}",
    )


def not_locked(folder: Folder) -> DiagnosticError:
    """There is no lock to break."""
    return NOT_LOCKED.error(f"Nobody holds the lock of {folder.path}.")


def other_lock(folder: Folder, given: str, holder: Holder | None) -> DiagnosticError:
    """The lock to be broken is another one."""
    whose = holder.sentence() if holder is not None else "Its holder is not known."
    return OTHER_LOCK.error(f'The lock of {folder.path} is not "{given}". {whose}')


def lock_lost(folder: Folder) -> WriteFailed:
    """Somebody broke the lock that this process held."""
    return LOCK_LOST.stop(
        f"Somebody broke this command's lock on {folder.path}, or moved the folder. Nothing more is begun or written.",
    )


def unwritable(what: str, problem: OSError) -> WriteFailed:
    """A write or flush failed."""
    return UNWRITABLE.stop(
        f"Writing {what} failed: {problem.strerror or problem}. Nothing more is begun.",
    )


def unreadable(what: str, problem: OSError) -> DiagnosticError:
    """A file cannot be read for a reason of the system's."""
    return Sort("state-unreadable", "The state cannot be read").error(
        f"Reading {what} failed: {problem.strerror or problem}."
    )


def no_version(folder: Folder, serial: int | None, there: str) -> DiagnosticError:
    """The history has no such serial."""
    wanted = "no state that can be trusted" if serial is None else f"no state of serial {serial}"
    return NO_VERSION.error(
        f"{folder.path} has {wanted}. {f'There are: {there}.' if there else _restore(folder, False)}",
    )


def _restore(folder: Folder, whole: bool = True) -> str:
    if whole:
        return f"To go back to the newest state that is whole: {folder.command('state restore')}"
    return f"No earlier state is left. To rebuild it from the marks on the hosts: {folder.command('state adopt --from-hosts')}"
