"""A session: the lock of a stack, held, and its state as this process changes it."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from vwplan.state import problems
from vwplan.state.claims import Claims
from vwplan.state.disk import Disk
from vwplan.state.entries import Begun, Entry, RunEnded, RunStarted
from vwplan.state.fold import Ledger
from vwplan.state.folder import Folder
from vwplan.state.history import keep, prune
from vwplan.state.journal import Header, write_entries, write_header
from vwplan.state.loading import Loaded
from vwplan.state.lock import Holder, Lock
from vwplan.state.memory import Memory, Place, write_memory
from vwplan.state.records import State
from vwplan.state.snapshot import checksum_of, write_snapshot
from vwplan.state.wire import Unreadable, decode, encode_sorted, to_bytes

SHARE = 0.5
"""The journal's size, as a share of the snapshot's, past which both become a new snapshot."""

LEAST = 32 * 1024
"""The size in bytes up to which a journal is never compacted."""


class LocalSession:
    """The lock of a stack in local files, and the only way to write there.

    `ledger` is the state as of the last entry written. Once a write has failed nothing is written again: `broken` is set, each
    further write raises `WriteFailed`, and `rescue` says what did not reach the disk.
    """

    def __init__(self, disk: Disk, folder: Folder, lock: Lock, holder: Holder, loaded: Loaded, place: Place) -> None:
        self.holder = holder
        self.folder = folder
        self.ledger = Ledger(loaded.base)
        self.broken = False
        self.unsaved: list[Entry] = []
        self._disk = disk
        self._lock = lock
        self._place = place
        self._header = loaded.header
        self._count = 0
        self._size = 0
        self._snapshot_size = loaded.size
        self._descriptor = -1
        for entry in loaded.entries:
            self.ledger.take(entry)
        self._count = len(loaded.entries)
        self._size = loaded.journal.good

    @property
    def unfinished(self) -> tuple[Begun, ...]:
        """The steps that were begun and whose end is not known."""
        return tuple(self.ledger.unfinished.values())

    @property
    def dead_runs(self) -> tuple[RunStarted, ...]:
        """The runs that were started and never ended; whoever has just taken the lock knows that they are dead."""
        return tuple(self.ledger.running.values())

    def state(self) -> State:
        """The state as of the last entry written."""
        return self.ledger.state()

    def claim(self, claims: Claims) -> bool:
        """True: the lock is on the whole stack."""
        return True

    def changed_since(self, serial: int, names: Collection[str]) -> frozenset[str]:
        """All of them once there was another run: which rows it changed is not kept."""
        return frozenset(names) if self.ledger.serial != serial else frozenset()

    def start(self, run: str, at: float, doing: str, *, plan: bytes | None = None, key_id: str = "") -> RunStarted:
        """Begin a run: the plan is stored, the serial is one higher, and both are on the disk before this returns."""
        if plan is not None:
            self._replace(self.folder.plan(run), plan)
        holder = self.holder
        who = f"{holder.who}@{holder.host}"
        started = RunStarted(run, self.ledger.serial + 1, at, who, holder.pid, doing, key_id)
        self.write([started])
        self.remember()
        return started

    def write(self, entries: Sequence[Entry]) -> None:
        """Put entries on the disk in one write and one flush, and lay them over the state.

        `WriteFailed` when that fails; the entries then count for the state in memory and are among the unsaved.
        """
        if not entries:
            return
        try:
            if self.broken:
                raise problems.unwritable(str(self._journal), OSError("an earlier write failed"))
            self._append(entries)
        except problems.WriteFailed:
            self.broken = True
            self.unsaved.extend(entries)
            raise
        finally:
            for entry in entries:
                self.ledger.take(entry)

    def finish(self, ended: RunEnded) -> None:
        """End a run; past a share of the snapshot's size, all of it becomes a new snapshot."""
        self.write([ended])
        # The run is over and on the disk; failing to tidy up behind it loses nothing.
        with contextlib.suppress(problems.WriteFailed):
            if self._size > max(LEAST, self._snapshot_size * SHARE) and not self.ledger.running:
                self.compact()
            else:
                self.remember()
        if not any(run == ended.run for run, _ in self.ledger.unfinished):
            with contextlib.suppress(OSError):
                self._disk.remove(self.folder.plan(ended.run))

    def compact(self) -> None:
        """Make snapshot and journal into a new snapshot with a journal of its own; what is unfinished is carried over."""
        if self.ledger.serial <= self._header.base:
            return
        self._change_base(self.ledger.state(), self.unfinished)

    def keep(self) -> Path:
        """Put the state as it is now in the history, before something is done to it by hand; gives the file's path."""
        self.compact()
        base = self._header.base
        try:
            keep(self._disk, self.folder, base)
        except OSError as problem:
            raise problems.unwritable(str(self.folder.old_snapshot(base)), problem) from problem
        return self.folder.old_snapshot(base)

    def upgrade(self, format: int) -> int:
        """Write today's format in the place of an older one, of which the files are kept for good; gives the new base's serial."""
        older = self.folder.older(format)
        try:
            self._disk.make_folder(older)
            for path in (self.folder.snapshot, self._journal):
                self._disk.link(path, older / path.name)
            self._disk.flush_folder(older)
        except OSError as problem:
            raise problems.unwritable(str(older), problem) from problem
        self.ledger.serial += 1
        self._change_base(self.ledger.state(), (*self.dead_runs, *self.unfinished))
        return self._header.base

    def rescue(self) -> bytes:
        """What was not written, as a journal's text: `LocalStore` lays it over the state when it is brought back."""
        text = write_header(self._header) + write_entries(self.unsaved, 1, self._header)
        return self._disk.covered(self.folder.rescue(""), text)

    def save_rescue(self, run: str, elsewhere: Sequence[Path] = ()) -> Path | None:
        """Write what is unsaved to the first place that takes it: the stack's folder, then those given; None if none does."""
        text = self.rescue()
        places = [self.folder.rescue(run), *(place / self.folder.rescue(run).name for place in elsewhere)]
        for path in places:
            with contextlib.suppress(OSError):
                self._disk.replace(path, text)
                return path
        return None

    def durations(self) -> dict[str, float]:
        """How many seconds steps took in earlier runs, by `VERB KIND`."""
        try:
            found = decode(self._disk.read(self.folder.durations))
            return {str(name): float(seconds) for name, seconds in found.items()}
        except (OSError, *Unreadable):
            return {}

    def keep_durations(self, durations: Mapping[str, float]) -> None:
        """Remember them. They only help the order of steps, so that failing to write them is nothing."""
        rounded = {name: round(seconds, 3) for name, seconds in durations.items()}
        with contextlib.suppress(OSError):
            self._disk.replace(self.folder.durations, to_bytes(encode_sorted(rounded) + "\n"))

    def close(self) -> None:
        """Let the lock go."""
        if self._descriptor >= 0:
            self._disk.close(self._descriptor)
            self._descriptor = -1
        self._lock.release()

    def __enter__(self) -> LocalSession:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def renew(self, extra: Sequence[Entry], old: Sequence[Entry]) -> None:
        """Write the journal anew, in a fresh file, from its old entries and some that were rescued.

        For a journal that was left by a dead process, or whose last flush failed: the old file is never written again.
        """
        for entry in extra:
            self.ledger.take(entry)
        entries = [*old, *extra]
        text = write_header(self._header) + write_entries(entries, 1, self._header)
        self._replace(self._journal, text)
        self._count = len(entries)
        self._size = len(text)
        self.remember()

    @property
    def _journal(self) -> Path:
        return self.folder.journal(self._header.base)

    def _append(self, entries: Sequence[Entry]) -> None:
        text = write_entries(entries, self._count + 1, self._header)
        self._lock.check()
        try:
            if self._descriptor < 0:
                self._descriptor = self._disk.open_append(self._journal)
            self._disk.write(self._descriptor, text)
            self._disk.flush(self._descriptor)
        except OSError as problem:
            raise problems.unwritable(str(self._journal), problem) from problem
        self._count += len(entries)
        self._size += len(text)

    def _change_base(self, state: State, carried: Sequence[Entry]) -> None:
        """Put a new snapshot in place. Its journal comes first, so that whoever sees the one finds the other."""
        folder, disk = self.folder, self._disk
        text = write_snapshot(state)
        header = Header(state.lineage, state.serial, checksum_of(text))
        journal = write_header(header) + write_entries(carried, 1, header)
        old = self._header.base
        self._lock.check()
        try:
            keep(disk, folder, old)
            disk.replace(folder.journal(header.base), journal)
            disk.replace(folder.snapshot, text)
            if old != header.base:
                disk.rename(folder.journal(old), folder.old_journal(old))
        except OSError as problem:
            self.broken = True
            raise problems.unwritable(str(folder.snapshot), problem) from problem
        if self._descriptor >= 0:
            disk.close(self._descriptor)
            self._descriptor = -1
        self._header, self._count, self._size = header, len(carried), len(journal)
        self._snapshot_size = len(text)
        self.remember()
        prune(disk, folder)

    def remember(self) -> None:
        """Write down, in both places, what there must be from now on."""
        ledger, header = self.ledger, self._header
        memory = Memory(ledger.lineage, ledger.serial, header.base, self._count, self._place, ledger.key_id)
        text = write_memory(memory)
        self._disk.make_folder(self.folder.known.parent)
        for path in (self.folder.memory, self.folder.known):
            self._replace(path, text)

    def _replace(self, path: Path, text: bytes) -> None:
        try:
            self._disk.replace(path, text)
        except OSError as problem:
            self.broken = True
            raise problems.unwritable(str(path), problem) from problem
