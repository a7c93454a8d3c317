"""Clusters, instance by instance, and their members, role by role."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vwplan.address import Address, Key, key_text
from vwplan.diagnostics import DiagnosticError
from vwplan.graph.blocks import expanded
from vwplan.graph.cluster import Cluster, Member, Members
from vwplan.graph.expand import expand, uses_of
from vwplan.graph.inputs import judge
from vwplan.graph.layout import CLUSTER, INSTANCE, MODULE, Layout, Level, Stage
from vwplan.graph.machines import finish_workspace, read_files
from vwplan.graph.making import Maker
from vwplan.graph.model import CheckResult
from vwplan.graph.order import Node
from vwplan.graph.parts import problem
from vwplan.graph.scope import InstanceScope
from vwplan.graph.uses import Uses
from vwplan.graph.world import Block, ModuleInstance
from vwplan.kinds import KINDS, with_defaults
from vwplan.kinds.cluster import MEMBER_ARGUMENTS, UPDATE
from vwplan.spec.model import MemberBlock, ResourceBlock

Plain = Any

_EXTRA = (*MEMBER_ARGUMENTS, UPDATE)
_CONDITIONS = ("agent", "tcp", "ssh", "console")


def evaluate_cluster(maker: Maker, node: Node) -> None:
    """The instances of a cluster's block, without members yet."""
    block = node.module.resources[node.name]
    for module in maker.world.instances(node.path):
        scope = InstanceScope(maker.world, module)
        expansion = expanded(maker, block, scope)
        made = Block("cluster", "") if expansion is None else Block("cluster", expansion.mode, expansion.uses)
        module.blocks["cluster", block.name] = made
        if expansion is None:
            continue
        for key, value in expansion.keys.items():
            text = f"{module.prefix}{block.key}{key_text(key)}"
            address = Address("cluster", block.name, key, module=module.path)
            cluster = Cluster(block, address, text, maker.world.tracker, value)
            cluster.group = _Group(maker, cluster)
            made.clusters[key] = cluster
            maker.clusters.append(cluster)


class _Group:
    """All members of a cluster as one group, made when it is first asked for and all are evaluated."""

    __slots__ = ("cluster", "maker", "uses")

    def __init__(self, maker: Maker, cluster: Cluster) -> None:
        self.maker = maker
        self.cluster = cluster
        self.uses: Uses | None = None

    def __call__(self) -> Uses:
        if self.uses is None:
            keys = tuple(member.instance.key for member in self.cluster.members)
            self.uses = self.maker.world.groups.compact(Uses(keys), self.cluster.text)
        return self.uses


def evaluate_members(maker: Maker, node: Node, checks: list[CheckResult]) -> None:
    """The members of one role, in every instance of the cluster and of its module."""
    block = node.module.resources[node.name]
    member = next(member for member in block.members if member.role == node.role)
    layout = _layout(block, member)
    for module in maker.world.instances(node.path):
        made = module.blocks["cluster", block.name]
        if made.clusters:
            _Role(maker, module, block, member, layout, checks).run(made)


def _layout(block: ResourceBlock, member: MemberBlock) -> Layout:
    """What a member's arguments come from; `each` and `count` belong to the nearest block that declares one."""
    own = Level(
        INSTANCE if member.meta.for_each is not None else CLUSTER,
        INSTANCE if member.meta.count is not None else CLUSTER,
        CLUSTER,
    )
    return Layout(
        KINDS["workspace"],
        member.part,
        own,
        block.part,
        Level(CLUSTER, CLUSTER, CLUSTER),
        _EXTRA,
        f"the defaults of cluster.{block.name}",
        block.range,
        f"{block.key}.{member.role}",
    )


