"""Putting it together: a configuration with its variables, a state and the hosts into all that a stack wants."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from vwplan.address import ModuleStep, key_text
from vwplan.diagnostics import Diagnostic, DiagnosticError, Problems, Severity
from vwplan.garbage import uncollected
from vwplan.graph.blocks import evaluate_block
from vwplan.graph.expand import Expansion, expand, uses_of
from vwplan.graph.finish import Society, finished
from vwplan.graph.imports import find_imports, laid_over, misplaced, needed, unmet
from vwplan.graph.inputs import (
    evaluate_local,
    evaluate_output,
    evaluate_validation,
    evaluate_variable,
    judge,
    wanted_outputs,
)
from vwplan.graph.making import Maker
from vwplan.graph.members import evaluate_cluster, evaluate_members
from vwplan.graph.model import CheckResult, ImportAsked, Imported, Moved, Resource, Taken, Wanted
from vwplan.graph.moves import Relocated, modules_of, relocated, removals
from vwplan.graph.order import Node, Plotter, ordered, part_references
from vwplan.graph.placement import assign
from vwplan.graph.providers import Placement, chosen_key, configured, passed_on
from vwplan.graph.reading import evaluate_data, read_for_check
from vwplan.graph.scope import InstanceScope
from vwplan.graph.seats import Reserved, Seats
from vwplan.graph.uses import NOTHING
from vwplan.graph.waiting import waited_for
from vwplan.graph.world import Calls, ModuleInstance, Seen, StackReader, Surroundings, World
from vwplan.hcl.evaluate import Files, NoFiles, Planning
from vwplan.provider.api import HostConfiguration, Limits
from vwplan.spec.model import Configuration
from vwplan.state.records import State
from vwplan.values import Value

_ATTEMPTS = 6
"""How often what was chosen may have to give way to what the spec says, before it is told as a problem."""


@uncollected()
def build(
    configuration: Configuration,
    variables: Mapping[str, Value],
    *,
    state: State,
    hosts: Mapping[str, HostConfiguration],
    taken: Mapping[str, Taken] | None = None,
    files: Files | None = None,
    stack: str = "default",
    directory: str = "",
    public_key: Callable[[str], str] | None = None,
    now: float | None = None,
    destroy: bool = False,
    seen: Mapping[str, Seen] | None = None,
    stacks: StackReader | None = None,
    imports: Sequence[ImportAsked] = (),
) -> Wanted:
    """All that a stack wants, evaluated, addressed and ordered.

    `hosts` and `taken` are by host key. `files` are those that functions and images read (see `vwplan.graph.images` for their
    `digest`), `directory` is `path.cwd`, `now` the time of the plan in seconds since the epoch. `public_key` gives the
    SSH host key of an identity; it is asked only for those that an expression reads. With `destroy` nothing that is missing or
    unknown stands in the way: what cannot be evaluated is left out. `data` blocks read `seen`, the hosts as observed by their keys
    (None: none was looked at), and what `stacks` tells of other stacks. `imports` are asked for beside those in the spec.

    Raises `DiagnosticError` with all problems of all blocks; what needs a block that failed is passed over quietly.
    """
    chance = Planning("" if now is None else datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    given = Surroundings(
        configuration, state, hosts, files or NoFiles(), chance, stack, directory, public_key, destroy, seen, stacks
    )
    plotter = Plotter(configuration.root)
    order = ordered(plotter.nodes.values())
    reserved = Reserved()
    digests: dict[str, tuple[str, int]] = {}
    refused = Problems(list(misplaced(modules_of(configuration.root))))
    imported: tuple[Imported, ...] = ()
    if not destroy and (imports or configuration.root.imports):
        scout = Building(given, dict(variables), taken or {}, reserved, digests)
        for node in needed(plotter, configuration.root, imports):
            scout.evaluate(node)
        imported = find_imports(scout.maker, imports, refused)
        given = replace(given, state=laid_over(state, imported))
    assigned: Mapping[str, str] | None = None
    for attempt in range(_ATTEMPTS):
        building = Building(given, dict(variables), taken or {}, reserved, digests, assigned)
        wanted = building.run(order)
        contested = building.maker.seats.contested
        anew, torn = _assigned(building.maker)
        is_settled = anew == (assigned or {})
        if (is_settled and contested <= reserved) or attempt == _ATTEMPTS - 1:
            break
        if assigned is not None or not anew:
            # (What was chosen while the places were open is no matter: it is chosen anew beside what is on the host.)
            reserved |= contested
        assigned = anew
    problems = building.world.problems
    for error in torn:
        building.world.tell(error)
    if not is_settled:
        building.world.tell(_unsettled(wanted, assigned or {}, anew))
    if not destroy:
        problems.extend(refused.found)
        problems.raise_errors()
        problems.extend(unmet(imported, wanted.resources))
        problems.raise_errors()
    return replace(wanted, imports=imported) if imported else wanted


def _assigned(maker: Maker) -> tuple[dict[str, str], list[DiagnosticError]]:
    """The host of each resource that is in a pool, and what stands against it."""
    pools = maker.pools
    if not pools.hosts:
        return {}, []
    made = (
        (each.instance, each.identity, each.place, maker.wishes.get(each.instance.key, each.range))
        for each in maker.made
    )
    return assign(pools.claims(made, maker.world.records), pools.candidates(), pools.located())


def _unsettled(wanted: Wanted, before: Mapping[str, str], after: Mapping[str, str]) -> DiagnosticError:
    """What is told where the host of a resource follows, in the end, from itself."""
    key = next(key for key in sorted({*before, *after}) if before.get(key) != after.get(key))
    at = next((resource.range for resource in wanted.resources if resource.key == key), None)
    detail = (
        f"Each time that a host is chosen for {key}, the spec says something else that asks for another. Do not make "
        "placement, or how many there are, from the host of something that it has an effect on."
    )
    return DiagnosticError(Diagnostic("unsettled-placement", "Placement does not come to an end", detail, at))


class Building:
    """One attempt. `evaluate` does one node; whoever needs but some of them calls it for those, in their order."""

    def __init__(
        self,
        given: Surroundings,
        variables: dict[str, Value],
        taken: Mapping[str, Taken],
        reserved: Reserved,
        digests: dict[str, tuple[str, int]],
        assigned: Mapping[str, str] | None = None,
    ) -> None:
        root = ModuleInstance(given.configuration.root, (), "", {})
        problems = Problems()
        self.given = given
        self.variables = variables
        self.moves: Relocated = relocated(given.configuration.root, given.state, problems)
        self.world = World(given, root, self.moves.records)
        self.world.problems.extend(problems.found)
        seats = Seats(self.world.identities, given.state, taken, reserved)
        placement = Placement.of(given.configuration, given.hosts)
        self.maker = Maker(self.world, placement, seats, assigned)
        self.maker.digests = digests
        self.checks: list[CheckResult] = []

    def run(self, order: Iterable[Node]) -> Wanted:
        """Evaluate all, and put the results together."""
        world = self.world
        for node in order:
            self.evaluate(node)
        for error in self.maker.seats.overlaps():
            world.tell(error)
        society = Society(self.maker, self.moves.rosters)
        resources = finished(self.maker, society)
        self._check()
        removed = removals(self.given.configuration.root, world.problems)
        moved = self._moved(resources)
        warnings = tuple(d for d in world.problems.found if d.severity is Severity.WARNING)
        return Wanted(
            resources,
            society.rosters,
            wanted_outputs(world),
            tuple(self.checks),
            moved,
            removed,
            _used(resources, world.groups.table),
            (*self.given.configuration.warnings, *warnings),
            limits={key: host.limits for key, host in self.given.hosts.items() if host.limits != Limits()},
        )

    def evaluate(self, node: Node) -> None:
        match node.sort:
            case "variable":
                evaluate_variable(self.world, node, self.variables)
            case "validation":
                evaluate_validation(self.world, node, self.checks)
            case "local":
                evaluate_local(self.world, node)
            case "output":
                evaluate_output(self.world, node, self.checks)
            case "data":
                evaluate_data(self.maker, node, self.checks)
            case "call":
                self._call(node)
            case "gate":
                self._gate(node)
            case "member":
                evaluate_members(self.maker, node, self.checks)
            case "block":
                if node.module.resources[node.name].members:
                    evaluate_cluster(self.maker, node)
                else:
                    evaluate_block(self.maker, node, self.checks)

    def _call(self, node: Node) -> None:
        """The instances that a call of a module makes."""
        call = node.module.calls[node.name]
        for module in self.world.instances(node.path):
            scope = InstanceScope(self.world, module)
            self.world.tracker.drop()
            expansion: Expansion | None = None
            try:
                expansion = expand(call.meta, scope)
                hint = f"{module.prefix}module.{call.name}"
                expansion = expansion.using(self.world.groups.compact(self.world.tracker.take(), hint))
            except DiagnosticError as error:
                self.world.tell(error)
            calls = Calls("") if expansion is None else Calls(expansion.mode, expansion.uses)
            module.calls[call.name] = calls
            if expansion is None:
                continue
            for key, value in expansion.keys.items():
                inner = scope if expansion.mode == "single" else scope.of(expansion.mode, key, value)
                try:
                    chosen = {name: chosen_key(compiled, inner) for name, compiled in call.provider_keys.items()}
                except DiagnosticError as error:
                    self.world.tell(error)
                    calls.mode = ""
                    continue
                providers = passed_on(module.providers, call.providers, chosen)
                calls.instances[key] = ModuleInstance(
                    call.module,
                    (*module.path, ModuleStep(call.name, key)),
                    f"{module.prefix}module.{call.name}{key_text(key)}.",
                    providers,
                    call,
                    module,
                    key,
                    None if expansion.mode == "single" else value,
                )

    def _gate(self, node: Node) -> None:
        """What all within a called module waits for."""
        call = node.module.calls[node.name]
        for module in self.world.instances(node.path):
            calls = module.calls[call.name]
            gate = module.gate if calls.uses is NOTHING else self.world.groups.join((module.gate, calls.uses))
            if call.meta.depends_on:
                scope = InstanceScope(self.world, module)
                many = [waited_for(scope, reference) for reference in call.meta.depends_on]
                gate = self.world.groups.join([gate, *many])
                gate = self.world.groups.compact(gate, f"{module.prefix}module.{call.name}.depends_on")
            for inner in calls.instances.values():
                own = NOTHING if inner.each is None else uses_of(inner.each)
                inner.gate = gate if own is NOTHING else self.world.groups.join((gate, own))

    def _check(self) -> None:
        """Look at all `check` blocks, now that everything is evaluated."""
        for module in self.world.root.below():
            scope = InstanceScope(self.world, module)
            for check in module.module.checks:
                scope.scoped = read_for_check(self.maker, module, check)
                for condition in check.asserts:
                    result = judge(self.world, condition, scope, f"{module.prefix}check.{check.name}", "check")
                    if result is not None:
                        self.checks.append(result)

    def _moved(self, resources: Iterable[Resource]) -> tuple[Moved, ...]:
        """The moves of what is wanted at its new address, those that follow from a block's gaining or losing count too."""
        keys = {resource.key for resource in resources}
        moved = [move for move in self.moves.moved if move.target in keys]
        for move in self.moves.moved:
            if move.source in keys:
                detail = (
                    f"{move.source} is moved to {move.target}, and is still declared. Take the block out, or the move."
                )
                self.world.problems.add(Diagnostic("invalid-move", "Invalid move", detail, move.range))
        return (*moved, *self.maker.moved)


