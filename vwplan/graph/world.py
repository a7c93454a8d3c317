"""What has been evaluated so far: modules, values and instances, filled in as the evaluation goes along its order."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import field
from typing import Any, NamedTuple, Protocol

from vwplan.address import Key, ModulePath
from vwplan.dataclass import dataclass
from vwplan.diagnostics import Diagnostic, DiagnosticError, Problems
from vwplan.graph.cluster import Cluster
from vwplan.graph.identity import Identities
from vwplan.graph.objects import Instance, collected, object_of
from vwplan.graph.uses import NOTHING, Groups, Tracker, Uses
from vwplan.hcl.evaluate import Chance, Files
from vwplan.provider.api import HostConfiguration, HostFacts, Observed
from vwplan.spec.model import Configuration, Module, ModuleCall
from vwplan.state.records import OutputValue, Record, State
from vwplan.values import ObjectType, TupleType, TupleValue, Value, type_of


class Skipped(DiagnosticError):
    """Something needs what has failed and been told before: nothing more is said of it."""

    def __init__(self) -> None:
        super().__init__(())


class Slot(NamedTuple):
    """The value of a variable, local or output, and what was used for it. No value: it failed."""

    value: Value | None
    uses: Uses = NOTHING

    def read(self, tracker: Tracker) -> Value:
        """The value, noted as used; `Skipped` where there is none."""
        if self.value is None:
            raise Skipped
        tracker.add(self.uses)
        return self.value


FAILED = Slot(None)


def key_among(keys: Container[Key], key: Key) -> Key:
    """The key as it is among these: a number may be written as text, and the other way round, as with any index."""
    if key in keys:
        return key
    if isinstance(key, str) and key.isascii() and key.isdecimal():
        return int(key)
    return str(key) if isinstance(key, int) else key


class Block:
    """The instances of a block, by key. `mode` is `single`, `count` or `each`, or empty when the block failed as a whole.

    `failed` are keys of instances that are missing because of problems. `uses` is what went into `count` or `for_each`, `whole`
    are all instances as uses, once asked for.
    """

    __slots__ = ("_value", "clusters", "failed", "instances", "kind", "mode", "uses", "whole")

    def __init__(self, kind: str, mode: str, uses: Uses = NOTHING) -> None:
        self.kind = kind
        self.mode = mode
        self.uses = uses
        self.instances: dict[Key, Instance] = {}
        self.clusters: dict[Key, Cluster] = {}
        self.failed: set[Key] = set()
        self.whole: Uses | None = None
        self._value: Value | None = None

    def one(self, key: Key) -> Instance | Cluster | None:
        """The instance of a key, None if there is none; `Skipped` where it failed."""
        key = key_among(self.failed, key)
        if not self.mode or key in self.failed:
            raise Skipped
        if self.kind == "cluster":
            return self.clusters.get(key_among(self.clusters, key))
        return self.instances.get(key_among(self.instances, key))

    @property
    def value(self) -> Value:
        """All instances as one value; `Skipped` where any failed."""
        if not self.mode or self.failed:
            raise Skipped
        if self._value is None:
            made = self._clusters() if self.kind == "cluster" else collected(self.mode, self.instances, self.kind)
            self._value = made
        return self._value

    def _clusters(self) -> Value:
        if any(cluster.failed for cluster in self.clusters.values()):
            raise Skipped
        return gathered(self.mode, {key: cluster.value for key, cluster in self.clusters.items()})


@dataclass(slots=True, eq=False)
class ModuleInstance:
    """One instance of a module: its values, its blocks, the modules that it calls.

    `prefix` goes before the addresses of what is in it. `providers` are the hosts' provider keys by the names used in it.
    `gate` is what the calls around it depend on. `key` and `each` are those of its own call.
    """

    module: Module
    path: ModulePath
    prefix: str
    providers: Mapping[str, str]
    call: ModuleCall | None = None
    around: ModuleInstance | None = None
    key: Key = None
    each: Value | None = None
    gate: Uses = NOTHING
    variables: dict[str, Slot] = field(default_factory=dict)
    locals: dict[str, Slot] = field(default_factory=dict)
    outputs: dict[str, Slot] = field(default_factory=dict)
    blocks: dict[tuple[str, str], Block] = field(default_factory=dict)
    calls: dict[str, Calls] = field(default_factory=dict)
    data: dict[str, Readings] = field(default_factory=dict)
    fixed: dict[tuple[str, str], Any] = field(default_factory=dict)

    def value(self, tracker: Tracker) -> Value:
        """The module's outputs as an object."""
        types = {name: type_of(slot.value) for name, slot in self.outputs.items() if slot.value is not None}
        return object_of(_Outputs(self.outputs, tracker), ObjectType(types))

    def below(self) -> Iterator[ModuleInstance]:
        """This instance and all that it calls, at any depth."""
        todo = [self]
        while todo:
            module = todo.pop()
            yield module
            for calls in module.calls.values():
                todo.extend(calls.instances.values())


