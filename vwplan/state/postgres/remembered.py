"""What this folder knows of a shared state besides the database: lineage and serial, and what a run could not write."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vwplan.state import problems as common
from vwplan.state.damage import Damaged, NewerFormat
from vwplan.state.disk import Disk
from vwplan.state.entries import Entry, RunStarted
from vwplan.state.folder import Folder
from vwplan.state.journal import read_header, read_journal
from vwplan.state.memory import Memory, read_memory, write_memory
from vwplan.state.postgres import problems

if TYPE_CHECKING:
    from vwplan.state.postgres.rows import StackRow
    from vwplan.state.postgres.session import PostgresSession


def place(folder: Folder) -> Path:
    """The file that remembers that a stack's state is in a database, and how far it had come."""
    return folder.root / "known.postgres" / folder.stack


def recall(disk: Disk, folder: Folder) -> Memory | None:
    """What is remembered; None where nothing is, or that is damaged: it only helps to notice a database that went back."""
    try:
        return read_memory(disk.read(place(folder)))
    except (OSError, Damaged):
        return None


def serial(disk: Disk, folder: Folder) -> int:
    """The highest serial that is remembered, 0 where none is."""
    memory = recall(disk, folder)
    return 0 if memory is None else memory.serial


def remember(disk: Disk, folder: Folder, lineage: str, serial: int) -> None:
    """Remember how far the state has come."""
    memory = Memory(lineage, serial, 0, 0)
    if recall(disk, folder) == memory:
        return
    try:
        disk.make_folder(place(folder).parent)
        disk.replace(place(folder), write_memory(memory))
    except OSError as problem:
        raise common.unwritable(str(place(folder)), problem) from problem


def forget(disk: Disk, folder: Folder) -> None:
    """Forget: the state is not in the database any more."""
    disk.remove(place(folder))


def compare(disk: Disk, folder: Folder, row: StackRow | None) -> None:
    """Refuse a database that has no such stack, another, or an older one than is remembered; and one that was moved away."""
    memory = recall(disk, folder)
    if row is not None and row.moved_to:
        raise problems.moved_away(folder, row.moved_to)
    if row is None:
        if memory is not None:
            raise problems.missing(folder, memory.lineage, memory.serial)
        if folder.snapshot.exists() or folder.known.exists():
            raise problems.elsewhere(folder, f"in {folder.path}", "state migrate --from local")
        return
    if memory is None:
        return
    if memory.lineage != row.lineage:
        raise problems.foreign(folder, row.lineage, memory.lineage)
    if row.serial < memory.serial:
        raise problems.older(folder, row.serial, memory.serial)


def take_rescued(disk: Disk, folder: Folder, session: PostgresSession) -> None:
    """Write what runs could not write and left beside the stack's folder, where those runs are not settled yet.

    What another command has settled meanwhile was looked at on the hosts, and is newer: that file goes to the history. That
    of a run whose session may still live stays.
    """
    ledger = session.ledger
    ours = {run.run for run in session.dead_runs} | {step.run for step in session.unfinished}
    theirs = {*ledger.running, *(run for run, _ in ledger.unfinished)} - ours
    for path in sorted(folder.path.glob("rescue.*.jsonl")):
        entries = _read(disk, folder, path, session)
        if any(entry.run in theirs for entry in entries):
            continue
        session.write([entry for entry in entries if entry.run in ours and not isinstance(entry, RunStarted)])
        disk.make_folder(folder.history)
        disk.rename(path, folder.history / path.name)


def _read(disk: Disk, folder: Folder, path: Path, session: PostgresSession) -> tuple[Entry, ...]:
    try:
        text = disk.read(path)
        header = read_header(text)
        entries = read_journal(text, header).entries
    except (OSError, Damaged, NewerFormat) as damage:
        raise common.damaged(folder, str(path), str(damage)) from damage
    if header.lineage != session.ledger.lineage:
        raise common.stale_rescue(folder, str(path))
    return entries
