"""What `data` blocks read: hosts and objects as they were observed, and the outputs of other stacks.

Everything is read before anything is done, so nothing can be read that waits for an object which is still to be made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any

from vwplan.address import Key, key_text
from vwplan.diagnostics import DiagnosticError, Range, Severity, did_you_mean
from vwplan.graph.conditions import flattened
from vwplan.graph.expand import expand
from vwplan.graph.inputs import judge, softened
from vwplan.graph.making import Maker
from vwplan.graph.model import CheckResult
from vwplan.graph.objects import object_of
from vwplan.graph.order import Node
from vwplan.graph.parts import ABSENT, problem, read_argument
from vwplan.graph.providers import Place
from vwplan.graph.scope import InstanceScope, located
from vwplan.graph.uses import Uses
from vwplan.graph.waiting import waited_for
from vwplan.graph.world import ModuleInstance, Readings, Seen
from vwplan.kinds import Kind
from vwplan.provider.api import Observed
from vwplan.spec.model import CheckBlock, DataBlock
from vwplan.state.records import OutputValue
from vwplan.values import (
    SENSITIVE,
    Null,
    ObjectType,
    Unknown,
    Value,
    convert,
    from_plain,
    mark,
    type_from_json,
    type_of,
)

Plain = Any


def evaluate_data(maker: Maker, node: Node, checks: list[CheckResult]) -> None:
    """A `data` block, in every instance of its module."""
    block = node.module.data[node.name]
    for module in maker.world.instances(node.path):
        scope = InstanceScope(maker.world, module)
        try:
            readings = _Reader(maker, module, block, checks).run(scope)
        except DiagnosticError as error:
            if not maker.world.given.destroy:
                maker.world.tell(error, f"{module.prefix}data.{block.key}")
            readings = Readings("")
        module.data[block.key] = readings


def read_for_check(maker: Maker, module: ModuleInstance, check: CheckBlock) -> Mapping[str, Readings]:
    """What the data blocks of a check read; what is wrong with them is only warned of."""
    found: dict[str, Readings] = {}
    for block in check.data:
        scope = InstanceScope(maker.world, module)
        scope.scoped = found
        try:
            found[block.key] = _Reader(maker, module, block, []).run(scope)
        except DiagnosticError as error:
            maker.world.tell(softened(error, Severity.WARNING), f"{module.prefix}check.{check.name}")
            found[block.key] = Readings("")
    return found


class _Reader:
    """The reading of one data block in one instance of its module."""

    __slots__ = ("block", "checks", "maker", "module", "world")

    def __init__(self, maker: Maker, module: ModuleInstance, block: DataBlock, checks: list[CheckResult]) -> None:
        self.maker = maker
        self.world = maker.world
        self.module = module
        self.block = block
        self.checks = checks

    def run(self, scope: InstanceScope) -> Readings:
        """Read all instances."""
        block, world = self.block, self.world
        world.tracker.drop()
        expansion = expand(block.meta, scope)
        # How many there are of something is known though it is not made: that alone need not be waited for.
        world.tracker.drop()
        waits = [self.module.gate, *(waited_for(scope, each) for each in block.meta.depends_on)]
        made = Readings(expansion.mode)
        for key, value in expansion.keys.items():
            inner = scope if expansion.mode == "single" else scope.of(expansion.mode, key, value)
            address = f"{self.module.prefix}data.{block.key}{key_text(key)}"
            for condition in block.meta.lifecycle.preconditions:
                self._judge(condition, inner, address, "precondition")
            given = self._arguments(inner)
            made.uses = world.groups.join([made.uses, world.tracker.take(), *waits])
            self._look_at(made.uses)
            made.values[key] = self._read(given, inner, key)
            after = inner.of("single", None, True)
            after.itself = made.values[key]
            for condition in block.meta.lifecycle.postconditions:
                self._judge(condition, after, address, "postcondition")
        made.uses = world.groups.compact(made.uses, f"{self.module.prefix}data.{block.key}")
        return made

    def _judge(self, condition: Any, scope: InstanceScope, address: str, what: str) -> None:
        result = judge(self.world, condition, scope, address, what)
        if result is not None and result.passed is not True:
            self.checks.append(result)

    def _arguments(self, scope: InstanceScope) -> dict[str, Plain]:
        given = {}
        for name, each in self.block.part.arguments.items():
            plain = read_argument(each, scope)
            if plain is not ABSENT:
                given[name] = plain
            elif each.argument.required:
                detail = f'"{name}" is required and cannot be null.'
                raise problem("missing-argument", "Missing argument", detail, each.value.range)
        for names in self.block.kind.any_of:
            if not any(name in given for name in names):
                words = " or ".join(f'"{name}"' for name in names)
                raise problem("missing-argument", "Missing argument", f"This needs {words}.", self.block.range)
        return given

    def _look_at(self, uses: Uses) -> None:
        """Refuse to read what waits for objects that are still to be made."""
        missing = [key for key in flattened(self.world, uses) if key not in self.world.records]
        if missing:
            words = missing[0] + (f" and {len(missing) - 1} more" if len(missing) > 1 else "")
            detail = (
                f"This waits for {words}, still to be made, and data is read when planning. Refer to the block itself instead of "
                "reading what it makes; or apply once with this block left out."
            )
            raise problem("late-data", "Known only after apply", detail, self.block.range)

    def _read(self, given: Mapping[str, Plain], scope: InstanceScope, key: Key) -> Value:
        kind = self.block.kind
        if kind.name == "stack":
            return self._stack(given)
        places = self._places(given, self.maker.place(scope, self.block.meta))
        if self.world.given.seen is None:
            return _told(kind, given, {}, known=False)
        there = {place.key: seen for place in places if (seen := self._seen(place)) is not None}
        unseen = next((place for place in places if place.key not in there), None)
        if kind.name == "host" and there:
            return _told(kind, given, _host(*next(iter(there.items()))))
        if kind.name == "image" and there:
            digest = str(given["id"]).removeprefix("sha256:")
            is_there = any(digest in seen.images for seen in there.values())
            if is_there or unseen is None:
                return _told(kind, given, {"digest": digest, "is_there": is_there})
        elif there:
            found = self._find(given, there, whole=unseen is None)
            if found is not None:
                return _told(kind, given, _object(found))
        assert unseen is not None
        view = self.world.given.seen.get(unseen.key)
        reason = "it was not looked at" if view is None or not view.problem else view.problem
        detail = f"The host {unseen.key} could not be seen, so nothing can be read of it: {reason.rstrip('.')}."
        raise problem("host-unseen", "Host cannot be seen", detail, self.block.range)

    def _places(self, given: Mapping[str, Plain], place: Place) -> list[Place]:
        """The hosts on which to look: the one that is named, or all of the provider's."""
        labels = [host.label for host in self.maker.placement.pools[place.provider]]
        named = given.get("host")
        if named is not None and named not in labels:
            detail = (
                f'{place.provider} has no host "{named}".{did_you_mean(str(named), labels)} It has {", ".join(labels)}.'
            )
            raise problem("unknown-host", "Unknown host", detail, self._where({"host": ""}))
        if named is None and self.block.kind.name == "host" and len(labels) > 1:
            detail = f"{place.provider} has several hosts. Say which with host: {', '.join(labels)}."
            raise problem("ambiguous-data", "More than one is meant", detail, self.block.range)
        return [Place(place.provider, label) for label in labels if named in (None, label)]

    def _seen(self, place: Place) -> Seen | None:
        """A host as it was seen; None where it was not."""
        seen = (self.world.given.seen or {}).get(place.key)
        return None if seen is None or seen.problem or not seen.uuid else seen

    def _find(self, given: Mapping[str, Plain], hosts: Mapping[str, Seen], *, whole: bool) -> Observed | None:
        """The one object that is meant. None where it is on none of these hosts, and they are not the `whole` of those to look at."""
        kind = self.block.kind.name
        # Parts that are left of something have no name of their own.
        there = [
            (key, each)
            for key, seen in hosts.items()
            for each in (*seen.objects.values(), *seen.strangers.values())
            if each.kind == kind
        ]
        wanted = {name: str(value) for name, value in given.items() if name in ("id", "name")}
        named = {record.identity: record.name for record in self.world.records.values() if record.kind == kind}
        found = [
            (key, each)
            for key, each in there
            if wanted.get("id", each.identity) == each.identity
            and wanted.get("name", each.name) in (each.name, named.get(each.identity))
        ]
        if len({each.identity for _, each in found}) == 1:
            # (A network over a bridge is on each of the hosts that it spans.)
            return found[0][1]
        if not found and not whole:
            return None
        words = " and ".join(f'{name} "{value}"' for name, value in wanted.items())
        where = f"The host {next(iter(hosts))} has" if len(hosts) == 1 else "The hosts have"
        if found:
            several = ", ".join(sorted(each.identity + (f" on {key}" if len(hosts) > 1 else "") for key, each in found))
            detail = f"{where} several: {several}. Say which by its id{' and host' if len(hosts) > 1 else ''}."
            raise problem("ambiguous-data", "More than one is meant", detail, self.block.range)
        names = [named.get(each.identity, each.name) for _, each in there]
        near = did_you_mean(wanted.get("name", ""), names) if "name" in wanted else ""
        raise problem(
            "no-such-object", "Nothing to read", f"{where} no {kind} of the {words}.{near}", self._where(wanted)
        )

    def _where(self, wanted: Mapping[str, str]) -> Range:
        given = self.block.part.arguments.get(next(iter(wanted), ""))
        return self.block.range if given is None else given.value.range

    def _stack(self, given: Mapping[str, Plain]) -> Value:
        stacks, name = self.world.given.stacks, str(given["name"])
        folder = given.get("directory")
        path = "" if folder is None else located(self.module.module.directory, str(folder), self.world.given.files)
        if stacks is None:
            return _told(self.block.kind, given, {}, known=False)
        found = stacks(name, path)
        if found is None:
            where = f"in {PurePath(path)}" if path else "beside this one"
            detail = f'There is no stack "{name}" {where}, or nothing of it has been applied yet.'
            raise problem("no-such-stack", "Nothing to read", detail, self._where({"name": name}))
        outputs = _Outputs(found, self.block.range)
        types = {name: type_from_json(each.type) for name, each in sorted(found.items())}
        value = object_of(outputs, ObjectType(types))
        items: dict[str, Value] = {**_items(self.block.kind, given, {}), "outputs": value}
        return object_of(items, ObjectType({name: type_of(each) for name, each in items.items()}))


