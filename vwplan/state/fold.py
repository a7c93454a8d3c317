"""Folding: an unchanging base with entries laid over it gives the state, and the steps that nobody saw end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from vwplan.state.entries import Begun, Ended, Entry, Outputs, Recorded, Result, Rosters, RunEnded, RunStarted
from vwplan.state.records import Record, State

WRITERS_KEPT = 256
"""How many runs are remembered that left something uncertain, or wrote what was let go of."""


class Ledger:
    """A state while entries change it, in constant time each; owned by one thread.

    `records` and `deposed` are as in `State`, and live: whoever reads them sees the state as of the last entry. Every
    identity is in at most one of them, once.
    """

    __slots__ = (
        "_places",
        "deposed",
        "key_id",
        "lineage",
        "outputs",
        "records",
        "rosters",
        "running",
        "serial",
        "unfinished",
        "writers",
    )

    def __init__(self, state: State) -> None:
        self.lineage = state.lineage
        self.serial = state.serial
        self.key_id = state.key_id
        self.records = dict(state.records)
        self.deposed = dict(state.deposed)
        self.rosters = dict(state.rosters)
        self.outputs = dict(state.outputs)
        self.writers: dict[str, None] = dict.fromkeys(sorted(state.previous_writers))
        self.running: dict[str, RunStarted] = {}
        self.unfinished: dict[tuple[str, str], Begun] = {}
        self._places = {record.identity: record.address for record in state.records.values()}

    def take(self, entry: Entry) -> None:
        """Lay one entry over the state."""
        match entry:
            case Begun():
                self.unfinished[entry.run, entry.step] = entry
            case Ended():
                self._end(entry)
            case Recorded():
                self._record_together(entry)
            case Rosters():
                self.rosters.update(entry.rosters)
                for key in entry.drops:
                    self.rosters.pop(key, None)
            case Outputs():
                self.outputs = dict(entry.outputs)
            case RunStarted():
                self.serial = max(self.serial, entry.serial)
                self.key_id = entry.key_id or self.key_id
                self.running[entry.run] = entry
            case RunEnded():
                self._end_run(entry)

    def state(self) -> State:
        """The state as it is now, apart from what comes later."""
        ours = {*self.writers, *self.running, *(run for run, _ in self.unfinished)}
        return State(
            self.lineage,
            self.serial,
            dict(self.records),
            dict(self.deposed),
            dict(self.rosters),
            dict(self.outputs),
            frozenset(ours),
            self.key_id,
        )

    def find(self, identity: str) -> Record | None:
        """The record of an identity, deposed or not."""
        address = self._places.get(identity)
        return self.deposed.get(identity) if address is None else self.records[address]

    def _end(self, entry: Ended) -> None:
        if entry.drops:
            self._drop(entry.drops)
        if entry.record is not None:
            self._set(entry.record)
        if entry.result is Result.UNCERTAIN:
            self._remember(entry.run)
        else:
            self.unfinished.pop((entry.run, entry.step), None)

    def _end_run(self, entry: RunEnded) -> None:
        self.running.pop(entry.run, None)
        if entry.result == "settled":
            self._remember(entry.run)

    def _remember(self, run: str) -> None:
        self.writers.pop(run, None)
        self.writers[run] = None
        while len(self.writers) > WRITERS_KEPT:
            del self.writers[next(iter(self.writers))]

    def _drop(self, identity: str) -> None:
        address = self._places.pop(identity, None)
        if address is not None:
            del self.records[address]
        self.deposed.pop(identity, None)

    def _set(self, record: Record) -> None:
        """Set a record in its place; another object that had its address becomes deposed.

        A record of a deposed object, of which the address has gone to its successor, stays among the deposed.
        """
        identity = record.identity
        if identity in self.deposed and record.address in self.records:
            self.deposed[identity] = record
            return
        self._drop(identity)
        before = self.records.get(record.address)
        if before is not None:
            del self._places[before.identity]
            self.deposed[before.identity] = before
        self.records[record.address] = record
        self._places[identity] = record.address

    def _record_together(self, entry: Recorded) -> None:
        for writer in entry.writers:
            self._remember(writer)
        for identity in entry.drops:
            self._drop(identity)
        for record in entry.records:
            if record.identity in self._places and self._places[record.identity] != record.address:
                self._drop(record.identity)
        for record in entry.records:
            self._set(record)


def fold(base: State, entries: Iterable[Entry]) -> State:
    """The state that entries, laid over a base in their order, come to."""
    ledger = Ledger(base)
    for entry in entries:
        ledger.take(entry)
    return ledger.state()


def unfinished(entries: Iterable[Entry]) -> tuple[Begun, ...]:
    """The steps that were begun and whose end is not known, in the order in which they were begun."""
    ledger = Ledger(State(""))
    for entry in entries:
        ledger.take(entry)
    return tuple(ledger.unfinished.values())


def raised(state: State, serial: int) -> State:
    """The state under a higher serial. `ValueError` for one that is not higher: a serial never falls."""
    if serial <= state.serial:
        raise ValueError(f"serial {serial} is not above {state.serial}")
    return replace(state, serial=serial)
