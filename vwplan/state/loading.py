"""Reading a stored state without a lock, and refusing one that cannot be the truth."""

from __future__ import annotations

import os
from pathlib import Path

from vwplan.dataclass import dataclass
from vwplan.diagnostics import DiagnosticError
from vwplan.regular import open_regular
from vwplan.state import problems
from vwplan.state.damage import Belongs, Damaged, NewerFormat
from vwplan.state.disk import Disk
from vwplan.state.entries import Entry
from vwplan.state.folder import Folder, journal_base
from vwplan.state.history import find_version
from vwplan.state.journal import Header, JournalText, read_journal
from vwplan.state.memory import Memory, recall
from vwplan.state.records import State
from vwplan.state.snapshot import FORMAT, checksum_of, format_of, read_snapshot

TRIES = 50
"""How often a reader looks again when a writer put a new snapshot in place meanwhile."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A stored state as read: its base, what follows, what is remembered, how large the snapshot is, and its format."""

    base: State
    journal: JournalText
    memory: Memory | None
    size: int
    format: int = FORMAT

    @property
    def header(self) -> Header:
        """What the journal follows."""
        return self.journal.header

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The entries of the journal."""
        return self.journal.entries


def load(disk: Disk, folder: Folder) -> Loaded | None:
    """The stored state of a stack, None if there never was one; a diagnostic for one that is lost or not to be trusted."""
    for _ in range(TRIES):
        try:
            memory = recall(disk, folder)
        except Damaged as damage:
            raise problems.damaged(folder, f"{folder.memory}", str(damage), whole=_whole(disk, folder)) from damage
        except Belongs as damage:
            raise problems.foreign(folder, str(damage)) from damage
        before = _signature(folder.snapshot)
        if before is None:
            if memory is None and not leftovers(folder):
                return None
            raise problems.missing(folder, str(folder.snapshot), whole=_whole(disk, folder))
        loaded = _load_once(disk, folder, memory, before)
        if loaded is not None:
            return loaded
    raise problems.damaged(folder, str(folder.snapshot), "it changes each time it is read")


def _whole(disk: Disk, folder: Folder) -> bool:
    """Whether there is any state that `state restore` could bring back."""
    return find_version(disk, folder, None) is not None


def leftovers(folder: Folder) -> list[Path]:
    """Files that only a stack that had a state has, though its snapshot may be gone.

    A journal of one line does not count: making a state writes that first.
    """
    if not folder.path.is_dir():
        return []
    found = [path for path in folder.path.iterdir() if journal_base(path) is not None and _has_entries(path)]
    if folder.history.is_dir():
        found += [path for path in folder.history.iterdir() if path.name.startswith("snapshot.")]
    return sorted(found)


def _has_entries(path: Path) -> bool:
    with os.fdopen(open_regular(path), "rb") as opened:
        opened.readline()
        return opened.read(1) != b""


def _load_once(disk: Disk, folder: Folder, memory: Memory | None, before: tuple[int, ...]) -> Loaded | None:
    """One look; None when a writer changed the snapshot meanwhile."""
    try:
        text = _read(disk, folder.snapshot)
        base = snapshot_state(folder, folder.snapshot, text, disk)
        header = Header(base.lineage, base.serial, checksum_of(text))
        path = folder.journal(base.serial)
        journal = _journal(folder, path, _read(disk, path), header)
    except (DiagnosticError, FileNotFoundError) as problem:
        if _signature(folder.snapshot) != before:
            return None
        if isinstance(problem, FileNotFoundError):
            raise problems.missing(folder, str(problem.filename), whole=_whole(disk, folder)) from problem
        raise
    if _signature(folder.snapshot) != before:
        return None
    loaded = Loaded(base, journal, memory, len(text), min(format_of(text), journal.format))
    if memory is not None:
        _compare(folder, loaded, memory)
    return loaded


def snapshot_state(folder: Folder, path: Path, text: bytes, disk: Disk | None = None) -> State:
    """The state of a snapshot's text, or the diagnostic that says what is wrong with it; `disk` to look what could mend it."""
    try:
        return read_snapshot(text)
    except Damaged as damage:
        whole = disk is None or _whole(disk, folder)
        raise problems.damaged(folder, str(path), str(damage), whole=whole) from damage
    except NewerFormat as later:
        raise problems.newer(folder, str(path), later.format) from later


def _journal(folder: Folder, path: Path, text: bytes, header: Header) -> JournalText:
    try:
        return read_journal(text, header)
    except (Damaged, Belongs) as damage:
        raise problems.damaged(folder, str(path), str(damage)) from damage
    except NewerFormat as later:
        raise problems.newer(folder, str(path), later.format) from later


def _compare(folder: Folder, loaded: Loaded, memory: Memory) -> None:
    """Refuse a state that knows of less than is remembered."""
    if memory.lineage != loaded.base.lineage:
        reason = f"it is of lineage {loaded.base.lineage}, but this stack is of lineage {memory.lineage}"
        raise problems.foreign(folder, reason)
    serial = serial_of(loaded)
    if serial < memory.serial:
        raise problems.older(folder, serial, memory.serial)
    if memory.base == loaded.base.serial and len(loaded.entries) < memory.entries:
        raise problems.cut(folder, len(loaded.entries), memory.entries)


def serial_of(loaded: Loaded) -> int:
    """The serial that a stored state has come to."""
    return max([loaded.base.serial, *(entry.serial for entry in loaded.entries if hasattr(entry, "serial"))])


def _read(disk: Disk, path: Path) -> bytes:
    try:
        return disk.read(path)
    except FileNotFoundError:
        raise
    except OSError as problem:
        raise problems.unreadable(str(path), problem) from problem


def _signature(path: Path) -> tuple[int, ...] | None:
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
