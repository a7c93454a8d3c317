"""The plan: what will differ for each resource, and an explicit graph of the steps that bring it about.

`apply` runs these steps and derives nothing again; `show` prints these very steps. A plan is a value, serialisable, and
says everything that its carrying out needs, but for secrets and for what is late.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import Enum
from typing import Any

from vwplan.dataclass import dataclass
from vwplan.diagnostics import Diagnostic, Range
from vwplan.graph.model import Cause, CheckResult, Moved, WantedOutput
from vwplan.kinds.model import Effect
from vwplan.provider.api import Expectation, HostFacts, Observed
from vwplan.state.records import Record, Roster

Plain = Any


class Does(Enum):
    """What a change does to a resource, as shown: `+ ~ -/+ - ` and so on."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    FORGET = "forget"
    """The object stays and is nobody's business any more. Its record stays too, marked `forgotten`: its mark is still ours."""
    KEEP = "keep"
    """The object stays, its record becomes kept."""
    MOVE = "move"
    """Only the address differs."""
    DELIVER = "deliver"
    """Only the roster is brought in: shown, but not counted as a change of the resource."""
    IMPORT = "import"
    """It exists already and becomes the stack's own, as it is."""
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Difference:
    """One argument that will differ: `path` is dotted (`resources.memory`, `nic[0].address`).

    `before` and `after` are plain; a late `after` is a `Late`, a sensitive one a `Sensitive`. `effect` is what the edit costs.
    """

    path: str
    before: Plain
    after: Plain
    effect: Effect


@dataclass(frozen=True, slots=True)
class Drift:
    """What differs between recorded and observed for one resource, and a sentence that says so."""

    key: str
    sentence: str
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """What will differ for one resource.

    `effect` is the greatest of its differences' effects. `reason` is a few words on why (`memory changed`, `deleted
    outside vwplan`, `half-made before`, `network.a is made anew`). `previous` is the address before a move. `after` are the whole
    arguments as they will be (none where it goes), `before` as they are (none where it is created). `outage` tells users
    that it is away for a while, `asks` that the spec wants a second yes before this replacement (`replace = "ask"`).
    `imported` is the id by which an object that exists is imported, and perhaps changed at once.
    """

    key: str
    kind: str
    does: Does
    identity: str
    name: str
    differences: tuple[Difference, ...] = ()
    effect: Effect | None = None
    reason: str = ""
    causes: tuple[Cause, ...] = ()
    before: Mapping[str, Plain] = field(default_factory=dict)
    after: Mapping[str, Plain] = field(default_factory=dict)
    facts: Mapping[str, Plain] = field(default_factory=dict)
    previous: str = ""
    outage: bool = False
    asks: bool = False
    range: Range | None = None
    imported: str = ""


class StepVerb(Enum):
    """What a step does. All but `record` and `barrier` are one call to a provider."""

    STAGE = "stage"
    CREATE = "create"
    UPDATE = "update"
    POWER = "power"
    RELEASE = "release"
    ATTACH = "attach"
    DELIVER = "deliver"
    DELETE = "delete"
    ADOPT = "adopt"
    """Write our mark onto an object that is imported."""
    RECORD = "record"
    """Only our record changes (moved, renamed label, record-effect arguments, forget, keep)."""
    BARRIER = "barrier"
    """Nothing by itself: many wait for many through it."""


OWN = "self"
"""What in the context of a step is the member's own; all else is one and the same object for its whole cluster."""


@dataclass(frozen=True, slots=True)
class Step:
    """One call to a handler.

    `id` is unique in the plan and small (`s12`). `needs` are ids of steps that must have succeeded. `record` is what the
    state says once the step has succeeded, but for what only the call can tell (facts seen, digest, parts, ready,
    writer): the engine fills those in; None when the record goes. `drops` is the identity whose record (or deposed
    record) goes on success. `arguments` are the whole arguments for the action, possibly with late leaves;
    `changes` the top-level dotted paths that an update touches. `expects` is what must be so just before. `host` is the
    host's key (`libvirt/default`). `timeout` in seconds. `cost` is the guessed duration in seconds, for the order.
    """

    id: str
    verb: StepVerb
    key: str
    kind: str
    identity: str
    name: str
    host: str
    birth: int = 0
    needs: tuple[str, ...] = ()
    arguments: Mapping[str, Plain] = field(default_factory=dict)
    before: Mapping[str, Plain] | None = None
    changes: tuple[str, ...] = ()
    expects: Expectation | None = None
    record: Record | None = None
    drops: str = ""
    cluster: str = ""
    context: Mapping[str, Plain] | None = None
    reservations: tuple[Mapping[str, Plain], ...] = ()
    epoch: int = 0
    timeout: int = 600
    cost: float = 1.0


