"""The store of one stack in a PostgreSQL database: read by anybody at any time, changed through sessions."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import psycopg

from vwplan.diagnostics import DiagnosticError
from vwplan.state import problems as common
from vwplan.state.cover import CLEAR, Cover
from vwplan.state.covered import CoveredDisk
from vwplan.state.damage import Damaged, NewerFormat
from vwplan.state.disk import Disk
from vwplan.state.entries import Begun
from vwplan.state.folder import Folder
from vwplan.state.history import Version
from vwplan.state.local import Restored, Stored
from vwplan.state.lock import Holder
from vwplan.state.postgres import past, problems, remembered, replacing, resealing, rows, schema, sessions
from vwplan.state.postgres.bodies import Bodies
from vwplan.state.postgres.connection import Server
from vwplan.state.postgres.lease import LENGTH, Lease, boot_clock
from vwplan.state.postgres.process import this_process
from vwplan.state.postgres.session import PostgresSession
from vwplan.state.records import State
from vwplan.state.snapshot import read_snapshot
from vwplan.state.younger import with_younger

T = TypeVar("T")


class PostgresStore:
    """One stack's state in the database that `conninfo` names; `root` (`.vwplan`) has the stack key and what is remembered here.

    `cover` is how what is written lies there, and in rescue files. `lease` is how many seconds a session counts as alive after
    it was last heard of, `patience` how many a server that is lost is waited for.
    """

    def __init__(
        self,
        conninfo: str,
        root: Path,
        stack: str = "default",
        *,
        cover: Cover = CLEAR,
        disk: Disk | None = None,
        lease: float = LENGTH,
        patience: float = 60.0,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
        boot: Callable[[], float] = boot_clock,
    ) -> None:
        self.folder = Folder(root, stack)
        self._server = Server(conninfo, patience=patience, sleep=sleep, monotonic=monotonic)
        self._cover = cover
        self._disk = disk or CoveredDisk(cover)
        self._lease = lease
        self._boot = boot

    def read(self) -> Stored | None:
        """The state as of now, without a lock; None if this stack never had one. A diagnostic if it cannot be trusted."""
        loaded = self._ask(lambda connection: rows.load(connection, self.folder.stack, self._cover))
        self._check(None if loaded is None else loaded.row)
        if loaded is None:
            return None
        ledger = loaded.ledger
        return Stored(ledger.state(), tuple(ledger.unfinished.values()), tuple(ledger.running.values()))

    def lock(self, holder: Holder, *, lineage: str, timeout: float = 0.0) -> PostgresSession:
        """Come in at the gate, waiting `timeout` seconds, and open the state; where there was none it is made under `lineage`.

        One session at a time settles and plans. What dead sessions left becomes this one's; rows are claimed later, and
        waited for as long again as was left.
        """
        until = self._server.monotonic() + timeout
        name = self.folder.stack

        def enter(connection: psycopg.Connection[Any]) -> set[str]:
            row = rows.stack_row(connection, name, lock=True)
            if row is None:
                row = replacing.make(connection, name, State(lineage), self._cover)
            sessions.open_session(connection, row.id, holder, this_process(), self._lease, self.folder)
            return sessions.claimed_by(connection, holder.id)

        self._check(self._ask(lambda connection: rows.stack_row(connection, name), make=True))
        if self._cover is not CLEAR:
            self._ask(lambda connection: resealing.reseal(connection, name, self._cover))
        lease = Lease(self._lease, self._boot)
        asked = lease.clock()
        names = self._change(enter, until)
        lease.renewed(asked)
        loaded = self._ask(lambda connection: rows.load(connection, name, self._cover))
        if loaded is None:
            raise problems.changed_under(name)
        session = PostgresSession(self._server, self.folder, holder, loaded, lease, self._disk)
        try:
            session.inherit(names, until)
            remembered.take_rescued(self._disk, self.folder, session)
            remembered.remember(self._disk, self.folder, loaded.row.lineage, loaded.row.serial)
        except BaseException:
            session.close()
            raise
        return session

    @property
    def remembered(self) -> str:
        """The lineage that this stack is known to have had, even where the database lost it; empty if it never had one."""
        memory = remembered.recall(self._disk, self.folder)
        if memory is not None:
            return memory.lineage
        row = self._row()
        return "" if row is None else row.lineage

    def holder(self) -> Holder | None:
        """Who is at work now, if anybody is: whoever is in the gate, else the oldest session."""
        there = [other for other in self._others() if not other.dead]
        found = next((other for other in there if other.gate), there[0] if there else None)
        return None if found is None else found.holder

    def holders(self) -> tuple[Holder, ...]:
        """All who are at work now, oldest first."""
        return tuple(other.holder for other in self._others() if not other.dead)

    def held(self, id: str) -> Holder:
        """Who is at work under that id; a diagnostic where nobody is."""
        there = self._others()
        found = next((other for other in there if other.holder.id == id), None)
        if found is None:
            if not there:
                raise problems.not_locked(self.folder)
            raise problems.other_lock(self.folder, id, there[0].holder)
        return found.holder

    def force_unlock(self, id: str) -> Holder:
        """Break the session of that id: it begins and writes nothing more."""
        holder = self.held(id)
        self._ask(lambda connection: connection.execute("DELETE FROM vwplan.sessions WHERE id = %s", (id,)))
        return holder

    def history(self) -> tuple[Version, ...]:
        """The versions that can be had back, newest first."""
        row = self._row()
        return (() if row is None else self._ask(lambda connection: past.versions(connection, row.id))) or ()

    def version(self, serial: int) -> State:
        """The state as it was at a serial."""
        row = self._row()
        found = None
        if row is not None:
            found = self._ask(lambda connection: past.find(connection, row.id, serial, self._bodies(row)))
        if found is None:
            raise self._no_version(serial)
        return found[0]

    def restore(self, holder: Holder, serial: int | None = None, *, timeout: float = 0.0) -> Restored:
        """Put an earlier version, or the newest, in the place of the state, under a serial above all known.

        What is replaced stays in the history, and what was made since is kept. It also accepts a database that was itself brought
        back from a backup.
        """

        def change(connection: psycopg.Connection[Any], row: rows.StackRow | None) -> Restored:
            found = None if row is None else past.find(connection, row.id, serial, self._bodies(row))
            if row is None or found is None:
                raise self._no_version(serial)
            highest = max(row.serial, remembered.serial(self._disk, self.folder))
            whole, since, now = self._over(connection, row, found[0])
            unfinished = tuple({(step.run, step.step): step for step in (*now, *found[1])}.values())
            writers = whole.previous_writers | replacing.all_runs(connection, row.id)
            new = replace(whole, serial=highest + 1, previous_writers=writers)
            replacing.put(connection, row, new, unfinished, self._bodies(row))
            return Restored(new, f"serial {found[0].serial} in the database", found[0].serial, _kept(row), since)

        return self._replace(holder, timeout, change)

    def push(self, holder: Holder, text: bytes, *, force: bool = False, timeout: float = 0.0) -> Restored:
        """Put a pulled state in the place of this one, under a serial above all known; where there was none it is made.

        Refused where its lineage is another, or it is older than what is here, unless `force`.
        """
        try:
            pushed = read_snapshot(text)
        except (Damaged, NewerFormat) as problem:
            raise common.not_pushable(self.folder, problem) from problem

        def change(connection: psycopg.Connection[Any], row: rows.StackRow | None) -> Restored:
            if row is None:
                known = remembered.recall(self._disk, self.folder)
                above = known.serial if known is not None and known.lineage == pushed.lineage else 0
                made = replace(pushed, serial=max(pushed.serial, above) + 1)
                replacing.make(connection, self.folder.stack, made, self._cover)
                return Restored(made, "the pushed state", pushed.serial)
            if not force and row.lineage != pushed.lineage:
                raise problems.foreign_push(self.folder, pushed.lineage, row.lineage)
            if not force and pushed.serial < row.serial:
                raise problems.older_push(self.folder, pushed.serial, row.serial)
            whole, since, unfinished = self._over(connection, row, pushed)
            writers = pushed.previous_writers | replacing.all_runs(connection, row.id)
            new = replace(whole, serial=max(row.serial, pushed.serial) + 1, previous_writers=writers)
            replacing.put(connection, row, new, unfinished, self._bodies(row))
            return Restored(new, "the pushed state", pushed.serial, _kept(row), since)

        return self._replace(holder, timeout, change)

    def fork(self, holder: Holder, lineage: str, *, timeout: float = 0.0) -> Restored:
        """Give this stack a lineage of its own, with no records: the machines stay the original's."""

        def change(connection: psycopg.Connection[Any], row: rows.StackRow | None) -> Restored:
            if row is None:
                raise self._no_version(None)
            new = State(lineage, row.serial + 1)
            replacing.put(connection, row, new, (), self._bodies(row))
            return Restored(new, "", row.serial, _kept(row))

        return self._replace(holder, timeout, change)

    def stored_unchecked(self) -> Stored | None:
        """The state as of now, whatever else is remembered here: for bringing a state over."""
        loaded = self._ask(lambda connection: rows.load(connection, self.folder.stack, self._cover))
        if loaded is None or loaded.row.moved_to:
            return None
        return Stored(loaded.ledger.state(), tuple(loaded.ledger.unfinished.values()))

    def forget(self) -> None:
        """Forget that the state is in this database."""
        remembered.forget(self._disk, self.folder)

    # How it is done

    def _over(
        self, connection: psycopg.Connection[Any], row: rows.StackRow, state: State
    ) -> tuple[State, tuple[str, ...], tuple[Begun, ...]]:
        """A state with what exists beyond it, as far as what is there now can be read; and what is unfinished now.

        The second are the addresses of what it knew nothing of, the third is to be settled once it is in place.
        """
        try:
            newest = past.find(connection, row.id, None, self._bodies(row))
        except DiagnosticError:
            newest = None
        if newest is None:
            return state, (), tuple(rows.begun_steps(connection, row.id, self._bodies(row), lenient=True))
        whole, younger = with_younger(state, newest[0])
        return whole, tuple(sorted(record.address for record in younger)), newest[1]

    def _replace(
        self,
        holder: Holder,
        timeout: float,
        change: Callable[[psycopg.Connection[Any], rows.StackRow | None], Restored],
    ) -> Restored:
        """Change all of a stack in one transaction, once nobody else is at work on it."""

        def work(connection: psycopg.Connection[Any]) -> Restored:
            row = rows.stack_row(connection, self.folder.stack, lock=True)
            if row is not None:
                for other in sessions.others(connection, row.id):
                    if not other.dead:
                        raise common.locked(self.folder, other.holder)
                connection.execute("DELETE FROM vwplan.sessions WHERE stack = %s", (row.id,))
            return change(connection, row)

        self._ask(lambda connection: True, make=True)
        restored = self._change(work, self._server.monotonic() + timeout)
        remembered.remember(self._disk, self.folder, restored.state.lineage, restored.state.serial)
        return restored

    def _change(self, work: Callable[[psycopg.Connection[Any]], T], until: float) -> T:
        """The outcome of a transaction, tried again while another session is in the way and there is time."""
        pause = 0.05
        while True:
            try:
                return self._server.ask(lambda connection: _in_transaction(connection, work))
            except DiagnosticError as refused:
                left = until - self._server.monotonic()
                if left <= 0 or not any(each.code == "state-locked" for each in refused.diagnostics):
                    raise
            self._server.sleep(min(pause, left))
            pause = min(pause * 1.5, 0.5)

    def _ask(self, work: Callable[[psycopg.Connection[Any]], T], *, make: bool = False) -> T | None:
        """An answer from the database; None where it has no tables of ours, unless they are to be made."""

        def asked(connection: psycopg.Connection[Any]) -> T | None:
            return work(connection) if schema.ensure(connection, make=make) else None

        return self._server.ask(asked)

    def _bodies(self, row: rows.StackRow) -> Bodies:
        return Bodies(self._cover, self.folder.stack, row.lineage)

    def _row(self) -> rows.StackRow | None:
        return self._ask(lambda connection: rows.stack_row(connection, self.folder.stack))

    def _others(self) -> Sequence[sessions.Other]:
        row = self._row()
        found = None if row is None else self._ask(lambda connection: sessions.others(connection, row.id))
        return found or ()

    def _check(self, row: rows.StackRow | None) -> None:
        """Refuse a database that knows of less than is remembered here."""
        remembered.compare(self._disk, self.folder, row)

    def _no_version(self, serial: int | None) -> DiagnosticError:
        there = ", ".join(str(version.serial) for version in self.history())
        return problems.no_version(self.folder, serial, there)


def _kept(row: rows.StackRow) -> str:
    return f"the database, as serial {row.serial}"


def _in_transaction(connection: psycopg.Connection[Any], work: Callable[[psycopg.Connection[Any]], T]) -> T:
    with connection.transaction():
        return work(connection)
