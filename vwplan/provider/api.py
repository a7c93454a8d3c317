"""The door for hypervisors: what a provider must do, and the values that pass through it.

A provider opens connections to hosts. A connection observes in bulk, inspects one object, and performs actions. The law:

* **Every action is repeatable.** Deleting what is not there succeeds; creating the same identity with the same digest
  succeeds; with another digest it is refused (`Refused`).
* **Every action reads before it acts**: what `expects` says must still hold, else `Changed`.
* **Names derive from the identity**, so a half-made object can be found again: parts are made in a fixed order and removed
  in reverse. Domains and networks have the identity as their UUID; volumes carry it in their name.
* A foreign or missing mark is never touched (`Foreign`); a missing one is only ever written by `adopt`.
* A connection is used by one thread at a time. It may block; the caller keeps the deadline.

Arguments are plain Python: None, bool, int, str, list, dict; sizes are whole MiB, durations whole seconds; references are ids
(the identity of a network or volume, `sha256:<hex>` of an image). Everything late has been computed before it gets here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import field
from enum import Enum
from typing import Any, Protocol

from vwplan.dataclass import dataclass
from vwplan.kinds.model import BlockType

Plain = Any
"""A plain value: None, bool, int, str, list or dict of the same."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The policy of a host's owner: how much of it may be in use in all, by anybody; None for no bound.

    `cpus` and `memory` (MiB) are those of the machines that run there, `workspaces` counts those that are there, running or not.
    """

    cpus: int | None = None
    memory: int | None = None
    workspaces: int | None = None


@dataclass(frozen=True, slots=True)
class HostConfiguration:
    """Where and how to reach one host, and what its owner says of it.

    `provider` is the configuration's address (`libvirt`, `libvirt.site`), `label` the host's name in it, `settings` the
    evaluated arguments of the provider and host blocks (`uri`, `accel`…), `directory` a private folder on this machine
    in which a provider may keep files of its own (the simulator keeps its world there). `labels` and `limits` are for
    planning; no provider needs them.
    """

    provider: str
    label: str
    settings: Mapping[str, Plain]
    directory: str
    labels: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = Limits()

    @property
    def key(self) -> str:
        """The host's name across providers: `libvirt.site/a`."""
        return f"{self.provider}/{self.label}"


@dataclass(frozen=True, slots=True)
class HostFacts:
    """What a host says of itself: the hypervisor's own UUID, its size, and the accelerator that was proved."""

    uuid: str
    cpus: int
    memory: int
    accelerator: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """Who an object belongs to, written on the object itself.

    `writer` is the random id of the run that wrote it last, `birth` the serial of the state when its creation was
    planned, `address` only a hint, `digest` that of the arguments it was made from.
    """

    lineage: str
    identity: str
    address: str
    birth: int
    digest: str
    writer: str


@dataclass(frozen=True, slots=True)
class Observed:
    """One object as it is on a host.

    `arguments` are those that a hypervisor can tell, normalised as in the spec (for a workspace: `power`, `resources`,
    `nic`, `disk`…). `digest` covers them without `power`. `parts` are the parts that exist, in the order in which they are
    made; `complete` tells that none is missing. `facts` are the facts seen (never asked), and `status` in the hypervisor's
    words, such as `running`, `off`, `crashed`, `paused`. `boot` changes with every boot; empty when not running.
    """

    kind: str
    identity: str
    name: str
    mark: Mark | None
    arguments: Mapping[str, Plain]
    facts: Mapping[str, Plain]
    digest: str
    parts: tuple[str, ...] = ()
    complete: bool = True
    status: str = ""
    boot: str = ""


@dataclass(frozen=True, slots=True)
class Observation:
    """All objects on one host that bear vwplan's names or marks, of whatever lineage, and what is taken there.

    `strangers` are networks and machines that bear neither, as far as they can be read: they are never touched, unless one is
    imported. `complete` and `digest` are told of them as of any object, and in the fact `addresses` of a machine what the host has
    noted of each nic's address, in their order (empty where it has not).
    `images` are the digests of the bases that are complete. `networks` are the address ranges (CIDR) in use on the host
    by anybody, `macs` the MAC addresses, so that new ones can be chosen beside them. `addresses` are, by the identity of a network,
    those that it keeps for machines, each with the MAC that it is kept for.
    """

    host: HostFacts
    objects: tuple[Observed, ...]
    images: frozenset[str] = frozenset()
    networks: tuple[str, ...] = ()
    macs: frozenset[str] = frozenset()
    strangers: tuple[Observed, ...] = ()
    addresses: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