def _used(resources: Iterable[Resource], table: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """The groups that any resource waits for."""
    names = {name for resource in resources for name in resource.groups}
    return {name: keys for name, keys in table.items() if name in names}


def hosts(
    configuration: Configuration,
    variables: Mapping[str, Value],
    *,
    directory: str,
    simulate: bool = False,
    files: Files | None = None,
    stack: str = "default",
) -> Mapping[str, HostConfiguration]:
    """The hosts of a configuration by key (`libvirt.site/default`), from variables and locals alone.

    `directory` is a private folder for the providers' own files. With `simulate` the simulated provider is in each one's
    place. Raises `DiagnosticError`.
    """
    root = configuration.root
    given = Surroundings(configuration, State(""), {}, files or NoFiles(), Planning(), stack, directory, None, False)
    world = World(given, ModuleInstance(root, (), "", {}), {})
    plotter = Plotter(root)
    needed: list[Node] = []
    for block in root.providers.values():
        repeated = block.for_each.references if block.for_each is not None else ()
        for reference in (*part_references(block.part), *repeated):
            needed += plotter.targets(reference, (), root)
    for node in ordered(needed):
        if node.sort == "variable":
            evaluate_variable(world, node, dict(variables))
        elif node.sort == "local":
            evaluate_local(world, node)
    problems = Problems(list(world.problems.found))
    found: dict[str, HostConfiguration] = {}
    try:
        found = configured(configuration, InstanceScope(world, world.root), directory=directory, simulate=simulate)
    except DiagnosticError as error:
        problems.extend(error.diagnostics)
    problems.raise_errors()
    return found