class _Role:
    """The evaluation of one role of one cluster block in one instance of its module."""

    __slots__ = ("block", "checks", "layout", "maker", "member", "module", "world")

    def __init__(
        self,
        maker: Maker,
        module: ModuleInstance,
        block: ResourceBlock,
        member: MemberBlock,
        layout: Layout,
        checks: list[CheckResult],
    ) -> None:
        self.maker = maker
        self.world = maker.world
        self.module = module
        self.block = block
        self.member = member
        self.layout = layout
        self.checks = checks

    def run(self, made: Block) -> None:
        """Make the members of all clusters."""
        scope = InstanceScope(self.world, self.module, role=self.member.role)
        base = self.layout.step(MODULE, self.layout.start.using(made.uses), scope, scope, self.world)
        for key, cluster in made.clusters.items():
            inner = scope.of(made.mode, key, cluster.each)
            inner.cluster = cluster
            try:
                self._cluster(cluster, inner, base.using(uses_of(cluster.each)))
            except DiagnosticError as error:
                self.world.tell(error, cluster.text)
                cluster.roles.setdefault(self.member.role, Members("count")).failed = True

    def _cluster(self, cluster: Cluster, scope: InstanceScope, base: Stage) -> None:
        member = self.member
        self.world.tracker.drop()
        expansion = expand(member.meta, scope)
        expansion = expansion.using(
            self.world.groups.compact(self.world.tracker.take(), f"{cluster.text}.{member.role}")
        )
        members = cluster.roles[member.role] = Members(expansion.mode)
        stage = self.layout.step(CLUSTER, base.using(expansion.uses), scope, scope, self.world)
        varies = self.layout.varies(INSTANCE)
        text = f"{cluster.text}.head" if member.role == "head" else f"{cluster.text}.workers.{member.role}"
        for key, value in expansion.keys.items():
            # A role without count or for_each is a list of one.
            place: Key = 0 if key is None and member.role != "head" else key
            own = scope if expansion.mode == "single" else scope.of(expansion.mode, key, value)
            final = self.layout.step(INSTANCE, stage, own, scope, self.world) if varies else stage
            final = final.using(uses_of(value))
            if final.failed:
                members.failed = True
                continue
            try:
                members.members[place] = self._member(cluster, text + key_text(place), place, own, final)
            except DiagnosticError as error:
                self.world.tell(error, text + key_text(place))
                members.failed = True

    def _member(self, cluster: Cluster, text: str, key: Key, scope: InstanceScope, stage: Stage) -> Member:
        maker, block, member = self.maker, self.block, self.member
        lifecycles = (member.meta.lifecycle, block.meta.lifecycle)
        for condition in (*lifecycles[0].preconditions, *lifecycles[1].preconditions):
            self._judge(condition, scope, text, "precondition")
        arguments = dict(stage.arguments)
        extra = {each.name: arguments.pop(each.name, None) for each in _EXTRA}
        _ready(arguments)
        read_files(arguments, self.module, maker, (member.part, block.part), member.range)
        whole = cluster.address
        address = Address("cluster", block.name, whole.key, member.role, key, whole.module)
        place = maker.place(scope, member.meta if member.meta.provider is not None else block.meta)
        spot = maker.settle(text, address, self.world.records.get(text), place, member.range, (member.part, block.part))
        instance, name, unset = finish_workspace(maker, spot, arguments, stage.uses)
        made = maker.add(spot, instance, name, scope, (member.meta, block.meta), unset, stage.causes)
        made.cluster, made.role = cluster, member.role
        update = extra["update"]
        if update is not None:
            made.rolling = int(update["max_unavailable"])
        for condition in (*lifecycles[0].postconditions, *lifecycles[1].postconditions):
            after = scope.of("single", None, True)
            after.itself = instance.value
            self._judge(condition, after, text, "postcondition")
        provides, requires = self._provides(extra), self._names(extra, "requires")
        at = spot.argument("requires")
        return Member(instance, member.role, key, provides, requires or (), self._after(extra), at)

    def _judge(self, condition: Any, scope: InstanceScope, text: str, what: str) -> None:
        result = judge(self.world, condition, scope, text, what)
        if result is not None and result.passed is not True:
            self.checks.append(result)

    def _after(self, extra: Mapping[str, Plain]) -> tuple[str, ...]:
        after = self._names(extra, "after")
        if after is None:
            return () if self.member.role == "head" else ("head",)
        return after

    def _names(self, extra: Mapping[str, Plain], name: str) -> tuple[str, ...] | None:
        names = extra[name]
        if names is None:
            return None
        if not all(isinstance(each, str) for each in names):
            at = self.member.part.arguments[name].value.range
            raise problem("wrong-type", "Wrong type", f'"{name}" has null among its names.', at)
        return tuple(names)

    def _provides(self, extra: Mapping[str, Plain]) -> Mapping[str, Plain]:
        provides = extra["provides"]
        if provides is None:
            return {}
        known = isinstance(provides, Mapping) and all(isinstance(value, str) for value in provides.values())
        if not known:
            given = self.member.part.arguments["provides"]
            detail = (
                "What a member provides is told to all members when they are made: each value must be known when planning, "
                "not null, and not secret."
            )
            raise problem("unfit-provides", "Cannot be provided", detail, given.value.range)
        found: Mapping[str, Plain] = provides
        return found


def _ready(arguments: dict[str, Plain]) -> None:
    """A member counts as ready when its agent answers, where nothing else is said."""
    ready = arguments.get("ready")
    if ready is None:
        arguments["ready"] = _READY
    elif not any(name in ready for name in _CONDITIONS):
        arguments["ready"] = {**ready, "agent": True}


def _default_ready() -> dict[str, Plain]:
    declared = next(block for block in KINDS["workspace"].blocks if block.name == "ready")
    return {"agent": True, **with_defaults(declared, {})}


_READY = _default_ready()
