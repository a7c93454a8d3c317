"""One turn of the coordinator: what is known already but not written yet, laid over the state."""

from __future__ import annotations

from vwplan.state.entries import Entry
from vwplan.state.fold import Ledger
from vwplan.state.records import Record


class Turn:
    """Entries to be written with the next commit, and the records that they will set, seen as if they were written."""

    __slots__ = ("_addresses", "_identities", "_ledger", "entries")

    def __init__(self, ledger: Ledger) -> None:
        self.entries: list[Entry] = []
        self._ledger = ledger
        self._addresses: dict[str, Record] = {}
        self._identities: dict[str, Record | None] = {}

    def at(self, address: str) -> Record | None:
        """The record at an address, as it is by now."""
        found = self._addresses.get(address)
        return self._ledger.records.get(address) if found is None else found

    def of(self, identity: str) -> Record | None:
        """The record of an identity, as it is by now."""
        if identity in self._identities:
            return self._identities[identity]
        return self._ledger.find(identity)

    def set(self, record: Record) -> Record:
        """Remember a record until it is written."""
        self._addresses[record.address] = record
        self._identities[record.identity] = record
        return record

    def drop(self, identity: str) -> None:
        """Remember that a record goes."""
        self._identities[identity] = None

    def take(self) -> list[Entry]:
        """The entries to be written; the turn has none any more."""
        entries, self.entries = self.entries, []
        return entries

    def clear(self) -> None:
        """The entries are part of the state now."""
        self._addresses.clear()
        self._identities.clear()
