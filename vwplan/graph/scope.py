"""What answers the references of an expression, in one instance of a block in one instance of a module."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import PurePath

from vwplan.address import Key
from vwplan.diagnostics import did_you_mean
from vwplan.graph.cluster import Cluster, Members, provided_value
from vwplan.graph.objects import Instance
from vwplan.graph.uses import Uses
from vwplan.graph.waiting import block_uses, role_uses
from vwplan.graph.world import Block, ModuleInstance, Readings, Skipped, World, key_among
from vwplan.hcl.evaluate import Chance, EvaluationError, Files, Reference, UndeclaredReference
from vwplan.values import Null, ObjectValue, Value
from vwplan.values.types import NUMBER, STRING


class InstanceScope:
    """A scope for one instance: the module's values, and `each`, `count`, `parent` and `self` where they mean something.

    `scoped` is the data of a check around, by `kind.name`.
    """

    __slots__ = (
        "chance",
        "cluster",
        "each_key",
        "each_value",
        "files",
        "index",
        "itself",
        "module",
        "role",
        "scoped",
        "world",
    )

    def __init__(
        self,
        world: World,
        module: ModuleInstance,
        each_key: str | None = None,
        each_value: Value | None = None,
        index: int | None = None,
        cluster: Cluster | None = None,
        role: str = "",
    ) -> None:
        self.world = world
        self.module = module
        self.each_key = each_key
        self.each_value = each_value
        self.index = index
        self.cluster = cluster
        self.role = role
        self.itself: Value | None = None
        self.scoped: Mapping[str, Readings] = _NO_DATA
        self.files: Files = world.given.files
        self.chance: Chance = world.given.chance

    def of(self, mode: str, key: Key, value: Value, role: str = "") -> InstanceScope:
        """The scope of an instance within this one: its own `each` or `count`, the rest as here."""
        inner = InstanceScope(
            self.world, self.module, self.each_key, self.each_value, self.index, self.cluster, role or self.role
        )
        if mode == "each":
            inner.each_key, inner.each_value = str(key), value
        elif mode == "count":
            assert isinstance(key, int)
            inner.index = key
        inner.scoped = self.scoped
        return inner

    def resolve(self, reference: Reference) -> tuple[Value, int]:
        """The value of a reference, and how many of its steps that took."""
        find = _ROOTS.get(reference.root)
        if find is not None:
            return find(self, reference)
        return self._block(reference)

    def _name(self, reference: Reference, what: str) -> str:
        steps = reference.steps
        if not steps or not steps[0].attribute:
            raise _undeclared(reference, f'A name must follow "{reference.root}": write {reference.root}.{what}.', 0)
        return str(steps[0].key)

    def _variable(self, reference: Reference) -> tuple[Value, int]:
        name = self._name(reference, "NAME")
        slot = self.module.variables.get(name)
        if slot is None:
            raise _missing(reference, f'variable "{name}"', name, self.module.module.variables)
        return slot.read(self.world.tracker), 1

    def _local(self, reference: Reference) -> tuple[Value, int]:
        name = self._name(reference, "NAME")
        slot = self.module.locals.get(name)
        if slot is None:
            raise _missing(reference, f'local value "{name}"', name, self.module.module.locals)
        return slot.read(self.world.tracker), 1

    def _each(self, reference: Reference) -> tuple[Value, int]:
        name = self._name(reference, "key")
        if self.each_value is None or self.each_key is None:
            raise _undeclared(reference, '"each" means something only in a block that has for_each.', 0)
        if name == "key":
            return self.each_key, 1
        if name == "value":
            return self.each_value, 1
        raise _undeclared(reference, f'"each" has key and value, not "{name}".', 1)

    def _count(self, reference: Reference) -> tuple[Value, int]:
        name = self._name(reference, "index")
        if self.index is None:
            raise _undeclared(reference, '"count" means something only in a block that has count.', 0)
        if name != "index":
            raise _undeclared(reference, f'"count" has index, not "{name}".', 1)
        return self.index, 1

    def _self(self, reference: Reference) -> tuple[Value, int]:
        if self.itself is None:
            raise _undeclared(reference, '"self" means something only in a postcondition.', 0)
        return self.itself, 0

    def _path(self, reference: Reference) -> tuple[Value, int]:
        name = self._name(reference, "module")
        given = self.world.given
        if name == "module":
            return self.module.module.directory or ".", 1
        if name == "root":
            return given.configuration.root.directory or ".", 1
        if name == "cwd":
            return given.cwd, 1
        raise _undeclared(reference, f'"path" has module, root and cwd, not "{name}".', 1)

    def _vwplan(self, reference: Reference) -> tuple[Value, int]:
        name = self._name(reference, "stack")
        if name != "stack":
            raise _undeclared(reference, f'"vwplan" has stack, not "{name}".', 1)
        return self.world.given.stack, 1

    def _terraform(self, reference: Reference) -> tuple[Value, int]:
        name = self._name(reference, "workspace")
        if name != "workspace":
            raise _undeclared(reference, f'"terraform" has workspace, which is vwplan.stack, not "{name}".', 1)
        return self.world.given.stack, 1

    def _data(self, reference: Reference) -> tuple[Value, int]:
        key = ".".join(str(step.key) for step in reference.steps[:2])
        found = self.scoped.get(key) or self.module.data.get(key)
        if found is None:
            if key in self.module.module.data:
                raise Skipped
            raise _undeclared(reference, f"There is no data.{key} in this module.", min(2, len(reference.steps)))
        self.world.tracker.add(found.uses)
        if found.mode in ("count", "each") and len(reference.steps) > 2 and not reference.steps[2].attribute:
            value = found.values.get(reference.steps[2].key)
            if value is not None:
                return value, 3
        return found.value(), 2

    def _module(self, reference: Reference) -> tuple[Value, int]:
        name = self._name(reference, "NAME")
        calls = self.module.calls.get(name)
        if calls is None:
            raise _missing(reference, f'module call "{name}"', name, self.module.module.calls)
        if not calls.mode:
            raise Skipped
        steps, at = reference.steps, 1
        key: Key = None
        if calls.mode != "single":
            if len(steps) < 2 or steps[1].attribute:
                return calls.value(self.world.tracker), 1
            key, at = steps[1].key, 2
        module = calls.instances.get(key_among(calls.instances, key))
        if module is None:
            return calls.value(self.world.tracker), 1
        if len(steps) > at and steps[at].attribute:
            slot = module.outputs.get(str(steps[at].key))
            if slot is not None:
                return slot.read(self.world.tracker), at + 1
        return module.value(self.world.tracker), at

    def _parent(self, reference: Reference) -> tuple[Value, int]:
        cluster = self.cluster
        if cluster is None:
            raise _undeclared(reference, '"parent" means something only in a member of a cluster.', 0)
        steps = reference.steps
        if not steps:
            return cluster.value, 0
        name = self._name(reference, "head")
        if name == "key":
            return (Null(STRING) if cluster.key is None else cluster.key), 1
        if name == "index":
            return (Null(NUMBER) if cluster.index is None else cluster.index), 1
        if name == "provides":
            provided = cluster.provided(self.role)
            if len(steps) > 1 and str(steps[1].key) not in provided:
                raise EvaluationError(
                    "nobody-provides",
                    "Nobody provides it",
                    f'No other role of the cluster provides "{steps[1].key}".{did_you_mean(str(steps[1].key), provided)}',
                    reference.range,
                )
            self.world.tracker.add(self.world.groups.join([self._provider_uses(cluster)]))
            return provided_value(provided), 1
        found = self._of_cluster(cluster, reference, 0)
        if found is None:
            raise _undeclared(
                reference, f'"parent" has key, index, head, workers, provides and roster, not "{name}".', 1
            )
        return found

    def _provider_uses(self, cluster: Cluster) -> Uses:
        keys = [m.instance.key for m in cluster.members if m.provides and m.role != self.role]
        return self.world.groups.compact(Uses(tuple(keys)), f"{cluster.text}.provides")

    def _of_cluster(self, cluster: Cluster, reference: Reference, at: int) -> tuple[Value, int] | None:
        """What the steps from `at` on say of a cluster; None for a name that it does not have."""
        steps = reference.steps
        name = steps[at].key
        if name == "roster":
            if cluster.failed:
                raise Skipped
            return cluster.roster, at + 1
        if name == "head":
            head = self._members(cluster, "head")
            return self._attribute(head.members[None].instance, reference, at + 1)
        if name != "workers":
            return None
        if len(steps) <= at + 1 or not steps[at + 1].attribute:
            if any(role.failed for role in cluster.roles.values()):
                raise Skipped
            if not reference.followed:
                for role in cluster.roles:
                    if role != "head":
                        self._use_role(cluster, role)
            return cluster.workers, at + 1
        role = str(steps[at + 1].key)
        if role not in cluster.roles and any(member.role == role for member in cluster.block.members):
            raise Skipped
        if role == "head" or role not in cluster.roles:
            return cluster.workers, at + 1
        members = self._members(cluster, role)
        if len(steps) > at + 2 and not steps[at + 2].attribute:
            member = members.members.get(key_among(members.members, steps[at + 2].key))
            if member is not None:
                return self._attribute(member.instance, reference, at + 3)
        if not reference.followed:
            self._use_role(cluster, role)
        return members.value, at + 2

    def _use_role(self, cluster: Cluster, role: str) -> None:
        self.world.tracker.add(role_uses(self.world.groups, cluster, role))

    @staticmethod
    def _members(cluster: Cluster, role: str) -> Members:
        members = cluster.roles.get(role)
        if members is None or members.failed:
            raise Skipped
        return members

    @staticmethod
    def _attribute(instance: Instance, reference: Reference, at: int) -> tuple[Value, int]:
        """An attribute of an instance, or the whole where no attribute follows."""
        steps = reference.steps
        value: ObjectValue = instance.value
        if len(steps) > at and steps[at].attribute:
            found = value.items.get(str(steps[at].key))
            if found is not None:
                return found, at + 1
        return value, at

    def _block(self, reference: Reference) -> tuple[Value, int]:
        steps = reference.steps
        if not steps or not steps[0].attribute:
            raise _undeclared(reference, f'There is nothing named "{reference.root}" here.', 0)
        block = self.module.blocks.get((reference.root, str(steps[0].key)))
        if block is None:
            return self._no_block(reference)
        at = 1
        key: Key = None
        if block.mode not in ("", "single"):
            if len(steps) < 2 or steps[1].attribute:
                value = block.value
                if not reference.followed:
                    # Nothing need be read of any instance, as for length(workspace.w): it is still about all of them.
                    hint = f"{self.module.prefix}{reference.root}.{steps[0].key}"
                    self.world.tracker.add(block_uses(self.world.groups, block, hint))
                return value, 1
            key, at = steps[1].key, 2
        found = block.one(key)
        if found is None:
            return block.value, 1
        if isinstance(found, Instance):
            return self._attribute(found, reference, at)
        return self._cluster(found, block, reference, at)

    def _cluster(self, cluster: Cluster, block: Block, reference: Reference, at: int) -> tuple[Value, int]:
        if len(reference.steps) > at and reference.steps[at].attribute:
            found = self._of_cluster(cluster, reference, at)
            if found is not None:
                return found
        if cluster.failed:
            raise Skipped
        return cluster.value, at

    def _no_block(self, reference: Reference) -> tuple[Value, int]:
        name = str(reference.steps[0].key)
        near = did_you_mean(name, [key[1] for key in self.module.blocks if key[0] == reference.root])
        raise _undeclared(reference, f'There is no {reference.root} "{name}" in this module.{near}', 1)


_NO_DATA: Mapping[str, Readings] = {}


def _undeclared(reference: Reference, detail: str, steps: int) -> UndeclaredReference:
    summary = "Reference to something undeclared"
    return UndeclaredReference("undeclared-reference", summary, detail, reference.range_of(steps))


def _missing(reference: Reference, what: str, name: str, names: Mapping[str, object]) -> EvaluationError:
    if name in names:
        raise Skipped
    return _undeclared(reference, f"There is no {what} in this module.{did_you_mean(name, names)}", 1)


_ROOTS: Mapping[str, Callable[[InstanceScope, Reference], tuple[Value, int]]] = {
    "var": InstanceScope._variable,
    "local": InstanceScope._local,
    "each": InstanceScope._each,
    "count": InstanceScope._count,
    "self": InstanceScope._self,
    "path": InstanceScope._path,
    "vwplan": InstanceScope._vwplan,
    "terraform": InstanceScope._terraform,
    "data": InstanceScope._data,
    "module": InstanceScope._module,
    "parent": InstanceScope._parent,
}


def located(directory: str, path: str, files: Files) -> str:
    """A path as the spec gives it, relative to its module, as an absolute one."""
    return files.absolute(str(PurePath(directory, files.expand(path))))
