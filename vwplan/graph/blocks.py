"""Blocks of kinds, instance by instance: images, networks, volumes, environments, and workspaces by themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vwplan.address import Address, Key, key_text
from vwplan.diagnostics import DiagnosticError
from vwplan.graph.expand import Expansion, expand, uses_of
from vwplan.graph.identity import bridge_name, slug
from vwplan.graph.identity import label as label_of
from vwplan.graph.images import finish_image
from vwplan.graph.inputs import judge
from vwplan.graph.layout import INSTANCE, MODULE, Layout, Level, Stage
from vwplan.graph.machines import finish_workspace, read_files
from vwplan.graph.making import Made, Maker, Spot, Volume
from vwplan.graph.model import CheckResult
from vwplan.graph.objects import Instance
from vwplan.graph.order import Node
from vwplan.graph.parts import problem
from vwplan.graph.ranges import RangeError, Subnet
from vwplan.graph.scope import InstanceScope
from vwplan.graph.seats import Network
from vwplan.graph.world import Block, ModuleInstance
from vwplan.kinds.check import article
from vwplan.spec.model import ResourceBlock
from vwplan.state.records import IMPORTED
from vwplan.values import Value

Plain = Any

ORDINARY = Level(INSTANCE, INSTANCE, INSTANCE)


def evaluate_block(maker: Maker, node: Node, checks: list[CheckResult]) -> None:
    """An ordinary block (all but a cluster), in every instance of its module."""
    block = node.module.resources[node.name]
    layout = Layout(block.kind, block.part, ORDINARY, hint=block.key)
    for module in maker.world.instances(node.path):
        _Evaluation(maker, module, block, layout, checks).run()


def expanded(maker: Maker, block: ResourceBlock, scope: InstanceScope) -> Expansion | None:
    """The instances of a block; None where that failed, which has been told then."""
    world = maker.world
    world.tracker.drop()
    try:
        return expand(block.meta, scope).using(world.groups.compact(world.tracker.take(), block.key))
    except DiagnosticError as error:
        world.tell(error)
        return None


class _Evaluation:
    """The evaluation of one block in one instance of its module."""

    __slots__ = ("block", "checks", "layout", "maker", "module", "scope", "world")

    def __init__(
        self, maker: Maker, module: ModuleInstance, block: ResourceBlock, layout: Layout, checks: list[CheckResult]
    ) -> None:
        self.maker = maker
        self.world = maker.world
        self.module = module
        self.block = block
        self.layout = layout
        self.checks = checks
        self.scope = InstanceScope(maker.world, module)

    def run(self) -> None:
        """Make all instances."""
        block = self.block
        expansion = expanded(self.maker, block, self.scope)
        made = Block(block.kind.name, expansion.mode if expansion is not None else "")
        self.module.blocks[block.kind.name, block.name] = made
        if expansion is None or not expansion.keys:
            return
        start = self.layout.start.using(expansion.uses)
        base = self.layout.step(MODULE, start, self.scope, self.scope, self.world)
        for key, value in expansion.keys.items():
            try:
                made.instances[key] = self._one(expansion.mode, key, value, base.using(uses_of(value)))
            except DiagnosticError as error:
                self.world.tell(error, f"{self.module.prefix}{block.key}{key_text(key)}")
                made.failed.add(key)

    def _one(self, mode: str, key: Key, value: Value, base: Stage) -> Instance:
        scope = self.scope if mode == "single" else self.scope.of(mode, key, value)
        for condition in self.block.meta.lifecycle.preconditions:
            self._judge(condition, scope, key, "precondition")
        stage = self.layout.step(INSTANCE, base, scope, scope, self.world)
        if stage.failed:
            raise DiagnosticError(())
        block = self.block
        if block.kind.name == "environment":
            return self._environment(key, stage)
        spot = self.maker.spot(scope, block, key, mode)
        self._look(stage)
        instance = _FINISH[block.kind.name](self, spot, stage, scope)
        if block.meta.lifecycle.postconditions:
            after = scope.of("single", None, True)
            after.itself = instance.value
            for condition in block.meta.lifecycle.postconditions:
                self._judge(condition, after, key, "postcondition")
        return instance

    def _judge(self, condition: Any, scope: InstanceScope, key: Key, what: str) -> None:
        address = f"{self.module.prefix}{self.block.key}{key_text(key)}"
        result = judge(self.world, condition, scope, address, what)
        if result is not None and result.passed is not True:
            self.checks.append(result)

    def _look(self, stage: Stage) -> None:
        """Refuse an instance that lacks what it needs."""
        kind = self.block.kind
        for argument in kind.arguments:
            if argument.required and argument.name not in stage.arguments:
                detail = f'{article(kind.name).capitalize()} {kind.name} needs "{argument.name}", and it is null here.'
                raise problem("missing-argument", "Missing argument", detail, self.block.range)
        for names in kind.any_of:
            if not any(name in stage.arguments for name in names):
                words = " or ".join(f'"{name}"' for name in names)
                detail = f"{article(kind.name).capitalize()} {kind.name} needs {words}."
                raise problem("missing-argument", "Missing argument", detail, self.block.range)

    def _environment(self, key: Key, stage: Stage) -> Instance:
        """An environment is what it says and no more: defaults are for those that use it."""
        said = {name: value for name, value in stage.arguments.items() if self.layout.says(name)}
        read_files(said, self.module, self.maker, (self.block.part,), self.block.range)
        text = f"{self.module.prefix}{self.block.key}{key_text(key)}"
        address = Address("environment", self.block.name, key, module=self.module.path)
        uses = self.world.groups.compact(stage.uses, text)
        return Instance(
            text, address, "environment", said, {"id": text}, uses, self.world.tracker, None, self.block.range
        )

    def _image(self, spot: Spot, stage: Stage, scope: InstanceScope) -> Instance:
        given = self.world.given
        if given.destroy and spot.record is not None:
            arguments, facts = dict(spot.record.arguments), dict(spot.record.facts)
        else:
            arguments, facts = finish_image(
                dict(stage.arguments),
                self.block.part,
                self.module.module.directory,
                given.files,
                self.maker.digests,
                self.block.range,
            )
        instance = self.maker.instance(spot, "image", arguments, facts, stage.uses)
        self._add(spot, instance, f"vwplan-{facts['digest']}", scope, frozenset(), stage)
        return instance

    def _network(self, spot: Spot, stage: Stage, scope: InstanceScope) -> Instance:
        arguments, unset = dict(stage.arguments), set()
        mode, had = arguments["mode"], spot.record.arguments if spot.record is not None else {}
        if mode == "bridge":
            if "bridge" not in arguments:
                detail = 'A network of mode "bridge" is one of the host\'s bridges: name it with bridge.'
                raise problem("missing-argument", "Missing argument", detail, self.block.range)
        elif "bridge" not in arguments:
            kept = had.get("bridge") if had.get("mode") != "bridge" else None
            arguments["bridge"] = kept or bridge_name(spot.identity)
            unset.add("bridge")
        subnet: Subnet | None = None
        try:
            if "cidr" in arguments:
                subnet = Subnet.parse(arguments["cidr"])
            elif mode != "bridge":
                subnet = Subnet.parse(had["cidr"]) if had.get("cidr") else self.maker.seats.free_range(spot.place)
                unset.add("cidr")
                arguments["cidr"] = str(subnet)
        except RangeError as error:
            raise problem("invalid-range", "Invalid range of addresses", str(error), spot.argument("cidr")) from None
        facts: dict[str, Plain] = {"id": spot.identity, "bridge_name": arguments["bridge"]}
        if subnet is not None and mode != "bridge":
            facts["gateway"] = subnet.text(subnet.gateway)
        if spot.record is not None and spot.record.facts.get(IMPORTED) and spot.record.facts.get("gateway"):
            # What somebody else made has the gateway that it has.
            facts["gateway"] = spot.record.facts["gateway"]
        network = Network(spot.key, spot.identity, spot.place, mode, subnet, None, self.block.range)
        self.maker.seats.open(network, arguments["bridge"], spot.argument("bridge"))
        if network.book is not None and subnet is not None:
            network.book.old |= _numbers(subnet, facts.get("gateway"))
        instance = self.maker.instance(spot, "network", arguments, facts, stage.uses)
        name = self.maker.name(spot, arguments, slug(label_of(spot.address)))
        self._add(spot, instance, name, scope, frozenset(unset), stage)
        return instance

    def _volume(self, spot: Spot, stage: Stage, scope: InstanceScope) -> Instance:
        instance = self.maker.instance(spot, "volume", stage.arguments, {"id": spot.identity}, stage.uses)
        self.maker.volumes[spot.identity] = Volume(spot.key, spot.place)
        name = self.maker.name(spot, stage.arguments, slug(label_of(spot.address)))
        self._add(spot, instance, name, scope, frozenset(), stage)
        return instance

    def _workspace(self, spot: Spot, stage: Stage, scope: InstanceScope) -> Instance:
        arguments = dict(stage.arguments)
        read_files(arguments, self.module, self.maker, (self.block.part,), self.block.range)
        instance, name, unset = finish_workspace(self.maker, spot, arguments, stage.uses)
        self._add(spot, instance, name, scope, unset, stage)
        return instance

    def _add(
        self, spot: Spot, instance: Instance, name: str, scope: InstanceScope, unset: frozenset[str], stage: Stage
    ) -> Made:
        return self.maker.add(spot, instance, name, scope, (self.block.meta,), unset, stage.causes)


def _numbers(subnet: Subnet, gateway: Plain) -> set[int]:
    """The number of a gateway that is not where one usually is: no machine may have it."""
    try:
        return {subnet.number(gateway)} if gateway else set()
    except RangeError:
        return set()


_FINISH: dict[str, Callable[[_Evaluation, Spot, Stage, InstanceScope], Instance]] = {
    "image": _Evaluation._image,
    "network": _Evaluation._network,
    "volume": _Evaluation._volume,
    "workspace": _Evaluation._workspace,
}
