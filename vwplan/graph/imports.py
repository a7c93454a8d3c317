"""Imports: objects that exist already and are to become a stack's own, as records laid over the state before anything is evaluated.

So the blocks that they are imported to are evaluated as those of any recorded object are: its identity, name, addresses and MACs
are the object's own, and whatever refers to it has them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from vwplan.address import Address, Key
from vwplan.diagnostics import Diagnostic, DiagnosticError, Problems, Range, did_you_mean
from vwplan.graph.expand import expand
from vwplan.graph.making import Maker
from vwplan.graph.model import ImportAsked, Imported, Resource
from vwplan.graph.order import Node, Plotter, meta_references, ordered
from vwplan.graph.parts import problem
from vwplan.graph.providers import Place
from vwplan.graph.scope import InstanceScope
from vwplan.graph.world import ModuleInstance, Seen
from vwplan.hcl.evaluate import Compiled
from vwplan.provider.api import Observed
from vwplan.spec.model import Configuration, ImportBlock, Meta, Module
from vwplan.state.records import IMPORTED, Record, State, Status
from vwplan.values import EPHEMERAL, SENSITIVE, STRING, ConversionError, Null, Unknown, convert, type_of, unmark_deep

Plain = Any

_UNFIT = {
    "image": "An image is its content, which all stacks on a host share: declare it, and what is there already is used.",
    "environment": "An environment makes nothing by itself, so there is nothing to import.",
    "cluster": "A cluster is its members: import each to its own address, such as cluster.NAME.head.",
}


def needed(plotter: Plotter, root: Module, asked: Sequence[ImportAsked]) -> list[Node]:
    """The nodes to be evaluated before imports can be: those that ids and keys refer to, and those that say where targets are."""
    found: list[Node] = []
    texts = [each.target for each in asked]
    for block in root.imports:
        texts.append(block.target.text)
        for compiled in (block.id, block.for_each, block.target_key, *block.keys.values()):
            for reference in compiled.references if compiled is not None else ():
                found += plotter.targets(reference, (), root)
    found += [node for node in plotter.nodes.values() if node.sort == "call"]
    for block in _blocks_among(root, texts):
        for meta in (block.meta, *(member.meta for member in block.members)):
            if meta.provider_key is not None:
                for reference in (*meta.provider_key.references, *meta_references(meta, depends=False)):
                    found += plotter.targets(reference, (), root)
    return ordered(found)


def _blocks_among(root: Module, texts: Iterable[str]) -> Iterator[Any]:
    for text in texts:
        block = root.resources.get(".".join(text.split("[", 1)[0].split(".")[:2]))
        if block is not None:
            yield block


def imports_volumes(configuration: Configuration, asked: Sequence[ImportAsked]) -> bool:
    """Whether any import is of a volume: strangers' volumes are not looked at for anything else."""
    texts = [*(each.target for each in asked), *(block.target.text for block in configuration.root.imports)]
    return any(".volume." in f".{text}" for text in texts)


def misplaced(modules: Iterable[Module]) -> Iterator[Diagnostic]:
    """Imports that stand in called modules: an id names one object, and a module may be called many times."""
    for module in modules:
        for block in module.imports if module.path else ():
            detail = (
                "An import names one object on one host, so it stands in the root module; its target may be in a called one: "
                f"to = module.{'.module.'.join(module.path)}.{block.target.text}."
            )
            yield Diagnostic("misplaced-import", "Import in a called module", detail, block.range)


