"""What the spec comes to: resources, one per object wanted, evaluated, addressed and ordered.

A `Resource` is the desired side of the plan. All that planning needs is in it; no expression is evaluated after this,
except what is late.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from vwplan.address import Address
from vwplan.dataclass import dataclass
from vwplan.diagnostics import Diagnostic, Range
from vwplan.provider.api import Limits, Observed
from vwplan.state.records import Record, Roster

Plain = Any
"""A plain value; leaves may be `vwplan.values.Late` (known only after a step) or `vwplan.values.Sensitive`."""


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """What the spec allows to happen to a resource. `ignore_changes` are paths, or `("all",)`."""

    prevent_destroy: bool = False
    ignore_changes: tuple[str, ...] = ()
    replace: str = "allow"
    replace_triggers: tuple[tuple[str, Plain], ...] = ()


@dataclass(frozen=True, slots=True)
class Cause:
    """Why arguments are as they are, where that is said elsewhere: an environment, a cluster's defaults, a variable.

    `paths` are the top-level names of the arguments and blocks that come from there.
    """

    text: str
    range: Range | None = None
    paths: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Resource:
    """One object wanted.

    `key` is the address as text. `identity`, `birth` and `name` are the record's where there is one, else newly chosen.
    `arguments` are normalised (see `vwplan.kinds`): only what the spec says, with defaults; sizes in MiB, durations in
    seconds, references as ids; nics with their chosen `address` and `mac`. `unset` names paths that the hypervisor or
    planner chose: recorded, kept, not compared. `facts` are the chosen ones. `depends` are the keys of the
    resources that must be done before this one is begun (their `ready` included), each once; `groups` name entries of
    `Wanted.groups`, all of whose resources must be done as well (many wait for many through one). `cluster` is the
    key of the enclosing cluster instance for a member, else empty. `lifecycle`, `timeouts` (seconds by step) and `range`
    (the block's header) as in the spec. `source` (images): where the bytes are.
    `rolling` is how many of a role may be away at a time during changes (`update.max_unavailable`), 0 for no bound.
    `context` is the cluster context that goes into the seed.
    """

    address: Address
    key: str
    kind: str
    identity: str
    birth: int
    name: str
    provider: str
    host: str
    arguments: Mapping[str, Plain]
    facts: Mapping[str, Plain]
    depends: tuple[str, ...]
    lifecycle: Lifecycle
    range: Range | None
    timeouts: Mapping[str, int] = field(default_factory=dict)
    cluster: str = ""
    rolling: int = 0
    context: Mapping[str, Plain] | None = None
    causes: tuple[Cause, ...] = ()
    unset: frozenset[str] = frozenset()
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WantedOutput:
    """An output of the root module: a plain value that may hold late parts. With `sensitive` the whole value is secret.

    `kept`: planning leaves it as it is recorded, because something that it depends on is left alone.
    """

    name: str
    value: Plain
    type: Plain
    sensitive: bool
    depends: tuple[str, ...]
    range: Range | None
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Later:
    """A condition that was unknown when planning: plain values with late parts, to be looked at once all is done.

    `what` is `validation`, `precondition`, `postcondition` or `check`. `depends` are the keys of the resources that it hangs on.
    """

    what: str
    condition: Plain
    message: Plain
    depends: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CheckResult:
    """A `check` block's or a condition's outcome; `passed` is None while it is unknown, and `later` then tells how it will be known."""

    address: str
    passed: bool | None
    message: str
    range: Range | None
    later: Later | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """A recorded address and the one that it has from now on."""

    source: str
    target: str
    range: Range | None


@dataclass(frozen=True, slots=True)
class ImportAsked:
    """An import as it is asked for: the address to import to, the object's id, and where that is said (None: the command line)."""

    target: str
    id: str
    range: Range | None = None


@dataclass(frozen=True, slots=True)
class Imported:
    """An object that exists and is to be the stack's own: the address that it gets, the id that names it, and how it was seen.

    `record` is what the state would say of it as it is: its own identity, name and parts. `replaces` is the identity of what was begun
    to be made there before, of which nothing came.
    """

    key: str
    id: str
    record: Record
    observed: Observed
    range: Range | None
    replaces: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """All that a stack wants: resources in an order in which each comes after what it depends on.

    `rosters` is by cluster key, with epochs already raised where membership differs from the recorded.
    `removed` are addresses (without keys: all instances) that `removed` blocks name, with whether to destroy (`True`) or forget.
    `groups` are keys of resources by the group's name (which is no address); a resource may be in several. `imports` are what
    exists already and is to become some of those resources. `limits` are what the owners of hosts allow, by the host's key.
    """

    resources: tuple[Resource, ...]
    rosters: Mapping[str, Roster]
    outputs: tuple[WantedOutput, ...]
    checks: tuple[CheckResult, ...] = ()
    moved: tuple[Moved, ...] = ()
    removed: Mapping[str, bool] = field(default_factory=dict)
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    warnings: tuple[Diagnostic, ...] = ()
    imports: tuple[Imported, ...] = ()
    limits: Mapping[str, Limits] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Taken:
    """What is in use on a host by anybody, so that new ranges, MACs and addresses are chosen beside it.

    `addresses` are, by the identity of a network, those that it keeps for machines, each with the MAC that it is kept for.
    """

    networks: tuple[str, ...] = ()
    macs: frozenset[str] = frozenset()
    addresses: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
