"""What the console sees: the root module's values, as the spec and the state say them, each found when it is first asked for.

Nothing is looked at on hosts, and nothing is chosen: what planning or applying would choose for an object that is not recorded
(its id, addresses, MACs) is not known here, as it may come out otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from vwplan.diagnostics import Diagnostic, DiagnosticError
from vwplan.graph.build import Building
from vwplan.graph.making import Made, Maker, Spot
from vwplan.graph.model import Cause
from vwplan.graph.objects import Instance, attribute_types
from vwplan.graph.order import Node, Plotter, ordered
from vwplan.graph.pools import Pools
from vwplan.graph.providers import Placement
from vwplan.graph.scope import InstanceScope
from vwplan.graph.seats import Reserved
from vwplan.graph.world import Block, Surroundings
from vwplan.hcl.evaluate import Chance, EvaluationError, Files, Reference
from vwplan.provider.api import HostConfiguration
from vwplan.spec.model import Configuration, Meta
from vwplan.state.records import Record, State
from vwplan.values import STRING, UNKNOWN, FactOf, Late, Refinement, Value
from vwplan.values.late import Path

Plain = Any
Hosts = Callable[[], Mapping[str, HostConfiguration]]

_NO_LINEAGE = "00000000-0000-0000-0000-000000000000"
_THERE = Refinement(not_null=True)
_CHOSEN_FACTS = ("id", "mac", "address", "addresses", "bridge_name", "gateway")


class ConsoleScope:
    """A scope over the root module, for any number of evaluations.

    `variables` may be unknown where no value was given. `hosts` is called when the first resource is asked for.
    `public_key` as for `vwplan.graph.build.build`. Not for several threads.
    """

    def __init__(
        self,
        configuration: Configuration,
        variables: Mapping[str, Value],
        *,
        state: State | None,
        hosts: Hosts,
        files: Files,
        chance: Chance,
        stack: str,
        directory: str,
        public_key: Callable[[str], str] | None = None,
    ) -> None:
        # With `destroy`, an image that is recorded is as recorded: its file need not be there.
        given = Surroundings(
            configuration, state or State(_NO_LINEAGE), {}, files, chance, stack, directory, public_key, True
        )
        self.files = files
        self.chance = chance
        self._hosts: Hosts | None = hosts
        self._building = Building(given, dict(variables), {}, Reserved(), {})
        made = self._building.maker
        self._building.maker = _Onlooker(self._building.world, made.placement, made.seats)
        self._world = self._building.world
        # Until they are evaluated, blocks are there by name: what is not among them is told with the nearest.
        blocks = configuration.root.resources.values()
        self._world.root.blocks.update({(block.kind.name, block.name): Block(block.kind.name, "") for block in blocks})
        self._plotter = Plotter(configuration.root)
        self._inner = InstanceScope(self._world, self._world.root)
        self._problems: dict[Node, tuple[Diagnostic, ...]] = {}

    def resolve(self, reference: Reference) -> tuple[Value, int]:
        """The value of a reference. What it needs and could not be evaluated is told each time that it is asked for."""
        needed = self._plotter.targets(reference, (), self._world.root.module)
        self._evaluate(needed)
        try:
            return self._inner.resolve(reference)
        except EvaluationError:
            raise
        except DiagnosticError:
            problems = self._told(needed)
            if problems and all(problem.code.startswith("late-") for problem in problems):
                # How many there are, or what they are, follows from a variable that has no value here.
                return UNKNOWN, 1
            raise DiagnosticError(problems) from None
        finally:
            self._world.tracker.drop()

    def validate(self) -> tuple[Diagnostic, ...]:
        """Look at the validations of the root module's variables, and tell which do not hold."""
        nodes = [node for node in self._plotter.nodes.values() if node.sort == "validation" and not node.path]
        self._evaluate(nodes)
        return self._told(nodes)

    def _evaluate(self, needed: list[Node]) -> None:
        if all(node in self._problems for node in needed):
            return
        for node in ordered(needed):
            if node in self._problems:
                continue
            if node.sort in ("block", "member") and self._hosts is not None:
                placement = Placement.of(self._world.given.configuration, self._hosts())
                maker, self._hosts = self._building.maker, None
                maker.placement, maker.pools = placement, Pools(self._world.given, placement, {})
            before = len(self._world.problems.found)
            # A variable that is not valid may be asked about all the same.
            modules = self._world.instances(node.path) if node.sort == "validation" else []
            kept = [(module, module.variables[node.name]) for module in modules]
            self._building.evaluate(node)
            for module, slot in kept:
                module.variables[node.name] = slot
            self._problems[node] = tuple(self._world.problems.found[before:])

    def _told(self, needed: list[Node]) -> tuple[Diagnostic, ...]:
        return tuple(problem for node in ordered(needed) for problem in self._problems.get(node, ()))


class _Onlooker(Maker):
    """A maker that leaves open what is chosen for objects that are not recorded."""

    def add(
        self,
        spot: Spot,
        instance: Instance,
        name: str,
        scope: InstanceScope,
        metas: tuple[Meta, ...],
        unset: frozenset[str] = frozenset(),
        causes: tuple[Cause, ...] = (),
    ) -> Made:
        if spot.record is None and instance.kind != "image":
            instance.arguments = _open_arguments(instance, unset)
            instance.facts = _open_facts(instance)
        return super().add(spot, instance, name, scope, metas, unset, causes)

    def _fact(self, identity: str, record: Record | None, kind: str, name: str) -> Plain:
        return None if record is None else super()._fact(identity, record, kind, name)


def _late(instance: Instance, *path: str | int) -> Late:
    """What is known of a string that is not known: that it will be there."""
    found: Path = path
    return Late(STRING, FactOf(instance.key, found), _THERE)


def _open_arguments(instance: Instance, unset: frozenset[str]) -> dict[str, Plain]:
    """The arguments without what was chosen."""
    arguments = dict(instance.arguments)
    for name in ("cidr", "bridge"):
        if name in unset:
            arguments[name] = _late(instance, name)
    if arguments.get("nic"):
        arguments["nic"] = [_open_nic(instance, at, nic, unset) for at, nic in enumerate(arguments["nic"])]
    return arguments


def _open_nic(instance: Instance, at: int, nic: Mapping[str, Plain], unset: frozenset[str]) -> dict[str, Plain]:
    made = dict(nic)
    if f"nic[{at}].mac" in unset:
        made["mac"] = _late(instance, "nic", at, "mac")
    if f"nic[{at}].address" in unset or ("address" not in nic and isinstance(nic["network"], Late)):
        made["address"] = _late(instance, "nic", at, "address")
    return made


def _open_facts(instance: Instance) -> dict[str, Plain]:
    """The facts without what was chosen, and without what follows from that."""
    facts = {name: fact for name, fact in instance.facts.items() if name not in _CHOSEN_FACTS}
    arguments = instance.arguments
    known = attribute_types(instance.kind)
    facts["id"] = _late(instance, "id")
    if "bridge_name" in known:
        facts["bridge_name"] = arguments.get("bridge")
        if "gateway" in instance.facts and not isinstance(arguments["cidr"], Late):
            facts["gateway"] = instance.facts["gateway"]
    nics = arguments.get("nic") or ()
    if "addresses" in known:
        facts["addresses"] = [nic["address"] for nic in nics if nic.get("address")]
    if nics:
        facts["mac"] = nics[0]["mac"]
        if nics[0].get("address"):
            facts["address"] = nics[0]["address"]
    return facts