class Readings:
    """What a `data` block read, by the key of its instances. `mode` as in `Block`. `uses` is what it waited for."""

    __slots__ = ("failed", "mode", "uses", "values")

    def __init__(self, mode: str, uses: Uses = NOTHING) -> None:
        self.mode = mode
        self.uses = uses
        self.values: dict[Key, Value] = {}
        self.failed = False

    def value(self) -> Value:
        """All instances as one value; `Skipped` where any failed."""
        if not self.mode or self.failed:
            raise Skipped
        return gathered(self.mode, self.values)


def gathered(mode: str, values: Mapping[Key, Value]) -> Value:
    """Instances as one value: the only one, a tuple under `count`, an object by key under `for_each`."""
    if mode == "single":
        return values[None]
    types = {str(key): type_of(value) for key, value in values.items()}
    if mode == "count":
        made = TupleValue(values.values())
        made._type = TupleType(types.values())
        return made
    return object_of({str(key): values[key] for key in sorted(values, key=str)}, ObjectType(types))


class Calls:
    """The instances that a call makes, by key. `mode` and `uses` as in `Block`."""

    __slots__ = ("instances", "mode", "uses")

    def __init__(self, mode: str, uses: Uses = NOTHING) -> None:
        self.mode = mode
        self.uses = uses
        self.instances: dict[Key, ModuleInstance] = {}

    def value(self, tracker: Tracker) -> Value:
        """All instances as one value."""
        if not self.mode:
            raise Skipped
        return gathered(self.mode, {key: module.value(tracker) for key, module in self.instances.items()})


class _Outputs(Mapping[str, Value]):
    """The outputs of a module instance by name; reading one uses what it used."""

    __slots__ = ("_slots", "_tracker")

    def __init__(self, slots: Mapping[str, Slot], tracker: Tracker) -> None:
        self._slots = dict(sorted(slots.items()))
        self._tracker = tracker

    def __getitem__(self, name: str) -> Value:
        return self._slots[name].read(self._tracker)

    def __iter__(self) -> Iterator[str]:
        return iter(self._slots)

    def __len__(self) -> int:
        return len(self._slots)


class Seen(Protocol):
    """A host as it was observed, as far as `data` blocks read it; `problem` is why it could not be, else empty."""

    @property
    def uuid(self) -> str: ...
    @property
    def problem(self) -> str: ...
    @property
    def facts(self) -> HostFacts | None: ...
    @property
    def objects(self) -> Mapping[str, Observed]: ...
    @property
    def strangers(self) -> Mapping[str, Observed]: ...
    @property
    def images(self) -> frozenset[str]: ...
    @property
    def networks(self) -> tuple[str, ...]: ...


StackReader = Callable[[str, str], Mapping[str, OutputValue] | None]
"""The outputs of a stack as last applied, by its name and the folder of its spec (empty: the same); None if there is none."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """All that a build is given: see `vwplan.graph.build.build`."""

    configuration: Configuration
    state: State
    hosts: Mapping[str, HostConfiguration]
    files: Files
    chance: Chance
    stack: str
    cwd: str
    public_key: Callable[[str], str] | None
    destroy: bool
    seen: Mapping[str, Seen] | None = None
    stacks: StackReader | None = None


class World:
    """The evaluation under way: what it was given, what it has found, and what went wrong."""

    def __init__(self, given: Surroundings, root: ModuleInstance, records: Mapping[str, Record]) -> None:
        self.given = given
        self.root = root
        self.records = records
        self.tracker = Tracker()
        self.groups = Groups()
        self.problems = Problems()
        self.identities = Identities(given.state.lineage)
        self._told: dict[tuple[object, ...], set[str]] = {}

    def tell(self, error: DiagnosticError, address: str = "") -> None:
        """Keep an error's problems: the very same of many instances once, of alike ones at one place the first few."""
        for diagnostic in error.diagnostics:
            at = diagnostic.subject
            place = (diagnostic.code, at and (at.file, at.start, at.end))
            details = self._told.setdefault(place, set())
            if diagnostic.detail not in details and len(details) < _ALIKE:
                details.add(diagnostic.detail)
                self.problems.add(_addressed(diagnostic, address))

    def instances(self, path: tuple[str, ...]) -> list[ModuleInstance]:
        """All instances of the module that is called by these names."""
        found = [self.root]
        for name in path:
            found = [
                inner for module in found if name in module.calls for inner in module.calls[name].instances.values()
            ]
        return found


_ALIKE = 3


def _addressed(diagnostic: Diagnostic, address: str) -> Diagnostic:
    if diagnostic.address or not address:
        return diagnostic
    return Diagnostic(
        diagnostic.code,
        diagnostic.summary,
        diagnostic.detail,
        diagnostic.subject,
        diagnostic.context,
        diagnostic.values,
        address,
        diagnostic.severity,
    )