def find_imports(maker: Maker, asked: Sequence[ImportAsked], problems: Problems) -> tuple[Imported, ...]:
    """The objects that import blocks and the command line name, each as the record that it becomes.

    `maker` is one whose world has the nodes of `needed` evaluated. What is recorded under its target already is passed over,
    as is what is on a host that could not be seen: nothing is planned there.
    """
    finder = _Finder(maker)
    found: list[Imported] = []
    targets: set[str] = set()
    objects: dict[tuple[str, str], str] = {}
    for each in _requests(maker, asked, problems):
        try:
            if each.target in targets:
                detail = f"Two objects are imported to {each.target}, and only one can be there."
                raise _fault("import-twice", "Two imports to one address", detail, each)
            targets.add(each.target)
            one = finder.find(each)
            if one is None:
                continue
            other = objects.setdefault((one.record.host_uuid, one.record.identity), one.key)
            if other != one.key:
                detail = f'"{each.id}" is imported to {other} and to {one.key}. An object has one address.'
                raise _fault("import-twice", "Object imported twice", detail, each)
            found.append(one)
        except DiagnosticError as error:
            problems.extend(error.diagnostics)
    return tuple(found)


def laid_over(state: State, imported: Sequence[Imported]) -> State:
    """The state as if all that is imported were recorded already."""
    return replace(state, records={**state.records, **{one.key: one.record for one in imported}})


def unmet(imported: Iterable[Imported], resources: Iterable[Resource]) -> Iterator[Diagnostic]:
    """Imports to instances that the spec does not have."""
    keys = {resource.key for resource in resources}
    for one in imported:
        if one.key not in keys:
            yield _undeclared(one.key, keys, one.range)


def _undeclared(target: str, keys: Iterable[str], at: Range | None) -> Diagnostic:
    detail = f"The spec has no {target} to import into.{did_you_mean(target, list(keys))} Write its block first."
    return Diagnostic("import-undeclared", "Nothing to import into", detail, at, address=target)


def _fault(code: str, summary: str, detail: str, asked: ImportAsked) -> DiagnosticError:
    return DiagnosticError(Diagnostic(code, summary, detail, asked.range, address=asked.target))


def _requests(maker: Maker, asked: Sequence[ImportAsked], problems: Problems) -> list[ImportAsked]:
    """What is asked for, block by block and key by key."""
    found = list(asked)
    world = maker.world
    scope = InstanceScope(world, world.root)
    for block in world.root.module.imports:
        try:
            found += _of_block(block, scope)
        except DiagnosticError as error:
            problems.extend(error.diagnostics)
    return found


def _of_block(block: ImportBlock, scope: InstanceScope) -> Iterator[ImportAsked]:
    expansion = expand(Meta(for_each=block.for_each), scope)
    for key, value in expansion.keys.items():
        inner = scope if expansion.mode == "single" else scope.of("each", key, value)
        target = _target(block.target.text, block.target.range)
        chosen = {name: _text(compiled, inner, "A key of its target") for name, compiled in block.keys.items()}
        target = _opened(target, chosen)
        if block.target_key is not None:
            last = _text(block.target_key, inner, "The key of its target")
            target = replace(target, member=last) if target.role not in ("", "head") else replace(target, key=last)
        yield ImportAsked(str(target), _text(block.id, inner, '"id"'), block.range)


def _opened(target: Address, keys: Mapping[str, str]) -> Address:
    """An address with the keys in it that are expressions."""
    if not keys:
        return target
    module = tuple(replace(step, key=keys.get(str(step.key), step.key)) for step in target.module)
    key, member = keys.get(str(target.key), target.key), keys.get(str(target.member), target.member)
    return replace(target, module=module, key=key, member=member)


def _target(text: str, at: Range | None) -> Address:
    """The address of one object; of a role without a key, its only member."""
    try:
        address = Address.parse(text)
    except ValueError:
        detail = f"{text} is a whole module, and one object is imported at a time: name its block within."
        raise problem("invalid-address", "Not an address", detail, at) from None
    if address.kind in _UNFIT and not address.role:
        raise problem("import-unfit", "Cannot be imported", f"{text}: {_UNFIT[address.kind]}", at)
    return replace(address, member=0) if address.role not in ("", "head") and address.member is None else address


