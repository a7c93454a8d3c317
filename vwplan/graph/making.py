"""Resources while they are made: who they are, where they are, and what of their record they keep."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from vwplan.address import Address, Key, key_text
from vwplan.dataclass import dataclass
from vwplan.diagnostics import Range
from vwplan.graph.cluster import Cluster
from vwplan.graph.identity import default_name
from vwplan.graph.model import Cause, Lifecycle, Moved
from vwplan.graph.objects import Instance
from vwplan.graph.parts import problem
from vwplan.graph.pools import Pools
from vwplan.graph.providers import Place, Placement, chosen_key
from vwplan.graph.scope import InstanceScope
from vwplan.graph.seats import Seats
from vwplan.graph.uses import NOTHING, Uses
from vwplan.graph.waiting import waited_for
from vwplan.graph.world import World
from vwplan.hcl.evaluate import Compiled
from vwplan.kinds import UnitError, parse_duration
from vwplan.spec.model import LifecycleBlock, Meta, Part, ResourceBlock
from vwplan.state.records import IMPORTED, Record
from vwplan.values import BOOL, STRING, ConversionError, Null, Unknown, Value, convert, to_plain, unmark_deep

Plain = Any

NO_LIFECYCLE = Lifecycle()
NO_TIMEOUTS: Mapping[str, int] = {}


@dataclass(slots=True, eq=False)
class Made:
    """One resource as far as it is made: all of a `Resource` but what follows from its cluster as a whole."""

    instance: Instance
    identity: str
    birth: int
    name: str
    place: Place
    lifecycle: Lifecycle
    timeouts: Mapping[str, int]
    range: Range
    uses: Uses
    unset: frozenset[str]
    causes: tuple[Cause, ...] = ()
    cluster: Cluster | None = None
    role: str = ""
    rolling: int = 0


@dataclass(frozen=True, slots=True)
class Spot:
    """Who one instance is, before its arguments are finished: its address, its record if it has one, its identity, its place.

    `parts` is what says its arguments, the nearest first; `range` the header of its block.
    """

    key: str
    address: Address
    record: Record | None
    identity: str
    birth: int
    place: Place
    range: Range
    parts: tuple[Part, ...] = ()

    @property
    def kind(self) -> str:
        """The kind of object: a member of a cluster is a workspace."""
        return "workspace" if self.address.role else self.address.kind

    def argument(self, name: str) -> Range:
        """Where an argument stands, or else the block."""
        given = next((part.arguments[name] for part in self.parts if name in part.arguments), None)
        return self.range if given is None else given.value.range

    def nested(self, type: str, index: int, name: str) -> Range:
        """Where an argument of a repeated block stands, or that block, or else the block around."""
        blocks = next((part.blocks[type] for part in self.parts if type in part.blocks), ())
        if any(block.dynamic is not None for block in blocks) or index >= len(blocks):
            return blocks[0].range if len(blocks) == 1 else self.range
        given = blocks[index].part.arguments.get(name)
        return blocks[index].range if given is None else given.value.range


@dataclass(slots=True, eq=False)
class Volume:
    """A volume wanted: where it is, and the running workspace that it is attached to, if there is one."""

    key: str
    place: Place
    user: str = ""


class Maker:
    """Makes resources of evaluated arguments, and keeps all that were made, in the order of evaluation."""

    def __init__(
        self, world: World, placement: Placement, seats: Seats, assigned: Mapping[str, str] | None = None
    ) -> None:
        self.world = world
        self.placement = placement
        self.pools = Pools(world.given, placement, assigned)
        self.seats = seats
        self.made: list[Made] = []
        self.clusters: list[Cluster] = []
        self.moved: list[Moved] = []
        self.volumes: dict[str, Volume] = {}
        self.digests: dict[str, tuple[str, int]] = {}
        self.contents: dict[str, str] = {}
        self.wishes: dict[str, Range] = {}
        self._names: dict[tuple[Place, str, str], str] = {}
        self._metas: dict[tuple[int, ...], tuple[Lifecycle, Mapping[str, int], Uses]] = {}

    def spot(self, scope: InstanceScope, block: ResourceBlock, key: Key, mode: str) -> Spot:
        """The spot of one instance of an ordinary block."""
        module = scope.module
        bare = f"{module.prefix}{block.key}"
        text = bare + key_text(key)
        place = self.place(scope, block.meta)
        record = self.world.records.get(text)
        if record is None:
            record = self._implied(bare, key, text, mode, block.range)
        address = Address(block.kind.name, block.name, key, module=module.path)
        return self.settle(text, address, record, place, block.range, (block.part,))

    def place(self, scope: InstanceScope, meta: Meta) -> Place:
        """The place that the `provider` argument of a block names, or that of the default one."""
        return self.placement.find(meta.provider, scope.module.providers, chosen_key(meta.provider_key, scope))

    def _implied(self, bare: str, key: Key, text: str, mode: str, range: Range) -> Record | None:
        """The record of an instance whose block gained or lost `count` since: what had no index is the first, and back."""
        if mode == "count" and key == 0:
            source = bare
        elif mode == "single":
            source = f"{bare}[0]"
        else:
            return None
        record = self.world.records.get(source)
        if record is not None:
            self.moved.append(Moved(record.address, text, range))
        return record

    def settle(
        self,
        text: str,
        address: Address,
        record: Record | None,
        place: Place,
        range: Range,
        parts: tuple[Part, ...],
    ) -> Spot:
        """The spot of an address: the record's identity and birth, or new ones; in a pool, on the host chosen for it."""
        place = self.pools.settle(text, place, record)
        if record is not None:
            return Spot(text, address, record, record.identity, record.birth, place, range, parts)
        birth = self.world.given.state.serial
        return Spot(text, address, None, self.world.identities.identity(text, birth), birth, place, range, parts)

    def name(self, spot: Spot, arguments: Mapping[str, Plain], words: str) -> str:
        """The hypervisor's name: the spec's, the record's, or one made of the stack, the words and the identity."""
        given = arguments.get("name")
        if isinstance(given, str):
            if spot.place.is_open:
                return given
            other = self._names.setdefault((spot.place, spot.kind, given), spot.key)
            if other != spot.key:
                detail = (
                    f'{spot.key} is named "{given}", as {other} on the same host is. Give one of them another name.'
                )
                raise problem("name-taken", "Name given twice", detail, spot.argument("name"))
            return given
        if spot.record is not None and spot.record.name and "name" not in spot.record.arguments:
            return spot.record.name
        return default_name(self.world.given.stack, words, spot.identity)

    def instance(
        self, spot: Spot, kind: str, arguments: Mapping[str, Plain], facts: Mapping[str, Plain], uses: Uses
    ) -> Instance:
        """The instance that expressions read."""
        found = partial(self._fact, spot.identity, spot.record, kind)
        return Instance(spot.key, spot.address, kind, arguments, facts, uses, self.world.tracker, found, spot.range)

    def _fact(self, identity: str, record: Record | None, kind: str, name: str) -> Plain:
        """A fact that was not chosen: derived, or as recorded; None where only a step can tell."""
        if name == "ssh_host_key" and kind == "workspace":
            if record is not None and record.facts.get(IMPORTED):
                # Its key is its own; nobody chose it.
                return ""
            public_key = self.world.given.public_key
            return None if public_key is None else public_key(identity)
        if record is None:
            return None
        if name == "is_ready" and name not in record.facts:
            return record.ready is not None
        return record.facts.get(name)

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
        """Keep a resource. `metas` are the meta-arguments that hold for it, the nearest first."""
        lifecycle, timeouts, uses = self._meta(scope, metas, spot.key)
        if uses is not NOTHING or scope.module.gate is not NOTHING:
            uses = self.world.groups.join((instance.uses, scope.module.gate, uses))
        else:
            uses = instance.uses
        made = Made(
            instance,
            spot.identity,
            spot.birth,
            name,
            spot.place,
            lifecycle,
            timeouts,
            spot.range,
            uses,
            unset,
            causes,
        )
        self.made.append(made)
        return made

    def _meta(
        self, scope: InstanceScope, metas: tuple[Meta, ...], key: str
    ) -> tuple[Lifecycle, Mapping[str, int], Uses]:
        """Lifecycle, timeouts and what `depends_on` names; made once where nothing in it differs between instances."""
        place = (id(scope.module), *map(id, metas))
        found = self._metas.get(place)
        if found is not None:
            return found
        if all(meta == _NO_META for meta in metas):
            self._metas[place] = NO_LIFECYCLE, NO_TIMEOUTS, NOTHING
            return self._metas[place]
        self.world.tracker.drop()
        lifecycle = _lifecycle(scope, [meta.lifecycle for meta in metas])
        timeouts: dict[str, int] = {}
        for meta in reversed(metas):
            for name, compiled in meta.timeouts.items():
                timeouts[name] = _duration(compiled, scope)
        waits = [waited_for(scope, reference) for meta in metas for reference in meta.depends_on]
        uses = self.world.groups.join([self.world.tracker.take(), *waits])
        uses = self.world.groups.compact(uses, f"{key}.depends_on")
        if all(_fixed(meta) for meta in metas):
            self._metas[place] = lifecycle, timeouts, uses
        return lifecycle, timeouts, uses


