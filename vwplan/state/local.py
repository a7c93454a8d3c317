"""The local store: a stack's state in files, with one lock, for as many readers as like.

Readers take no lock. Whoever writes takes it (`lock`), and gets a session. Nothing here calls a provider: what a dead run left
unfinished is shown by the session, and settled by the engine.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from vwplan.dataclass import dataclass
from vwplan.diagnostics import DiagnosticError
from vwplan.state import problems
from vwplan.state.damage import Belongs, Damaged, NewerFormat
from vwplan.state.disk import Disk
from vwplan.state.entries import Begun, Entry, RunStarted
from vwplan.state.fold import Ledger
from vwplan.state.folder import Folder, journal_base
from vwplan.state.history import Version, find_version, keep, known_runs, versions
from vwplan.state.journal import Header, read_journal, write_entries, write_header
from vwplan.state.loading import Loaded, load, snapshot_state
from vwplan.state.lock import Holder, Lock, acquire, break_lock, held_as, holding
from vwplan.state.memory import Memory, machine_id, place_of, read_memory, recall, write_memory
from vwplan.state.records import State
from vwplan.state.session import LocalSession
from vwplan.state.snapshot import FORMAT, checksum_of, read_snapshot, write_snapshot
from vwplan.state.younger import with_younger


@dataclass(frozen=True, slots=True)
class Stored:
    """A state as a reader finds it.

    `running` are the runs that were started and not ended, `unfinished` the steps that were begun and not ended: by a command
    that is under way (`LocalStore.holder` tells), or by one that was cut short.
    """

    state: State
    unfinished: tuple[Begun, ...]
    running: tuple[RunStarted, ...] = ()


@dataclass(frozen=True, slots=True)
class Restored:
    """What `restore`, `push` or `fork` did: the state that holds now, where it came from, and the serial that it had there.

    `kept` is where what was there before lies now; empty where there was nothing. `since` are the addresses of what the state knew
    nothing of and is recorded all the same, since it exists (see `vwplan.state.younger`).
    """

    state: State
    source: str
    before: int
    kept: str = ""
    since: tuple[str, ...] = ()


class LocalStore:
    """One stack's state under `root` (`.vwplan`); `machine` names this machine, for noticing copies of the folder."""

    def __init__(
        self,
        root: Path,
        stack: str = "default",
        *,
        disk: Disk | None = None,
        machine: str | None = None,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.folder = Folder(root, stack)
        self._disk = disk or Disk()
        self._machine = machine
        self._sleep = sleep
        self._monotonic = monotonic

    def read(self) -> Stored | None:
        """The state as of now, without a lock; None if this stack never had one. A diagnostic if it cannot be trusted."""
        loaded = load(self._disk, self.folder)
        if loaded is None:
            return None
        ledger = Ledger(loaded.base)
        for entry in loaded.entries:
            ledger.take(entry)
        return Stored(ledger.state(), tuple(ledger.unfinished.values()), tuple(ledger.running.values()))

    def lock(self, holder: Holder, *, lineage: str, timeout: float = 0.0) -> LocalSession:
        """Take the lock, waiting `timeout` seconds, and open the state; where there was none it is made under `lineage`."""
        lock = acquire(self._disk, self.folder, holder, timeout, self._sleep, self._monotonic)
        try:
            loaded = load(self._disk, self.folder)
            if loaded is None:
                self._create(State(lineage))
                loaded = load(self._disk, self.folder)
                assert loaded is not None
            return self._open(lock, holder, loaded)
        except OSError as problem:
            lock.release()
            raise problems.unwritable(str(self.folder.path), problem) from problem
        except BaseException:
            lock.release()
            raise

    def holder(self) -> Holder | None:
        """Who holds the lock now, if anybody does."""
        return holding(self._disk, self.folder)

    def held(self, id: str) -> Holder:
        """Who holds the lock of that id; a diagnostic where nobody does."""
        return held_as(self._disk, self.folder, id)

    def force_unlock(self, id: str) -> Holder:
        """Break the lock of that id: its holder begins and writes nothing more."""
        holder = self.held(id)
        break_lock(self._disk, self.folder)
        return holder

    def history(self) -> tuple[Version, ...]:
        """The versions that can be had back, newest first; works on a damaged state too."""
        return versions(self._disk, self.folder)

    def version(self, serial: int) -> State:
        """The state as it was at a serial."""
        found = find_version(self._disk, self.folder, serial)
        if found is None:
            raise self._no_version(serial)
        return found.state

    def restore(self, holder: Holder, serial: int | None = None, *, timeout: float = 0.0) -> Restored:
        """Put an earlier version, or the newest that is whole, in the place of the state, under a serial above all known.

        Works where the state is missing or damaged; what is replaced goes to the history, and what was made since is kept.
        """
        with self._locked(holder, timeout):
            found = find_version(self._disk, self.folder, serial)
            if found is None:
                raise self._no_version(serial)
            highest, runs = self._known()
            whole, since, unfinished = self._over(found.state)
            state = replace(whole, serial=highest + 1, previous_writers=whole.previous_writers | runs)
            begun = {(step.run, step.step): step for step in (*unfinished, *found.unfinished)}
            kept = self._replace_all(state, tuple(begun.values()))
            return Restored(state, str(found.path), found.state.serial, kept, since)

    def push(self, holder: Holder, text: bytes, *, force: bool = False, timeout: float = 0.0) -> Restored:
        """Put a pulled state in the place of this one, under a serial above all known.

        Refused where its lineage is another, or it is older than what is here, unless `force`.
        """
        try:
            pushed = read_snapshot(text)
        except (Damaged, NewerFormat) as problem:
            raise problems.not_pushable(self.folder, problem) from problem
        with self._locked(holder, timeout):
            memory = self._memory()
            highest, runs = self._known()
            if memory is not None and not force:
                if memory.lineage != pushed.lineage:
                    raise problems.foreign(self.folder, f"the pushed state is of lineage {pushed.lineage}")
                if pushed.serial < highest:
                    raise problems.older_push(self.folder, pushed.serial, highest)
            serial = max(highest, pushed.serial) + 1
            whole, since, unfinished = self._over(pushed)
            state = replace(whole, serial=serial, previous_writers=pushed.previous_writers | runs)
            kept = self._replace_all(state, unfinished)
            return Restored(state, "the pushed state", pushed.serial, kept, since)

    def fork(self, holder: Holder, lineage: str, *, timeout: float = 0.0) -> Restored:
        """Give this folder a lineage of its own, with no records: the machines stay the original's."""
        with self._locked(holder, timeout):
            highest, _ = self._known()
            for path in (self.folder.known, self.folder.memory):
                self._disk.remove(path)
            state = State(lineage, highest + 1)
            kept = self._replace_all(state, ())
            return Restored(state, "", highest, kept)

    @property
    def remembered(self) -> str:
        """The lineage that this stack is known to have had, even where its state is lost; empty if it never had one."""
        memory = self._memory()
        return "" if memory is None else memory.lineage

    def _locked(self, holder: Holder, timeout: float) -> LocalLock:
        return LocalLock(acquire(self._disk, self.folder, holder, timeout, self._sleep, self._monotonic))

    def _memory(self) -> Memory | None:
        try:
            return recall(self._disk, self.folder)
        except (Damaged, Belongs):
            return None

    def _known(self) -> tuple[int, frozenset[str]]:
        highest, runs = known_runs(self._disk, self.folder)
        memory = self._memory()
        return max(highest, memory.serial if memory else 0), runs

    def _over(self, state: State) -> tuple[State, tuple[str, ...], tuple[Begun, ...]]:
        """A state with what exists beyond it, as far as what is there now can be read; and what is unfinished now.

        The second are the addresses of what it knew nothing of, the third is to be settled once it is in place.
        """
        newest = find_version(self._disk, self.folder, None)
        if newest is None:
            return state, (), ()
        whole, younger = with_younger(state, newest.state)
        return whole, tuple(sorted(record.address for record in younger)), newest.unfinished

    def _no_version(self, serial: int | None) -> DiagnosticError:
        there = ", ".join(str(version.serial) for version in self.history())
        return problems.no_version(self.folder, serial, there)

    def _machine_id(self) -> str:
        if self._machine is None:
            self._machine = machine_id()
        return self._machine

    def _open(self, lock: Lock, holder: Holder, loaded: Loaded) -> LocalSession:
        """A session on a state that was just loaded, after tidying up what dead processes left."""
        place = place_of(self.folder.path, self._machine_id())
        self._refuse_copy(loaded)
        self._disk.cover_all(self.folder.path, self.folder.history)
        session = LocalSession(self._disk, self.folder, lock, holder, loaded, place)
        rescued, paths = self._rescued(loaded.header)
        if loaded.journal.cut or session.dead_runs or rescued:
            session.renew(rescued, loaded.entries)
        elif self._memories() != [loaded.memory] * 2 or loaded.memory is None or loaded.memory.place != place:
            session.remember()
        for path in paths:
            self._disk.remove(path)
        base = loaded.base.serial
        if loaded.format < FORMAT:
            base = session.upgrade(loaded.format)
        self._tidy(base, {run.run for run in session.dead_runs} | {b.run for b in session.unfinished})
        return session

    def _memories(self) -> list[Memory | None]:
        found: list[Memory | None] = []
        for path in (self.folder.memory, self.folder.known):
            try:
                found.append(read_memory(self._disk.read(path)))
            except (FileNotFoundError, Damaged):
                found.append(None)
        return found

    def _refuse_copy(self, loaded: Loaded) -> None:
        """Refuse a folder that was copied, while the original is still there with the same lineage."""
        memory = loaded.memory
        if memory is None or not memory.place.path:
            return
        here = place_of(self.folder.path, self._machine_id())
        before = memory.place
        if before.machine != here.machine or before.path == here.path:
            return
        original = Path(before.path)
        try:
            there = place_of(original, here.machine)
            lineage = read_memory(self._disk.read(original / self.folder.memory.name)).lineage
        except (OSError, Damaged):
            return
        same = (there.device, there.inode) == (here.device, here.inode)
        if not same and lineage == loaded.base.lineage:
            raise problems.copied(self.folder, before.path)

    def _rescued(self, header: Header) -> tuple[list[Entry], list[Path]]:
        """Entries that a run could not write in the journal and left beside it, and the files to be removed."""
        entries: list[Entry] = []
        paths = sorted(self.folder.path.glob("rescue.*.jsonl"))
        for path in paths:
            try:
                entries += read_journal(self._disk.read(path), header).entries
            except Belongs as stale:
                raise problems.stale_rescue(self.folder, str(path)) from stale
            except (Damaged, NewerFormat) as damage:
                raise problems.damaged(self.folder, str(path), str(damage)) from damage
        return entries, paths

    def _tidy(self, base: int, wanted: set[str]) -> None:
        """Put journals of earlier bases where they belong, and remove what nothing needs."""
        for path in list(self.folder.path.iterdir()):
            serial = journal_base(path)
            stray = serial is not None and serial != base
            if stray and serial is not None and self.folder.old_snapshot(serial).exists() and serial < base:
                self._disk.rename(path, self.folder.old_journal(serial))
            elif stray or path.name.endswith(".tmp") or _is_plan_of_other(path, wanted):
                self._disk.remove(path)

    def _create(self, state: State, carried: Sequence[Entry] = ()) -> None:
        text = write_snapshot(state)
        header = Header(state.lineage, state.serial, checksum_of(text))
        journal = write_header(header) + write_entries(carried, 1, header)
        self._disk.make_folder(self.folder.path)
        self._disk.make_folder(self.folder.known.parent)
        self._disk.replace(self.folder.journal(state.serial), journal)
        self._disk.replace(self.folder.snapshot, text)
        place = place_of(self.folder.path, self._machine_id())
        memory = Memory(state.lineage, state.serial, state.serial, len(carried), place, state.key_id)
        for path in (self.folder.memory, self.folder.known):
            self._disk.replace(path, write_memory(memory))

    def _replace_all(self, state: State, carried: Sequence[Entry]) -> str:
        """Put a state in the place of what is there, whole or not; that goes to the history, and its path there is given."""
        kept = ""
        try:
            disk, folder = self._disk, self.folder
            journals = [path for path in folder.path.iterdir() if journal_base(path) is not None]
            if folder.snapshot.exists():
                base = self._base_there(state.serial - 1)
                keep(disk, folder, base)
                kept = str(folder.old_snapshot(base))
            disk.make_folder(folder.history)  # For the journals: a stack that was changed but once has none yet.
            self._create(state, carried)
            for path in journals:
                serial = journal_base(path)
                if serial is not None and serial != state.serial:
                    disk.rename(path, folder.old_journal(serial))
            for path in folder.path.glob("rescue.*.jsonl"):
                disk.rename(path, folder.history / path.name)
        except OSError as problem:
            raise problems.unwritable(str(self.folder.path), problem) from problem
        return kept

    def _base_there(self, otherwise: int) -> int:
        """The serial under which the present snapshot goes to the history, even if it is damaged."""
        bases = [base for path in self.folder.path.iterdir() if (base := journal_base(path)) is not None]
        try:
            return snapshot_state(self.folder, self.folder.snapshot, self._disk.read(self.folder.snapshot)).serial
        except DiagnosticError:
            return max(bases, default=otherwise)


def _is_plan_of_other(path: Path, wanted: set[str]) -> bool:
    return path.name.startswith("plan.") and path.name.split(".")[1] not in wanted


class LocalLock:
    """A lock held for the length of a `with` block."""

    def __init__(self, lock: Lock) -> None:
        self._lock = lock

    def __enter__(self) -> None:
        return

    def __exit__(self, *_: object) -> None:
        self._lock.release()