class Verb(Enum):
    """What an action does to one object."""

    STAGE = "stage"
    """Put an image's base on a host."""
    CREATE = "create"
    UPDATE = "update"
    POWER = "power"
    """Bring a workspace to a power state; when running, wait until it is ready."""
    RELEASE = "release"
    """Take a workspace off an object that is about to be replaced."""
    ATTACH = "attach"
    """Put it onto the new one."""
    DELIVER = "deliver"
    """Bring a cluster's roster into a running member, and into its seed."""
    DELETE = "delete"
    ADOPT = "adopt"
    """Write the mark onto an object that somebody else made, and change nothing else. What belongs to another state is refused."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """What must be so just before acting.

    `exists` false: there is no such object. Otherwise its mark's writer must be one of `writers` and, where `digest` is
    not empty, its observed digest must be that. `lineage` is that of a state that hands the object over: a mark of that one is
    ours too, then.
    """

    exists: bool
    writers: frozenset[str] = frozenset()
    digest: str = ""
    lineage: str = ""


@dataclass(frozen=True, slots=True)
class Action:
    """One call to a provider.

    `mark` is what is to be written. `arguments` are the whole desired arguments; for `update`, `changes` names the top-level
    paths that differ (`resources.memory`). For `power`, `arguments["power"]` is the state wanted and `arguments["ready"]`
    what readiness means. `context` is a cluster member's context (see `vwplan.graph`), a mapping ready for JSON, or None.
    `secrets` are derived ones (`ssh_host_key`: an OpenSSH private key in PEM), never logged. `reservations` (networks) are the
    DHCP reservations known when planning, as `{mac, address, hostname}`. `source` (images) is where the bytes are:
    a local path or URL; `force` on a delete of a workspace skips the orderly way.
    """

    verb: Verb
    kind: str
    identity: str
    name: str
    mark: Mark
    arguments: Mapping[str, Plain]
    expects: Expectation | None = None
    changes: tuple[str, ...] = ()
    before: Mapping[str, Plain] | None = None
    context: Mapping[str, Plain] | None = None
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    reservations: tuple[Mapping[str, Plain], ...] = ()


@dataclass(frozen=True, slots=True)
class Reporter:
    """How a call tells its caller what it is doing, and learns that it should stop waiting.

    `say` takes a few words (`waiting for the guest agent`). `stop` is set when the caller has given up: long waits look at it.
    """

    say: Callable[[str], None]
    stop: threading.Event


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an action came to: the object as it is now (None when deleted), and for `power` the event of being ready.

    `ready_at` is seconds since the epoch, 0 when readiness was not asked for. `note` is something to tell the user,
    such as that a base image was left because others use it. `facts` add to those in `observed`.
    """

    observed: Observed | None
    facts: Mapping[str, Plain] = field(default_factory=dict)
    ready_at: float = 0.0
    note: str = ""


class Connection(Protocol):
    """One connection to one host, for one thread at a time."""

    def identify(self) -> HostFacts:
        """What the host says of itself."""
        ...

    def observe(self) -> Observation:
        """Everything of ours on the host, in bulk: lists and stats, then at most one description per object."""
        ...

    def volumes(self) -> tuple[Observed, ...]:
        """The volumes on the host that are not ours, each named `POOL/NAME`: asked for only where one is to be imported."""
        ...

    def idle_bases(self) -> frozenset[str]:
        """The digests of the bases on the host that nothing lies over: asked for only where orphans are looked for."""
        ...

    def inspect(self, kind: str, identity: str, name: str) -> Observed | None:
        """One object with all of its parts, `complete` or not; None when no part of it exists."""
        ...

    def perform(self, action: Action, reporter: Reporter) -> Outcome:
        """Carry an action out."""
        ...

    def close(self) -> None:
        """Let go of the host."""
        ...


class Provider(Protocol):
    """Code for one sort of hypervisor, found by its name in the entry-point group `vwplan.providers`."""

    name: str
    settings: BlockType
    """The arguments of its `provider` block; those of a `host` block are the same."""
    kinds: frozenset[str]
    """The kinds it can carry out."""
    slots: int
    """How many calls at once a host bears by default."""

    def open(self, host: HostConfiguration) -> Connection:
        """A connection; `Unreachable` when the host does not answer."""
        ...


class ProviderError(Exception):
    """A failure of a provider: `summary` terse, `detail` what, why and what to do."""

    def __init__(self, summary: str, detail: str = "") -> None:
        super().__init__(f"{summary}: {detail}" if detail else summary)
        self.summary = summary
        self.detail = detail


class Unreachable(ProviderError):
    """The host does not answer. Never to be taken for an absence."""


class Changed(ProviderError):
    """What the plan was made on is no longer so."""


class Foreign(ProviderError):
    """The object is somebody else's: no mark, or another lineage's."""


class Refused(ProviderError):
    """The host cannot or must not do this: a name taken, no room, a thing in use."""


class NotReady(ProviderError):
    """The machine runs but did not become ready in time."""


class Interrupted(ProviderError):
    """The caller stopped waiting."""
