"""How the arguments of a block's instances come about: which layer says what, and what differs from instance to instance.

There are up to three layers: an environment, the cluster around a member, and the block's own words. What is said
without `each`, `count` or `parent` is the same for all instances and evaluated once; what differs only from cluster to
cluster, once for each of those; the rest, for each instance.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Protocol

from vwplan.dataclass import dataclass
from vwplan.diagnostics import DiagnosticError, Range
from vwplan.graph.model import Cause
from vwplan.graph.objects import Instance, instance_of
from vwplan.graph.order import part_references
from vwplan.graph.parts import ABSENT, merge, merges, problem, read_argument, read_blocks
from vwplan.graph.uses import NOTHING, Groups, Tracker, Uses
from vwplan.hcl.evaluate import Reference, Scope
from vwplan.kinds import KINDS, Argument, BlockType, Kind, with_defaults
from vwplan.spec.model import Given, Nested, Part
from vwplan.values import Null, unmark

Plain = Any


class Evaluating(Protocol):
    """The evaluation under way, as far as a layout needs it: see `vwplan.graph.world.World`."""

    tracker: Tracker
    groups: Groups

    def tell(self, error: DiagnosticError, address: str = "") -> None:
        """Keep the problems of an error."""


MODULE, CLUSTER, INSTANCE = 0, 1, 2
"""What an expression differs with: the instance of the module alone, that of the cluster, or each instance."""

_ENVIRONMENT = frozenset(each.name for each in KINDS["environment"].arguments) | frozenset(
    each.name for each in KINDS["environment"].blocks
)


@dataclass(frozen=True, slots=True)
class Level:
    """At which level `each`, `count` and `parent` differ in some place."""

    each: int
    count: int
    parent: int

    def of(self, references: Iterable[Reference]) -> int:
        """The level of an expression with these references."""
        highest = MODULE
        for reference in references:
            if reference.root == "each":
                highest = max(highest, self.each)
            elif reference.root == "count":
                highest = max(highest, self.count)
            elif reference.root == "parent":
                highest = max(highest, self.parent)
            elif reference.root == "self":
                return INSTANCE
        return highest


@dataclass(frozen=True, slots=True)
class Entry:
    """What one layer says of one name: an argument, or blocks of one type."""

    argument: Given | None
    blocks: tuple[Nested, ...]
    level: int

    def read(self, scope: Scope) -> Plain:
        """The plain value, or `ABSENT`."""
        return read_blocks(self.blocks, scope) if self.argument is None else read_argument(self.argument, scope)


def _entries(part: Part, level: Level) -> dict[str, Entry]:
    entries = {name: Entry(given, (), level.of(given.value.references)) for name, given in part.arguments.items()}
    for name, blocks in part.blocks.items():
        entries[name] = Entry(None, blocks, level.of(part_references(Part({}, {name: blocks}))))
    return entries


@dataclass(frozen=True, slots=True)
class Named:
    """One name with all that is said of it: by the block itself, and by the cluster around it."""

    name: str
    declared: Argument | BlockType
    own: Entry | None
    shared: Entry | None

    def read(self, own: Scope, shared: Scope) -> Plain:
        """The plain value without the environment's, or `ABSENT`."""
        value = ABSENT if self.own is None else self.own.read(own)
        if self.shared is not None and (value is ABSENT or merges(self.declared)):
            value = merge(self.declared, self.shared.read(shared), value)
        return value


@dataclass(frozen=True, slots=True)
class Stage:
    """What is known at one level: all arguments so far with defaults, what was used for them, and why they are so.

    `environment` is what the environment says, `problems` tells that something of it failed (and was told).
    """

    arguments: Mapping[str, Plain]
    uses: Uses = NOTHING
    environment: Mapping[str, Plain] | None = None
    causes: tuple[Cause, ...] = ()
    failed: bool = False

    def using(self, uses: Uses) -> Stage:
        """The same, with more used."""
        if uses is NOTHING:
            return self
        had = self.uses
        return replace(
            self,
            uses=Uses(tuple(dict.fromkeys((*had.keys, *uses.keys))), tuple(dict.fromkeys((*had.groups, *uses.groups)))),
        )


