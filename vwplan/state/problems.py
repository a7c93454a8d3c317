"""What can be wrong with a stored state, as diagnostics that say what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vwplan.diagnostics import Diagnostic, DiagnosticError
from vwplan.state.folder import Folder

if TYPE_CHECKING:
    from vwplan.state.lock import Holder


class WriteFailed(DiagnosticError):
    """The state could not be written: nothing more may be begun."""


def missing(folder: Folder, what: str, *, whole: bool = True) -> DiagnosticError:
    """A file of the state is not there, though there was one; `whole` tells that the history has one that can be trusted."""
    return _error(
        "state-missing",
        "The state is missing",
        f"{what} is not there, but this stack had a state. That does not mean that nothing exists, so nothing is "
        f"planned. {_restore(folder, whole)}",
    )


def damaged(folder: Folder, what: str, reason: str, *, whole: bool = True) -> DiagnosticError:
    """A file of the state is not as it was written; `whole` tells that the history has a state that can be trusted."""
    return _error(
        "state-damaged",
        "The state is damaged",
        f"{what} cannot be trusted: {reason}. It is left as it is, and nothing is planned. {_restore(folder, whole)}",
    )


def cut(folder: Folder, found: int, known: int) -> DiagnosticError:
    """The journal has fewer entries than are known to have been written."""
    return _error(
        "state-damaged",
        "The state is damaged",
        f"The journal in {folder.path} has {found} entries, but {known} were written: its end was cut off. {_restore(folder)}",
    )


def older(folder: Folder, serial: int, known: int) -> DiagnosticError:
    """The state is an earlier one than is known."""
    return _error(
        "state-older",
        "The state is an older one",
        f"The state in {folder.path} is at serial {serial}, but serial {known} is known to have been written: an older "
        f"copy was put in its place. Put the newer one back, or accept the newest that is there: "
        f"{folder.command('state restore')}",
    )


def older_push(folder: Folder, serial: int, known: int) -> DiagnosticError:
    """The pushed state is an earlier one than is here."""
    return _error(
        "state-older",
        "The state is an older one",
        f"The pushed state is at serial {serial}, but {folder.path} is at serial {known}. Pull again and change that, or use "
        f"--force if what happened since is to be forgotten.",
    )


def not_pushable(folder: Folder, problem: Exception) -> DiagnosticError:
    """What is to be pushed is no state that can be trusted."""
    return _error(
        "not-a-state",
        "That is no state",
        f"What is to be pushed cannot be trusted: {problem}. Nothing was changed. Push a file as `{folder.command('state pull')}` "
        f"printed it, whole and unaltered.",
    )


def stale_rescue(folder: Folder, what: str) -> DiagnosticError:
    """What a run could not write in time was left beside the state, but the state has moved on."""
    return _error(
        "state-moved-on",
        "What was rescued follows another state",
        f"{what} was left by a run that could not write its journal, but the state in {folder.path} has been written since. "
        f"Compare the two; then remove that file.",
    )


def foreign(folder: Folder, reason: str) -> DiagnosticError:
    """The state is that of another stack."""
    return _error(
        "state-foreign",
        "The state belongs to another stack",
        f"What is in {folder.path} was put there from elsewhere: {reason}. Put the right folder back. If this one is "
        f"wanted under this name, remove {folder.known} first.",
    )


def newer(folder: Folder, what: str, format: int) -> DiagnosticError:
    """The state was written by a later vwplan."""
    return _error(
        "state-newer-format",
        "The state was written by a later vwplan",
        f"{what} has format {format}, which this version does not know. Use the version that wrote it, or a later one.",
    )


def copied(folder: Folder, original: str) -> DiagnosticError:
    """The folder is a copy, and the original is still there."""
    return _error(
        "state-copied",
        "Another copy of this state exists",
        f"{folder.path} was copied from {original}, which is still there with the same lineage. Both would change the "
        f"same machines. Work there, or remove one of the two; `{folder.command('state fork')}` gives this one a "
        f"lineage of its own, with no machines in it.",
    )


def locked(folder: Folder, holder: Holder | None) -> DiagnosticError:
    """Somebody else holds the lock."""
    whose = f"{holder.sentence()} " if holder is not None else ""
    unlock = f"force-unlock {holder.id}" if holder is not None else "force-unlock"
    return _error(
        "state-locked",
        "The state is locked",
        f"Another command is changing this stack. {whose}Wait for it, or use --lock-timeout=5m. Only if it "
        f"will never end by itself: {folder.command(unlock)}",
    )


def not_locked(folder: Folder) -> DiagnosticError:
    """There is no lock to break."""
    return _error("not-locked", "The state is not locked", f"Nobody holds the lock of {folder.path}.")


def other_lock(folder: Folder, given: str, holder: Holder | None) -> DiagnosticError:
    """The lock to be broken is another one."""
    whose = holder.sentence() if holder is not None else "Its holder is not known."
    return _error("other-lock", "That is not the lock's id", f'The lock of {folder.path} is not "{given}". {whose}')


def lock_lost(folder: Folder) -> WriteFailed:
    """Somebody broke the lock that this process held."""
    return WriteFailed(
        Diagnostic(
            "lock-lost",
            "The lock was taken away",
            f"Somebody broke this command's lock on {folder.path}, or moved the folder. Nothing more is begun or written.",
        )
    )


def unwritable(what: str, problem: OSError) -> WriteFailed:
    """A write or flush failed."""
    return WriteFailed(
        Diagnostic(
            "state-unwritable",
            "The state cannot be written",
            f"Writing {what} failed: {problem.strerror or problem}. Nothing more is begun.",
        )
    )


def unreadable(what: str, problem: OSError) -> DiagnosticError:
    """A file cannot be read for a reason of the system's."""
    return _error(
        "state-unreadable", "The state cannot be read", f"Reading {what} failed: {problem.strerror or problem}."
    )


def no_version(folder: Folder, serial: int | None, there: str) -> DiagnosticError:
    """The history has no such serial."""
    wanted = "no state that can be trusted" if serial is None else f"no state of serial {serial}"
    return _error(
        "no-such-version",
        "No such version of the state",
        f"{folder.path} has {wanted}. {f'There are: {there}.' if there else _restore(folder, False)}",
    )


def _restore(folder: Folder, whole: bool = True) -> str:
    if whole:
        return f"To go back to the newest state that is whole: {folder.command('state restore')}"
    return f"No earlier state is left. To rebuild it from the marks on the hosts: {folder.command('state adopt --from-hosts')}"


def _error(code: str, summary: str, detail: str) -> DiagnosticError:
    return DiagnosticError(Diagnostic(code, summary, detail))
