"""What entries come to, as rows: laid over a state, and not written yet. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

from vwplan.dataclass import dataclass
from vwplan.state.entries import Begun, Ended, Entry, Outputs, Recorded, Result, Rosters, RunEnded, RunStarted
from vwplan.state.fold import Ledger
from vwplan.state.records import Plain, Record
from vwplan.state.wire import output_to_plain, roster_to_plain


@dataclass(slots=True)
class Batch:
    """What entries come to, as rows: computed once, and written as often as it takes."""

    entries: Sequence[Entry]
    records: dict[str, tuple[Record | None, bool]] = field(default_factory=dict)
    """Each identity concerned: its record from now on (None: it goes), and whether that is deposed."""
    rosters: dict[str, Plain] = field(default_factory=dict)
    outputs: dict[str, Plain] = field(default_factory=dict)
    begun: dict[tuple[str, str], Begun | None] = field(default_factory=dict)
    started: list[RunStarted] = field(default_factory=list)
    ended: list[RunEnded] = field(default_factory=list)
    writers: list[str] = field(default_factory=list)
    addresses: set[str] = field(default_factory=set)
    """The addresses of all resources concerned."""

    @property
    def names(self) -> set[str]:
        """The rows that must be claimed for this to be written. Outputs need not be: those that differ are written, each whole."""
        return {*self.addresses, *self.rosters}


def take(ledger: Ledger, entries: Sequence[Entry]) -> Batch:
    """Lay entries over a state, and say what rows that changes."""
    batch = Batch(entries)
    identities: set[str] = set()
    known = set(ledger.writers)
    for entry in entries:
        identities |= _identities(ledger, entry, batch)
        if isinstance(entry, Outputs):
            _take_outputs(ledger, entry, batch)
        ledger.take(entry)
    batch.writers = [run for run in ledger.writers if run not in known]
    for identity in identities:
        record = ledger.find(identity)
        batch.records[identity] = record, identity in ledger.deposed
        if record is not None:
            batch.addresses.add(record.address)
    return batch


def _identities(ledger: Ledger, entry: Entry, batch: Batch) -> set[str]:
    """The identities that an entry concerns, before it is laid over the state; and what else it says, as rows."""
    records: tuple[Record, ...] = ()
    drops: tuple[str, ...] = ()
    match entry:
        case Begun():
            batch.begun[entry.run, entry.step] = entry
            batch.addresses.add(entry.key)
            if entry.record is not None:
                batch.addresses.add(entry.record.address)
        case Ended():
            records = (entry.record,) if entry.record is not None else ()
            drops = (entry.drops,) if entry.drops else ()
            begun = ledger.unfinished.get((entry.run, entry.step))
            if begun is not None:
                batch.addresses.add(begun.key)
            if entry.result is not Result.UNCERTAIN:
                batch.begun[entry.run, entry.step] = None
        case Recorded():
            records, drops = entry.records, entry.drops
        case Rosters():
            batch.rosters.update({key: roster_to_plain(roster) for key, roster in entry.rosters.items()})
            batch.rosters.update(dict.fromkeys(entry.drops))
        case RunStarted():
            batch.started.append(entry)
        case RunEnded():
            batch.ended.append(entry)
    found = {*drops, *(record.identity for record in records)}
    for record in records:
        before = ledger.records.get(record.address)
        if before is not None:
            found.add(before.identity)
    for identity in found:
        known = ledger.find(identity)
        if known is not None:
            batch.addresses.add(known.address)
    return found


def _take_outputs(ledger: Ledger, entry: Outputs, batch: Batch) -> None:
    """Only outputs that differ are written, so that two runs that change others do not undo each other's."""
    for name, output in entry.outputs.items():
        if ledger.outputs.get(name) != output:
            batch.outputs[name] = output_to_plain(output)
    batch.outputs.update({name: None for name in ledger.outputs if name not in entry.outputs})