def _items(kind: Kind, given: Mapping[str, Plain], facts: Mapping[str, Plain], known: bool = True) -> dict[str, Value]:
    types = {each.name: each.type for each in kind.arguments} | {each.name: each.type for each in kind.facts}
    made: dict[str, Value] = {}
    for name, wanted in sorted(types.items()):
        plain = facts.get(name, given.get(name))
        if plain is None:
            made[name] = Null(wanted) if known else Unknown(wanted)
        else:
            made[name] = convert(from_plain(plain), wanted)
    return made


def _told(kind: Kind, given: Mapping[str, Plain], facts: Mapping[str, Plain], known: bool = True) -> Value:
    """What was read, as an object; unknown where nothing was looked at."""
    items = _items(kind, given, facts, known)
    return object_of(items, ObjectType({name: type_of(each) for name, each in items.items()}))


def _host(key: str, seen: Seen) -> dict[str, Plain]:
    facts = seen.facts
    told: dict[str, Plain] = {
        "id": seen.uuid,
        "name": key,
        "ranges": sorted(seen.networks),
        "images": [f"sha256:{digest}" for digest in sorted(seen.images)],
    }
    if facts is not None:
        told |= {"cpus": facts.cpus, "memory": facts.memory, "version": facts.version}
        told["accelerator"] = facts.accelerator
    return told