_NO_META = Meta()


def _fixed(meta: Meta) -> bool:
    """Whether the meta-arguments say the same for every instance."""
    lifecycle = meta.lifecycle
    expressions = [
        lifecycle.prevent_destroy,
        lifecycle.replace,
        *lifecycle.replace_triggered_by,
        *meta.timeouts.values(),
    ]
    roots = {"each", "count", "parent", "self"}
    return not any(
        reference.root in roots for each in expressions if each is not None for reference in each.references
    ) and not any(reference.root == "parent" for reference in meta.depends_on)


def _lifecycle(scope: InstanceScope, blocks: list[LifecycleBlock]) -> Lifecycle:
    """The lifecycle that the nearest block says, and where it is silent, those around it."""
    prevent = next((block.prevent_destroy for block in blocks if block.prevent_destroy is not None), None)
    replace = next((block.replace for block in blocks if block.replace is not None), None)
    ignored = next((block.ignore_changes for block in blocks if block.ignore_changes), ())
    triggers = next((block.replace_triggered_by for block in blocks if block.replace_triggered_by), ())
    if prevent is None and replace is None and not ignored and not triggers:
        return NO_LIFECYCLE
    return Lifecycle(
        prevent is not None and _bool(prevent, scope),
        ignored,
        "allow" if replace is None else _choice(replace, scope),
        tuple((trigger.text, _trigger(trigger, scope)) for trigger in triggers),
    )


