"""What a state is made of: records of objects, rosters of clusters, outputs, under one lineage and serial.

Pure values; how they are written is the stores' business. All fields are JSON-able, so that a record's line in a
snapshot is its fields and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from enum import Enum
from typing import Any

from vwplan.dataclass import dataclass

Plain = Any
"""A JSON-able value; a sensitive one is `{"$sensitive": "<hex HMAC>"}`, a late one never gets here."""


IMPORTED = "imported"
"""A fact in the record of an object that was not made by vwplan but imported: true."""


class Status(Enum):
    """What a record says of its object."""

    PRESENT = "present"
    """It exists as recorded."""
    PENDING = "pending"
    """Its creation was begun and left nothing; the birth is kept for the next try."""
    TAINTED = "tainted"
    """Half-made or half-deleted: some parts exist; to be made anew or deleted."""
    KEPT = "kept"
    """It exists, but is not planned any more."""


@dataclass(frozen=True, slots=True)
class Ready:
    """The event of becoming ready: when (seconds since the epoch) and in which boot."""

    time: float
    boot: str


@dataclass(frozen=True, slots=True)
class Record:
    """One object that exists, or may exist, for a resource.

    `address` is the resource's, as text. `identity` and `birth` are set once and never computed again. `host` is the label
    of the host in the provider's configuration (`provider`, such as `libvirt.site`), `host_uuid` the hypervisor's own name.
    `arguments` are those last applied, normalised; `facts` those chosen and seen. `depends` are addresses of the
    resources that it needs, for taking things down in order. `writer` is the run that last wrote the mark, `digest`
    that of the observed arguments after the last step. `epoch` is the roster epoch that a member holds (0: none).
    `lifecycle` keeps what must be known when the spec is gone: `prevent_destroy`, `on_destroy`, `keep`.
    """

    address: str
    kind: str
    identity: str
    birth: int
    name: str
    provider: str
    host: str
    host_uuid: str
    arguments: Mapping[str, Plain]
    facts: Mapping[str, Plain] = field(default_factory=dict)
    depends: tuple[str, ...] = ()
    status: Status = Status.PRESENT
    writer: str = ""
    digest: str = ""
    parts: tuple[str, ...] = ()
    ready: Ready | None = None
    epoch: int = 0
    lifecycle: Mapping[str, Plain] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Roster:
    """Who is in a cluster: one value per cluster instance.

    `epoch` rises by one whenever `members` or `provides` differ from what was recorded. `members` is a list of
    `{name, hostname, role, key, address, addresses}` ordered head first, then by role and key.
    """

    epoch: int
    members: tuple[Mapping[str, Plain], ...]
    provides: Mapping[str, Plain] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OutputValue:
    """An output of the root module as last applied: a plain value, its type as text of a type constraint in JSON form."""

    value: Plain
    type: Plain
    sensitive: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """All that is known to exist for one stack.

    `serial` never falls; an apply that writes anything makes it higher. `records` is keyed by address; `deposed` holds
    the records of objects whose successor has taken the address but which are not deleted yet, keyed by identity. `rosters` by the
    cluster's address. `previous_writers` are the ids of runs that have not ended, that left a call whose end was
    never seen, or that wrote what was let go of: their marks may still turn up on objects, and are ours. `key_id` names the
    stack key in use without telling it; empty until one was needed.
    """

    lineage: str
    serial: int = 0
    records: Mapping[str, Record] = field(default_factory=dict)
    deposed: Mapping[str, Record] = field(default_factory=dict)
    rosters: Mapping[str, Roster] = field(default_factory=dict)
    outputs: Mapping[str, OutputValue] = field(default_factory=dict)
    previous_writers: frozenset[str] = frozenset()
    key_id: str = ""

    def with_record(self, record: Record) -> State:
        """The state with one record set; copies the table, so never call it in a loop over many."""
        return replace(self, records={**self.records, record.address: record})