def _object(found: Observed) -> dict[str, Plain]:
    arguments = found.arguments
    told: dict[str, Plain] = {
        **{name: value for name, value in arguments.items() if value != ""},
        **{name: value for name, value in found.facts.items() if value != ""},
        "id": found.identity,
        "name": found.name,
        "status": found.status,
        "stack_address": "" if found.mark is None else found.mark.address,
    }
    if found.kind == "workspace":
        resources = arguments.get("resources") or {}
        told |= {"cpus": resources.get("cpus"), "memory": resources.get("memory"), "nics": arguments.get("nic") or []}
    return told


class _Outputs(Mapping[str, Value]):
    """The outputs of another stack. Of a sensitive one its state does not keep the value, so whoever reads it is told."""

    __slots__ = ("_at", "_found")

    def __init__(self, found: Mapping[str, OutputValue], at: Range) -> None:
        self._found = dict(sorted(found.items()))
        self._at = at

    def __getitem__(self, name: str) -> Value:
        output = self._found[name]
        if isinstance(output.value, Mapping) and output.value.keys() == {"$sensitive"}:
            detail = (
                f'The output "{name}" of the stack is sensitive, and no state keeps a secret, so it cannot be read. Give '
                "it as a variable."
            )
            raise problem("sensitive-output", "Secret that is not kept", detail, self._at)
        value = convert(from_plain(output.value), type_from_json(output.type))
        return mark(value, frozenset({SENSITIVE})) if output.sensitive else value

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)