class Layout:
    """The arguments of the instances of one block (or of one role of a cluster), level by level.

    `extra` are names that belong to members, not to workspaces. `heading` and `where` tell of the cluster around, for causes;
    `hint` names the block in groups.
    """

    def __init__(
        self,
        kind: Kind,
        part: Part,
        level: Level,
        around: Part | None = None,
        around_level: Level | None = None,
        extra: Iterable[Argument | BlockType] = (),
        heading: str = "",
        where: Range | None = None,
        hint: str = "",
    ) -> None:
        self.hint = hint
        declared = {each.name: each for each in (*kind.arguments, *kind.blocks, *extra)}
        own = _entries(part, level)
        shared = {} if around is None or around_level is None else _entries(around, around_level)
        self.kind = kind
        self.extra = frozenset(each.name for each in extra)
        self.defaults = with_defaults(kind, {})
        self.blocks = {block.name: block for block in kind.blocks}
        self._own, self._shared = own, shared
        self._environment_level = -1
        entry = own.get("environment") or shared.get("environment")
        if entry is not None:
            both = (own.get("environment"), shared.get("environment"))
            self._environment_level = max(each.level for each in both if each is not None)
        self._stages: tuple[list[Named], list[Named], list[Named]] = ([], [], [])
        for name in dict.fromkeys((*shared, *own)):
            if name not in declared:
                continue
            named = Named(name, declared[name], own.get(name), shared.get(name))
            height = max(each.level for each in (named.own, named.shared) if each is not None)
            if name in _ENVIRONMENT:
                height = max(height, self._environment_level)
            self._stages[height].append(named)
        self._names = frozenset(own) | frozenset(shared)
        inherited = frozenset(name for name in shared if name not in own and name in declared)
        causes = (Cause(heading, where, inherited),) if heading and inherited else ()
        self.start = Stage(self.defaults, causes=causes)

    def varies(self, level: int) -> bool:
        """Whether anything differs at a level."""
        return bool(self._stages[level]) or self._environment_level == level

    def says(self, name: str) -> bool:
        """Whether the block, or a layer around it, says anything under a name."""
        return name in self._names

    def step(self, level: int, before: Stage, own: Scope, shared: Scope, world: Evaluating) -> Stage:
        """The stage at a level, from that before it. Problems are collected; what failed is left out, and the stage fails."""
        if not self.varies(level):
            return before
        tracker, tell = world.tracker, world.tell
        tracker.drop()
        failed = before.failed
        made = dict(before.arguments)
        environment, causes = before.environment, before.causes
        if level == self._environment_level:
            try:
                instance = self._environment(own, shared)
                if instance is not None:
                    environment = instance.arguments
                    causes = (*causes, Cause(instance.key, instance.range, frozenset(environment)))
                    for name, value in environment.items():
                        if name not in self._names:
                            made[name] = self._whole(name, value)
            except DiagnosticError as error:
                tell(error)
                failed = True
        for named in self._stages[level]:
            try:
                value = named.read(own, shared)
            except DiagnosticError as error:
                tell(error)
                failed = True
                continue
            if environment is not None and named.name in environment:
                value = merge(named.declared, environment[named.name], value)
            if value is not ABSENT:
                made[named.name] = self._whole(named.name, value)
        tracker.add(before.uses)
        return Stage(made, world.groups.compact(tracker.take(), self.hint), environment, causes, failed)

    def _environment(self, own: Scope, shared: Scope) -> Instance | None:
        """The environment that is named; noted as used."""
        for entry, scope in ((self._own.get("environment"), own), (self._shared.get("environment"), shared)):
            if entry is None or entry.argument is None:
                continue
            value = unmark(entry.argument.value.evaluate(scope))[0]
            if isinstance(value, Null):
                continue
            instance = instance_of(value)
            if instance is None or instance.kind != "environment":
                detail = '"environment" takes one environment, such as environment.NAME.'
                raise problem("wrong-kind", "Wrong kind of object", detail, entry.argument.value.range)
            instance.used()
            return instance
        return None

    def _whole(self, name: str, value: Plain) -> Plain:
        """A block's contents with the defaults of what it leaves out; an argument as it is."""
        block = self.blocks.get(name)
        if block is None:
            return value
        if block.label:
            return {label: with_defaults(block, one) for label, one in value.items()}
        if block.repeated:
            return [with_defaults(block, one) for one in value]
        return with_defaults(block, value)