def _text(compiled: Compiled, scope: InstanceScope, what: str) -> str:
    value, marks = unmark_deep(compiled.evaluate(scope))
    if marks & {SENSITIVE, EPHEMERAL}:
        detail = f"{what} of an import is told by the plan, so it cannot be made from a sensitive or ephemeral value."
        raise problem("sensitive-argument", "Sensitive value", detail, compiled.range)
    if isinstance(value, Unknown):
        detail = (
            f"{what} of an import must be known when planning. Make it from variables, locals and data, not from what "
            "is known only after apply."
        )
        raise problem("late-argument", "Known only after apply", detail, compiled.range)
    try:
        text = convert(value, STRING)
    except ConversionError:
        detail = f"{what} of an import is a string, and this is a {type_of(value).friendly}."
        raise problem("wrong-type", "Wrong type", detail, compiled.range) from None
    if isinstance(text, Null) or not str(text):
        raise problem("wrong-type", "Wrong type", f"{what} of an import cannot be null or empty.", compiled.range)
    return str(text)


class _Finder:
    """Looks for what imports name, on the hosts that their targets are on."""

    __slots__ = ("_maker", "_modules", "_owners", "_there", "_world")

    def __init__(self, maker: Maker) -> None:
        self._maker = maker
        self._world = maker.world
        given = maker.world.given.state
        self._owners = {record.identity: record.address for record in given.deposed.values()}
        self._owners.update({record.identity: address for address, record in maker.world.records.items()})
        self._modules = {module.path: module for module in maker.world.root.below()}
        self._there: dict[tuple[str, str], Mapping[str, list[Observed]]] = {}

    def find(self, asked: ImportAsked) -> Imported | None:
        """The object asked for; None where there is nothing to do, or nothing can be seen."""
        address = _target(asked.target, asked.range)
        key = str(address)
        before = self._world.records.get(key)
        if before is not None and before.status is not Status.PENDING:
            return None
        place = self._place(address, asked)
        views = self._world.given.seen
        if place is None or views is None:
            return None
        kind = "workspace" if address.role else address.kind
        there: dict[Place, Seen] = {}
        for one in self._maker.pools.places(place):
            seen = views.get(one.key)
            if seen is not None and seen.problem:
                continue
            if seen is None or not seen.uuid:
                detail = f"The host {one.key} was not looked at, so nothing there can be imported. Leave out --refresh=false."
                raise _fault("import-unseen", "Nothing was looked at", detail, asked)
            there[one] = seen
        found = self._one(kind, place, there, asked)
        if found is None:
            return None
        where, observed = found
        record = self._record(key, observed, where, there[where], asked)
        return Imported(key, asked.id, record, observed, asked.range, "" if before is None else before.identity)

    def _place(self, address: Address, asked: ImportAsked) -> Place | None:
        """Where the target's block is; None where that has failed, and is told elsewhere."""
        module = self._modules.get(address.module)
        block = None if module is None else module.module.resources.get(f"{address.kind}.{address.name}")
        member = None if block is None else next((one for one in block.members if one.role == address.role), None)
        if module is None or block is None or (address.role and member is None):
            keys = [] if module is None else [module.prefix + key for key in module.module.resources]
            raise DiagnosticError(_undeclared(asked.target, keys, asked.range))
        meta = block.meta if member is None or member.meta.provider is None else member.meta
        try:
            return self._maker.place(self._scope(module, meta, address.key), meta)
        except DiagnosticError:
            return None

    def _scope(self, module: ModuleInstance, meta: Meta, key: Key) -> InstanceScope:
        scope = InstanceScope(self._world, module)
        if meta.provider_key is None or key is None:
            return scope
        expansion = expand(meta, scope)
        return scope.of(expansion.mode, key, expansion.keys[key]) if key in expansion.keys else scope

    def _one(
        self, kind: str, place: Place, hosts: Mapping[Place, Seen], asked: ImportAsked
    ) -> tuple[Place, Observed] | None:
        """The object that is meant, and where it is; None where it may be on a host that could not be seen."""
        known = {each: self._known(kind, each.key, seen) for each, seen in hosts.items()}
        found = [(each, one) for each, there in known.items() for one in _matching(there, asked.id)]
        prefix, slash, rest = asked.id.partition("/")
        while not found and slash:
            named = [each for each in self._maker.pools.places(place) if prefix in (each.key, each.provider, each.host)]
            found = [(each, one) for each in named if each in known for one in _matching(known[each], rest)]
            if not named and prefix in self._world.given.hosts:
                detail = f"{asked.target} is on {place.key}, and {asked.id} on {prefix}. Give it the other provider."
                raise _fault("import-elsewhere", "Object on another host", detail, asked)
            more, slash, rest = rest.partition("/")
            prefix = f"{prefix}/{more}"
        if not found and len(hosts) < len(self._maker.pools.places(place)):
            return None
        where = f"The host {place.key} has" if len(hosts) == 1 else f"The hosts of {place.provider} have"
        if len(found) > 1:
            several = ", ".join(
                sorted(one.identity + (f" on {each.host}" if len(hosts) > 1 else "") for each, one in found)
            )
            how = "its UUID" if len(hosts) == 1 else "HOST/UUID"
            detail = f'{where} several {kind}s of the id "{asked.id}": {several}. Say which by {how}.'
            raise _fault("ambiguous-import", "More than one is meant", detail, asked)
        if not found:
            near = did_you_mean(asked.id.rpartition("/")[2], {name for there in known.values() for name in there})
            form = "POOL/NAME" if kind == "volume" else "its UUID or name"
            detail = f'{where} no {kind} of the id "{asked.id}".{near} Give {form}.'
            raise _fault("no-such-object", "Nothing to import", detail, asked)
        return found[0]

    def _known(self, kind: str, host: str, seen: Seen) -> Mapping[str, list[Observed]]:
        """The objects of a kind on a host by what they may be called: identity and name."""
        table = self._there.get((host, kind))
        if table is None:
            found: dict[str, list[Observed]] = {}
            for one in (*seen.strangers.values(), *seen.objects.values()):
                if one.kind == kind:
                    for name in {one.identity, one.name} - {""}:
                        found.setdefault(name, []).append(one)
            table = self._there[host, kind] = found
        return table

    def _record(self, key: str, found: Observed, place: Place, seen: Seen, asked: ImportAsked) -> Record:
        state, mark = self._world.given.state, found.mark
        owner = self._owners.get(found.identity)
        if owner is not None:
            detail = f'"{asked.id}" is recorded as {owner} already. To give it another address, write a moved block.'
            raise _fault("already-managed", "Object is in the state already", detail, asked)
        if not found.complete:
            detail = (
                f'Of "{asked.id}" only parts are there: {", ".join(found.parts)}. Only what is whole can be imported.'
            )
            raise _fault("import-unfit", "Cannot be imported", detail, asked)
        if mark is not None and mark.lineage != state.lineage:
            detail = (
                f'"{asked.id}" belongs to another stack, of lineage {mark.lineage}, as {mark.address}. Hand it over there '
                "with `vwplan state mv`."
            )
            raise _fault("already-managed", "Object belongs to another stack", detail, asked)
        facts = dict(found.facts) if mark is not None else {**found.facts, IMPORTED: True}
        facts.pop("addresses", None)
        return Record(
            key,
            found.kind,
            found.identity,
            state.serial if mark is None else mark.birth,
            found.name,
            place.provider,
            place.host,
            seen.uuid,
            _arguments(found),
            facts,
            writer="" if mark is None else mark.writer,
            digest=found.digest,
            parts=found.parts,
        )


def _matching(there: Mapping[str, list[Observed]], text: str) -> list[Observed]:
    exact = [one for one in there.get(text.lower(), ()) if one.identity == text.lower()]
    return exact or there.get(text, [])


def _arguments(found: Observed) -> Mapping[str, Plain]:
    """The arguments as seen, each nic with the address that the host has noted for it, where it has."""
    addresses = found.facts.get("addresses") or ()
    nics = found.arguments.get("nic")
    if not nics or not addresses:
        return found.arguments
    seated = [{**nic, "address": address} if address else nic for nic, address in zip(nics, addresses, strict=False)]
    return {**found.arguments, "nic": seated}