@dataclass(frozen=True, slots=True)
class HostSeen:
    """A host as it was when planning: its key, its UUID, why it could not be seen where it could not, and its memory in MiB (0:
    not known)."""

    key: str
    uuid: str
    problem: str = ""
    memory: int = 0


@dataclass(frozen=True, slots=True)
class Basis:
    """What a plan rests on: each row of the state that it is about (addresses of resources and clusters, `output.NAME`) with a
    digest of its content, empty for one that was not there; and the clusters whose rosters it changes."""

    rows: Mapping[str, str]
    rosters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """Changes and steps for one stack, made from one serial of its state.

    `incomplete` when a host could not be seen; `hosts` says which and why. `lineage` must still be the state's when it is applied,
    and so must `state_serial`, or else the rows of its `basis`, which plans have that wait. `outputs` are the root's outputs as they
    will be. `variables` are the given values of root variables (never sensitive or ephemeral ones in a file). `spec_digest` is over
    all files read. `destroy` tells it was made by `destroy`.
    """

    lineage: str
    state_serial: int
    stack: str
    made_at: float
    changes: tuple[Change, ...]
    steps: tuple[Step, ...]
    rosters: Mapping[str, Roster]
    outputs: tuple[WantedOutput, ...]
    drift: tuple[Drift, ...] = ()
    hosts: tuple[HostSeen, ...] = ()
    checks: tuple[CheckResult, ...] = ()
    moved: tuple[Moved, ...] = ()
    warnings: tuple[Diagnostic, ...] = ()
    adopted: tuple[Record, ...] = ()
    incomplete: bool = False
    destroy: bool = False
    refresh_only: bool = False
    variables: Mapping[str, Plain] = field(default_factory=dict)
    output_changes: Mapping[str, tuple[Plain, Plain]] = field(default_factory=dict)
    spec_digest: str = ""
    basis: Basis | None = None

    @property
    def counts(self) -> tuple[int, int, int]:
        """How many resources are added, changed and destroyed; a replacement counts as both added and destroyed."""
        add = sum(c.does in (Does.CREATE, Does.REPLACE) for c in self.changes)
        change = sum(c.does is Does.UPDATE for c in self.changes)
        destroy = sum(c.does in (Does.DELETE, Does.REPLACE) for c in self.changes)
        return add, change, destroy

    @property
    def imports(self) -> int:
        """How many resources are imported; one that is changed at once counts as changed too."""
        return sum(bool(c.imported) for c in self.changes)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do: no steps and no output that differs."""
        return not self.steps and not self.output_changes


ObservedWorld = Mapping[str, "HostView"]
"""What was observed, by host key."""


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What a plan is to be about.

    `destroy`: nothing is wanted. `refresh_only`: only the state is brought up to what exists. `refresh` false: nothing was
    observed, what is recorded is believed. `targets`, `excludes` and `replace` are addresses (of the first two also
    of blocks, clusters and modules). `kept`: kept objects go too.
    """

    destroy: bool = False
    refresh_only: bool = False
    refresh: bool = True
    targets: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    replace: tuple[str, ...] = ()
    kept: bool = False


@dataclass(frozen=True, slots=True)
class HostView:
    """One host as the planner sees it: objects by identity; `problem` non-empty when it could not be seen.

    `strangers` are objects that are not ours, `facts` what the host says of itself: for `data` blocks. `addresses` are those that
    networks keep, as in `Observation`.
    """

    key: str
    uuid: str
    objects: Mapping[str, Observed]
    images: frozenset[str] = frozenset()
    networks: tuple[str, ...] = ()
    macs: frozenset[str] = frozenset()
    problem: str = ""
    strangers: Mapping[str, Observed] = field(default_factory=dict)
    facts: HostFacts | None = None
    addresses: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
