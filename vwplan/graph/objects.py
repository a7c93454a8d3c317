"""Instances as values: what an expression sees of `network.fabric` or `parent.head`.

The attributes of an instance are made into values one by one, when they are asked for; whoever asks is noted as using
the instance. So a block of ten thousand instances costs an expression only what it looks at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

from vwplan.address import Address, Key
from vwplan.diagnostics import Range
from vwplan.graph.uses import Tracker, Uses
from vwplan.kinds import KINDS, BlockType, Kind, Phase
from vwplan.values import (
    STRING,
    ConversionError,
    FactOf,
    Late,
    ListType,
    MapType,
    Null,
    ObjectType,
    ObjectValue,
    Refinement,
    TupleType,
    TupleValue,
    Type,
    Value,
    convert,
    from_plain,
)

Plain = Any

_THERE = Refinement(not_null=True)


@cache
def attribute_types(kind: str) -> Mapping[str, Type]:
    """The types of all that can be read of a kind, sorted by name: arguments, blocks and facts."""
    return dict(sorted(_types(KINDS[kind]).items()))


@cache
def instance_type(kind: str) -> Type:
    """The type of one instance of a kind."""
    return ObjectType(attribute_types(kind))


@cache
def _facts(kind: str) -> frozenset[str]:
    return frozenset(fact.name for fact in KINDS[kind].facts)


@cache
def _chosen(kind: str) -> frozenset[str]:
    """The facts that a plan knows; of those, a key that is derived may not be at hand yet."""
    return frozenset(f.name for f in KINDS[kind].facts if f.phase is Phase.CHOSEN and f.name != "ssh_host_key")


@cache
def _given_types(kind: str) -> Mapping[str, Type]:
    """The same, with whatever a block may leave out optional, so that what is given converts to it."""
    return _types(KINDS[kind], loose=True)


def _types(declared: Kind | BlockType, loose: bool = False) -> dict[str, Type]:
    types: dict[str, Type] = {argument.name: argument.type for argument in declared.arguments}
    for block in declared.blocks:
        inner = _types(block, loose)
        made: Type = ObjectType(inner, inner if loose else ())
        types[block.name] = ListType(made) if block.repeated else MapType(made) if block.label else made
    if isinstance(declared, Kind):
        types.update({fact.name: fact.type for fact in declared.facts})
        if declared.name == "environment":
            types["id"] = STRING
    return types


class Instance:
    """One instance of a kind, as evaluated: what becomes a `Resource`, and what expressions read.

    `arguments` are normal and whole. `facts` are those known; `found` makes a further one when it is asked for, or returns
    None. `uses` is what its own arguments used. `key` is the address as text. An environment makes nothing: whoever reads
    it uses what it uses.
    """

    __slots__ = ("_value", "address", "arguments", "facts", "found", "key", "kind", "range", "tracker", "uses")

    def __init__(
        self,
        key: str,
        address: Address,
        kind: str,
        arguments: Mapping[str, Plain],
        facts: Mapping[str, Plain],
        uses: Uses,
        tracker: Tracker,
        found: Callable[[str], Plain] | None = None,
        range: Range | None = None,
    ) -> None:
        self.key = key
        self.range = range
        self.address = address
        self.kind = kind
        self.arguments = arguments
        self.facts = facts
        self.uses = uses
        self.tracker = tracker
        self.found = found
        self._value: ObjectValue | None = None

    @property
    def value(self) -> ObjectValue:
        """The instance as an object."""
        if self._value is None:
            self._value = object_of(Attributes(self), instance_type(self.kind))
        return self._value

    def read(self, name: str) -> Value:
        """The value of an argument, block or fact; `KeyError` if there is no such thing."""
        wanted = attribute_types(self.kind)[name]
        if name in self.arguments:
            return _typed(self.arguments[name], _given_types(self.kind)[name])
        if name in self.facts:
            return _typed(self.facts[name], wanted)
        if name in _facts(self.kind):
            plain = None if self.found is None else self.found(name)
            if plain is not None:
                return _typed(plain, wanted)
            # What is chosen when planning and was not is not there: a machine without a nic has no address.
            return Null(wanted) if name in _chosen(self.kind) else Late(wanted, FactOf(self.key, (name,)), _THERE)
        if isinstance(wanted, ListType | MapType):
            return convert(from_plain([] if isinstance(wanted, ListType) else {}), wanted)
        return Null(wanted)

    def used(self) -> None:
        """Note that the evaluation under way uses this."""
        if self.kind == "environment":
            self.tracker.add(self.uses)
        else:
            self.tracker.touch(self.key)


def _typed(plain: Plain, wanted: Type) -> Value:
    if plain.__class__ is str and wanted is STRING:
        return plain
    value = from_plain(plain)
    try:
        return convert(value, wanted)
    except ConversionError:
        return value


class Attributes(Mapping[str, Value]):
    """The attributes of an instance by name, sorted; reading one uses the instance."""

    __slots__ = ("_made", "instance")

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self._made: dict[str, Value] = {}

    def __getitem__(self, name: str) -> Value:
        self.instance.used()
        value = self._made.get(name)
        if value is None:
            value = self._made[name] = self.instance.read(name)
        return value

    def __contains__(self, name: object) -> bool:
        return name in attribute_types(self.instance.kind)

    def __iter__(self) -> Iterator[str]:
        return iter(attribute_types(self.instance.kind))

    def __len__(self) -> int:
        return len(attribute_types(self.instance.kind))


def object_of(items: Mapping[str, Value], type: Type) -> ObjectValue:
    """An object whose type is known beforehand: finding it would look at everything within."""
    value = ObjectValue(items)
    value._type = type
    return value


def instance_of(value: object) -> Instance | None:
    """The instance that a value stands for; None for any other value."""
    if isinstance(value, ObjectValue) and isinstance(value.items, Attributes):
        return value.items.instance
    return None


def collected(mode: str, instances: Mapping[Key, Instance], kind: str) -> Value:
    """All instances of a block as one value: the only one, a tuple under `count`, an object by key under `for_each`."""
    one = instance_type(kind)
    if mode == "single":
        return next(iter(instances.values())).value
    if mode == "count":
        made = TupleValue([instance.value for instance in instances.values()])
        made._type = TupleType([one] * len(instances))
        return made
    items = {str(key): instance.value for key, instance in sorted(instances.items(), key=_by_key)}
    return object_of(items, ObjectType(dict.fromkeys(items, one)))


def _by_key(item: tuple[Key, Instance]) -> str:
    return str(item[0])
