"""Clusters while they are evaluated: members by role, the roster that they come to, and what `parent` and `cluster.c` see."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from vwplan.address import Address, Key
from vwplan.diagnostics import Range
from vwplan.graph.objects import Instance, collected, instance_type, object_of
from vwplan.graph.uses import NOTHING, Tracker, Uses
from vwplan.spec.model import ResourceBlock
from vwplan.values import (
    STRING,
    ListType,
    ListValue,
    MapValue,
    Null,
    ObjectType,
    ObjectValue,
    TupleType,
    Type,
    Value,
)

Plain = Any


class Member:
    """One member of a cluster: its instance, its place (`role` and `key`), and what it says of others.

    `name` is the member's name within the cluster: `head`, `compute-0`. `provides` is by what is provided, `requires` and
    `after` are names of such and of roles; `required_at` is where the former are said.
    """

    __slots__ = ("after", "instance", "key", "name", "provides", "required_at", "requires", "role")

    def __init__(
        self,
        instance: Instance,
        role: str,
        key: Key,
        provides: Mapping[str, Plain],
        requires: tuple[str, ...],
        after: tuple[str, ...],
        required_at: Range | None,
    ) -> None:
        self.instance = instance
        self.role = role
        self.key = key
        self.name = role if role == "head" else f"{role}-{key}"
        self.provides = provides
        self.requires = requires
        self.after = after
        self.required_at = required_at

    @property
    def entry(self) -> dict[str, Plain]:
        """What others know of it."""
        facts = self.instance.facts
        return {
            "name": self.name,
            "hostname": self.instance.arguments["hostname"],
            "role": self.role,
            "key": self.key,
            "address": facts.get("address"),
            "addresses": facts.get("addresses", []),
        }


class Members:
    """The members of one role, by key; `mode` as in `Expansion`. `failed` tells that some are missing because of problems."""

    __slots__ = ("failed", "members", "mode")

    def __init__(self, mode: str) -> None:
        self.mode = mode
        self.members: dict[Key, Member] = {}
        self.failed = False

    @property
    def value(self) -> Value:
        """A tuple under `count` and without repetition (a list of one), an object by key under `for_each`."""
        mode = "each" if self.mode == "each" else "count"
        return collected(mode, {key: member.instance for key, member in self.members.items()}, "workspace")


class Cluster:
    """One cluster instance while it is evaluated.

    `roles` fills up in the order of evaluation; `group` names all its members; `each` is its `each.value`.
    """

    __slots__ = (
        "_entries",
        "_value",
        "address",
        "block",
        "each",
        "group",
        "index",
        "key",
        "name",
        "roles",
        "text",
        "tracker",
    )

    def __init__(self, block: ResourceBlock, address: Address, text: str, tracker: Tracker, each: Value = True) -> None:
        self.block = block
        self.address = address
        self.text = text
        self.each = each
        self.key = address.key if isinstance(address.key, str) else None
        self.index = address.key if isinstance(address.key, int) else None
        self.name = address.name + ("" if address.key is None else f"-{address.key}")
        self.roles: dict[str, Members] = {}
        self.tracker = tracker
        self.group: Callable[[], Uses] = lambda: NOTHING
        self._entries: tuple[dict[str, Plain], ...] | None = None
        self._value: ObjectValue | None = None

    @property
    def members(self) -> Iterator[Member]:
        """All members so far: the head first, then by role as declared, and by key."""
        for member in self.block.members:
            role = self.roles.get(member.role)
            if role is not None:
                yield from role.members.values()

    @property
    def failed(self) -> bool:
        """Whether a role, or a member, is missing because of problems."""
        return any(member.role not in self.roles or self.roles[member.role].failed for member in self.block.members)

    @property
    def entries(self) -> tuple[dict[str, Plain], ...]:
        """The roster's entries, when all roles are evaluated."""
        if self._entries is None:
            self._entries = tuple(member.entry for member in self.members)
        return self._entries

    def provided(self, without: str = "") -> dict[str, list[dict[str, Plain]]]:
        """By what is provided, who does: `{member, address, value}`, by member name; of all roles but one."""
        found: dict[str, list[dict[str, Plain]]] = {}
        for member in self.members:
            if member.role != without:
                for name, value in member.provides.items():
                    address = member.instance.facts.get("address")
                    found.setdefault(name, []).append({"member": member.name, "address": address, "value": value})
        return {name: sorted(found[name], key=lambda one: str(one["member"])) for name in sorted(found)}

    @property
    def value(self) -> ObjectValue:
        """The cluster as an object: `head`, `workers`, `roster`."""
        if self._value is None:
            self._value = object_of(_Attributes(self), _cluster_type(self))
        return self._value

    @property
    def head(self) -> Value:
        """The head as an object."""
        return self.roles["head"].members[None].instance.value

    @property
    def workers(self) -> ObjectValue:
        """By role, the workers."""
        return object_of(
            {role: members.value for role, members in sorted(self.roles.items()) if role != "head"},
            _cluster_type(self).attributes["workers"],
        )

    @property
    def roster(self) -> Value:
        """The roster as a list of objects. Whoever reads it uses all members."""
        self.tracker.add(self.group())
        return ListValue(_ENTRY, [_entry_value(entry) for entry in self.entries])


_ENTRY = ObjectType(
    {
        "name": STRING,
        "hostname": STRING,
        "role": STRING,
        "key": STRING,
        "address": STRING,
        "addresses": ListType(STRING),
    }
)
PROVIDER = ObjectType({"member": STRING, "address": STRING, "value": STRING})


def _entry_value(entry: Mapping[str, Plain]) -> Value:
    address, key = entry["address"], entry["key"]
    return ObjectValue(
        {
            "address": Null(STRING) if address is None else address,
            "addresses": ListValue(STRING, entry["addresses"]),
            "hostname": entry["hostname"],
            "key": Null(STRING) if key is None else str(key),
            "name": entry["name"],
            "role": entry["role"],
        }
    )


def _cluster_type(cluster: Cluster) -> ObjectType:
    one = instance_type("workspace")
    workers: dict[str, Type] = {}
    for role, members in cluster.roles.items():
        if role == "head":
            continue
        if members.mode == "each":
            workers[role] = ObjectType(dict.fromkeys(map(str, members.members), one))
        else:
            workers[role] = TupleType([one] * len(members.members))
    return ObjectType({"head": one, "roster": ListType(_ENTRY), "workers": ObjectType(workers)})


class _Attributes(Mapping[str, Value]):
    __slots__ = ("cluster",)

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster

    def __getitem__(self, name: str) -> Value:
        if name not in ("head", "roster", "workers"):
            raise KeyError(name)
        found: Value = getattr(self.cluster, name)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(("head", "roster", "workers"))

    def __len__(self) -> int:
        return 3


def provided_value(provided: Mapping[str, list[dict[str, Plain]]]) -> Value:
    """`parent.provides` as a value: by what is provided, a list of `{member, address, value}`."""
    table = {
        name: ListValue(PROVIDER, [ObjectValue(_provider(one)) for one in many]) for name, many in provided.items()
    }
    return MapValue(ListType(PROVIDER), table)


def _provider(one: Mapping[str, Plain]) -> dict[str, Value]:
    address = one["address"]
    return {"address": Null(STRING) if address is None else address, "member": one["member"], "value": one["value"]}
