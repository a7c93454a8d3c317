"""What a run claims before it begins: the rows that it will write, those that it relies on, and the seats that it takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Any

from vwplan.dataclass import dataclass
from vwplan.state.records import Record

WHOLE = "*"
"""The row that stands for all rows of a stack."""


@dataclass(frozen=True, slots=True)
class Seat:
    """Something that one resource at a time may have: an address in a network, a MAC or a range on a hypervisor.

    `scope` is within what it is unique, `owner` the address of the resource that has it. With an `amount` it is a share of what
    the scope has to give: memory in MiB, whose `value` only names the share.
    """

    scope: str
    value: str
    owner: str
    amount: int = 0


@dataclass(frozen=True, slots=True)
class Claims:
    """Rows by name: addresses of resources and clusters, and `output.NAME`.

    `writes` are for this run alone, `reads` may be shared with others that read them. `limits` say how much there is of what seats
    are a share of, by scope, where that is known: several at once never give out more. `longest` is the longest deadline of any
    step in seconds: so long after its holder was lost may a call still act.
    """

    writes: frozenset[str]
    reads: frozenset[str] = frozenset()
    seats: tuple[Seat, ...] = ()
    longest: float = 600.0
    limits: Mapping[str, int] = field(default_factory=dict)


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
    host = record.host_uuid or f"{record.provider}/{record.host}"
    if record.kind == "network" and record.arguments.get("mode") != "bridge":
        range = _text(record.arguments.get("cidr"))
        if range:
            yield Seat(f"ranges of {host}", range, record.address)
    if record.kind != "workspace":
        return
    nics = record.arguments.get("nic")
    for nic in nics if isinstance(nics, list | tuple) else ():
        if not isinstance(nic, Mapping):
            continue
        network, address, mac = (_text(nic.get(name)) for name in ("network", "address", "mac"))
        if network and address:
            yield Seat(f"network {network}", address, record.address)
        if mac:
            yield Seat(f"host {host}", mac.lower(), record.address)
    if memory := memory_of(record):
        yield Seat(memory_scope(host), record.identity, record.address, memory)


def memory_of(record: Record) -> int:
    """The memory in MiB that a machine takes of its host: what it has while it runs."""
    resources = record.arguments.get("resources")
    memory = resources.get("memory") if isinstance(resources, Mapping) else None
    running = record.arguments.get("power") == "running"
    return memory if running and isinstance(memory, int) else 0


def memory_scope(host: str) -> str:
    """The scope of the memory of a host, by its UUID, or its key where that is not known."""
    return f"memory of {host}"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