def _known(compiled: Compiled, scope: InstanceScope, name: str) -> Value:
    value = unmark_deep(compiled.evaluate(scope))[0]
    if isinstance(value, Unknown):
        detail = f'"{name}" must be known when planning.'
        raise problem("late-argument", "Known only after apply", detail, compiled.range)
    return value


def _bool(compiled: Compiled, scope: InstanceScope) -> bool:
    try:
        value = convert(_known(compiled, scope, "prevent_destroy"), BOOL)
    except ConversionError as error:
        detail = f'"prevent_destroy" is true or false: {error}.'
        raise problem("wrong-type", "Wrong type", detail, compiled.range) from None
    return value is True


def _choice(compiled: Compiled, scope: InstanceScope) -> str:
    value = _known(compiled, scope, "replace")
    if isinstance(value, Null):
        return "allow"
    if not isinstance(value, str) or value not in ("allow", "ask", "never"):
        detail = '"replace" takes "allow", "ask" or "never".'
        raise problem("invalid-choice", "Invalid value", detail, compiled.range)
    return value


def _trigger(compiled: Compiled, scope: InstanceScope) -> Plain:
    """What is compared from plan to plan: of an object its id, of anything else the value."""
    value = compiled.evaluate(scope)
    bare = unmark_deep(value)[0]
    items = getattr(bare, "items", None)
    if isinstance(items, Mapping) and "id" in items:
        return to_plain(items["id"])
    return to_plain(value)


def _duration(compiled: Compiled, scope: InstanceScope) -> int:
    try:
        value = convert(_known(compiled, scope, "timeouts"), STRING)
        return parse_duration(int(value) if isinstance(value, str) and value.isdigit() else str(value))
    except (UnitError, ConversionError) as error:
        raise problem("invalid-unit", "Invalid duration", str(error), compiled.range) from None
