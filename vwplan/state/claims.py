"""What a run claims before it begins: the rows that it will write, those that it relies on, and the seats that it takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from vwplan.state.records import Record

WHOLE = "*"
"""The row that stands for all rows of a stack."""


@dataclass(frozen=True, slots=True)
class Seat:
    """Something that one resource at a time may have: an address in a network, a MAC on a hypervisor.

    `scope` is within what it is unique, `owner` the address of the resource that has it.
    """

    scope: str
    value: str
    owner: str


@dataclass(frozen=True, slots=True)
class Claims:
    """Rows by name: addresses of resources and clusters, and `output.NAME`.

    `writes` are for this run alone, `reads` may be shared with others that read them. `longest` is the longest deadline of any
    step in seconds: so long after its holder was lost may a call still act.
    """

    writes: frozenset[str]
    reads: frozenset[str] = frozenset()
    seats: tuple[Seat, ...] = ()
    longest: float = 600.0


EVERYTHING = Claims(frozenset({WHOLE}))
"""The whole stack."""


@dataclass(slots=True)
class Occupants:
    """Who sits where, by address of the resource: its recorded objects, and those that are being made for it."""

    _there: dict[str, dict[str, Record]] = field(default_factory=dict)
    _places: dict[str, str] = field(default_factory=dict)

    def put(self, key: str, record: Record) -> None:
        """Say that an object (or a step that makes one), named by `key`, is at its record's address, and nowhere else."""
        self.remove(key)
        self._there.setdefault(record.address, {})[key] = record
        self._places[key] = record.address

    def remove(self, key: str) -> None:
        """Say that it is not there any more."""
        address = self._places.pop(key, None)
        if address is not None:
            del self._there[address][key]

    def seats(self, address: str) -> set[Seat]:
        """The seats that a resource has."""
        return {seat for record in self._there.get(address, {}).values() for seat in seats_of(record)}


def seats_of(record: Record) -> Iterable[Seat]:
    """The seats that a record's arguments name; what is not known yet has none.

    Records of one address share theirs, so that a replacement keeps the address of what it replaces.
    """
    nics = record.arguments.get("nic") if record.kind == "workspace" else None
    for nic in nics if isinstance(nics, list | tuple) else ():
        if not isinstance(nic, Mapping):
            continue
        network, address, mac = (_text(nic.get(name)) for name in ("network", "address", "mac"))
        if network and address:
            yield Seat(f"network {network}", address, record.address)
        if mac:
            host = record.host_uuid or f"{record.provider}/{record.host}"
            yield Seat(f"host {host}", mac.lower(), record.address)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
