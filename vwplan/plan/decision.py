"""What is decided for one resource or record, before steps are made of it; private to planning, and changed while it goes on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from vwplan.dataclass import dataclass
from vwplan.graph.model import Cause, Imported, Resource
from vwplan.kinds.model import Effect
from vwplan.plan.draft import Draft
from vwplan.plan.model import Difference, Does, Drift
from vwplan.plan.sight import Glimpse
from vwplan.state.records import Record

Plain = Any


@dataclass(slots=True, eq=False)
class Decision:
    """What is to be done about one resource, record, or both.

    `identity`, `name`, `birth`, `arguments` and `facts` are as they will be; `current` are the arguments as they are now.
    `renewed`: the object is made anew under another identity. `old_first`: then the old one goes first. `gone`: nothing of the
    old one is there but perhaps left-over parts. `early`: it must be out of the way before others are made.
    `inherits`: it refers to something that goes before its successor comes. `releases` are the identities that it must be
    taken off. `imported`: the record is of what is to be imported, and not written yet. `blocked` is why there can be no steps.
    `stale`: only what we note about it differs. `unready`: it runs, but is not known to be ready. `first` and `last` are the first
    step that touches the object and the last that brings it up; `ends`
    the one that deletes the old object, `release` the one that takes it off what goes, `entry` the one that needs what it refers to.
    """

    key: str
    kind: str
    does: Does
    identity: str
    name: str
    birth: int
    arguments: Mapping[str, Plain]
    facts: Mapping[str, Plain]
    host: str
    host_uuid: str
    resource: Resource | None = None
    record: Record | None = None
    glimpse: Glimpse | None = None
    imported: Imported | None = None
    current: Mapping[str, Plain] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)
    effect: Effect | None = None
    reason: str = ""
    causes: tuple[Cause, ...] = ()
    drift: Drift | None = None
    renewed: bool = False
    old_first: bool = False
    gone: bool = False
    deposed: bool = False
    early: bool = False
    inherits: bool = False
    releases: set[str] = field(default_factory=set)
    blocked: str = ""
    stale: bool = False
    unready: bool = False
    asks: bool = False
    outage: bool = False
    previous: str = ""
    release: Draft | None = None
    entry: Draft | None = None
    first: Draft | None = None
    last: Draft | None = None
    ends: Draft | None = None

    @property
    def goes(self) -> bool:
        """Whether the object that exists is deleted, with or without a successor."""
        return self.renewed or self.does is Does.DELETE

    @property
    def handle(self) -> str:
        """What others' arguments hold where they refer to the object that exists."""
        record = self.record
        if record is None:
            return ""
        return f"sha256:{record.name.removeprefix('vwplan-')}" if self.kind == "image" else record.identity
