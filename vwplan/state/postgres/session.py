"""A session: the right to change some rows of a stack, kept by a lease, and the state as this process changes it."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import psycopg

from vwplan.diagnostics import DiagnosticError
from vwplan.state.claims import EVERYTHING, WHOLE, Claims, Seat
from vwplan.state.disk import Disk
from vwplan.state.entries import Begun, Ended, Entry, RunEnded, RunStarted
from vwplan.state.folder import Folder
from vwplan.state.journal import Header, write_entries, write_header
from vwplan.state.lock import Holder
from vwplan.state.postgres import problems, remembered, rows, seats, sessions
from vwplan.state.postgres.batch import Batch, take
from vwplan.state.postgres.connection import Server
from vwplan.state.postgres.lease import Lease
from vwplan.state.postgres.link import Link
from vwplan.state.postgres.past import tidy
from vwplan.state.problems import WriteFailed
from vwplan.state.records import State


class PostgresSession:
    """The right to change rows of one stack in a database; used by one thread, while another renews its lease.

    It begins in the gate, where one session at a time settles and plans. `claim` takes the rows of a plan; the run's start then
    opens the gate to others. Without a claim, a run has the whole stack. Each write is one commit of its link.
    """

    def __init__(
        self, server: Server, folder: Folder, holder: Holder, loaded: rows.Loaded, lease: Lease, disk: Disk
    ) -> None:
        self.folder = folder
        self.holder = holder
        self._disk = disk
        self.broken = False
        self.unsaved: list[Entry] = []
        self._unseated = False
        self._claims: Claims | None = None
        self._names: set[str] = set()
        self._until = 0.0
        self._take(loaded)
        self._link = Link(server, folder.stack, holder.id, lease)

    def _take(self, loaded: rows.Loaded) -> None:
        self._stack = loaded.row.id
        self._commits = loaded.row.commits
        self._versions = loaded.versions
        self._bodies = loaded.bodies
        self._others = {run for run, owner in loaded.sessions.items() if owner in loaded.live - {self.holder.id}}
        self.ledger = loaded.ledger
        self._occupants = seats.occupants_of(loaded.ledger)

    @property
    def unfinished(self) -> tuple[Begun, ...]:
        """The steps that were begun and whose end is not known, but for those of other sessions that live."""
        return tuple(begun for begun in self.ledger.unfinished.values() if begun.run not in self._others)

    @property
    def dead_runs(self) -> tuple[RunStarted, ...]:
        """The runs that were started and never ended, but for those of other sessions that live."""
        return tuple(run for run in self.ledger.running.values() if run.run not in self._others)

    def state(self) -> State:
        """The state as of the last entry written."""
        return self.ledger.state()

    # Claiming

    def inherit(self, names: set[str], wait: float) -> None:
        """Take over what dead sessions had claimed; `wait` is until when, by the server's clock here, claims are waited for."""
        self._names |= names
        self._until = wait

    def claim(self, claims: Claims) -> bool:
        """Claim what a plan is about. False when the state has changed meanwhile: the plan is to be made again, from `state`.

        Waits for other sessions as long as was asked for with the lock; a diagnostic then says who is at work on what.
        """
        seen = self._commits
        self._acquire(claims)
        self._claims = claims
        self._until = 0.0
        return not self._changed_since(seen, claims)

    def _acquire(self, claims: Claims) -> None:
        """Claim rows and seats, waiting for others until the time is over."""

        def work(connection: psycopg.Connection[Any]) -> None:
            rows.stack_row(connection, self.folder.stack, lock=True)
            sessions.claim(connection, self._stack, self.holder.id, claims, self.folder)
            seats.reserve(connection, self._stack, claims, self.holder.id)

        pause = 0.05
        while True:
            try:
                self._link.commit(work)
                break
            except WriteFailed:
                raise
            except DiagnosticError:
                left = self._until - self._link.server.monotonic()
                if left <= 0:
                    raise
                self._link.server.sleep(min(pause, left))
                pause = min(pause * 1.5, 1.0)
        self._names |= claims.writes

    def _changed_since(self, commits: int, claims: Claims) -> bool:
        """Whether others have written, since this was loaded, what the claims are about; if so it is loaded anew."""
        fresh = self._link.read(lambda connection: rows.load(connection, self.folder.stack, self._bodies.cover))
        if fresh is None:
            raise problems.changed_under(self.folder.stack)
        if fresh.row.commits == commits:
            return False
        before, after = self.ledger, fresh.ledger
        concerned = [*claims.writes, *claims.reads]
        if WHOLE in claims.writes:
            same = False
        else:
            same = all(
                before.records.get(name) == after.records.get(name)
                and before.rosters.get(name) == after.rosters.get(name)
                for name in concerned
            ) and all(self._versions.get(id) == fresh.versions.get(id) for id in before.deposed)
        if same:
            return False
        self._take(fresh)
        return True

    def changed_since(self, serial: int, names: Collection[str]) -> frozenset[str]:
        """Those of these rows that runs above that serial had claimed to write, whatever they did to them."""
        touched = self._link.read(lambda connection: rows.touched(connection, self._stack, serial, names))
        return frozenset(names) if WHOLE in touched else touched

    # Writing

    def start(self, run: str, at: float, doing: str, *, plan: bytes | None = None, key_id: str = "") -> RunStarted:
        """Begin a run: the serial is one higher. Where rows were claimed, others may plan from here on; else the whole
        stack is claimed, unless this settles what dead runs left."""
        if self._claims is None and not (self.dead_runs or self.unfinished):
            seen = self._commits
            self._acquire(EVERYTHING)
            self._claims = EVERYTHING
            if self._changed_since(seen, EVERYTHING):
                raise problems.stale()
        gate = self._claims is None or WHOLE in self._claims.writes
        who = f"{self.holder.who}@{self.holder.host}"

        def started(serial: int) -> RunStarted:
            return RunStarted(run, serial, at, who, self.holder.pid, doing, key_id)

        def work(connection: psycopg.Connection[Any]) -> tuple[int, int]:
            connection.execute("UPDATE vwplan.sessions SET gate = %s WHERE id = %s", (gate, self.holder.id))
            commits, serial = rows.append(connection, self._stack, [], self._bodies, starts=True)
            begun = started(serial)
            rows.insert_run(connection, self._stack, self.holder.id, begun, self._bodies.plan(plan, serial))
            rows.insert_entries(connection, self._stack, commits, [begun], self._bodies)
            rows.touch(connection, self._stack, serial, {WHOLE} if self._claims is None else self._claims.writes)
            if key_id:
                connection.execute("UPDATE vwplan.stacks SET key_id = %s WHERE id = %s", (key_id, self._stack))
            return commits, serial

        self._commits, serial = self._link.commit(work)
        entry = started(serial)
        self.ledger.take(entry)
        return entry

    def write(self, entries: Sequence[Entry]) -> None:
        """Make entries last, in one transaction, and lay them over the state.

        `WriteFailed` when that fails; the entries then count for the state in memory and are among the unsaved.
        """
        if not entries:
            return
        begins = any(isinstance(entry, Begun) for entry in entries)
        handed = any(_is_give(self.ledger.unfinished.get((e.run, e.step))) for e in entries if isinstance(e, Ended))
        batch = take(self.ledger, entries)
        wanted = seats.follow(self._occupants, self.ledger, batch, all=self._unseated or handed)
        try:
            if self.broken:
                raise problems.unwritable("an earlier write failed")
            # What has come about is written whoever has a seat that it names; what is only about to be must have its seats.
            self._write(batch, wanted, strict=begins)
        except WriteFailed:
            self.broken = True
            self.unsaved.extend(entries)
            raise
        except DiagnosticError as refused:
            if begins:
                self._write_ends(entries)
            else:
                self.broken = True
                self.unsaved.extend(entries)
            raise WriteFailed(refused.diagnostics) from refused
        if begins and not self._link.lease.holds:
            # Written, but too late to act upon: somebody may have taken over since.
            raise problems.paused(self.folder.stack)

    def _write_ends(self, entries: Sequence[Entry]) -> None:
        """Somebody else has a row or an address that is needed: nothing is begun, but what has ended is written."""
        for entry in entries:
            if isinstance(entry, Begun):
                self.ledger.unfinished.pop((entry.run, entry.step), None)
                self._occupants.remove(f"{entry.run} {entry.step}")
        self._unseated = True
        self.write([entry for entry in entries if not isinstance(entry, Begun)])
        self._unseated = False

    def _write(self, batch: Batch, wanted: Mapping[str, set[Seat]], *, strict: bool) -> None:
        missing = frozenset(batch.names - self._names) if WHOLE not in self._names else frozenset()
        if missing:
            self._acquire(Claims(missing))

        def work(connection: psycopg.Connection[Any]) -> int:
            rows.write(connection, self._stack, self.holder.id, batch, self._versions, self._bodies)
            if missing:
                rows.touch(connection, self._stack, self.ledger.serial, missing)
            if wanted:
                seats.write_seats(connection, self._stack, wanted, self.holder.id, strict=strict)
            return rows.append(connection, self._stack, batch.entries, self._bodies)[0]

        self._commits = self._link.commit(work)
        for identity, (record, _) in batch.records.items():
            if record is None:
                self._versions.pop(identity, None)
            else:
                self._versions[identity] = self._versions.get(identity, 0) + 1

    def finish(self, ended: RunEnded) -> None:
        """End a run; what happened long ago is made into a base of the history."""
        self.write([ended])
        with contextlib.suppress(DiagnosticError):
            self._link.commit(lambda connection: tidy(connection, self.folder.stack, self._bodies.cover))
            remembered.remember(self._disk, self.folder, self.ledger.lineage, self.ledger.serial)

    def retire(self, where: str) -> None:
        """Say that the state is in another store from now on; the rows stay, but nobody reads or changes them any more."""
        self._acquire(EVERYTHING)
        self._link.commit(
            lambda connection: connection.execute(
                "UPDATE vwplan.stacks SET moved_to = %s WHERE id = %s", (where, self._stack)
            )
        )

    # What could not be written

    def rescue(self) -> bytes:
        """What was not written, as a journal's text: the store lays it over the state when it is brought back."""
        header = Header(self.ledger.lineage, self.ledger.serial, f"session {self.holder.id}")
        text = write_header(header) + write_entries(self.unsaved, 1, header)
        return self._disk.covered(self.folder.rescue(""), text)

    def save_rescue(self, run: str, elsewhere: Sequence[Path] = ()) -> Path | None:
        """Write what is unsaved to the first place that takes it: the stack's folder, then those given; None if none does."""
        disk, text = self._disk, self.rescue()
        with contextlib.suppress(OSError):
            disk.make_folder(self.folder.path)
        for path in [self.folder.rescue(run), *(place / self.folder.rescue(run).name for place in elsewhere)]:
            with contextlib.suppress(OSError):
                disk.replace(path, text)
                return path
        return None

    # What only helps

    def durations(self) -> dict[str, float]:
        """How many seconds steps took in earlier runs, by `VERB KIND`."""
        with contextlib.suppress(DiagnosticError):
            return self._link.read(
                lambda connection: dict(
                    connection.execute("SELECT name, seconds FROM vwplan.durations WHERE stack = %s", (self._stack,))
                )
            )
        return {}

    def keep_durations(self, durations: Mapping[str, float]) -> None:
        """Remember them. They only help the order of steps, so that failing to write them is nothing."""
        names, seconds = list(durations), [round(each, 3) for each in durations.values()]
        with contextlib.suppress(DiagnosticError):
            self._link.commit(
                lambda connection: connection.execute(
                    "INSERT INTO vwplan.durations (stack, name, seconds) "
                    "SELECT %s, n, s FROM unnest(%b::text[], %s::float8[]) AS u (n, s) "
                    "ON CONFLICT (stack, name) DO UPDATE SET seconds = excluded.seconds",
                    (self._stack, names, seconds),
                )
            )

    def close(self) -> None:
        """Give everything back. When the server does not hear of it, the lease lapses by itself."""
        self._link.leave()

    def __enter__(self) -> PostgresSession:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _is_give(begun: Begun | None) -> bool:
    """Whether a step hands something over to another stack: its seats may have gone there already."""
    return begun is not None and begun.verb == "give"
