"""What a `depends_on` waits for: all that an address stands for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from vwplan.graph.cluster import Cluster
from vwplan.graph.objects import Instance
from vwplan.graph.uses import FEW, NOTHING, Groups, Uses
from vwplan.graph.world import Block, ModuleInstance, key_among
from vwplan.hcl.evaluate import Reference

if TYPE_CHECKING:
    from vwplan.graph.scope import InstanceScope


def waited_for(scope: InstanceScope, reference: Reference) -> Uses:
    """The resources that a reference in `depends_on` stands for. Nothing, where it leads nowhere or to what failed."""
    module, groups = scope.module, scope.world.groups
    keys = reference.keys
    name = str(keys[0]) if keys else ""
    if reference.root == "var":
        slot = module.variables.get(name)
        return NOTHING if slot is None else slot.uses
    if reference.root == "local":
        slot = module.locals.get(name)
        return NOTHING if slot is None else slot.uses
    if reference.root == "module":
        return _of_module(scope, reference, name)
    if reference.root == "data":
        read = module.data.get(".".join(map(str, keys[:2])))
        return NOTHING if read is None else read.uses
    if reference.root == "parent":
        return NOTHING if scope.cluster is None else _of_cluster(groups, scope.cluster, reference, 0)
    block = module.blocks.get((reference.root, name))
    if block is None:
        return NOTHING
    step = reference.steps[1] if len(reference.steps) > 1 else None
    if step is not None and not step.attribute:
        clusters, instances = block.clusters, block.instances
        found = clusters.get(key_among(clusters, step.key)) or instances.get(key_among(instances, step.key))
        if isinstance(found, Cluster):
            return _of_cluster(groups, found, reference, 2)
        return NOTHING if found is None else _of_instances(groups, [found], "")
    if block.kind == "cluster" and block.mode == "single" and step is not None:
        return groups.join(_of_cluster(groups, cluster, reference, 1) for cluster in block.clusters.values())
    return block_uses(groups, block, f"{module.prefix}{reference.root}.{name}")


def block_uses(groups: Groups, block: Block, hint: str) -> Uses:
    """All instances of a block that is evaluated."""
    if block.kind == "cluster":
        return groups.join(cluster.group() for cluster in block.clusters.values())
    if block.whole is None:
        block.whole = _of_instances(groups, block.instances.values(), hint)
    return block.whole


def _of_instances(groups: Groups, instances: Iterable[Instance], hint: str) -> Uses:
    instances = list(instances)
    if instances and instances[0].kind == "environment":
        return groups.join(instance.uses for instance in instances)
    return groups.compact(Uses(tuple(instance.key for instance in instances)), hint)


def _of_cluster(groups: Groups, cluster: Cluster, reference: Reference, at: int) -> Uses:
    """The members that the steps from `at` on name: the head, a role, or all."""
    steps = [step.key for step in reference.steps[at:] if step.attribute]
    if steps[:1] == ["head"]:
        return role_uses(groups, cluster, "head")
    if steps[:1] == ["workers"] and len(steps) > 1:
        return role_uses(groups, cluster, str(steps[1]))
    return cluster.group()


def role_uses(groups: Groups, cluster: Cluster, role: str) -> Uses:
    """All members of a role."""
    members = cluster.roles.get(role)
    if members is None:
        return NOTHING
    keys = tuple(member.instance.key for member in members.members.values())
    hint = f"{cluster.text}.workers.{role}"
    return Uses(keys) if len(keys) <= FEW else Uses((), (groups.of(keys, hint),))


def _of_module(scope: InstanceScope, reference: Reference, name: str) -> Uses:
    calls = scope.module.calls.get(name)
    if calls is None:
        return NOTHING
    step = reference.steps[1] if len(reference.steps) > 1 else None
    chosen = list(calls.instances.values())
    if step is not None and not step.attribute:
        key = key_among(calls.instances, step.key)
        chosen = [calls.instances[key]] if key in calls.instances else []
    many = [
        _of_block(scope, inner, block)
        for module in chosen
        for inner in module.below()
        for block in inner.blocks.values()
    ]
    uses = scope.world.groups.join(many)
    return scope.world.groups.compact(uses, f"{scope.module.prefix}module.{name}")


def _of_block(scope: InstanceScope, module: ModuleInstance, block: Block) -> Uses:
    groups = scope.world.groups
    if block.kind == "cluster":
        return groups.join(cluster.group() for cluster in block.clusters.values())
    return Uses(tuple(i.key for i in block.instances.values() if i.kind != "environment"))
